"""Why a sentence is not fully supported: a code for programs and translations, and English words."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.schema import Reason

REASONS = {
    "number_missing": "number {said} is not in the passage",
    "date_missing": "date {said} is not in the passage",
    "name_missing": "name {said} is not in the passage",
    "limit_differs": "the passage does not give {said} with the same limit",
    "belongs_elsewhere": "in the passage {said} belongs to something else; it has {found} here",
    "role_swapped": "the passage has {said} in another role",
    "contradicted": "the passage says {found}, not {said}",
    "denied": "the claim denies what the passage does not deny",
    "negation_dropped": "the passage has a negation that the claim leaves out",
    "claimed_dropped": "the passage only reports this as a claim or from unnamed sources",
    "said_dropped": "the passage attributes this to someone; the claim states it as fact",
    "confirmed_added": "the passage does not say that this is confirmed",
    "possible_dropped": "the passage calls this possible or under discussion only",
    "source_changed": "the passage names another source for this",
    "modal_dropped": "the passage speaks of a plan or possibility, not of a fact",
    "cause_added": "the passage does not give this as a reason",
    "scope_added": "the passage does not say this of all or only these",
    "plan_dropped": "the passage speaks of a plan or expectation, not of a fact",
    "bound_dropped": "the passage gives a limit (more than, up to), not the exact number",
    "too_little": "the passage says too little of this",
    "other_subject": "the passage speaks of something else",
    "nothing_to_compare": "there is nothing to compare",
    "unstated": "no passage states it",
    "address_unknown": "the address {said} is in no passage",
    "translated": "translated by a small model; the quote counts",
    "other": "{said}",
}
"""English words by code; `{said}` are words of the claim, `{found}` words of the passage."""


class CodedReason(str):
    """A reason in words that knows its code."""

    coded: Reason


def reason(code: str, *, said: str = "", found: str = "", words: str = "") -> CodedReason:
    """A reason as English text that carries its code and values.

    Args:
        code: A key of `REASONS`.
        said: Words of the claim that it is about.
        found: Words of the passage that stand against them.
        words: Text to use instead of the English one, for an answer in another language.
    """
    text = CodedReason(words or REASONS[code].format(said=said, found=found))
    text.coded = Reason(code=code, said=said, found=found)
    return text


def codes_of(reasons: Iterable[str]) -> tuple[Reason, ...]:
    """The codes of reasons, in their order; one that has none is told by its words."""
    return tuple(
        item.coded if isinstance(item, CodedReason) else Reason(code="other", said=item) for item in reasons
    )
