"""Opposite words and negations between a claim and its evidence."""

from __future__ import annotations

import re

from assistant.answering.claim_alignment import Alignment
from assistant.answering.claim_text import Token
from assistant.answering.lexicon import stem
from assistant.answering.reasons import reason

# Axes of which denying one side says the other: not allowed is banned, but who did not buy has not sold.
_COMPLEMENTARY = frozenset(
    {"permit", "accept", "admit", "must", "part", "than", "depend", "start", "strength", "join"}
)
_UN = re.compile(r"^(?:un|in|im|il|ir|dis|non-?|mis)(?=[a-z]{4})")
# Words by which English denies without a negation of its own.
DENYING = re.compile(
    r"\bun(?!der|til|it|iver|ion|less|veil)[a-z]{4,}|\b(?:in(?:accurate|compat|complet|activ|eligib|suffic|valid|formal|direct|depend|consist)"
    r"|il(?:legal|licit)|im(?:matur|possib|practic|perfect|prop)|ir(?:reg|rel)|dis(?:agre|approv|continu|put|miss|qualif)|non-)[a-z]*"
    r"|\b(?:difficult|hard|poor|few|differ\w*|unlike|refus\w+|declin\w+|reject\w*|ban(?:s|ned)?|bar(?:s|red)?|prohibit\w*|prevent\w*|exclu\w+|exempt\w*"
    r"|fail\w*|stop\w*|lack\w*|only|free of|left out|out of|false\w*|dead|withh\w+|indefinite\w*|short of|instead|rather than|missing|disput\w+)\b"
)


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
                complementary = axis in _COMPLEMENTARY
                side = -side if token.negated and complementary else side
                same, contrary, contrary_at = 0.0, 0.0, -1
                for other in inside:
                    entry = tokens[other].entry
                    if entry is None:
                        continue
                    for name, there in entry.axes:
                        if name != axis:
                            continue
                        seen = True
                        there = -there if tokens[other].negated and complementary else there
                        likeness = 0.05 + self._likeness(index, other)
                        if there == side or (
                            token.negated != tokens[other].negated
                            and set(token.keys[:1]) & set(tokens[other].keys[:1])
                        ):
                            # Of the same word only a negation can make the contrary, which is weighed below.
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
                opposed = self._opposed(index, inside)
                added = max(added, 1.0 - best - opposed)
        negates = any(entry.negates for o in inside if (entry := tokens[o].entry) is not None)
        if self.cross and (negates or DENYING.search(self._window_text(window).lower())):
            # Chinese negates where English has a prefix, 不稳定, unstable; and what a translated negation denies has few
            # words to be told by.
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
                if (token.entry is not None and (token.entry.negates or self._answers(i, other)))
                or self._prefixed(token, self.evidence.tokens, other)
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

    def _opposed(self, index: int, inside: list[int]) -> float:
        """Credit for a negated claim whose evidence uses the opposite word instead of a negation."""
        tokens = self.evidence.tokens
        if any(self._prefixed(tokens[o], self.claim.tokens, index) for o in inside):
            return 1.0
        mine = self.claim.tokens[index].entry
        sides = {a for o in inside if (entry := tokens[o].entry) is not None for a in entry.axes}
        if mine is not None and set(mine.axes) & sides:
            # "denied" for "refused": the word denies by its side.
            return 0.8
        for later in self.claim.tokens[index + 1 : index + 6]:
            if later.negated and later.entry is not None and later.entry.axes:
                return 0.8 if any((axis, -side) in sides for axis, side in later.entry.axes) else 0.5
        return 0.0

    @staticmethod
    def _prefixed(token: Token, others: list[Token], negation: int) -> bool:
        """Whether a word with a denying prefix stands for a negated one: inaccurate, not accurate."""
        match = _UN.match(token.word)
        if match is None:
            return False
        rest = stem(token.word[match.end() :])
        return any(rest in later.keys for later in others[negation + 1 : negation + 4])

    def _answers(self, index: int, negation: int) -> bool:
        """Whether a claim word of one side stands for the evidence's negated opposite."""
        entry = self.claim.tokens[index].entry
        if entry is None:
            return False
        denied = self.evidence.tokens[negation].entry
        if denied is not None and set(denied.axes) & set(entry.axes):
            return True
        for later in self.evidence.tokens[negation + 1 : negation + 6]:
            if later.negated and later.entry is not None:
                mine, theirs = dict(entry.axes), dict(later.entry.axes)
                if any(axis in theirs and theirs[axis] == -side for axis, side in mine.items()):
                    return True
        return False
