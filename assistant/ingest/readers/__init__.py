"""Readers: one file a format, each turning a file into a `Document`."""

from __future__ import annotations

from pathlib import Path

from assistant.ingest.readers.source import Limits, load
from assistant.schema import Document

SUPPORTED_SUFFIXES = (".md", ".markdown")

__all__ = ["SUPPORTED_SUFFIXES", "Limits", "read_document"]


def read_document(
    path: Path, *, root: Path, collection: str = "corpus", limits: Limits | None = None
) -> Document:
    """Reads one file."""
    from assistant.ingest.readers import markdown

    return markdown.read(load(path, root=root, collection=collection, limits=limits))
