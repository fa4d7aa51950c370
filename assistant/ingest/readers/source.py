"""What a reader is given: the bytes of one file, what is known about it, and the limits it must keep."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assistant.errors import DocumentError

_NOT_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


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


@dataclass(frozen=True)
class Refusal:
    """A file that is not read."""

    name: str
    """Its path relative to the folder or archive that it is in."""
    what: str
    """Why, in words that begin with the file's name."""
    hint: str = ""
    is_failure: bool = True
    """False for a file of another kind, which nobody expects to be read."""


def is_text_name(name: str) -> bool:
    """Whether a name can be shown and stored: no control or bidi characters, no bytes that are not text."""
    return _NOT_IN_NAMES.search(name) is None


def shown_name(name: str) -> str:
    """A name with a question mark for each character that cannot be shown."""
    return _NOT_IN_NAMES.sub("?", name)[:500]


class FinalError(DocumentError):
    """A file that no other reader of its format should try: it is beyond a limit, locked or hostile."""


def beyond_memory(limits: Limits) -> str:
    """Words for a file whose reader ran out of memory."""
    return f"needs more than {limits.memory_bytes / 1e6:.0f} MB of memory to be read."


def over_limit(name: str, what: str, limit: str) -> DocumentError:
    """The error for a file beyond a limit; names the setting that raises it.

    Args:
        name: The file.
        what: What it has and what is allowed, as words after the file's name.
        limit: Field of `Limits`.
    """
    setting = SETTING_OF_LIMIT[limit]
    if limit in ("seconds", "memory_bytes"):
        # Another reader may be quicker, or use less.
        return DocumentError(f"{name}: {what}", f"Raise {setting}.")
    return FinalError(f"{name}: {what}", f"Split it, or raise {setting}.")


def oversize(name: str, size: int, limits: Limits) -> DocumentError | None:
    """The error for a file of so many bytes; None for one that may be read."""
    if size <= limits.file_bytes:
        return None
    what = f"has {_megabytes(size)} MB; the limit is {_megabytes(limits.file_bytes)} MB."
    return over_limit(name, what, "file_bytes")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}" if size >= 10e6 else f"{size / 1e6:.3g}"


def _nothing() -> None: ...


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
    alive: Callable[[], None] = field(default=_nothing, compare=False, repr=False)
    """Called before each step of a long work, such as a page of OCR: the time limit counts anew."""

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
    name = relative_name(path, root)
    if not is_text_name(name):
        raise DocumentError(f"{shown_name(name)}: has a name that is not text.", "Rename it.")
    try:
        # It builds on this module.
        from assistant.ingest.archive import read_member, split_member

        if member := split_member(path):
            data = read_member(*member, name=name, limits=limits)
            return _checked(SourceFile(name=name, data=data, collection=collection, limits=limits))
        if not path.is_file():
            what = "is a folder." if path.is_dir() else "does not exist or is not a regular file."
            raise DocumentError(f"{name} {what}", "Name a file that can be read.")
        size = path.stat().st_size
        if (too_large := oversize(name, size, limits)) is not None:
            raise too_large
        # One byte more than allowed shows a file that grew since.
        with path.open("rb") as file:
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        what = f"{name} cannot be read: {reason}."
        raise DocumentError(what, "Check the file and its permissions.") from error
    if len(data) > limits.file_bytes:
        raise over_limit(name, f"is larger than {limits.file_bytes / 1e6:.0f} MB.", "file_bytes")
    return _checked(SourceFile(name=name, data=data, collection=collection, limits=limits))


def relative_name(path: Path, root: Path) -> str:
    """The POSIX path from a folder to a file; the file's name for one outside."""
    base, file = root.absolute(), path.absolute()
    # A link inside the folder keeps its own name: what it leads to is another document.
    if ".." in file.parts or not file.is_relative_to(base):
        try:
            base, file = root.resolve(), path.resolve()
        except (OSError, RuntimeError):
            return path.name
    return file.relative_to(base).as_posix() if file != base and file.is_relative_to(base) else path.name


def _checked(source: SourceFile) -> SourceFile:
    if not source.data.strip(b"\0\t\n\r \xef\xbb\xbf"):
        raise DocumentError(f"{source.name} is empty.", "Remove it or fill it.")
    return source
