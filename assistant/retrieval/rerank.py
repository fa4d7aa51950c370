"""Ranks the sentences of retrieved passages by how likely they belong in the answer.

A linear model (logistic regression, fitted by `benchmarks/training/fit_ranker.py` on questions that no
reported figure uses) over the score of a cross-encoder, the likeness of question and sentence by the embedding
model, and features that a reader would name: words of the question in the sentence and above it, rank of its
passage, standing of its document, and whether it has the kind of thing that is asked for. The cross-encoder takes
nearly all of the time, so it reads only the sentences that the same model without it thinks likeliest.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.index.lexical import tokenize
from assistant.ingest.sentences import language_of
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.logistic import LogisticModel, probability
from assistant.retrieval.query import Query, names_in
from assistant.schema import Passage, SearchHit, Sentence

WEIGHTS = Path(__file__).parent / "data" / "sentence_ranker.json"
# Sentences that the cross-encoder reads for the whole question, and for each part of it. On 198 questions that the
# weights were not fitted on, .84 of the facts are within five sentences whether it reads 16, 24 or 64; .80 without it.
_READ = 20
_READ_PART = 10
FEATURES = (
    "cross", "cross_part", "cross_missing", "overlap", "overlap_context", "overlap_part", "passage_rank", "passage_score",
    "document_score", "document_best_cross", "section_best_cross", "neighbour_cross", "number_wanted", "date_wanted",
    "names", "years", "first_in_passage", "length",
)  # fmt: skip
# Where the index has vectors of sentences: how far the cosine of a sentence lies above the mean of all candidates of the question, in
# standard deviations, so that the scale of the model does not matter.
DENSE_FEATURES = (
    "dense", "dense_part", "document_best_dense", "section_best_dense", "neighbour_dense", "dense_rank",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_DATE_WORD = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class RankedIndex(Protocol):
    """What ranking needs of an index."""

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency of each distinct search term of a text."""
        ...

    def sentence_vectors(self, passages: Sequence[Passage]) -> Sequence[NDArray[np.float16] | None]:
        """Unit vectors of the sentences of passages, one row a sentence; None where none are kept."""
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
    likeness: float = math.nan
    """Cosine with the whole question; NaN where the index has no vectors of sentences."""

    @property
    def key(self) -> tuple[str, int]:
        """Identity within an index."""
        return self.passage.id, self.position


@cache
def _load(path: Path, name: str) -> LogisticModel:
    return LogisticModel.of(json.loads(path.read_text(encoding="utf-8"))[name])


def logits_of(ranked: Sequence[RankedSentence], *, chinese: bool = False) -> list[float]:
    """Log-odds of each sentence by its features, with the weights for what was read."""
    if not ranked:
        return []
    names = FEATURES + (DENSE_FEATURES if len(ranked[0].features) > len(FEATURES) else ())
    cross = any(not math.isnan(item.cross) for item in ranked)
    model = _load(WEIGHTS, weights_name(cross=cross, dense=len(names) > len(FEATURES), chinese=chinese))
    return [float(logit) for logit in model.logits(names, np.array([item.features for item in ranked]))]


