"""Reads PDF with pypdf."""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import Destination

from assistant.errors import DocumentError
from assistant.ingest.cleaning import calendar_date, clean_title
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.layout import Line, OutlineItem, add_pages, title_on_first_page
from assistant.ingest.readers.pdf_metadata import (
    date_of,
    labels_of,
    metadata_of,
    publisher_of,
    title_of,
    xmp_of,
)
from assistant.ingest.readers.source import FinalError, SourceFile
from assistant.schema import Document

MEDIA_TYPE = "application/pdf"
_MOST_OUTLINE_ITEMS = 5000
# A scanned page may carry a stamp or a page number as text.
_FEWEST_LETTERS = 10

# pypdf warns of every flaw of a file; a reader either copes or fails.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(source: SourceFile) -> Document:
    """Reads a PDF: text with page numbers and labels, its metadata, its outline as headings.

    Raises:
        DocumentError: It is encrypted, scanned, broken or too long.
    """
    try:
        reader = PdfReader(io.BytesIO(source.data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise encrypted(source)
        count = len(reader.pages)
    except NotImplementedError as error:
        what = "uses encryption or compression that is not read."
        raise source.error(what, "Print it to a new PDF and add that.") from error
    except (PyPdfError, AttributeError) as error:
        # An object of the wrong kind at the root shows as a missing attribute.
        raise source.error("is not a PDF that can be read.", "Check that it is complete.") from error
    check_page_count(source, count)
    pages = list(_pages(source, reader))
    check_text(source, pages)
    remarks = _add_scanned(source, reader, pages)
    builder = DocumentBuilder(source)
    add_pages(builder, pages, _outline(reader))
    metadata = metadata_of(reader)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=title_of(metadata.get("/Title")) or title_on_first_page(pages),
        date=calendar_date(date_of(metadata.get("/CreationDate")) or date_of(metadata.get("/ModDate"))),
        publisher=publisher_of(metadata, xmp_of(reader)),
        page_count=count,
        page_labels=labels_of(reader),
        remarks=remarks,
    )


def encrypted(source: SourceFile) -> DocumentError:
    """The error for a PDF that needs a password."""
    what = f"{source.name}: is encrypted with a password."
    return FinalError(what, "Save a copy without password protection and add that.")


def check_page_count(source: SourceFile, count: int) -> None:
    """Raises `DocumentError` when a PDF has no pages or too many."""
    if count == 0:
        raise source.error("has no pages.", "Check that the file is complete.")
    if count > source.limits.pages:
        raise source.over(f"has {count} pages; the limit is {source.limits.pages}.", "pages")


def check_text(source: SourceFile, pages: list[list[Line]]) -> None:
    """Raises `DocumentError` when pages hold so little text that they must be pictures."""
    letters = sum(character.isalnum() for page in pages for line in page for character in line.text)
    if letters < min(20, 2 * len(pages)) or letters < len(pages):
        raise source.error(
            "has no text: its pages are scanned pictures or empty.",
            "Install Tesseract so that they are read by OCR, or add the result of `ocrmypdf`.",
        )


def _pages(source: SourceFile, reader: PdfReader) -> Iterator[list[Line]]:
    failed = characters = 0
    started = time.monotonic()
    for number in range(len(reader.pages)):
        try:
            lines = _lines(reader.pages[number])
        except MemoryError:
            raise
        except Exception as error:
            # One broken page does not spoil the others, but many leave the file to the next reader.
            failed += 1
            if failed > 2 and failed * 5 > number + 1:
                what = f"has pages that cannot be read, {failed} of the first {number + 1}."
                raise source.error(
                    what, "Check that it opens in another program and save it again."
                ) from error
            lines = []
        characters += sum(len(line.text) for line in lines)
        if characters > source.limits.characters:
            raise source.over(f"has more than {source.limits.characters:,} characters.", "characters")
        if time.monotonic() - started > source.limits.seconds:
            raise source.over(f"took more than {source.limits.seconds:g} seconds to read.", "seconds")
        yield lines


def _add_scanned(source: SourceFile, reader: PdfReader, pages: list[list[Line]]) -> list[str]:
    """Reads the pages that are pictures among others that are text by OCR; tells which could not be read."""
    scanned = [
        number
        for number, lines in enumerate(pages)
        if sum(c.isalnum() for line in lines for c in line.text) < _FEWEST_LETTERS
        and _has_picture(reader, number)
    ]
    if not scanned:
        return []
    # It builds on this module.
    from assistant.ingest.readers import ocr

    told = ", ".join(str(number + 1) for number in scanned[:20]) + (" and more" if len(scanned) > 20 else "")
    try:
        found = ocr.read_pages(source, scanned)
    except (DocumentError, ImportError) as error:
        reason = "Tesseract is not installed" if "Tesseract" in str(error) else "OCR failed"
        return [f"pages that are scanned pictures were not read, as {reason}: {told}"]
    for number, lines in found.items():
        pages[number] = lines
    return [f"pages that are scanned pictures were read by OCR: {told}"]


def _has_picture(reader: PdfReader, number: int) -> bool:
    try:
        resources = reader.pages[number].get("/Resources")
        drawn = resources.get_object().get("/XObject") if resources is not None else None
        objects = list(drawn.get_object().values())[:50] if drawn is not None else []
        return any(each.get_object().get("/Subtype") == "/Image" for each in objects)
    except Exception:
        # A broken page has no picture that could be read.
        return False


def _lines(page: Any) -> list[Line]:
    """Lines of a page with position, size and weight of their first letters."""
    lines: list[Line] = []
    text = ""
    first: tuple[float, float, float | None, bool] | None = None

    def end() -> None:
        nonlocal text, first
        size, x, y, bold = first or (0.0, 0.0, None, False)
        if text.strip():
            lines.append(Line(text=text, size=size, x=x, y=y, bold=bold))
        text, first = "", None

    def visit(piece: str, cm: list[float], tm: list[float], font: Any, font_size: float) -> None:
        nonlocal text, first
        for index, part in enumerate(piece.split("\n")):
            if index:
                end()
            text += part
            if part.strip() and first is None:
                size = abs(float(font_size)) * math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3])
                x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
                y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                name = str((font or {}).get("/BaseFont", "")).lower()
                first = (size, x, y, any(word in name for word in ("bold", "black", "heavy", "simhei")))

    page.extract_text(visitor_text=visit)
    end()
    return lines


def _outline(reader: PdfReader) -> list[OutlineItem]:
    items: list[OutlineItem] = []

    def walk(entries: list[Any], level: int) -> None:
        for entry in entries:
            if len(items) >= _MOST_OUTLINE_ITEMS:
                return
            if isinstance(entry, list):
                walk(entry, min(level + 1, 6))
            elif isinstance(entry, Destination):
                page = reader.get_destination_page_number(entry)
                title = clean_title(entry.title)
                if page is not None and page >= 0 and title:
                    items.append(OutlineItem(title, page + 1, level))

    try:
        walk(reader.outline, 1)
    except Exception:
        # A broken outline costs headings, not text.
        return items
    return items
