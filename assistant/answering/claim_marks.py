"""Marks each word of a text as denied, attributed to a source or uncertain, by the words that govern it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.answering.claim_text import Token

_THAT = ("that", "whether", "how")
_SUBORDINATE = re.compile(
    r"(?:[,;]\s(?:and|but|though)|\s(?:which|whereas|while|whose|although))\s[^,;]*$|，(?:而|但|并|且)[^，；]*$"
)
_ACTS = frozenset({"permit", "admit", "accept"})
_PAUSE = re.compile(r"[,;:，；。]")


def mark_standing(tokens: list[Token], text: str) -> None:
    """Set `negated`, `source` and `sure` of the tokens, which stand in order."""
    _mark_negation(tokens)
    _mark_sources(tokens, text)
    _mark_certainty(tokens)


def speech(tokens: list[Token], text: str) -> list[tuple[int, int, int, int, float]]:
    """Verbs and nouns of speech: (first, last, begin, end, level); begin and end bound their part of the sentence."""
    groups: dict[tuple[int, int], list[int]] = {}
    segment = 0
    for index, token in enumerate(tokens):
        if index and re.search("[;；]", text[tokens[index - 1].end : token.start]):
            segment += 1
        groups.setdefault((token.sentence, segment), []).append(index)
    found = []
    for members in groups.values():
        merged: list[tuple[int, int, float]] = []
        for index in members:
            entry = tokens[index].entry
            if entry is None or entry.attribution not in (1.0, 2.0):
                continue
            if merged and index - merged[-1][1] <= 4:
                merged[-1] = (merged[-1][0], index, min(entry.attribution, merged[-1][2]))
            else:
                merged.append((index, index, entry.attribution))
        for number, (first, last, level) in enumerate(merged):
            begin = merged[number - 1][1] + 1 if number else members[0]
            end = merged[number + 1][0] if number + 1 < len(merged) else members[-1] + 1
            found.append((first, last, begin, end, level))
    return found


def _mark_negation(tokens: list[Token]) -> None:
    """Mark the words within reach of a negation: the next three that carry meaning, in its clause."""
    for index, token in enumerate(tokens):
        if token.entry is None or not token.entry.negates:
            continue
        reached = 0.0
        for later in tokens[index + 1 :]:
            if later.clause != token.clause or reached >= 3:
                break
            if not later.function:
                later.negated = not later.negated
                reached += 0.5 if later.word[0] > "\u3400" else 1.0
                if later.entry is not None and any(axis in _ACTS for axis, _ in later.entry.axes):
                    # "not allowed to leave": what is allowed is not denied a second time.
                    break


def _mark_sources(tokens: list[Token], text: str) -> None:
    """Mark the words that a verb of speech answers for: what follows it, or what stands before ", X said."."""
    for first, last, begin, end, level in speech(tokens, text):
        after = [index for index in range(last + 1, end) if not tokens[index].function]
        before = [index for index in range(begin, first) if not tokens[index].function]
        trails = len(before) > 3 and _trails(tokens, text, first, last, begin, end)
        for index in before if trails else after:
            tokens[index].source = min(tokens[index].source, level)


def _trails(tokens: list[Token], text: str, first: int, last: int, begin: int, end: int) -> bool:
    """Whether a verb of speech comes after its words, as in ", Reuters said on 1 May" or "according to X"."""
    according = tokens[first].word.startswith("according")
    if not according and _SUBORDINATE.search(text[tokens[begin].start : tokens[first].start]):
        # "..., which Orrick puts at 40": the clause answers for itself only.
        return False
    if last + 1 >= end:
        return True
    if not according and "," not in text[tokens[max(begin, first - 6)].start : tokens[first].start]:
        return False
    words = 0
    for index in range(last + 1, end):
        if index > last + 1 and _PAUSE.search(text[tokens[index - 1].end : tokens[index].start]):
            return True
        if tokens[index].word in _THAT:
            return False
        words += not tokens[index].function and tokens[index].anchor is None
        if words > (4 if according else 2):
            return False
    return True


def _mark_certainty(tokens: list[Token]) -> None:
    """Mark the words within reach of a modal or a word of planning: up to eight that follow in its sentence part."""
    for index, token in enumerate(tokens):
        if token.entry is None or not token.entry.certainty:
            continue
        reached = 0.0
        for later in tokens[index + 1 :]:
            if later.sentence != token.sentence or later.clause > token.clause + 1 or reached >= 8:
                break
            if later.clause != token.clause and reached > 2:
                break
            if not later.function:
                later.sure = min(later.sure, token.entry.certainty)
                # Chinese words are read as overlapping pairs, about two for one.
                reached += 0.4 if later.word[0] > "\u3400" else 1.0
        if reached <= 1:
            # "... were the plan's aims": what stands before it is meant.
            for before in reversed(tokens[:index]):
                if before.sentence != token.sentence or before.clause != token.clause:
                    break
                before.sure = min(before.sure, token.entry.certainty)
