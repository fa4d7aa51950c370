"""Embedding models of others: any LangChain `Embeddings`, and endpoints that speak OpenAI's protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.models.embedding_model import EmbeddingModel

if TYPE_CHECKING:
    from assistant.settings import Settings

_PIECE = re.compile(r"[a-zA-Z]+|\d|\s+|.", re.DOTALL)


class WrappedEmbeddings(EmbeddingModel):
    """Any LangChain `Embeddings`, with the missing figures estimated.

    Args:
        inner: The model to ask.
        name: Name for the fingerprint.
        max_tokens: Tokens that it reads of one text.
        dimension: Length of its vectors; asked of the model when not given.
    """

    in_process = False

    def __init__(
        self, inner: Embeddings, *, name: str = "", max_tokens: int = 512, dimension: int = 0
    ) -> None:
        self.inner = inner
        label = getattr(inner, "model_name", None) or getattr(inner, "model", None)
        self.name = name or ":".join(str(part) for part in (type(inner).__name__, label) if part)
        self._max_tokens = max_tokens
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        if not self._dimension:
            self._dimension = len(self.embed_query("dimension"))
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """Tokens that it reads of one text, as configured."""
        return self._max_tokens

    def count_tokens(self, text: str) -> int:
        """Upper estimate: a token for 3 letters, a digit, a mark or a CJK character."""
        return 2 + sum(
            (len(piece) + 2) // 3 if piece[0].isascii() and piece[0].isalpha() else int(not piece.isspace())
            for piece in _PIECE.findall(text)
        )

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        try:
            if query:
                return [self.inner.embed_query(texts[0])]
            return self.inner.embed_documents(list(texts))
        except ModelError:
            raise
        except Exception as error:
            raise _provider_error(self.name, error) from error


def load_openai_embeddings(model: str, settings: Settings) -> WrappedEmbeddings:
    """A model behind OpenAI's embedding endpoint, or another server's that speaks its protocol.

    Raises:
        ModelError: langchain-openai or the name of a model is missing.
    """
    try:
        from langchain_openai import OpenAIEmbeddings
    except ImportError as error:
        raise ModelError(
            f"The embedding model 'openai:{model}' needs langchain-openai.",
            "Run `pip install langchain-openai`.",
        ) from error
    if not model:
        raise ModelError(
            "The embedding setting `openai:` lacks a model name.",
            "Write for example `openai:text-embedding-3-small`.",
        )
    options: dict[str, Any] = {"model": model, "max_retries": 2, "timeout": settings.timeout}
    if settings.embedding_base_url:
        # Servers other than OpenAI's take plain text, not OpenAI's token numbers.
        options |= {"base_url": settings.embedding_base_url, "check_embedding_ctx_length": False}
    if settings.embedding_api_key is not None:
        options["api_key"] = settings.embedding_api_key
    elif settings.embedding_base_url and not os.environ.get("OPENAI_API_KEY"):
        # Local servers ask for no key, but the client insists on one.
        options["api_key"] = "none"
    try:
        inner = OpenAIEmbeddings(**options)
    except Exception as error:
        raise _provider_error(f"openai:{model}", error) from error
    # The address is part of the name: two servers may call different weights the same.
    place = f"@{settings.embedding_base_url.rstrip('/')}" if settings.embedding_base_url else ""
    return WrappedEmbeddings(inner, name=f"openai:{model}{place}")


def _provider_error(name: str, error: Exception) -> ModelError:
    kind = type(error).__name__
    text = str(error)
    if kind in {"AuthenticationError", "PermissionDeniedError"} or "api_key" in text:
        return ModelError(
            f"The embedding endpoint refuses the key for '{name}'.", "Set ASSISTANT_EMBEDDING_API_KEY."
        )
    if kind == "NotFoundError":
        return ModelError(
            f"The embedding endpoint does not know '{name}'.",
            "Check ASSISTANT_EMBEDDING and ASSISTANT_EMBEDDING_BASE_URL.",
        )
    if kind in {"APIConnectionError", "APITimeoutError"}:
        return ModelError(
            f"The embedding endpoint for '{name}' cannot be reached.",
            "Check ASSISTANT_EMBEDDING_BASE_URL, or set ASSISTANT_EMBEDDING=e5 to work without a network.",
        )
    # The provider's own words may repeat the request, and with it a key: only the kind is shown.
    return ModelError(
        f"The embedding model '{name}' failed ({kind}).", "Try again, or set ASSISTANT_EMBEDDING=e5."
    )
