"""Which words, numbers, dates and names of a claim stand in its evidence, and how alike their surroundings are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.claim_text import Token, is_chinese, parse_text
from assistant.answering.dates import DateMention, date_matches
from assistant.answering.name_table import NamePool, NameTable
from assistant.answering.names import Name, harvest_names
from assistant.answering.quantities import Quantity, quantity_matches

_REACH = 9
_DECAY = 0.4
_SIZES = (1.0, 1e3, 1e6, 1e9, 1e12, 1e15)
_EDGES = {
    "early": re.compile(r"\b(?:start|beginning) (?:of )?(?:[A-Z][a-z]+ )?$", re.IGNORECASE),
    "late": re.compile(r"\b(?:end|close)[ -](?:of )?(?:[A-Z][a-z]+ )?$", re.IGNORECASE),
}
_HAN = re.compile(r"[\u3400-\u9fff]")
_PASSIVE = re.compile(r"\b(?:was|were|is|are|been|being|be)\b[^.;]{0,80}\bby (?:the )?[A-Z]|被")


class Alignment:
    """Aligns one claim with one evidence text.

    Args:
        claim: One sentence, English or Chinese.
        evidence: Text that may support it.
        context: Title, date and headings of the evidence; names and years there count as known.
        table: Known spellings of names.
        spans: Sentences of the evidence, when known.
    """

    def __init__(
        self,
        claim: str,
        evidence: str,
        context: str,
        table: NameTable,
        spans: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        self.claim = parse_text(claim)
        self.evidence = parse_text(evidence, tuple(spans or ()))
        self.table = table
        known = f"{evidence}\n{context}"
        if harvest := harvest_names(known):
            local = NameTable(harvest)
            self.pools = [NamePool(known, table), NamePool(known, local)]
            self.tables = [table, local]
        else:
            self.pools = [NamePool(known, table)]
            self.tables = [table]
        self.context_names = [NamePool(context, each) for each in self.tables] if context else []
        self.years = {
            token.anchor.year
            for source in (self.evidence, parse_text(context))
            for token in source.tokens
            if isinstance(token.anchor, DateMention) and token.anchor.year
        }
        self.context_dates = [
            t.anchor for t in parse_text(context).tokens if isinstance(t.anchor, DateMention)
        ]
        self.cross = is_chinese(claim) != is_chinese(evidence)
        self._same: dict[tuple[str, str], bool] = {}
        self._alike: dict[tuple[int, int, bool], float] = {}
        self.matches = [self._match(token) for token in self.claim.tokens]
        self.content = [index for index in self.claim.content() if not self.cross or self._comparable(index)]
        self.ranks = [_ranks(self.claim.tokens), _ranks(self.evidence.tokens)]
        self.claim_of: dict[int, set[int]] = {}
        for index, found in enumerate(self.matches):
            for other in found:
                self.claim_of.setdefault(other, set()).add(index)

    # What matches what

    def _match(self, token: Token) -> set[int]:
        tokens = self.evidence.tokens
        anchor = token.anchor
        if isinstance(anchor, Quantity):
            return {
                index
                for index, other in enumerate(tokens)
                if isinstance(other.anchor, Quantity)
                and (quantity_matches(anchor, other.anchor) or self._without_unit(anchor, other.anchor))
            }
        if isinstance(anchor, DateMention):
            return {
                index
                for index, other in enumerate(tokens)
                if isinstance(other.anchor, DateMention)
                and (date_matches(anchor, other.anchor, self.years) or self._at_its_end(anchor, other))
            }
        found = set()
        keys = set(token.keys)
        if isinstance(anchor, Name):
            for index, other in enumerate(tokens):
                if (isinstance(other.anchor, Name) and self._same_name(anchor, other.anchor)) or (
                    not other.function and other.anchor is None and keys & set(other.keys)
                ):
                    found.add(index)
            return found
        spellings: set[str] = set()
        if _HAN.match(token.word) and len(token.word) > 1:
            for table in self.tables:
                spellings |= table.alternatives(token.word)
        for index, other in enumerate(tokens):
            if (other.function == token.function and keys & set(other.keys)) or spellings & {other.word}:
                found.add(index)
        return found

    def _without_unit(self, claim: Quantity, evidence: Quantity) -> bool:
        """Whether English leaves a unit out that a Chinese claim repeats: "2,500 TFLOPS against 780"."""
        return (
            self.cross
            and claim.unit != ""
            and evidence.unit == ""
            and any(
                isinstance(other.anchor, Quantity) and other.anchor.unit == claim.unit
                for other in self.evidence.tokens
            )
            and any(math.isclose(claim.value, evidence.value * scale) for scale in _SIZES)
        )

    def _at_its_end(self, claim: DateMention, evidence: Token) -> bool:
        """Whether a Chinese date such as 2025年底 stands for "the end of 2025", whose end is no part of the mention."""
        written = _EDGES.get(claim.part) if self.cross else None
        there = evidence.anchor
        return (
            written is not None
            and isinstance(there, DateMention)
            and date_matches(replace(claim, part=""), there, self.years)
            and written.search(self.evidence.text[: evidence.start]) is not None
        )

    def _same_name(self, claim: Name, evidence: Name) -> bool:
        left, right = set(claim.tokens), set(evidence.tokens)
        if left & right:
            return left <= right or right <= left or len(left & right) > 1
        key = (claim.text, evidence.text)
        if key not in self._same:
            self._same[key] = any(NamePool(evidence.text, table).has(claim) for table in self.tables)
        return self._same[key]

    def _comparable(self, index: int) -> bool:
        """Whether a token of another language than the evidence has a known counterpart at all."""
        token = self.claim.tokens[index]
        return token.anchor is not None or token.entry is not None or bool(self.matches[index])

    # Nearness

    def _context(self, tokens: list[Token], index: int, ranks: list[int]) -> dict[int, float]:
        """Weights of the words around a token: less with distance, in other clauses, and none beyond the sentence."""
        here = tokens[index]
        found = {}
        for other in range(max(0, index - 2 * _REACH), min(len(tokens), index + 2 * _REACH + 1)):
            token = tokens[other]
            if other == index or token.function or token.sentence != here.sentence:
                continue
            weight = 1.0 / (1.0 + _DECAY * max(0, abs(ranks[index] - ranks[other]) - 1))
            found[other] = weight if token.clause == here.clause else 0.55 * weight
        return found

    def _likeness(self, index: int, other: int, directed: bool = False) -> float:
        """How alike the surroundings of a claim token and an evidence token are, 0 to 1."""
        key = (index, other, directed)
        if key not in self._alike:
            self._alike[key] = self._compare_around(index, other, directed)
        return self._alike[key]

    def _compare_around(self, index: int, other: int, directed: bool) -> float:
        mine = self._claim_context(index)
        if not mine:
            return 0.0
        theirs = self._evidence_context(other)
        # The agent of a passive stands behind its verb, the subject of an active sentence before it.
        directed = directed and not self._voices_differ(other)
        total = 0.0
        for near, weight in mine.items():
            best = 0.0
            for found in self.matches[near]:
                if found == other:
                    continue
                value = theirs.get(found, 0.0)
                if directed and (near < index) != (found < other):
                    value *= 0.2
                best = max(best, value)
            total += weight * min(1.0, best + 0.25 if best else 0.0)
        return total / sum(mine.values())

    def _voices_differ(self, other: int) -> bool:
        """Whether the claim has a passive with an agent and the sentence of an evidence token has none, or the reverse."""
        start, end = self.evidence.sentences[self.evidence.tokens[other].sentence]
        return bool(_PASSIVE.search(self.claim.text)) != bool(_PASSIVE.search(self.evidence.text[start:end]))

    def _claim_context(self, index: int) -> dict[int, float]:
        cache = self.__dict__.setdefault("_contexts", {})
        if index not in cache:
            cache[index] = self._context(self.claim.tokens, index, self.ranks[0])
        result: dict[int, float] = cache[index]
        return result

    def _evidence_context(self, index: int) -> dict[int, float]:
        cache = self.__dict__.setdefault("_evidence_contexts", {})
        if index not in cache:
            cache[index] = self._context(self.evidence.tokens, index, self.ranks[1])
        result: dict[int, float] = cache[index]
        return result

    def _covered(self, index: int) -> float:
        """Share of an evidence token's surroundings that the claim repeats."""
        near = self._evidence_context(index)
        total = sum(near.values())
        return (
            sum(weight for other, weight in near.items() if other in self.claim_of) / total if total else 0.0
        )

    def _scope(self, index: int) -> float:
        """Share of the words after an evidence token, in its clause, that the claim repeats."""
        here = self.evidence.tokens[index]
        scope: list[bool] = []
        for other in range(index + 1, len(self.evidence.tokens)):
            token = self.evidence.tokens[other]
            if token.sentence != here.sentence or len(scope) == 4 or (token.clause != here.clause and scope):
                break
            if not token.function:
                scope.append(other in self.claim_of)
        return sum(scope) / len(scope) if scope else self._covered(index)

    def _answered(self, index: int, candidates: list[int]) -> float:
        """How well the best of some claim tokens stands where an evidence token stands."""
        return max((0.3 + self._likeness(other, index) for other in candidates), default=0.0)


def _ranks(tokens: list[Token]) -> list[int]:
    """Number of content words before each token."""
    ranks, count = [], 0
    for token in tokens:
        ranks.append(count)
        count += not token.function
    return ranks
