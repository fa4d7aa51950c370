"""What a reader is given: the bytes of one file, what is known about it, and the limits it must keep."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assistant.errors import DocumentError


@dataclass(frozen=True)
class Limits:
    """The most that a document may be; beyond it a reader raises `DocumentError`."""

    file_bytes: int = 50_000_000
    pages: int = 2000
    """Pages of a PDF, slides, sheets of a workbook, or chapters of an EPUB."""
    characters: int = 10_000_000
    unpacked_bytes: int = 200_000_000
    """Of all members of a zipped format together."""
    cells: int = 1_000_000
    """Of all sheets of a workbook together."""
    members: int = 2000
    """Files in a ZIP archive, those in archives within it included."""
    seconds: float = 120.0
    """For one reader, and for each page that is read by OCR."""
    memory_bytes: int = 2_000_000_000
    """Address space of the process that reads; kept where the system can limit it."""


SETTING_OF_LIMIT = {
    "file_bytes": "ASSISTANT_MAX_FILE_MB",
    "pages": "ASSISTANT_MAX_PAGES",
    "characters": "ASSISTANT_MAX_CHARACTERS",
    "unpacked_bytes": "ASSISTANT_MAX_UNPACKED_MB",
    "cells": "ASSISTANT_MAX_CELLS",
    "members": "ASSISTANT_MAX_MEMBERS",
    "seconds": "ASSISTANT_READ_SECONDS",
    "memory_bytes": "ASSISTANT_READ_MEMORY_MB",
}
"""The setting that changes each limit."""


def over_limit(name: str, what: str, limit: str) -> DocumentError:
    """The error for a file beyond a limit; names the setting that raises it.

    Args:
        name: The file.
        what: What it has and what is allowed, as words after the file's name.
        limit: Field of `Limits`.
    """
    advice = "Raise" if limit in ("seconds", "memory_bytes") else "Split it, or raise"
    return DocumentError(f"{name}: {what}", f"{advice} {SETTING_OF_LIMIT[limit]}.")


@dataclass(frozen=True)
class SourceFile:
    """One file to read.

    Attributes:
        name: POSIX path relative to the folder that it came from.
        data: Its bytes.
        collection: Which set of documents it belongs to.
        limits: What it may not exceed.
    """

    name: str
    data: bytes
    collection: str = "corpus"
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def sha256(self) -> str:
        """Of the bytes, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def document_id(self) -> str:
        """First 16 hexadecimal digits of SHA-256 over collection, path and content."""
        key = f"{self.collection}\0{self.name}\0{self.sha256}"
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def stem(self) -> str:
        """File name without folder and suffix."""
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        """Suffix in lower case, with its dot."""
        return Path(self.name).suffix.lower()

    def error(self, what: str, hint: str = "") -> DocumentError:
        """A `DocumentError` that names this file."""
        return DocumentError(f"{self.name}: {what}", hint)

    def over(self, what: str, limit: str) -> DocumentError:
        """The error for a limit that this file exceeds; `limit` is a field of `Limits`."""
        return over_limit(self.name, what, limit)


def load(path: Path, *, root: Path, collection: str = "corpus", limits: Limits | None = None) -> SourceFile:
    """Reads a file's bytes.

    Args:
        path: The file.
        root: The folder that its name is told from; a file outside it is named by its file name.
        collection: Which set of documents it belongs to.
        limits: What it may not exceed.

    Raises:
        DocumentError: It is missing, unreadable, empty, not a regular file or too large.
    """
    limits = limits or Limits()
    try:
        name = path.resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError):
        name = path.name
    if name in ("", "."):
        name = path.name
    try:
        if not path.is_file():
            what = "is a folder." if path.is_dir() else "does not exist or is not a regular file."
            raise DocumentError(f"{name} {what}", "Name a file that can be read.")
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise DocumentError(
                f"{name} has {size / 1e6:.0f} MB; the limit is {limits.file_bytes / 1e6:.0f} MB.",
                "Split it into smaller files.",
            )
        # One byte more than allowed shows a file that grew since.
        with path.open("rb") as file:
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        what = f"{name} cannot be read: {reason}."
        raise DocumentError(what, "Check the file and its permissions.") from error
    if len(data) > limits.file_bytes:
        what = f"{name} is larger than {limits.file_bytes / 1e6:.0f} MB."
        raise DocumentError(what, "Split it into smaller files.")
    if not data.strip(b"\0\t\n\r \xef\xbb\xbf"):
        raise DocumentError(f"{name} is empty.", "Remove it or fill it.")
    return SourceFile(name=name, data=data, collection=collection, limits=limits)
