"""What a claim and its evidence have in common and where they part, as numbers and as plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from assistant.answering.claim_edits import EDITS, Edits
from assistant.answering.claim_text import Token
from assistant.answering.dates import DateMention, date_matches
from assistant.answering.name_table import NameTable
from assistant.answering.names import Name
from assistant.answering.quantities import Quantity, bounds_conflict
from assistant.answering.reasons import reason

FEATURES = (
    "numbers_missing", "dates_missing", "names_missing", "bound_conflict", "recall", "recall_sentence", "recall_window",
    "order", "anchors_window", "number_margin", "date_margin", "name_margin", "swap", "axis_conflict", "axis_unknown",
    "negation_added", "negation_dropped", "claimed_dropped", "said_dropped", "confirmed_added", "attribution_added",
    "possible_dropped", "plan_dropped", "will_added", "bound_dropped", "hedge_dropped", "unmatched", "length",
    "sentences_used", "hope_dropped", "slot_names", "slot_numbers", "similarity", "similarity_window", "cross_language",
    "source_changed", "modal_dropped", "done_added", "cause_added", "scope_added", *EDITS,
)  # fmt: skip


@dataclass
class Comparison:
    """Outcome of a comparison: features by name, plain reasons and the supporting sentences."""

    features: dict[str, float]
    reasons: list[str] = field(default_factory=list)
    sentences: tuple[int, ...] = ()
    """Indices of the evidence's sentences that carry the claim, best first."""
    quote: tuple[int, int] | None = None
    hard: bool = False
    """A number, date or name of the claim is not in the evidence, or the evidence says the contrary."""

    def vector(self) -> list[float]:
        """Values in the order of `FEATURES`."""
        return [self.features[name] for name in FEATURES]


_JOINED = re.compile(
    r"[A-Z][\w-]*(?: [A-Z][\w-]*)*(?: of(?: the)?| and)(?: [A-Z][\w-]*)+(?: and(?: [A-Z][\w-]*)+)*"
)
# A translated claim with one of these is never fully supported: on the fitted part 1 of 115 faithful ones had any.
_CONTRARY = ("speech_denied", "confirmed_added", "scope_added", "part_dropped", "number_reused")
Similarity = Callable[[str, Sequence[str]], list[float]]
"""Calibrated similarity of a claim to each of some sentences, 0 unrelated to 1 the same."""


