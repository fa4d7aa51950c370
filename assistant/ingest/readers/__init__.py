"""Readers: one file a format, each turning a file into a `Document`."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path

from assistant.errors import DocumentError
from assistant.ingest.origin import with_origin
from assistant.ingest.readers.source import Limits, SourceFile, load
from assistant.schema import Document

__all__ = ["SUPPORTED_SUFFIXES", "Limits", "SourceFile", "read_document", "read_source"]

_log = logging.getLogger(__name__)

# Readers of a format in the order in which they are tried: module and function.
_CHAINS: dict[str, tuple[tuple[str, str], ...]] = {
    "markdown": (("markdown", "read"), ("text", "read")),
    "text": (("text", "read"),),
    "html": (("html", "read"), ("html", "read_as_text")),
    "pdf": (("pdf", "read"), ("pdfium", "read"), ("ocr", "read")),
    "docx": (("docx", "read"),),
    "pptx": (("pptx", "read"),),
    "xlsx": (("xlsx", "read"),),
    "epub": (("epub", "read"), ("epub", "read_chapters")),
    "mail": (("eml", "read"),),
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


def read_source(source: SourceFile) -> Document:
    """Reads a file whose bytes are already in memory.

    Raises:
        DocumentError: It cannot be read; names the file, the reason and the way out.
    """
    format_name = _format_of(source)
    if format_name is None:
        known = ", ".join(SUPPORTED_SUFFIXES)
        raise source.error("is of a format that is not read.", f"Formats: {known}.")
    failure: DocumentError | None = None
    for module, function in _CHAINS[format_name]:
        try:
            read: Callable[[SourceFile], Document] = getattr(
                importlib.import_module(f"assistant.ingest.readers.{module}"), function
            )
            document = read(source)
        except DocumentError as error:
            failure = failure or error
        except ImportError as error:
            _log.debug("%s is not read by %s: %s", source.name, module, error)
        except (Exception, RecursionError) as error:
            # Readers of foreign formats fail in every way; the user needs to know which file it was.
            _log.debug("%s is not read by %s", source.name, module, exc_info=True)
            what = f"cannot be read as {format_name} ({type(error).__name__})."
            failure = failure or source.error(
                what, "Check that it opens in another program and save it again."
            )
        else:
            if failure:
                _log.info("%s Read by %s instead.", failure.what, module)
            return document
    raise failure or source.error(f"cannot be read: no reader for {format_name} is installed.")


def _format_of(source: SourceFile) -> str | None:
    """The format by the first bytes where these are certain, else by suffix."""
    head = source.data[:1024]
    by_suffix = _FORMATS.get(source.suffix)
    if head.lstrip().startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return by_suffix if by_suffix in _ZIPPED else _zipped_format(source.data)
    if by_suffix in ("markdown", "text") and _looks_like_html(head):
        return "html"
    return by_suffix


def _looks_like_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head"))


def _zipped_format(data: bytes) -> str | None:
    # The directory at the end of a zip file names its members.
    directory = data[-65_536:]
    return next((name for mark, name in _MARKS_OF_ZIPPED if mark in directory), None)
