"""Opposite words and negations between a claim and its evidence."""

from __future__ import annotations

import re

from assistant.answering.claim_alignment import Alignment
from assistant.answering.claim_text import Token
from assistant.answering.reasons import reason


class Polarity(Alignment):
    """Finds where one of two aligned texts denies what the other says."""

    def _written(self, token: Token) -> str:
        return self.claim.text[token.start : token.end]

    def _polarity(self, window: list[int], reasons: list[str]) -> dict[str, float]:
        """Opposite words and negations."""
        conflict = unknown = added = dropped = 0.0
        tokens = self.evidence.tokens
        inside = [index for index, token in enumerate(tokens) if token.sentence in window]
        for index, token in enumerate(self.claim.tokens):
            if token.entry is None or not token.entry.axes:
                continue
            seen, worst = False, 0.0
            culprit = -1
            for axis, side in token.entry.axes:
                side = -side if token.negated else side
                same, contrary, contrary_at = 0.0, 0.0, -1
                for other in inside:
                    entry = tokens[other].entry
                    if entry is None:
                        continue
                    for name, there in entry.axes:
                        if name != axis:
                            continue
                        seen = True
                        there = -there if tokens[other].negated else there
                        likeness = 0.05 + self._likeness(index, other)
                        if there == side:
                            same = max(same, likeness)
                        elif likeness > contrary:
                            contrary, contrary_at = likeness, other
                if contrary - same > worst:
                    worst, culprit = contrary - same, contrary_at
                if same >= contrary and same > 0:
                    worst, culprit = 0.0, -1
                    break
            unknown += float(not seen)
            if worst > conflict:
                conflict = worst
                if worst > 0.1:
                    theirs = tokens[culprit]
                    other_word = self.evidence.text[theirs.start : theirs.end]
                    reasons.append(reason("contradicted", said=self._written(token), found=other_word))
        for index, token in enumerate(self.claim.tokens):
            if token.entry is not None and token.entry.negates:
                hits = [o for o in inside if tokens[o].entry is not None and tokens[o].entry.negates]  # type: ignore[union-attr]
                best = max((self._likeness(index, other) + 0.2 for other in hits), default=0.0)
                opposed = self._opposed(index)
                added = max(added, 1.0 - best - opposed)
        if self.cross and re.search(
            r"\b(?:un|in|im|dis)[a-z]{5,}|\b(?:difficult|hard|poor|few)\b", self._window_text(window)
        ):
            # Chinese negates where English has a prefix: 不稳定, unstable.
            added = min(added, 0.5)
        if added > 0.6:
            reasons.append(reason("denied"))
        for other in inside:
            entry = tokens[other].entry
            if entry is None or not entry.negates:
                continue
            mine = [
                i
                for i, token in enumerate(self.claim.tokens)
                if token.entry is not None and (token.entry.negates or self._answers(i, other))
            ]
            dropped = max(
                dropped, min(self._scope(other), self._covered(other) + 0.3) - self._answered(other, mine)
            )
        if dropped > 0.5:
            reasons.append(reason("negation_dropped"))
        return {
            "axis_conflict": conflict,
            "axis_unknown": min(3.0, unknown),
            "negation_added": max(0.0, added),
            "negation_dropped": max(0.0, dropped),
        }

    def _window_text(self, window: list[int]) -> str:
        return " ".join(self.evidence.text[slice(*self.evidence.sentences[index])] for index in window)

    def _opposed(self, index: int) -> float:
        """Credit for a negated claim whose evidence uses the opposite word instead of a negation."""
        for later in self.claim.tokens[index + 1 : index + 6]:
            if later.negated and later.entry is not None and later.entry.axes:
                return 0.5
        return 0.0

    def _answers(self, index: int, negation: int) -> bool:
        """Whether a claim word of one side stands for the evidence's negated opposite."""
        entry = self.claim.tokens[index].entry
        if entry is None:
            return False
        for later in self.evidence.tokens[negation + 1 : negation + 6]:
            if later.negated and later.entry is not None:
                mine, theirs = dict(entry.axes), dict(later.entry.axes)
                if any(axis in theirs and theirs[axis] == -side for axis, side in mine.items()):
                    return True
        return False
