"""Why a sentence is not fully supported: a code for programs, and words in the language of the answer."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.schema import Reason

REASONS = {
    "number_missing": (
        "number {said} is not in the passage",
        "段落中没有数字 {said}",
    ),
    "date_missing": (
        "date {said} is not in the passage",
        "段落中没有日期 {said}",
    ),
    "name_missing": (
        "name {said} is not in the passage",
        "段落中没有名称 {said}",
    ),
    "limit_differs": (
        "the passage does not give {said} with the same limit",
        "段落对 {said} 的限定不同",
    ),
    "belongs_elsewhere": (
        "in the passage {said} belongs to something else; it has {found} here",
        "段落中的 {said} 说的是另一件事，此处为 {found}",
    ),
    "role_swapped": (
        "the passage has {said} in another role",
        "{said} 在段落中的角色不同",
    ),
    "contradicted": (
        "the passage says {found}, not {said}",
        "段落说的是 {found}，不是 {said}",
    ),
    "denied": (
        "the claim denies what the passage does not deny",
        "该句否定了段落并未否定的内容",
    ),
    "negation_dropped": (
        "the passage has a negation that the claim leaves out",
        "该句略去了段落中的否定",
    ),
    "claimed_dropped": (
        "the passage only reports this as a claim or from unnamed sources",
        "段落只是转述一种说法，或来自匿名消息来源",
    ),
    "said_dropped": (
        "the passage attributes this to someone; the claim states it as fact",
        "段落说这是某一方的说法，该句却作为事实陈述",
    ),
    "confirmed_added": (
        "the passage does not say that this is confirmed",
        "段落没有说此事已获证实",
    ),
    "possible_dropped": (
        "the passage calls this possible or under discussion only",
        "段落只说这有可能或仍在讨论",
    ),
    "source_changed": (
        "the passage names another source for this",
        "段落说的是另一个消息来源",
    ),
    "modal_dropped": (
        "the passage speaks of a plan or possibility, not of a fact",
        "段落说的是计划或可能，不是事实",
    ),
    "cause_added": (
        "the passage does not give this as a reason",
        "段落没有说这是原因",
    ),
    "scope_added": (
        "the passage does not say this of all or only these",
        "段落没有说这适用于全部或仅限于此",
    ),
    "plan_dropped": (
        "the passage speaks of a plan or expectation, not of a fact",
        "段落说的是计划或预期，不是事实",
    ),
    "bound_dropped": (
        "the passage gives a limit (more than, up to), not the exact number",
        "段落给出的是限度（如“超过”“至多”），不是确切数字",
    ),
    "too_little": (
        "the passage says too little of this",
        "段落对此说得太少",
    ),
    "other_subject": (
        "the passage speaks of something else",
        "段落说的是另一件事",
    ),
    "nothing_to_compare": (
        "there is nothing to compare",
        "没有可供核对的内容",
    ),
    "unstated": (
        "no passage states it",
        "没有段落这样说",
    ),
    "address_unknown": (
        "the address {said} is in no passage",
        "任何段落中都没有网址 {said}",
    ),
    "translated": (
        "translated by a small model; the quote counts",
        "由小模型翻译，以引文为准",
    ),
    "other": (
        "{said}",
        "{said}",
    ),
}
"""English and Chinese words by code; `{said}` are words of the claim, `{found}` words of the passage."""


class CodedReason(str):
    """A reason in words that knows its code."""

    coded: Reason


def reason(code: str, *, said: str = "", found: str = "") -> CodedReason:
    """A reason as English text that carries its code and values.

    Args:
        code: A key of `REASONS`.
        said: Words of the claim that it is about.
        found: Words of the passage that stand against them.
    """
    coded = Reason(code=code, said=said, found=found)
    text = CodedReason(in_words(coded, "en"))
    text.coded = coded
    return text


def in_words(coded: Reason, language: str) -> str:
    """A reason in words of a language; English where it is not `zh`.

    Raises:
        KeyError: The code is unknown, as one of a newer version is.
    """
    return REASONS[coded.code][language == "zh"].format(said=coded.said, found=coded.found)


def told_in(reasons: Iterable[str], language: str) -> tuple[str, ...]:
    """Reasons in the language of an answer; those without a code stay as they are."""
    return tuple(
        in_words(item.coded, language) if isinstance(item, CodedReason) else str(item) for item in reasons
    )


def codes_of(reasons: Iterable[str]) -> tuple[Reason, ...]:
    """The codes of reasons, in their order; one that has none is told by its words."""
    return tuple(
        item.coded if isinstance(item, CodedReason) else Reason(code="other", said=item) for item in reasons
    )
