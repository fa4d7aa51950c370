"""Joins the lines of laid-out text into paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WIDE = re.compile("[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LIST_ITEM = re.compile(
    r"\s*(?:[-*•·▪◦‣●■□–]\s+|\(?\d{1,3}[.)]\s+|\(?[a-z][.)]\s+|[（(]?[一二三四五六七八九十]{1,3}[）)、]\s*)\S"
)
_BULLET = re.compile(r"\s*[-*•·▪◦‣●■□–]\s+")
_FINISHED = re.compile(r"[.!?。！？…:：;；][\"'”’)\]）」』]*$")
_HYPHENATED = re.compile(r"([A-Za-z]+)-$")
# First halves that keep their hyphen when a line ends after it.
_KEEP_HYPHEN = frozenset(
    {"cross", "four", "full", "half", "long", "low", "mid", "non", "self", "third", "three", "two", "well"}
)


class LineJoiner:
    """Joins wrapped lines; it tells a broken word from a hyphenated one by the document's own words."""

    def __init__(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines).lower()
        self._words = Counter(re.findall(r"[a-z]+(?:-[a-z]+)*", text))

    def join(self, lines: Sequence[str]) -> str:
        """The lines as one: without blanks between Chinese characters, words broken by a hyphen mended."""
        parts: list[str] = []
        for line in lines:
            line = line.strip()
            if not line:
                continue
            before = parts[-1] if parts else ""
            if broken := _HYPHENATED.search(before):
                parts[-1] = self._mended(before, broken[1], line)
            elif before and not (_WIDE.match(before[-1]) and _WIDE.match(line)):
                parts.append(" ")
            parts.append(line)
        return "".join(parts)

    def _mended(self, before: str, left: str, line: str) -> str:
        match = re.match(r"[a-z]+", line)
        if match is None:
            return before
        left, right = left.lower(), match[0]
        if self._words[left + right]:
            return before[:-1]
        # Once each they stand at this break; more often they are words of their own.
        own_words = self._words[left] > 1 and self._words[right] > 1
        if own_words or self._words[f"{left}-{right}"] or (left in _KEEP_HYPHEN and len(right) > 4):
            return before
        return before[:-1]


def is_list_item(line: str) -> bool:
    """Whether a line begins with a bullet or a number."""
    return _LIST_ITEM.match(line) is not None


def without_bullet(line: str) -> str:
    """A list item's line without its bullet; numbers stay."""
    return _BULLET.sub("", line, count=1)


def is_finished(line: str) -> bool:
    """Whether a line ends with the end of a sentence."""
    return _FINISHED.search(line.rstrip()) is not None


def paragraphs(lines: Sequence[str]) -> list[list[str]]:
    """Groups lines without blank ones between them into paragraphs.

    Lines of about equal length are wrapped text, unless one ends early and finishes a sentence; others stand
    for themselves, as do list items with the lines that go on from them.
    """
    longest = max((_width(line) for line in lines), default=0)
    wrapped = longest <= 160
    groups: list[list[str]] = []
    for line in lines:
        goes_on = bool(groups) and wrapped and not is_list_item(line)
        if goes_on:
            last = groups[-1][-1]
            short = _width(last) < 0.6 * longest
            goes_on = not short or (not is_finished(last) and line[:1].islower())
        if goes_on:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _width(line: str) -> int:
    """Columns that a line takes: two for a Chinese character."""
    return len(line) + len(_WIDE.findall(line))
