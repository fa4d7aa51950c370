"""Vectors on disk, so that a benchmark that runs again embeds nothing twice."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from assistant.models.embedding_model import EmbeddingModel

# Texts that are embedded between two writes.
_STEP = 64


class KeptVectors(Embeddings):
    """An embedding model that embeds each text once.

    Args:
        model: The model.
        folder: Where its vectors are kept; in memory alone when None.
    """

    def __init__(self, model: EmbeddingModel, folder: Path | None) -> None:
        self._model = model
        self._known: dict[str, NDArray[np.float32]] = {}
        self._file = folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', model.name)}.npz" if folder else None
        self._fresh = 0
        if self._file is not None and self._file.exists():
            with np.load(self._file) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def embed_query(self, text: str) -> list[float]:
        """Vector of a question."""
        key = _key("query", text)
        if key not in self._known:
            self._known[key] = np.array(self._model.embed_query(text), dtype=np.float32)
            self._fresh += 1
            if self._fresh >= _STEP:
                self.keep()
        return [float(value) for value in self._known[key]]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages."""
        missing = list(dict.fromkeys(text for text in texts if _key("passage", text) not in self._known))
        for start in range(0, len(missing), _STEP):
            step = missing[start : start + _STEP]
            for text, vector in zip(step, self._model.embed_documents(step), strict=True):
                self._known[_key("passage", text)] = np.array(vector, dtype=np.float32)
            self._fresh += len(step)
            self.keep()
        return [[float(value) for value in self._known[_key("passage", text)]] for text in texts]

    def keep(self) -> None:
        """Write what is new to disk, complete or not at all."""
        if self._file is None or not self._fresh:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._file.with_suffix(".tmp")
        with scratch.open("wb") as file:
            np.savez(file, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        scratch.replace(self._file)
        self._fresh = 0


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()