class Comparer(Edits):
    """Computes the features of one claim and evidence."""

    def compare(self, similarity: Similarity | None = None) -> Comparison:
        """Compute all features."""
        reasons: list[str] = []
        features = dict.fromkeys(FEATURES, 0.0)
        cosines = self._similarities(similarity)
        window = self._choose(cosines)
        features |= self._mechanical(reasons)
        hard = bool(features["numbers_missing"] or features["dates_missing"] or features["names_missing"])
        features |= self._overlap(window)
        features |= self._margins(window, reasons)
        features |= self._slots(window)
        features |= self._polarity(window, reasons)
        features |= self._standing(window, reasons)
        features |= self._edits(window, reasons)
        if cosines:
            features["similarity"] = max(cosines)
            features["similarity_window"] = sum(cosines[i] for i in window) / len(window) if window else 0.0
        features["cross_language"] = float(self.cross)
        features["length"] = float(min(40, len(self.content)))
        hard = hard or (self.cross and any(features[name] >= 1.0 for name in _CONTRARY))
        return Comparison(features, list(dict.fromkeys(reasons)), tuple(window), self._quote(window), hard)

    def _similarities(self, similarity: Similarity | None) -> list[float]:
        if similarity is None or not self.evidence.sentences:
            return []
        return similarity(
            self.claim.text, [self.evidence.text[start:end] for start, end in self.evidence.sentences]
        )

    def _choose(self, cosines: list[float]) -> list[int]:
        """Up to three evidence sentences that together hold most of the claim."""
        count = len(self.evidence.sentences)
        content = self.content
        if not count:
            return []
        covers: list[set[int]] = [set() for _ in range(count)]
        for index in content:
            for other in self.matches[index]:
                covers[self.evidence.tokens[other].sentence].add(index)
        weights = {index: 2.0 if self.claim.tokens[index].anchor is not None else 1.0 for index in content}
        total = sum(weights.values()) or 1.0

        def gain(sentence: int, have: set[int]) -> float:
            share = sum(weights[index] for index in covers[sentence] - have) / total
            return share + (0.5 if self.cross else 0.15) * (
                cosines[sentence] if cosines and not have else 0.0
            )

        chosen: list[int] = []
        have: set[int] = set()
        while len(chosen) < min(3, count):
            best = max((i for i in range(count) if i not in chosen), key=lambda i: (gain(i, have), -i))
            if chosen and gain(best, have) < 0.12:
                break
            chosen.append(best)
            have |= covers[best]
        return chosen

    def _quote(self, window: list[int]) -> tuple[int, int] | None:
        if not window:
            return None
        spans = self.evidence.sentences
        if max(window) - min(window) + 1 == len(window):
            return spans[min(window)][0], spans[max(window)][1]
        return spans[window[0]]

    def _mechanical(self, reasons: list[str]) -> dict[str, float]:
        numbers = dates = names = conflicts = 0.0
        for index, token in enumerate(self.claim.tokens):
            anchor, found = token.anchor, self.matches[index]
            if isinstance(anchor, Quantity):
                if not found and not anchor.soft and not self._spelled(token):
                    numbers += 1
                    reasons.append(reason("number_missing", said=self._written(token)))
                elif found and self._bounds(anchor, index, found):
                    conflicts += 1
                    reasons.append(reason("limit_differs", said=self._written(token)))
            elif isinstance(anchor, DateMention):
                if not found and not any(
                    date_matches(anchor, known, self.years) for known in self.context_dates
                ):
                    dates += 1
                    reasons.append(reason("date_missing", said=self._written(token)))
            elif isinstance(anchor, Name) and not self._known(index):
                names += 1
                reasons.append(reason("name_missing", said=anchor.text))
        for _, written, spellings in self.table.chinese_names(self.claim.text):
            if not any(pool.has_spelling(other) for pool in self.pools for other in spellings):
                names += 1
                reasons.append(reason("name_missing", said=written))
        return {
            "numbers_missing": numbers,
            "dates_missing": dates,
            "names_missing": names,
            "bound_conflict": conflicts,
        }

    def _known(self, index: int) -> bool:
        """Whether the evidence has a name, alone or joined to its neighbour: "Ministry of Commerce" is 商务部."""
        anchor = self.claim.tokens[index].anchor
        assert isinstance(anchor, Name)
        if any(pool.has(anchor) for pool in self.pools):
            return True
        for joined in _JOINED.finditer(self.claim.text):
            if joined.start() <= anchor.start and anchor.end <= joined.end():
                others = set().union(*(table.alternatives(joined.group()) for table in self.tables))
                if any(pool.has_spelling(other) for other in others for pool in self.pools):
                    return True
        return False

    def _spelled(self, token: Token) -> bool:
        """Whether a count stands in the evidence as part of a name, such as the 350 of Atlas 350."""
        anchor = token.anchor
        if not isinstance(anchor, Quantity) or anchor.unit:
            return False
        pattern = rf"(?<![\w.,]){re.escape(self._written(token))}(?![\w]|[.,]\d|\s?(?:%|percent|million|billion|trillion))"
        if any(re.search(pattern, pool.text) for pool in self.pools):
            return True
        # 通义千问3 is Qwen3.
        glued = rf"[A-Za-z-]{re.escape(self._written(token))}(?!\d|[.,]\d)"
        return self.cross and any(re.search(glued, pool.text) for pool in self.pools)

    def _bounds(self, claim: Quantity, index: int, found: set[int]) -> bool:
        best = max(found, key=lambda other: self._likeness(index, other))
        other = self.evidence.tokens[best].anchor
        return isinstance(other, Quantity) and claim.bound != "" and bounds_conflict(claim, other)

    def _overlap(self, window: list[int]) -> dict[str, float]:
        content = self.content
        tokens = self.evidence.tokens
        anywhere = [index for index in content if self.matches[index]]
        size = len(content) or 1
        by_sentence = [
            sum(any(tokens[other].sentence == sentence for other in self.matches[index]) for index in content)
            / size
            for sentence in window
        ]
        within = [
            index
            for index in content
            if any(tokens[other].sentence in window for other in self.matches[index])
        ]
        pairs = [
            any(0 < b - a <= 4 for a in self.matches[left] for b in self.matches[right])
            for left, right in pairwise(content)
        ]
        anchors = [index for index in content if self.claim.tokens[index].anchor is not None]
        best = max(
            (sum(any(tokens[o].sentence == s for o in self.matches[i]) for i in anchors) for s in window),
            default=0,
        )
        return {
            "recall": len(anywhere) / size,
            "recall_sentence": max(by_sentence, default=0.0),
            "recall_window": len(within) / size,
            "order": sum(pairs) / len(pairs) if pairs else 0.0,
            "anchors_window": best / len(anchors) if anchors else 1.0,
            "unmatched": float(min(12, len(content) - len(anywhere))),
            "sentences_used": float(len(window)),
        }

    def _margins(self, window: list[int], reasons: list[str]) -> dict[str, float]:
        """By how much each anchor fits its surroundings better than another of its kind would."""
        result = {"number_margin": 1.0, "date_margin": 1.0, "name_margin": 1.0, "swap": 0.0}
        swaps: dict[int, int] = {}
        for index, token in enumerate(self.claim.tokens):
            found = self.matches[index]
            if token.anchor is None or not found or len(self._claim_context(index)) < 2:
                continue
            rivals = [
                other
                for other, theirs in enumerate(self.evidence.tokens)
                if theirs.kind == token.kind and other not in found
            ]
            if not rivals:
                continue
            name = token.kind.partition(":")[0]
            directed = name == "name"
            own = max(self._likeness(index, other, directed) for other in found)
            rival = max(rivals, key=lambda other: self._likeness(index, other, directed))
            margin = own - self._likeness(index, rival, directed)
            result[f"{name}_margin"] = min(result[f"{name}_margin"], margin)
            if margin < -0.02 and rival in self.claim_of:
                swaps[index] = rival
            if margin < -0.08 and name != "name":
                written = self.evidence.tokens[rival]
                there = self.evidence.text[written.start : written.end]
                reasons.append(reason("belongs_elsewhere", said=self._written(token), found=there))
        for index, rival in swaps.items():
            for other in self.claim_of.get(rival, set()):
                if other in swaps and swaps[other] in self.matches[index]:
                    result["swap"] = 1.0
                    reasons.append(reason("role_swapped", said=self._written(self.claim.tokens[index])))
        return result

    def _slots(self, window: list[int]) -> dict[str, float]:
        """Anchors of the claim that stand exactly where the evidence has another anchor of their kind."""
        result = {"slot_names": 0.0, "slot_numbers": 0.0}
        for index, token in enumerate(self.claim.tokens):
            if token.anchor is None or not self.matches[index]:
                continue
            mine = self._neighbours(self.claim.tokens, index)
            own = max(
                _agreement(mine, self._neighbours(self.evidence.tokens, o)) for o in self.matches[index]
            )
            if own >= 1.0:
                continue
            rivals = [
                o
                for o, theirs in enumerate(self.evidence.tokens)
                if theirs.kind == token.kind and o not in self.matches[index]
            ]
            best = max(
                (_agreement(mine, self._neighbours(self.evidence.tokens, o)) for o in rivals), default=0.0
            )
            if best - own >= 1.5:
                result["slot_names" if token.kind == "name" else "slot_numbers"] += best - own
        return result

    @staticmethod
    def _neighbours(tokens: list[Token], index: int) -> tuple[set[str], set[str]]:
        """Keys of the words before and after a token; an edge of the sentence counts as a word."""
        sides: list[set[str]] = []
        for step in (-1, 1):
            other = index + step
            while 0 <= other < len(tokens) and tokens[other].word in (
                "the",
                "a",
                "an",
                "about",
                "its",
                "some",
            ):
                other += step
            inside = 0 <= other < len(tokens) and tokens[other].sentence == tokens[index].sentence
            sides.append(set(tokens[other].keys or (tokens[other].word,)) if inside else {"|"})
        return sides[0], sides[1]


def _agreement(left: tuple[set[str], set[str]], right: tuple[set[str], set[str]]) -> float:
    # The edge of a sentence says less than a word.
    return sum((0.5 if a == {"|"} else 1.0) if a & b else 0.0 for a, b in zip(left, right, strict=True))


def compare_claim(
    claim: str,
    evidence: str,
    *,
    context: str = "",
    table: NameTable | None = None,
    spans: Sequence[tuple[int, int]] | None = None,
    similarity: Similarity | None = None,
) -> Comparison:
    """Compare one claim with one evidence text; see `Comparer`."""
    return Comparer(claim, evidence, context, table or NameTable(), spans).compare(similarity)