class SentenceRanker:
    """Ranks sentences for a question.

    Args:
        index: For the weight of words, and for the vectors of sentences.
        cross_encoder: The pair model; the packaged one when None.
        embeddings: The model that the index was made with, for the vector of the question; the likeness of question
            and sentence is not weighed when None.
        threads: For the packaged cross-encoder; 0 means one a core.
        translations: Chinese by English sentence, white space collapsed: the words of a Chinese question are looked for
            in these, too.
    """

    def __init__(
        self,
        index: RankedIndex,
        cross_encoder: CrossEncoder | None = None,
        embeddings: Embeddings | None = None,
        threads: int = 0,
        translations: Mapping[str, str] | None = None,
    ) -> None:
        self._index = index
        self._translations = translations or {}
        self._cross = cross_encoder or (CrossEncoder(threads=threads) if CrossEncoder.available() else None)
        self._embeddings = embeddings

    def load(self) -> None:
        """Loads the cross-encoder now."""
        if self._cross is not None:
            self._cross.load()

    def rank(self, query: Query, hits: Sequence[SearchHit]) -> list[RankedSentence]:
        """All sentences of the hits, most promising first."""
        ranked = self.features(query, hits)
        logits = logits_of(ranked, chinese=language_of(query.standalone) == "zh")
        return sorted(
            (replace(item, probability=probability(z)) for item, z in zip(ranked, logits, strict=True)),
            key=lambda item: -item.probability,
        )

    def features(self, query: Query, hits: Sequence[SearchHit]) -> list[RankedSentence]:
        """The sentences with the features of `FEATURES`, in the order of the hits; probabilities are 0.

        Those of `DENSE_FEATURES` follow where the index has vectors of all of them.
        """
        candidates = [
            (rank, hit, position, sentence)
            for rank, hit in enumerate(hits)
            for position, sentence in enumerate(hit.passage.sentences)
        ]
        if not candidates:
            return []
        chinese = language_of(query.standalone) == "zh"
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
            if chinese and (translation := self._translations.get(" ".join(sentence.text.split()))):
                terms |= set(tokenize(translation))
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
        dense = self._compare(query, hits)
        unread = np.full(len(candidates), np.nan)
        cross, cross_parts = unread, unread[:, None]
        if self._cross is not None and language_of(query.english) != "zh":
            promise = logits_of(_assemble(candidates, cheap, cross, cross_parts, dense))
            cross, cross_parts = self._read(query, [(c[1].passage, c[3]) for c in candidates], promise)
        return _assemble(candidates, cheap, cross, cross_parts, dense)

    def _read(
        self, query: Query, sentences: Sequence[tuple[Passage, Sentence]], promise: Sequence[float]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logits of the cross-encoder for the whole question and for each part; NaN where it did not read."""
        count = len(sentences)
        whole = np.full(count, np.nan)
        parts = np.full((count, max(1, len(query.parts))), np.nan)
        readable = [i for i, (_, sentence) in enumerate(sentences) if language_of(sentence.text) == "en"]
        chosen = sorted(readable, key=lambda i: -promise[i])[:_READ]
        if self._cross is None or not chosen:
            return whole, parts
        texts = {i: sentences[i][0].sentence_text(sentences[i][1]) for i in chosen}
        whole[chosen] = self._cross.score([(query.english, texts[i]) for i in chosen])
        # A part is only asked about sentences that the whole question did not rule out.
        likely = sorted(chosen, key=lambda i: -whole[i])[:_READ_PART]
        for number, part in enumerate(query.parts):
            parts[likely, number] = self._cross.score([(part, texts[i]) for i in likely])
        return whole, parts

    def _compare(self, query: Query, hits: Sequence[SearchHit]) -> NDArray[np.float64] | None:
        """Likeness of each sentence and the whole question, and of it and the nearest part of the question.

        Shape (sentences, 3): both in standard deviations from the mean of the question's sentences, and the first as it
        is, a cosine. None where the index does not have the vectors.
        """
        if self._embeddings is None:
            return None
        kept = self._index.sentence_vectors([hit.passage for hit in hits])
        vectors = [each for each in kept if each is not None and len(each)]
        if len(vectors) < sum(bool(hit.passage.sentences) for hit in hits):
            return None
        wholes = list(dict.fromkeys((query.english, query.standalone)))
        asked = np.array([self._embeddings.embed_query(text) for text in (*wholes, *query.parts)])
        cosines = np.concatenate(vectors).astype(np.float64) @ asked.T
        likeness = np.column_stack([cosines[:, : len(wholes)].max(1), cosines.max(1)])
        scaled = (likeness - likeness.mean(0)) / (likeness.std(0) + 1e-6)
        return np.column_stack([scaled, likeness[:, 0]])


def weights_name(*, cross: bool, dense: bool, chinese: bool = False) -> str:
    """Which of the stored weights fit what was read, and the language of the question."""
    if chinese and dense and not cross:
        return "chinese_dense"
    return ("cross" if cross else "plain") + ("_dense" if dense else "")


def _share(weights: dict[str, float], terms: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


class _Surroundings:
    """The best score of a sentence's document, of its section, and of its neighbours."""

    def __init__(
        self, candidates: Sequence[tuple[int, SearchHit, int, Sentence]], scores: NDArray[np.float64]
    ) -> None:
        self._floor = float(scores.min())
        self._documents: dict[str, float] = {}
        self._sections: dict[tuple[str, tuple[str, ...]], float] = {}
        self._sentences: dict[tuple[str, int], float] = {}
        for (_, hit, position, _), score in zip(candidates, scores.tolist(), strict=True):
            passage = hit.passage
            document, section = passage.document.id, (passage.document.id, passage.heading_path)
            self._documents[document] = max(self._documents.get(document, score), score)
            self._sections[section] = max(self._sections.get(section, score), score)
            self._sentences[passage.id, position] = score

    def of(self, passage: Passage, position: int) -> tuple[float, float, float]:
        near = [self._sentences.get((passage.id, position + step), self._floor) for step in (-1, 1)]
        document = passage.document.id
        return self._documents[document], self._sections[document, passage.heading_path], max(near)


def _assemble(
    candidates: Sequence[tuple[int, SearchHit, int, Sentence]],
    cheap: Sequence[Sequence[float]],
    cross: NDArray[np.float64],
    cross_parts: NDArray[np.float64],
    dense: NDArray[np.float64] | None,
) -> list[RankedSentence]:
    floor = float(np.nanmin(cross)) if not np.isnan(cross).all() else 0.0
    filled = np.where(np.isnan(cross), floor, cross)
    around = _Surroundings(candidates, filled)
    around_dense = _Surroundings(candidates, dense[:, 1]) if dense is not None else None
    dense_rank = np.argsort(np.argsort(-dense[:, 1], kind="stable")) if dense is not None else None
    out = []
    for row, (_, hit, position, sentence) in enumerate(candidates):
        passage = hit.passage
        part = cross_parts[row]
        best_part = float(np.nanmax(part)) if not np.isnan(part).all() else float(filled[row])
        c = cheap[row]
        features: tuple[float, ...] = (
            float(filled[row]), max(best_part, float(filled[row])), float(np.isnan(cross[row])), c[0], c[1], c[2], c[3], c[4], c[5],
            *around.of(passage, position), c[6], c[7], c[8], c[9], c[10], c[11],
        )  # fmt: skip
        if dense is not None and around_dense is not None and dense_rank is not None:
            features += (
                *dense[row, :2].tolist(), *around_dense.of(passage, position), 1 / (1 + int(dense_rank[row])),
            )  # fmt: skip
        scores = tuple(float(value) for value in part) if not np.isnan(part).all() else ()
        likeness = float(dense[row, 2]) if dense is not None else math.nan
        out.append(
            RankedSentence(passage, sentence, position, 0.0, float(cross[row]), scores, features, likeness)
        )
    return out
