"""Passages of a benchmark in memory, searched by cosine and by BM25: what retrieval, ranking and gate ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from langchain_core.embeddings import Embeddings

from assistant.index.lexical import LexicalIndex
from assistant.schema import DocumentInfo, Filters, Passage


class MemoryIndex:
    """The passages of one set.

    Args:
        passages: Each found by its id.
        embeddings: For the search by cosine, which finds nothing without.
    """

    def __init__(self, passages: Iterable[Passage], embeddings: Embeddings | None) -> None:
        self.passages = {passage.id: passage for passage in passages}
        self._ids = list(self.passages)
        self._lexical = LexicalIndex.build(self.passages.values())
        texts = [passage.embedding_text().strip() for passage in self.passages.values()]
        self._vectors = np.array(embeddings.embed_documents(texts)) if embeddings and texts else None

    def search_dense(
        self, vector: Sequence[float], k: int, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """Passages by cosine, best first."""
        if self._vectors is None:
            return []
        scores = self._vectors @ np.array(vector)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(self.passages[self._ids[at]], float(scores[at])) for at in best]

    def search_lexical(
        self, query: str, k: int, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """Passages by BM25, best first."""
        return [(self.passages[passage_id], score) for passage_id, score in self._lexical.search(query, k)]

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency of each distinct term of a text, in this set."""
        return self._lexical.term_weights(text)

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """One document for each passage."""
        return [passage.document for passage in self.passages.values()]
