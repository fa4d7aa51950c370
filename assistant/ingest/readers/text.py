"""Reads plain text: paragraphs, list items, wrapped lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ingest.cleaning import clean_lines
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.encoding import decode
from assistant.ingest.readers.lines import LineJoiner, is_list_item, paragraphs, without_bullet
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "text/plain"
_LONGEST_TITLE = 150


def read(source: SourceFile) -> Document:
    """Reads a text file; a short first line that stands alone is its title.

    Raises:
        DocumentError: It is not text, or has none.
    """
    return read_text(source, decode(source))


def read_text(source: SourceFile, text: str, *, media_type: str = MEDIA_TYPE, title: str = "") -> Document:
    """A document from plain text.

    Raises:
        DocumentError: It has no text.
    """
    lines = clean_lines(text).split("\n")
    joiner = LineJoiner(lines)
    builder = DocumentBuilder(source)
    groups = list(_separated(lines))
    for number, group in enumerate(groups):
        if number == 0 and len(groups) > 1 and len(group) == 1 and _is_title(group[0]):
            builder.add("heading", group[0], level=1)
            continue
        for paragraph in paragraphs(group):
            joined = joiner.join(paragraph)
            if is_list_item(joined):
                builder.add("list_item", without_bullet(joined))
            else:
                builder.add("paragraph", joined)
    return builder.build(media_type=media_type, title=title)


def _is_title(line: str) -> bool:
    line = line.strip()
    return (
        len(line) <= _LONGEST_TITLE and not re.search(r"[.。!！;；:：,，]$", line) and not is_list_item(line)
    )


def _separated(lines: list[str]) -> Iterator[list[str]]:
    """Groups of lines between blank lines."""
    group: list[str] = []
    for line in lines:
        if line.strip():
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group
