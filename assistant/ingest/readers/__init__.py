"""Readers: one file a format, each turning a file into a `Document`."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from assistant.errors import DocumentError
from assistant.ingest.origin import with_origin
from assistant.ingest.readers.source import FinalError, Limits, SourceFile, beyond_memory, load
from assistant.schema import Document

__all__ = [
    "SUPPORTED_SUFFIXES",
    "Limits",
    "SourceFile",
    "format_of",
    "load",
    "read_document",
    "read_source",
]

_log = logging.getLogger(__name__)


class _Reader(NamedTuple):
    name: str
    """For people."""
    module: str
    function: str = "read"


# Readers of a format in the order in which they are tried.
_CHAINS: dict[str, tuple[_Reader, ...]] = {
    "markdown": (_Reader("markdown-it", "markdown"), _Reader("plain text", "text")),
    "text": (_Reader("plain text", "text"),),
    "html": (_Reader("lexbor", "html"), _Reader("tag stripper", "html", "read_as_text")),
    "pdf": (_Reader("pypdf", "pdf"), _Reader("PDFium", "pdfium"), _Reader("Tesseract", "ocr")),
    "docx": (_Reader("WordprocessingML", "docx"), _Reader("XML text", "ooxml_text")),
    "pptx": (_Reader("PresentationML", "pptx"), _Reader("XML text", "ooxml_text")),
    "xlsx": (_Reader("openpyxl", "xlsx"), _Reader("XML text", "ooxml_text")),
    "epub": (_Reader("EPUB", "epub"), _Reader("EPUB pages", "epub", "read_chapters")),
    "mail": (_Reader("email", "eml"),),
}
_FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".epub": "epub",
    ".eml": "mail",
}
# Members that tell the format of a zip file; EPUB has the most general name and comes last.
_MARKS_OF_ZIPPED = (
    (b"word/document.xml", "docx"),
    (b"ppt/presentation.xml", "pptx"),
    (b"xl/workbook.xml", "xlsx"),
    (b"META-INF/container.xml", "epub"),
)
_ZIPPED = frozenset(name for _, name in _MARKS_OF_ZIPPED)
SUPPORTED_SUFFIXES: tuple[str, ...] = tuple(_FORMATS)


def read_document(
    path: Path, *, root: Path, collection: str = "corpus", limits: Limits | None = None
) -> Document:
    """Reads a file as its suffix says, or as its first bytes say where they contradict it.

    When one reader of a format fails, the next is tried.

    Args:
        path: The file.
        root: The folder that `Document.path` is relative to.
        collection: Which set of documents it belongs to.
        limits: What the file may not exceed.

    Raises:
        DocumentError: It cannot be read; names the file, the reason and the way out.
    """
    document = read_source(load(path, root=root, collection=collection, limits=limits))
    return with_origin(document, path)


def read_source(
    source: SourceFile, *, skip: Collection[str] = (), on_try: Callable[[str, int], None] | None = None
) -> Document:
    """Reads a file whose bytes are already in memory.

    Args:
        source: The file.
        skip: Names of readers that are not to be tried.
        on_try: Called before each reader with its name and the number of those that would follow.

    Raises:
        DocumentError: It cannot be read; names the file, the reason and the way out.
    """
    format_name = format_of(source)
    if format_name is None:
        known = ", ".join(SUPPORTED_SUFFIXES)
        raise source.error("is of a format that is not read.", f"Formats: {known}.")
    failures: list[tuple[str, DocumentError]] = []
    readers = [reader for reader in _CHAINS[format_name] if reader.name not in skip]
    for number, reader in enumerate(readers, 1):
        if on_try:
            on_try(reader.name, len(readers) - number)
        try:
            document = _function(reader)(source)
        except MemoryError:
            failures.append((reader.name, source.over(beyond_memory(source.limits), "memory_bytes")))
        except FinalError:
            raise
        except DocumentError as error:
            failures.append((reader.name, error))
        except ImportError as error:
            _log.debug("%s is not read by %s: %s", source.name, reader.name, error)
        except (Exception, RecursionError) as error:
            # Readers of foreign formats fail in every way; the user needs to know which file it was.
            _log.debug("%s is not read by %s", source.name, reader.name, exc_info=True)
            what = f"cannot be read as {format_name} ({type(error).__name__})."
            hint = "Check that it opens in another program and save it again."
            failures.append((reader.name, source.error(what, hint)))
        else:
            return _described(document, source, reader, failures)
    if failures:
        raise failures[0][1]
    raise source.error(f"cannot be read: no reader for {format_name} is installed.")


def _function(reader: _Reader) -> Callable[[SourceFile], Document]:
    module = importlib.import_module(f"assistant.ingest.readers.{reader.module}")
    function: Callable[[SourceFile], Document] = getattr(module, reader.function)
    return function


def _described(
    document: Document, source: SourceFile, reader: _Reader, failures: list[tuple[str, DocumentError]]
) -> Document:
    failed = (
        f"not read by {name}: {error.what.removeprefix(f'{source.name}: ')}" for name, error in failures
    )
    return document.model_copy(update={"reader": reader.name, "remarks": (*failed, *document.remarks)})


def format_of(source: SourceFile) -> str | None:
    """The format by the first bytes where these are certain, else by suffix."""
    head = source.data[:1024]
    by_suffix = _FORMATS.get(source.suffix)
    if head.lstrip().startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return by_suffix if by_suffix in _ZIPPED else _zipped_format(source.data)
    if by_suffix in ("markdown", "text", "pdf") and _looks_like_html(head):
        return "html"
    return by_suffix


def _looks_like_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head"))


def _zipped_format(data: bytes) -> str | None:
    # The directory at the end of a zip file names its members.
    directory = data[-65_536:]
    return next((name for mark, name in _MARKS_OF_ZIPPED if mark in directory), None)
