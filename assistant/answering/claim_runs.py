"""Runs of words that a claim and its evidence share, and the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from assistant.answering.claim_standing import Standing
from assistant.answering.claim_text import Token
from assistant.answering.lexicon import Entry

_NOTHING = Entry()
ARTICLES = frozenset({"the", "a", "an", "that", "of", "的"})
"""Words that are passed over when runs are compared."""
_WIDEST = 6


class Runs(Standing):
    """Aligns shared runs of words one to one, the heaviest first."""

    def _shared_runs(
        self, mine: Sequence[int], theirs: Sequence[int]
    ) -> tuple[dict[int, int], dict[int, float]]:
        """Positions in `theirs` by position in `mine`, from the heaviest shared run to the lightest, and run weights."""
        where = {index: k for k, index in enumerate(theirs)}
        pairs = {
            (k, where[other])
            for k, index in enumerate(mine)
            for other in self.matches[index]
            if other in where and not opposite(self.claim.tokens[index], self.evidence.tokens[other])
        }
        runs: list[tuple[float, int, int, int]] = []
        for k, j in pairs:
            if (k - 1, j - 1) in pairs:
                continue
            length = 1
            while (k + length, j + length) in pairs:
                length += 1
            runs.append((self._weight(mine, range(k, k + length)), -k, -j, length))
        place: dict[int, int] = {}
        weight: dict[int, float] = {}
        taken: set[int] = set()
        runs.sort(reverse=True)
        for whole, start, other, length in runs:
            if whole < 1.0:
                break
            free = [d for d in range(length) if d - start not in place and d - other not in taken]
            if len(free) < length and self._weight(mine, [d - start for d in free]) < 1.0:
                continue
            for d in free:
                place[d - start] = d - other
                taken.add(d - other)
                weight[d - start] = whole
        return place, weight

    def _weight(self, mine: Sequence[int], positions: Sequence[int] | range) -> float:
        return sum(0.25 if self.claim.tokens[mine[k]].function else 1.0 for k in positions)

    def _gaps(
        self, mine: Sequence[int], theirs: Sequence[int], place: dict[int, int], weight: dict[int, float]
    ) -> list[tuple[list[int], list[int], float, bool]]:
        """Claim and evidence words between two shared runs that follow each other in both, with a trust of 0 to 1."""
        firm = self._firm(place, weight)
        frames = [(-1, -1), *sorted(firm.items()), (len(mine), len(theirs))]
        used = set(firm.values())
        gaps = []
        for (k, j), (k2, j2) in pairwise(frames):
            if k2 - k - 1 > _WIDEST or (k2 - k == 1 and j2 - j == 1) or (k < 0 and k2 == len(mine)):
                continue
            sides = (weight.get(k, 1.0), weight.get(k2, 1.0))
            near = 0 <= j2 - j - 1 <= _WIDEST and not any(other in used for other in range(j + 1, j2))
            if not near:
                # The evidence goes on differently: what stands directly beside each run is compared alone.
                size = k2 - k - 1
                if size:
                    left = [mine[p] for p in range(k + 1, k2)]
                    trust = min(1.0, max(min(side, 4.0) for side in sides) / 4.0)
                    for edge, beside in ((j, range(j + 1, j + size + 1)), (j2, range(j2 - size, j2))):
                        right = self._beside(theirs, edge, beside, used)
                        if right:
                            gaps.append((left, right, trust, False))
                continue
            left = [mine[p] for p in range(k + 1, k2)]
            right = [theirs[p] for p in range(j + 1, j2)]
            if not left and k2 == len(mine):
                # The claim stops earlier than its evidence.
                continue
            framing = [self.evidence.tokens[theirs[p]].sentence for p in (j, j2) if 0 <= p < len(theirs)]
            if len(set(framing)) > 1:
                continue
            right = [o for o in right if self.evidence.tokens[o].sentence == framing[0]]
            gaps.append((left, right, min(1.0, (min(sides[0], 4.0) + min(sides[1], 4.0)) / 5.0), True))
        return gaps

    def _beside(self, theirs: Sequence[int], edge: int, beside: range, used: set[int]) -> list[int]:
        """Free evidence words at some positions, of the sentence of the run that they stand beside."""
        if not 0 <= edge < len(theirs):
            return []
        tokens = self.evidence.tokens
        sentence = tokens[theirs[edge]].sentence
        found = [theirs[p] for p in beside if 0 <= p < len(theirs) and p not in used]
        return [other for other in found if tokens[other].sentence == sentence]

    def _firm(self, place: dict[int, int], weight: dict[int, float]) -> dict[int, int]:
        """The shared words without the short runs that are out of their place between runs that keep theirs."""
        runs: list[list[int]] = []
        for k in sorted(place):
            if runs and k == runs[-1][-1] + 1 and place[k] == place[runs[-1][-1]] + 1:
                runs[-1].append(k)
            else:
                runs.append([k])
        firm = dict(place)
        for number, run in enumerate(runs):
            light = weight[run[0]]
            if light > 3.5:
                continue
            before = runs[number - 1] if number else None
            after = runs[number + 1] if number + 1 < len(runs) else None
            end = place[before[-1]] if before else -1
            start = place[after[0]] if after else None
            heavy = max((weight[other[0]] for other in (before, after) if other), default=0.0)
            near = (before is None or run[0] - before[-1] <= 5) and (after is None or after[0] - run[-1] <= 5)
            if start is None:
                out = light <= 1.25 and not 0 < place[run[0]] - end <= 7
            else:
                out = heavy >= light and 0 <= start - end - 1 <= 8 and not end < place[run[0]] < start
            if light <= 1.25 and not near:
                out = True
            if out:
                for k in run:
                    del firm[k]
        return firm


def entry_of(token: Token) -> Entry:
    """What a word stands for; an empty entry when the lexicon has none."""
    return token.entry or _NOTHING


def opposite(left: Token, right: Token) -> bool:
    """Whether two words stand on the two sides of one opposition and share nothing else."""
    sides = dict(entry_of(left).axes)
    if not any(sides.get(axis) == -side for axis, side in entry_of(right).axes):
        return False
    return not {key for key in left.keys if key[0] != "^"} & set(right.keys)
