"""Where a file was fetched from: a hidden JSON file beside it that travels with it.

What it says takes the place of what the file says of itself, as a page may claim any address or publisher.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.ingest.cleaning import safe_url
from assistant.schema import Document, DocumentInfo, SourceNote

_SUFFIX = ".origin.json"
_MOST_BYTES = 20_000


class Origin(BaseModel):
    """Where a file comes from; empty where that is not known, and then the file's own words count."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    """The address to cite."""
    requested: str = ""
    """The address that was asked for."""
    fetched: dt.datetime
    """When, in UTC."""
    sha256: str = ""
    """Of the file's bytes as they were fetched."""
    etag: str = ""
    last_modified: str = ""
    title: str = Field(default="", max_length=500)
    publisher: str = Field(default="", max_length=300)
    date: dt.date | None = None
    language: str = Field(default="", pattern="^(en|zh)?$")
    topic: str = Field(default="", max_length=100)
    licence: str = Field(default="", max_length=500)

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if safe_url(value) is None:
            raise ValueError("no http or https address")
        return value


def origin_file(file: Path) -> Path:
    """Where the origin of a file is written."""
    return file.with_name(f".{file.name}{_SUFFIX}")


def file_of_origin(path: Path) -> Path:
    """The file that an origin file speaks of."""
    return path.with_name(path.name[1 : -len(_SUFFIX)])


def origin_files(folder: Path) -> list[Path]:
    """All origin files below a folder."""
    return sorted(folder.rglob(f".*{_SUFFIX}")) if folder.is_dir() else []


def read_origin(file: Path) -> Origin | None:
    """Where a file was fetched from; None when it was not, or that is not legible."""
    path = origin_file(file)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return Origin.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_origin(file: Path, origin: Origin) -> None:
    """Writes where a file was fetched from.

    Raises:
        OSError: It cannot be written.
    """
    replace_bytes(origin_file(file), origin.model_dump_json(indent=1, exclude_defaults=True).encode())


def replace_bytes(target: Path, data: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def with_origin(document: Document, file: Path) -> Document:
    """The document with what is known of where its file was fetched from."""
    origin = read_origin(file)
    if origin is None:
        return document
    known = {"title": origin.title, "publisher": origin.publisher, "date": origin.date}
    known |= {"language": origin.language, "topic": origin.topic}
    changes = {name: value for name, value in known.items() if value}
    return document.model_copy(update={**changes, "url": origin.url, "fetched": origin.fetched.date()})


def own_source(document: DocumentInfo) -> tuple[SourceNote, ...]:
    """A fetched document as its own source, for citations of passages that carry no footnote.

    Not so a file that names an address itself: nobody checked that it came from there.
    """
    if not document.url or document.fetched is None:
        return ()
    publisher = document.publisher or urlsplit(document.url).hostname or ""
    return (SourceNote(label="", publisher=publisher, url=document.url, fetched=document.fetched),)
