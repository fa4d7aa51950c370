"""Ranks the sentences of retrieved passages by how likely they belong in the answer.

A linear model (logistic regression, fitted by `benchmarks/training/fit_ranker.py` on questions that no
reported figure uses) over the score of a cross-encoder and features that a reader would name: words of the
question in the sentence and above it, rank of its passage, standing of its document, and whether it has the
kind of thing that is asked for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.index.lexical import tokenize
from assistant.ingest.sentences import language_of
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.query import Query, names_in
from assistant.schema import Passage, SearchHit, Sentence

WEIGHTS = Path(__file__).parent / "data" / "sentence_ranker.json"
# Candidates that the cross-encoder reads, the most promising by the cheap features.
_READ = 64
FEATURES = (
    "cross", "cross_part", "cross_missing", "overlap", "overlap_context", "overlap_part", "passage_rank", "passage_score",
    "document_score", "document_best_cross", "section_best_cross", "neighbour_cross", "number_wanted", "date_wanted",
    "names", "years", "first_in_passage", "length",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_DATE_WORD = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class TermWeights(Protocol):
    """What ranking needs of an index."""

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency of each distinct search term of a text."""
        ...


@dataclass(frozen=True)
class RankedSentence:
    """A sentence with the probability that it belongs in the answer."""

    passage: Passage
    sentence: Sentence
    position: int
    """Among the sentences of its passage."""
    probability: float
    cross: float
    """Logit of the cross-encoder for the whole question; NaN when it did not read the sentence."""
    part_scores: tuple[float, ...] = ()
    """Logits for the parts of the question."""
    features: tuple[float, ...] = field(default=(), repr=False)

    @property
    def key(self) -> tuple[str, int]:
        """Identity within an index."""
        return self.passage.id, self.position


@dataclass(frozen=True)
class _Weights:
    coefficients: NDArray[np.float64]
    intercept: float
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]


@cache
def _load(path: Path, name: str) -> _Weights:
    stored = json.loads(path.read_text(encoding="utf-8"))[name]
    return _Weights(
        coefficients=np.array(stored["coefficients"]),
        intercept=float(stored["intercept"]),
        mean=np.array(stored["mean"]),
        scale=np.array(stored["scale"]),
    )


