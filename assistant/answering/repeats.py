"""Whether a sentence says nothing that another has not said."""

from __future__ import annotations

import re
from typing import TypeVar

from assistant.answering.claim_text import ParsedText, parse_text
from assistant.answering.dates import DateMention, date_matches
from assistant.answering.names import Name
from assistant.answering.quantities import Quantity, quantity_matches
from assistant.index.lexical import tokenize

_LABEL = re.compile(r"(?=[A-Za-z-]*\d)[A-Za-z\d][A-Za-z\d.-]*[A-Za-z\d]|\d")
_Anchor = TypeVar("_Anchor", DateMention, Name)
# Shares of the search terms that two sentences have in common: of the shorter one's, and of both.
_OF_SHORTER, _OF_BOTH = 0.6, 0.48


def repeats(text: str, said: str) -> bool:
    """Whether a sentence repeats one that was said before.

    Its words are nearly the same, and it adds no figure, date or name, no negation and no other direction: two sentences
    that differ in one of these contradict or complete each other, however alike they are.

    Args:
        text: The sentence.
        said: The one before.
    """
    terms, others = set(tokenize(text)), set(tokenize(said))
    if not terms or not others:
        return text == said
    shared = len(terms & others)
    if shared <= _OF_SHORTER * min(len(terms), len(others)) or shared <= _OF_BOTH * len(terms | others):
        return False
    one, other = parse_text(text), parse_text(said)
    return (
        all(
            any(
                quantity_matches(q, known)
                and quantity_matches(known, q)
                and (q.unit or not of or not others or of & others)
                for known, others in _counted(other)
            )
            for q, of in _counted(one)
        )
        and all(
            any(date_matches(d, known) for known in _anchors(other, DateMention))
            for d in _anchors(one, DateMention)
        )
        and {part for name in _anchors(one, Name) for part in name.tokens}
        <= {part for name in _anchors(other, Name) for part in name.tokens} | set(said.casefold().split())
        and _labels(one) <= _labels(other)
        and _directions(one) <= _directions(other)
        and any(t.negated for t in one.tokens) == any(t.negated for t in other.tokens)
    )


def _anchors(parsed: ParsedText, kind: type[_Anchor]) -> list[_Anchor]:
    return [token.anchor for token in parsed.tokens if isinstance(token.anchor, kind)]


def _counted(parsed: ParsedText) -> list[tuple[Quantity, set[str]]]:
    """Its figures, and the words behind each, which say what is counted."""
    return [
        (
            token.anchor,
            {
                t.word.casefold()
                for t in parsed.tokens[place + 1 : place + 3]
                if t.anchor is None and not t.function
            },
        )
        for place, token in enumerate(parsed.tokens)
        if isinstance(token.anchor, Quantity)
    ]


def _labels(parsed: ParsedText) -> set[str]:
    """Words with a figure that is no quantity: "14th", "LS-101"."""
    taken = [(t.start, t.end) for t in parsed.tokens if isinstance(t.anchor, (Quantity, DateMention))]
    return {
        match.group().casefold()
        for match in _LABEL.finditer(parsed.text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    }


def _directions(parsed: ParsedText) -> set[tuple[str, int]]:
    """The sides that its words take: up or down, allowed or banned, imports or exports."""
    return {
        (axis, -side if token.negated else side)
        for token in parsed.tokens
        if token.entry is not None
        for axis, side in token.entry.axes
    }
