"""The embedding model that the settings name.

Every model returns unit vectors, so that a dot product is a cosine. Nothing heavy is imported and no weights
are read before a model is first used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.models.e5 import E5Embeddings
from assistant.models.embedding_model import EmbeddingModel
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