class SentenceRanker:
    """Ranks sentences for a question.

    Args:
        index: For the weight of words.
        cross_encoder: The pair model; the packaged one when None.
    """

    def __init__(self, index: TermWeights, cross_encoder: CrossEncoder | None = None) -> None:
        self._index = index
        self._cross = cross_encoder or (CrossEncoder() if CrossEncoder.available() else None)

    def load(self) -> None:
        """Loads the cross-encoder now."""
        if self._cross is not None:
            self._cross.load()

    def rank(self, query: Query, hits: Sequence[SearchHit]) -> list[RankedSentence]:
        """All sentences of the hits, most promising first."""
        ranked = self.features(query, hits)
        if not ranked:
            return []
        name = "cross" if any(not math.isnan(item.cross) for item in ranked) else "plain"
        weights = _load(WEIGHTS, name)
        matrix = np.array([item.features for item in ranked])
        logits = ((matrix - weights.mean) / weights.scale) @ weights.coefficients + weights.intercept
        probabilities = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        scored = [
            RankedSentence(i.passage, i.sentence, i.position, float(p), i.cross, i.part_scores, i.features)
            for i, p in zip(ranked, probabilities, strict=True)
        ]
        return sorted(scored, key=lambda item: -item.probability)

    def features(self, query: Query, hits: Sequence[SearchHit]) -> list[RankedSentence]:
        """The sentences with the features of `FEATURES`, in the order of the hits; probabilities are 0."""
        candidates = [
            (rank, hit, position, sentence)
            for rank, hit in enumerate(hits)
            for position, sentence in enumerate(hit.passage.sentences)
        ]
        if not candidates:
            return []
        questions = [query.english] + ([query.standalone] if query.standalone != query.english else [])
        whole = [self._index.term_weights(text) for text in questions]
        parts = [self._index.term_weights(text) for text in query.parts]
        top_score = max(hit.score for hit in hits) or 1.0
        document_scores: dict[str, float] = {}
        for hit in hits:
            document_scores[hit.passage.document.id] = (
                document_scores.get(hit.passage.document.id, 0.0) + hit.score
            )
        top_document = max(document_scores.values()) or 1.0
        names = [name.lower() for name in names_in(query.english, skip_first=False)]
        years = set(_YEAR.findall(query.standalone))
        cheap: list[list[float]] = []
        for rank, hit, position, sentence in candidates:
            passage = hit.passage
            terms = set(tokenize(sentence.text))
            above = terms | set(tokenize(" ".join((passage.document.title, *passage.heading_path))))
            lowered = sentence.text.lower()
            cheap.append(
                [
                    max(_share(weights, terms) for weights in whole),
                    max(_share(weights, above) for weights in whole),
                    max((_share(weights, above) for weights in parts), default=0.0),
                    1 / (1 + rank),
                    hit.score / top_score,
                    document_scores[passage.document.id] / top_document,
                    float("number" in query.kinds and bool(_DIGIT.search(sentence.text))),
                    float(
                        ("date" in query.kinds or "timeline" in query.kinds)
                        and bool(_DATE_WORD.search(sentence.text))
                    ),
                    sum(name in lowered for name in names) / len(names) if names else 0.0,
                    sum(year in sentence.text for year in years) / len(years) if years else 0.0,
                    float(position == 0),
                    math.log(1 + len(sentence.text)),
                ]
            )
        cross, cross_parts = self._read(query, [(c[1].passage, c[3]) for c in candidates], cheap)
        return _assemble(candidates, cheap, cross, cross_parts)

    def _read(
        self, query: Query, sentences: Sequence[tuple[Passage, Sentence]], cheap: Sequence[Sequence[float]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logits of the cross-encoder for the whole question and for each part; NaN where it did not read."""
        count = len(sentences)
        whole = np.full(count, np.nan)
        parts = np.full((count, max(1, len(query.parts))), np.nan)
        readable = [i for i, (_, sentence) in enumerate(sentences) if language_of(sentence.text) == "en"]
        if self._cross is None or not readable or language_of(query.english) == "zh":
            return whole, parts
        promise = {i: cheap[i][1] + cheap[i][2] + cheap[i][3] + cheap[i][4] for i in readable}
        chosen = sorted(readable, key=lambda i: -promise[i])[:_READ]
        texts = [pair_text(*sentences[i]) for i in chosen]
        whole[chosen] = self._cross.score([(query.english, text) for text in texts])
        # A part is only asked about sentences that the whole question did not rule out.
        likely = sorted(chosen, key=lambda i: -whole[i])[: _READ // 2]
        for number, part in enumerate(query.parts):
            parts[likely, number] = self._cross.score([(part, pair_text(*sentences[i])) for i in likely])
        return whole, parts


def pair_text(passage: Passage, sentence: Sentence) -> str:
    """What the cross-encoder reads of a sentence: where it stands, then the sentence."""
    return " > ".join((passage.document.title, *passage.heading_path)) + ": " + sentence.text


def _share(weights: dict[str, float], terms: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


def _assemble(
    candidates: Sequence[tuple[int, SearchHit, int, Sentence]],
    cheap: Sequence[Sequence[float]],
    cross: NDArray[np.float64],
    cross_parts: NDArray[np.float64],
) -> list[RankedSentence]:
    floor = float(np.nanmin(cross)) if not np.isnan(cross).all() else 0.0
    filled = np.where(np.isnan(cross), floor, cross)
    best_of_document: dict[str, float] = {}
    best_of_section: dict[tuple[str, tuple[str, ...]], float] = {}
    by_key: dict[tuple[str, int], float] = {}
    for (_, hit, position, _), score in zip(candidates, filled, strict=True):
        passage = hit.passage
        section = (passage.document.id, passage.heading_path)
        best_of_document[passage.document.id] = max(best_of_document.get(passage.document.id, -99.0), score)
        best_of_section[section] = max(best_of_section.get(section, -99.0), score)
        by_key[passage.id, position] = score
    out = []
    for row, (_, hit, position, sentence) in enumerate(candidates):
        passage = hit.passage
        part = cross_parts[row]
        best_part = float(np.nanmax(part)) if not np.isnan(part).all() else float(filled[row])
        near = [by_key.get((passage.id, position + step), floor) for step in (-1, 1)]
        c = cheap[row]
        features = (
            float(filled[row]), max(best_part, float(filled[row])), float(np.isnan(cross[row])), c[0], c[1], c[2], c[3], c[4], c[5],
            best_of_document[passage.document.id], best_of_section[passage.document.id, passage.heading_path],
            max(near), c[6], c[7], c[8], c[9], c[10], c[11],
        )  # fmt: skip
        scores = tuple(float(value) for value in part) if not np.isnan(part).all() else ()
        out.append(RankedSentence(passage, sentence, position, 0.0, float(cross[row]), scores, features))
    return out
