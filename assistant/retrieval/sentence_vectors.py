"""Likeness of a question and single sentences by the embedding model that also searches.

A passage is found by the vector of the whole; which of its sentences the question means shows in the vectors of
the sentences. They are made when first needed and kept in memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.models.embedding_model import EmbeddingModel

# About 30 MB of vectors with 384 dimensions.
_KEPT = 20_000


class SentenceVectors:
    """Cosines of questions and sentences; serves many threads.

    Args:
        embeddings: A model that is quick enough to read every candidate sentence of a question.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def cosines(self, questions: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        """Cosines, one row a text and one column a question.

        Raises:
            ModelError: The embedding model fails.
        """
        asked = np.array([self._embeddings.embed_query(question) for question in questions], dtype=np.float32)
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            for text, vector in zip(missing, self._embeddings.embed_documents(missing), strict=True):
                known[text] = np.asarray(vector, dtype=np.float32)
        with self._lock:
            for text in texts:
                self._vectors[text] = known[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > _KEPT:
                self._vectors.popitem(last=False)
        return np.asarray(np.stack([known[text] for text in texts]) @ asked.T, dtype=np.float64)


def sentence_vectors(embeddings: EmbeddingModel) -> SentenceVectors | None:
    """For ranking with this model; None for one that asks a service, where every sentence costs time and money."""
    return SentenceVectors(embeddings) if embeddings.in_process else None
