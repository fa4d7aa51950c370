"""Vectors of short texts, each made when first needed and kept in memory.

Verification compares a claim with sentences, which come back with the next question on the same subject.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.work import check

# Texts embedded before it is asked whether anybody still waits.
_BATCH = 16
# About 30 MB of vectors with 384 dimensions.
_KEPT = 20_000


class TextVectors:
    """Unit vectors of texts; serves many threads.

    Args:
        embeddings: The model that makes them.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self.embeddings = embeddings
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row a text, in the order given.

        Raises:
            ModelError: The embedding model fails.
        """
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        # Two threads may make the same vector; neither waits for the other's batch.
        if missing := [text for text in dict.fromkeys(texts) if text not in known]:
            for start in range(0, len(missing), _BATCH):
                check()
                batch = missing[start : start + _BATCH]
                for text, vector in zip(batch, self.embeddings.embed_documents(batch), strict=True):
                    array = np.asarray(vector, dtype=np.float32)
                    known[text] = array / (float(np.linalg.norm(array)) or 1.0)
        with self._lock:
            for text in texts:
                self._vectors[text] = known[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > _KEPT:
                self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts])
