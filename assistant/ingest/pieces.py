"""Splits a sentence that is longer than the embedding model reads."""

from __future__ import annotations

import re
from collections.abc import Callable

# Where a long sentence is best cut, best first; else between any two characters.
_CUTS = (
    re.compile(r"[;；:：][\"'”’)]*\s*|\n+"),
    re.compile(r"[,，、][\"'”’)]*\s*(?!\d)|\s[–—-]\s"),
    re.compile(r"\s+"),
)


def split_to_fit(text: str, count_tokens: Callable[[str], int], max_tokens: int) -> list[tuple[int, int]]:
    """Offsets of the pieces of a text, each of at most `max_tokens` tokens.

    A piece ends at a semicolon or colon, a comma, a blank or, where there is none, between two characters; it
    is never shorter than one character. White space between pieces belongs to none.
    """
    spans = []
    start, end = 0, len(text)
    while start < end:
        # Counting the whole rest of a long text again for each piece would take quadratic time.
        window = min(end, start + max_tokens * 24)
        if window == end and count_tokens(text[start:end]) <= max_tokens:
            spans.append((start, end))
            break
        most = _longest(text, start, window, count_tokens, max_tokens)
        if most == end:
            spans.append((start, end))
            break
        cut = _good_cut(text, start, most)
        stripped = start + len(text[start:cut].rstrip())
        if stripped > start:
            spans.append((start, stripped))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    return spans


def _longest(text: str, start: int, end: int, count_tokens: Callable[[str], int], max_tokens: int) -> int:
    """The furthest offset whose text from `start` fits, by bisection; at least one character on."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[start:middle]) <= max_tokens:
            low = middle
        else:
            high = middle - 1
    return low


def _good_cut(text: str, start: int, most: int) -> int:
    # A cut in the first third would leave many small pieces.
    earliest = start + (most - start) // 3
    for pattern in _CUTS:
        cuts = [m.end() for m in pattern.finditer(text, earliest, most)]
        if cuts:
            return cuts[-1]
    # A cut right before a blank is a cut between words, too.
    return most
