"""The base of all embedding models: LangChain `Embeddings` that also know their name, width and token limit."""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.schema import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 32
"""Texts that are encoded at once."""


class PassageVectors(NamedTuple):
    """What an index keeps of a passage to find it, and to rank its sentences."""

    whole: Sequence[float]
    """Unit vector of the passage."""
    sentences: NDArray[np.float16] | None
    """Unit vectors of its sentences, shape (sentences, width); None when the model makes none."""


class EmbeddingModel(Embeddings):
    """A LangChain embedding model with what an index must know about it."""

    name: str
    """Identifies weights and pooling; part of the index's fingerprint."""
    max_chars: int = 20_000
    """Characters after which a text is cut, so that the time a hostile text takes stays bounded."""
    in_process: bool = True
    """Whether it runs here, and not in a service that takes time and money for every text."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Length of its vectors."""

    @property
    @abstractmethod
    def max_tokens(self) -> int:
        """Tokens it reads of one text, its own prefix and marks included."""

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """Tokens that `text` takes as a document, prefix and marks included."""

    @abstractmethod
    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        """Vectors of one batch of texts, of about equal length, in order."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of documents, in the order given.

        Raises:
            ModelError: The model is missing or fails.
        """
        cleaned = [clean(text, self.max_chars) for text in texts]
        # Texts of similar length waste no padding when they share a batch.
        order = sorted(range(len(cleaned)), key=lambda i: len(cleaned[i]), reverse=True)
        vectors: list[list[float]] = [[] for _ in cleaned]
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            encoded = self._encode([cleaned[i] for i in batch], query=False)
            for i, vector in zip(batch, _unit(encoded, self.name), strict=True):
                vectors[i] = vector
        return vectors

    def embed_passages(self, passages: Sequence[Passage]) -> list[PassageVectors]:
        """Vectors of passages and of their sentences.

        A sentence is read by itself, behind title and headings. A service is not asked for sentences, which would
        cost several times as much as the passages.

        Raises:
            ModelError: The model is missing or fails.
        """
        wholes = self.embed_documents([passage.embedding_text() for passage in passages])
        if not self.in_process:
            return [PassageVectors(whole, None) for whole in wholes]
        return [PassageVectors(*pair) for pair in zip(wholes, self._sentences(passages), strict=True)]

    def _sentences(self, passages: Sequence[Passage]) -> list[NDArray[np.float16]]:
        """Unit vectors of the sentences of each passage."""
        import numpy as np

        texts = [passage.sentence_text(sentence) for passage in passages for sentence in passage.sentences]
        if not texts:
            return [np.empty((0, 0), dtype=np.float16) for _ in passages]
        flat = np.array(self.embed_documents(texts), dtype=np.float16)
        ends = np.cumsum([len(passage.sentences) for passage in passages])
        return np.split(flat, ends[:-1]) if len(passages) else []

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of a question.

        Raises:
            ModelError: The model is missing or fails.
        """
        return _unit(self._encode([clean(text, self.max_chars)], query=True), self.name)[0]


def clean(text: str, max_chars: int) -> str:
    """Text that is safe for every engine and never empty.

    NFKC comes before the cut because it may lengthen a text (U+FDFA becomes 18 characters); NUL ends a text in some
    engines, a lone surrogate cannot be encoded.
    """
    text = text[:max_chars].encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", text).replace("\0", " ")
    return text[:max_chars].strip() or "."


def _unit(vectors: Sequence[Sequence[float]], name: str) -> list[list[float]]:
    import numpy as np

    matrix = np.asarray(vectors, dtype=np.float32)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ModelError(
            f"The embedding model '{name}' returned no usable vectors.", "Reinstall it or choose another."
        )
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: list[list[float]] = (matrix / np.where(norms > 0, norms, 1)).tolist()
    return unit
