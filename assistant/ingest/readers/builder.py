"""Puts a document together from the pieces that a reader finds."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.ingest.cleaning import clean_text, clean_title, date_of_name, safe_url, title_of_name
from assistant.ingest.readers.source import SourceFile
from assistant.ingest.sentences import language_of
from assistant.schema import Block, Document, NoteReference, SourceNote

Kind = Literal["heading", "paragraph", "list_item", "table"]

# Stands for a footnote mark while text is cleaned; cleaning has removed every other NUL.
_MARK = "\0"


@dataclass(frozen=True)
class Mark:
    """A footnote mark between pieces of text."""

    label: str


class DocumentBuilder:
    """Collects blocks and writes them into one text with exact offsets."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._references: list[NoteReference] = []

    @property
    def empty(self) -> bool:
        """Whether no text was added."""
        return not self._blocks

    def add(
        self, kind: Kind, pieces: str | Sequence[str | Mark], *, level: int = 0, page: int | None = None
    ) -> None:
        """Adds a block; nothing happens when its pieces hold no text.

        Args:
            kind: What the block is.
            pieces: Its text, or texts and footnote marks in order.
            level: Heading level, 1 to 6.
            page: Page number, counted from 1.

        Raises:
            DocumentError: The text grew beyond the limit.
        """
        text, marks = _join([pieces] if isinstance(pieces, str) else pieces)
        if kind != "table":
            text, marks = _single_breaks(text, marks)
        if kind == "heading":
            text = text.replace("\n", " ")
        if not text:
            return
        separator = ""
        if self._blocks:
            listed = kind == "list_item" and self._blocks[-1].kind == "list_item"
            separator = "\n" if listed else "\n\n"
        start = self._length + len(separator)
        self._parts += [separator, text]
        self._length = start + len(text)
        if self._length > self.source.limits.characters:
            limit = self.source.limits.characters
            raise self.source.over(f"has more than {limit:,} characters.", "characters")
        level = min(max(level, 1), 6) if kind == "heading" else 0
        self._blocks.append(Block(kind=kind, char_start=start, char_end=self._length, level=level, page=page))
        self._references += [NoteReference(label=label, position=start + at) for label, at in marks]

    def add_table(
        self, rows: Iterable[Sequence[str | Sequence[str | Mark]]], *, page: int | None = None
    ) -> None:
        """Adds a table: a line a row, cells parted by ` | `, the header first; empty rows go."""
        pieces: list[str | Mark] = []
        for row in rows:
            cells = [[cell] if isinstance(cell, str) else cell for cell in row]
            if not any(clean_text(piece) for cell in cells for piece in cell if isinstance(piece, str)):
                continue
            for number, cell in enumerate(cells):
                pieces.append(" | " if number else "\n")
                pieces += [re.sub(r"\s+", " ", piece) if isinstance(piece, str) else piece for piece in cell]
        self.add("table", pieces, page=page)

    def build(
        self,
        *,
        media_type: str,
        title: object = "",
        date: dt.date | None = None,
        topic: object = "",
        entities: Iterable[object] = (),
        language: object = "",
        publisher: object = "",
        notes: Iterable[SourceNote] = (),
        page_count: int | None = None,
        page_labels: Iterable[str] = (),
        url: object = None,
        remarks: Iterable[str] = (),
    ) -> Document:
        """The document.

        The title falls back to the first heading, then to the file name; the date to the one that the file
        name begins with; the language to the script of the text.

        Raises:
            DocumentError: No text was found.
        """
        if self.empty:
            raise self.source.error("has no text.", "Remove it, or save it in a format that holds text.")
        text = "".join(self._parts)
        headings = (block for block in self._blocks if block.kind == "heading")
        first = next((text[block.char_start : block.char_end] for block in headings), "")
        return Document(
            id=self.source.document_id,
            path=self.source.name,
            title=clean_title(title) or clean_title(first) or title_of_name(self.source.stem),
            date=date or date_of_name(self.source.stem),
            topic=clean_title(topic, 100),
            entities=tuple(dict.fromkeys(name for name in (clean_title(e, 100) for e in entities) if name)),
            language=_language(language, text),
            publisher=clean_title(publisher),
            media_type=media_type,
            sha256=self.source.sha256,
            collection=self.source.collection,
            page_count=page_count,
            page_labels=tuple(page_labels),
            url=safe_url(url),
            text=text,
            blocks=tuple(self._blocks),
            notes=tuple({note.label: note for note in reversed(list(notes))}.values())[::-1],
            note_references=tuple(self._references),
            remarks=tuple(remarks),
        )


def _join(pieces: Sequence[str | Mark]) -> tuple[str, list[tuple[str, int]]]:
    """Clean text of the pieces, and the labels of the marks with their offsets in it."""
    labels = [piece.label for piece in pieces if isinstance(piece, Mark)]
    raw = "".join(_MARK if isinstance(piece, Mark) else piece.replace(_MARK, "") for piece in pieces)
    if not labels:
        return clean_text(raw), []
    # A mark belongs to the words before it: the blank between them goes.
    segments = [re.sub(r"[ \t]+$", "", segment) for segment in raw.split(_MARK)[:-1]] + raw.split(_MARK)[-1:]
    marked = _MARK.join(_clean_keeping_ends(segment) for segment in segments)
    marked = re.sub(r"^[ \n]+|[ \n]+(?=\0*$)", "", marked)
    marks: list[tuple[str, int]] = []
    text = ""
    for index, segment in enumerate(marked.split(_MARK)):
        if index:
            marks.append((labels[index - 1], len(text)))
        text += segment if text else segment.lstrip()
    composed = unicodedata.normalize("NFC", text)
    return composed, [(label, min(at, len(composed))) for label, at in marks]


def _clean_keeping_ends(segment: str) -> str:
    cleaned = clean_text(segment)
    if not cleaned:
        return " " if segment and not segment.strip() else ""
    before = "\n" if segment[0] == "\n" else " " if segment[0].isspace() else ""
    after = "\n" if segment[-1] == "\n" else " " if segment[-1].isspace() else ""
    return before + cleaned + after


def _single_breaks(text: str, marks: list[tuple[str, int]]) -> tuple[str, list[tuple[str, int]]]:
    """Blank lines become single breaks: a block is one piece."""
    if "\n\n" not in text:
        return text, marks
    surplus = [(match.start(), len(match[0]) - 1) for match in re.finditer(r"\n{2,}", text)]
    moved = [(label, at - sum(length for start, length in surplus if start < at)) for label, at in marks]
    return re.sub(r"\n{2,}", "\n", text), moved


def _language(declared: object, text: str) -> str:
    """`en` or `zh`; empty when another language is declared or the text has no letters."""
    if isinstance(declared, str) and declared.strip():
        code = declared.strip().lower()
        if code.startswith(("zh", "chinese", "cn")) or "中文" in code:
            return "zh"
        if code.startswith("en"):
            return "en"
        if re.fullmatch(r"[a-z]{2,3}([-_].*)?", code):
            return ""
    return language_of(text) if any(character.isalpha() for character in text[:100_000]) else ""
