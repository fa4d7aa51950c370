"""Decides whether an evidence text supports a claim, with a calibrated score and reasons in plain words.

Mechanical comparison first (numbers, units, dates, names, opposites, negation, attribution, certainty, what
belongs to what), then a small model over the features of `claim_features`, fitted and calibrated by
`benchmarks/verification/train.py` on corpus briefs that its report leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assistant.answering.claim_features import Comparison, compare_claim
from assistant.answering.name_table import NameTable
from assistant.answering.names import harvest_names
from assistant.answering.reasons import reason
from assistant.answering.tree_model import load_model
from assistant.ingest.sentences import split_sentences
from assistant.models.text_vectors import TextVectors
from assistant.schema import Passage, Verdict

# Sentences that have nothing to do with each other: their likeness is the zero of an embedding model.
_REFERENCE = (
    "The recipe calls for two cups of flour.", "She walked along the beach in the evening.", "The match ended in a draw.",
    "Bees collect nectar from many kinds of flowers.", "The orchestra played a symphony.", "他昨天在公园里散步。",
    "Rain is likely in the mountains tonight.", "这道菜需要少许盐和糖。",
)  # fmt: skip
# Likeness (cosine, the model's zero taken out) below which two texts do not speak of the same. With e5, 98 % of 500
# translations of the corpus lie above the first and all 89 English paraphrases above .8; of pairs of unlike sentences
# five in six lie below the first, and the highest in one language is .56.
_LIKENESS_ACROSS = 0.32
_LIKENESS = 0.55
# A model for English alone finds no likeness between these, and can tell nothing of a Chinese claim.
_SAME_IN_BOTH = ("这道菜需要少许盐和糖。", "The dish needs a little salt and sugar.")
_LEAST_OVERLAP = 0.15
_MOST_CHARS = 20_000


@dataclass(frozen=True)
class Check:
    """Outcome of the check of one claim against one evidence text."""

    verdict: Verdict
    score: float
    """Calibrated probability that the evidence supports the claim, 0 to 1."""
    reasons: tuple[str, ...] = ()
    """Why the claim is not fully supported, in plain words that know their code (`reasons.CodedReason`)."""
    quote: tuple[int, int] | None = None
    """Offsets in the evidence text of the best supporting sentence or sentences."""


class ClaimVerifier:
    """Checks claims against evidence.

    Args:
        vectors: Of an embedding model, for likeness of meaning; without them the check is somewhat weaker, above all for a
            Chinese claim over English evidence.
        names: Names that mean the same in both languages; pairs found in the evidence are added.
    """

    def __init__(self, vectors: TextVectors | None = None, names: NameTable | None = None) -> None:
        self._vectors = vectors
        self._names = names or NameTable()

    def learn_names(self, texts: Iterable[str]) -> None:
        """Remember pairs such as "Huawei (华为)" of other texts of the corpus."""
        for text in texts:
            self._names.add(harvest_names(text))

    def check(
        self,
        claim: str,
        evidence: str,
        *,
        context: str = "",
        premise_sentences: Sequence[tuple[int, int]] | None = None,
    ) -> Check:
        """Check one claim.

        Args:
            claim: One or a few sentences, English or Chinese, without citation marks.
            evidence: The text that is to support it.
            context: Title, date and headings of the evidence; names and years found there count as known.
            premise_sentences: Offsets of the evidence's sentences, when they are known.
        """
        claim, evidence = claim.strip()[:_MOST_CHARS], evidence[:_MOST_CHARS]
        if not claim or not evidence.strip():
            return Check("unsupported", 0.0, (reason("nothing_to_compare"),))
        spans = [span for span in premise_sentences or () if span[1] <= len(evidence)] or split_sentences(
            evidence
        )
        if quote := _verbatim(claim, evidence, spans):
            return Check("supported", 0.99, (), quote)
        comparison = self.compare(claim, evidence, context=context, spans=spans)
        return self._on_subject(claim, evidence, comparison, self._judge(comparison))

    def _on_subject(self, claim: str, evidence: str, comparison: Comparison, check: Check) -> Check:
        """Takes support back when the supporting words speak of something else.

        Numbers and names that agree, or of which the claim has none, do not make "the moon is made of cheese"
        follow from a brief on chips.
        """
        if check.verdict == "unsupported":
            return check
        cross = bool(comparison.features["cross_language"])
        start, end = check.quote or (0, len(evidence))
        if self._vectors is not None and (not cross or self._knows_both):
            floor = _LIKENESS_ACROSS if cross else _LIKENESS
            alike = self._similarity(claim, [evidence[start:end]])[0] >= floor
        else:
            alike = cross or comparison.features["recall_window"] >= _LEAST_OVERLAP
        if alike:
            return check
        return Check("unsupported", min(check.score, 0.05), (reason("other_subject"),))

    @cached_property
    def _knows_both(self) -> bool:
        """Whether the embedding model sees through two languages."""
        chinese, english = _SAME_IN_BOTH
        return self._similarity(chinese, [english])[0] >= 0.5 * _LIKENESS_ACROSS

    def compare(
        self, claim: str, evidence: str, *, context: str = "", spans: Sequence[tuple[int, int]] | None = None
    ) -> Comparison:
        """The features of one claim and evidence, before the model weighs them."""
        similarity = self._similarity if self._vectors is not None else None
        return compare_claim(
            claim, evidence, context=context, table=self._names, spans=spans, similarity=similarity
        )

    def check_many(self, pairs: Iterable[tuple[str, str] | tuple[str, str, str]]) -> list[Check]:
        """Check several (claim, evidence) or (claim, evidence, context) pairs."""
        items = [(pair[0], pair[1], pair[2] if len(pair) == 3 else "") for pair in pairs]
        if self._vectors is not None:
            texts = [claim for claim, _, _ in items]
            for _, evidence, _ in items:
                texts.extend(evidence[start:end] for start, end in split_sentences(evidence[:_MOST_CHARS]))
            self._vectors.documents(texts)
        return [self.check(claim, evidence, context=context) for claim, evidence, context in items]

    def attribute(
        self, claim: str, passages: Sequence[Passage], max_citations: int = 2
    ) -> list[tuple[int, Check]]:
        """Which passages support a claim, best first.

        One passage that supports the claim is enough; otherwise two that support it together are tried, and if
        these do not carry it either, the best single one comes back with its verdict.

        Returns:
            Positions in `passages` with the outcome; for passages needed together each has its own quote and the
            score of both.
        """
        if not passages:
            return []
        checks = [self._check_passage(claim, passage) for passage in passages]
        order = sorted(range(len(passages)), key=lambda index: (-checks[index].score, index))
        best = order[0]
        if checks[best].verdict == "supported" or max_citations < 2 or len(passages) < 2:
            return [(best, checks[best])]
        # Pairs are read in the order of the passages, as the claim's writer saw them.
        top = sorted(order[:4])
        pairs = [(left, right) for position, left in enumerate(top) for right in top[position + 1 :]]
        together = [(self._check_together(claim, passages[a], passages[b]), a, b) for a, b in pairs]
        check, left, right = max(together, key=lambda item: item[0].score)
        if check.verdict != "supported" or check.score < checks[best].score + 0.1:
            return [(best, checks[best])]
        return [
            (index, Check(check.verdict, check.score, check.reasons, checks[index].quote))
            for index in (left, right)
        ]

    def _check_passage(self, claim: str, passage: Passage) -> Check:
        spans = [
            (s.char_start - passage.char_start, s.char_end - passage.char_start) for s in passage.sentences
        ]
        return self.check(
            claim, passage.text, context=passage_context(passage), premise_sentences=spans or None
        )

    def _check_together(self, claim: str, left: Passage, right: Passage) -> Check:
        context = f"{passage_context(left)}\n{passage_context(right)}"
        return self.check(claim, f"{left.text}\n\n{right.text}", context=context)

    def _judge(self, comparison: Comparison) -> Check:
        cross = bool(comparison.features["cross_language"])
        model = load_model("cross" if cross else "same")
        score = model.score(comparison.vector())
        if comparison.hard:
            # A number, date or name that is nowhere in the evidence is never outweighed by likeness.
            score = min(score, model.supported - 0.01)
        verdict: Verdict = (
            "supported"
            if score >= model.supported
            else "partly_supported"
            if score >= model.partly
            else "unsupported"
        )
        reasons = tuple(comparison.reasons) if verdict != "supported" else ()
        if verdict != "supported" and not reasons:
            reasons = (reason("too_little"),)
        quote = (
            comparison.quote if score >= model.partly or comparison.features["recall_window"] >= 0.3 else None
        )
        return Check(verdict, round(score, 4), reasons, quote)

    def _similarity(self, claim: str, sentences: Sequence[str]) -> list[float]:
        """Cosine with the model's own zero taken out, so that the scale fits other embedding models too."""
        assert self._vectors is not None
        vectors = self._vectors.documents([claim, *sentences, *_REFERENCE])
        own, others = vectors[0], vectors[1 : len(sentences) + 1]
        zero = float(np.mean([own @ reference for reference in vectors[len(sentences) + 1 :]]))
        return [max(0.0, (float(own @ other) - zero) / max(1e-6, 1.0 - zero)) for other in others]


def passage_context(passage: Passage) -> str:
    """Title, date and headings of a passage, as `check` wants them."""
    date = passage.document.date.isoformat() if passage.document.date else ""
    return ". ".join(piece for piece in (passage.document.title, date, *passage.heading_path) if piece)


def _plain(text: str) -> str:
    text = re.sub(r"[“”„«»]", '"', re.sub(r"[‘’]", "'", text))
    return re.sub(r"\s+", " ", text).strip(" .。;；").lower()


def _verbatim(claim: str, evidence: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Offsets of whole sentences of the evidence that the claim repeats; part of a sentence may lose its source."""
    wanted = _plain(claim)
    for first in range(len(spans)):
        for last in range(first, min(first + 3, len(spans))):
            start, end = spans[first][0], spans[last][1]
            said = _plain(evidence[start:end])
            if said == wanted:
                return start, end
            if len(said) > len(wanted):
                break
    return None
