"""The text of an Office file without its structure: for one that the reader of its format cannot take."""

from __future__ import annotations

import re

from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.ooxml import core_properties, local
from assistant.ingest.readers.package import DamagedError, Package
from assistant.ingest.readers.pdf_metadata import title_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

# Where each format keeps text, and the media type of the format.
_PARTS = (
    (
        re.compile(r"word/document\.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        re.compile(r"ppt/slides/[^/]+\.xml"),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        re.compile(r"xl/(sharedStrings|worksheets/[^/]+)\.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
)
# Paragraphs of text and of slides, shared texts, rows.
_BLOCKS = frozenset({"p", "si", "row"})


def read(source: SourceFile) -> Document:
    """Reads the texts of an Office file in the order in which they are stored; damaged parts are left out.

    Raises:
        DocumentError: It is damaged as a whole, protected, too large, or has no text.
    """
    package = Package(source)
    package.check_xml(damaged=True)
    builder = DocumentBuilder(source)
    media_type = ""
    lost = []
    for pattern, kind in _PARTS:
        names = sorted((name for name in package.names if pattern.fullmatch(name)), key=lambda n: (len(n), n))
        for name in names:
            media_type = kind
            try:
                root = package.xml(name)
            except DamagedError:
                lost.append(name)
                continue
            for element in root.iter():
                if local(element) in _BLOCKS:
                    words = (e.text or "" for e in element.iter() if local(e) == "t")
                    builder.add("paragraph", " ".join(words) if local(element) == "row" else "".join(words))
    if not media_type or builder.empty:
        raise package.broken()
    properties = core_properties(package)
    remarks = [f"parts that are damaged: {', '.join(lost)}"] if lost else []
    return builder.build(
        media_type=media_type,
        title=title_of(properties.title),
        date=properties.date,
        publisher=properties.publisher,
        remarks=remarks,
    )
