"""Names and values of everything that shapes an answer, so that a resumed run can say what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from assistant.ingest.translations import FILE_NAME as TRANSLATIONS
from assistant.resources import corpus_folder
from assistant.schema import DocumentInfo, Filters
from assistant.settings import Settings

# Where things lie, what they may cost and how fast they run do not change what is answered.
_IRRELEVANT = frozenset(
    {
        "home", "cache", "corpus", "api_key", "embedding_api_key", "timeout", "threads", "parallel",
        "model", "prompts", "glossary",
    }
)  # fmt: skip


def fingerprint(
    settings: Settings, model: str, documents: Iterable[DocumentInfo], filters: Filters | None
) -> dict[str, str]:
    """Settings, model, documents and filters as short texts by name."""
    values = {
        name: str(value)
        for name, value in settings.model_dump(mode="json").items()
        if name not in _IRRELEVANT and value is not None
    }
    values["model"] = model
    known = sorted((d.collection, d.path, d.sha256) for d in documents)
    values["documents"] = f"{len(known)} ({_short_hash(repr(known).encode())})"
    if filters is not None:
        values["filters"] = filters.model_dump_json(exclude_defaults=True)
    if settings.prompts is not None:
        values["prompts"] = _files_hash(sorted(settings.prompts.glob("*.md")))
    if settings.glossary is not None:
        values["glossary"] = _files_hash([settings.glossary])
    translations = (settings.corpus or corpus_folder()) / TRANSLATIONS
    if translations.is_file():
        values["translations"] = _files_hash([translations])
    return values


def _short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]


def _files_hash(files: list[Path]) -> str:
    content = b"".join(file.name.encode() + b"\0" + file.read_bytes() for file in files if file.is_file())
    return f"{len(files)} files ({_short_hash(content)})"
