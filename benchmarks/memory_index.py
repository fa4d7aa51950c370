"""Passages of a benchmark in memory, searched by cosine and by BM25: what retrieval, ranking and gate ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.index.lexical import LexicalIndex
from assistant.schema import DocumentInfo, Filters, Passage


class NoVectors(Embeddings):
    """Stands where an embedding model is asked for, for a search by words alone."""

    def embed_query(self, text: str) -> list[float]:
        """Nothing to compare with."""
        return []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Nothing for each text."""
        return [[] for _ in texts]


class MemoryIndex:
    """The passages of one set.

    Args:
        passages: Each found by its id.
        embeddings: For the search by cosine, which finds nothing without (None, or `NoVectors`).
    """

    def __init__(self, passages: Iterable[Passage], embeddings: Embeddings | None) -> None:
        self._passages = {passage.id: passage for passage in passages}
        self._ids = list(self._passages)
        self._lexical = LexicalIndex.build(self._passages.values())
        texts = [passage.embedding_text().strip() for passage in self._passages.values()]
        dense = embeddings is not None and not isinstance(embeddings, NoVectors) and texts
        self._embeddings = embeddings if dense else None
        self._vectors = np.array(embeddings.embed_documents(texts)) if embeddings and dense else None

    def search_dense(
        self, vector: Sequence[float], k: int, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """Passages by cosine, best first."""
        if self._vectors is None:
            return []
        scores = self._vectors @ np.array(vector)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(self._passages[self._ids[at]], float(scores[at])) for at in best]

    def search_lexical(
        self, query: str, k: int, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """Passages by BM25, best first."""
        return [(self._passages[passage_id], score) for passage_id, score in self._lexical.search(query, k)]

    def dense_ids(
        self, vector: Sequence[float], k: int, filters: Filters | None = None
    ) -> list[tuple[str, float]]:
        """Ids of passages by cosine, best first."""
        return [(passage.id, score) for passage, score in self.search_dense(vector, k)]

    def lexical_ids(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Ids of passages by BM25, best first."""
        return self._lexical.search(query, k)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Passages by id, in the order asked."""
        return [self._passages[passage_id] for passage_id in ids]

    def similarity(self, query: str, embeddings: Embeddings) -> float:
        """Of the nearest passage: its cosine, or without vectors its BM25 score by the weight of the query's terms."""
        if self._vectors is not None:
            return self.search_dense(embeddings.embed_query(query), 1)[0][1]
        found = self._lexical.search(query, 1)
        return found[0][1] / (sum(self.term_weights(query).values()) or 1.0) if found else 0.0

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency of each distinct term of a text, in this set."""
        return self._lexical.term_weights(text)

    def sentence_vectors(self, passages: Sequence[Passage]) -> list[NDArray[np.float16] | None]:
        """Unit vectors of the sentences of passages, made when asked for: a benchmark ranks few of its passages."""
        if self._embeddings is None:
            return [None for _ in passages]
        texts = [[passage.sentence_text(sentence) for sentence in passage.sentences] for passage in passages]
        return [np.array(self._embeddings.embed_documents(each), dtype=np.float16) for each in texts]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """One document for each passage."""
        return [passage.document for passage in self._passages.values()]
