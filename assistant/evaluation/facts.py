"""Whether a text contains a fact of a question set: strict matching after normalisation.

Strict means: the fact's own words, in their order, up to case, digit grouping, percent sign or word,
quotation marks, dashes, spaces and full-width forms. `quantities` adds what is equal in value only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from assistant.evaluation.quantities import same_quantity
from assistant.ingest.sentences import word_count

_HAN = r"\u2e80-\u9fff\uf900-\ufaff"
_QUOTES = str.maketrans("‘’‚‛′“”„‟″「」『』", "'''''" + '"' * 9)
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63]")
_MARKS = re.compile(r"\s?\[\^?\d+(?:\s*[,;–-]\s*\^?\d+)*\]")
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Inside numbers only: a comma of a Chinese list such as 346，538 is no digit grouping.
    (re.compile(r"(?<=[0-9])，"), ", "),
    (re.compile(r"(?<=[0-9０-９])[,，\u2009\u202f](?=[0-9０-９]{3}(?![0-9０-９]))"), ""),
)
_AFTER_FOLDING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[*`]"), ""),
    (re.compile(r"(?<=[a-z0-9])[\s-]*per[\s-]?cent(?![a-z])"), "%"),
    (re.compile(r"百分之\s*(\d+(?:\.\d+)?)"), r"\1%"),
    (re.compile(r"(?<=\d)\s+%"), "%"),
    (re.compile(r"\bus\s?\$"), "$"),
    (re.compile(r"\b(rmb|cny|usd|eur|hkd|jpy)(?=\d)"), r"\1 "),
    # Day and month of an ISO date are no numbers of their own.
    (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"), r"\1·\2·\3"),
    (re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])"), ""),
    (re.compile(r"\s+"), " "),
)


def fold(text: str) -> str:
    """The text without differences of width, quotation marks, dashes and digit grouping; case is kept."""
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    # Compatibility folding writes out full-width forms, ligatures and superscripts.
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return _DASHES.sub("-", text).strip()


def normalise(text: str) -> str:
    """The text in the form in which facts are compared."""
    text = fold(text).casefold()
    for pattern, replacement in _AFTER_FOLDING:
        text = pattern.sub(replacement, text)
    return text.strip()


def without_marks(text: str) -> str:
    """The text without citation marks such as `[2]`, whose numbers must not count as facts."""
    return _MARKS.sub("", text)


@lru_cache(maxsize=4096)
def _pattern(alternative: str) -> re.Pattern[str]:
    fact = normalise(alternative)
    words = [re.escape(word) for word in re.split(r"[\s-]+", fact) if word]
    body = r"[\s-]+".join(words)
    return re.compile(_left_edge(fact) + body + _right_edge(fact))


def _left_edge(fact: str) -> str:
    if fact[0].isascii() and fact[0].isalnum():
        # Neither inside a word or code (half in behalf) nor the tail of a number (24 in 2024, 6.7 in 16.7).
        return r"(?<![a-z0-9·])(?<!\d[.,])(?<![a-z0-9]\.)" if fact[0].isdigit() else r"(?<![a-z0-9])"
    # Hong Kong and Taiwan dollars are other currencies.
    return r"(?<![a-z])" if fact[0] == "$" else ""


def _right_edge(fact: str) -> str:
    if fact[-1].isdigit():
        number = r"(?!\d)(?![.,]\d)"
        # A code such as HBM3 is not HBM3E; a number may be followed by its unit, as in 600GB.
        is_code = re.search(r"[a-z][\d.-]*$", fact) is not None
        return number + (r"(?!(?!s\b)[a-z])" if is_code else "")
    if fact[-1].isascii() and fact[-1].isalpha():
        return r"(?:'?s|es)?(?![a-z0-9])"
    return ""


def alternatives(fact: str) -> list[str]:
    """The wordings of a fact, any of which counts."""
    return [part.strip() for part in fact.split("|") if part.strip()]


def contains_fact(text: str, fact: str, *, by_value: bool = False) -> bool:
    """Whether a text contains a fact.

    Args:
        text: Any text; citation marks in it are ignored.
        fact: Alternatives separated by `|`.
        by_value: Also accept a quantity or date that is equal in value: 64.97亿 for 6.497 billion.
    """
    return bool(found_facts(text, [fact], by_value=by_value)[0])


def found_facts(text: str, facts: Iterable[str], *, by_value: bool = False) -> list[bool]:
    """For each fact, whether the text contains it; see `contains_fact`."""
    return list(_found(text, tuple(facts), by_value))


# The same text is asked for by several metrics, groups of questions and the page.
@lru_cache(maxsize=8192)
def _found(text: str, facts: tuple[str, ...], by_value: bool) -> tuple[bool, ...]:
    folded = fold(without_marks(text))
    normal = normalise(folded)
    found = []
    for fact in facts:
        wordings = alternatives(fact)
        hit = any(_pattern(wording).search(normal) for wording in wordings)
        if not hit and by_value:
            hit = any(same_quantity(fold(wording), folded) for wording in wordings)
        found.append(hit)
    return tuple(found)


def fact_recall(text: str, facts: Sequence[str], *, by_value: bool = False) -> float:
    """Share of the facts that the text contains, 0 to 1; 1 when there are none."""
    found = found_facts(text, facts, by_value=by_value)
    return sum(found) / len(found) if found else 1.0


def count_words(text: str) -> int:
    """Words of a text without its citation marks, counted as for the limit of evidence."""
    return round(word_count(without_marks(text)))
