"""The door to reading: Markdown and text in this process, everything else in one that can be ended."""

from __future__ import annotations

from pathlib import Path

from assistant.ingest import archive
from assistant.ingest.origin import with_origin
from assistant.ingest.readers import SUPPORTED_SUFFIXES, Limits, format_of, load, read_source
from assistant.ingest.worker import reading_process
from assistant.schema import Document
from assistant.settings import Settings

READABLE_SUFFIXES: tuple[str, ...] = (*SUPPORTED_SUFFIXES, archive.SUFFIX)
"""All that can be added: documents, and archives of them."""
_OWN_SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"})
_OWN_FORMATS = frozenset({"markdown", "text"})
# Even a reader of plain text may take long over a very large file.
_OWN_MOST_BYTES = 2_000_000


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings give."""
    return Limits(
        file_bytes=int(settings.max_file_mb * 1e6),
        pages=settings.max_pages,
        characters=settings.max_characters,
        unpacked_bytes=int(settings.max_unpacked_mb * 1e6),
        cells=settings.max_cells,
        members=settings.max_members,
        seconds=settings.read_seconds,
        memory_bytes=int(settings.read_memory_mb * 1e6),
    )


def read_file(
    path: Path, *, root: Path, collection: str = "corpus", limits: Limits | None = None
) -> Document:
    """Reads a file, or a file in an archive; no file can bring this process down or keep it busy for long.

    Args:
        path: The file; `archive.zip!/name.pdf` for one in an archive.
        root: The folder that `Document.path` is relative to.
        collection: Which set of documents it belongs to.
        limits: What the file may not exceed.

    Raises:
        DocumentError: It cannot be read; names the file, the reason and the way out.
    """
    limits = limits or Limits()
    if path.suffix.lower() in _OWN_SUFFIXES and archive.split_member(path) is None:
        source = load(path, root=root, collection=collection, limits=limits)
        if format_of(source) in _OWN_FORMATS and len(source.data) <= _OWN_MOST_BYTES:
            return with_origin(read_source(source), path)
    document = reading_process().read(path, root=root, collection=collection, limits=limits)
    return with_origin(document, path)


def unpack_file(path: Path, *, root: Path, limits: Limits | None = None) -> archive.Archive | None:
    """The files of an archive; None for a file that is no archive.

    Raises:
        DocumentError: It is no archive, is damaged as a whole, or larger than allowed.
    """
    if path.suffix.lower() != archive.SUFFIX or not path.is_file():
        return None
    return reading_process().unpack(path, root=root, limits=limits or Limits())
