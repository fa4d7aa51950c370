"""Reads PDF with PDFium, for files that pypdf cannot read."""

from __future__ import annotations

import importlib
from typing import Any

from assistant.ingest.cleaning import calendar_date
from assistant.ingest.readers import pdf
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.layout import Line, add_pages
from assistant.ingest.readers.pdf_metadata import date_of, known_labels, publisher_of, title_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document


def read(source: SourceFile) -> Document:
    """Reads a PDF: text with page numbers and labels, and its metadata.

    Raises:
        DocumentError: It is encrypted, scanned, broken or too long.
        ImportError: pypdfium2 is not installed.
    """
    file = open_pdf(source)
    try:
        count = len(file)
        pdf.check_page_count(source, count)
        pages = [_lines(file[number]) for number in range(count)]
        pdf.check_text(source, pages)
        builder = DocumentBuilder(source)
        add_pages(builder, pages, ())
        metadata = file.get_metadata_dict()
        return builder.build(
            media_type=pdf.MEDIA_TYPE,
            title=title_of(metadata.get("Title")),
            date=calendar_date(date_of(metadata.get("CreationDate"))),
            publisher=publisher_of({f"/{name}": value for name, value in metadata.items()}),
            page_count=count,
            page_labels=known_labels(file.get_page_label(number) or number + 1 for number in range(count)),
        )
    finally:
        file.close()


def open_pdf(source: SourceFile) -> Any:
    """The file as PDFium opens it; close it after use.

    Raises:
        DocumentError: It is encrypted or broken.
        ImportError: pypdfium2 is not installed.
    """
    # It has no type information.
    pypdfium2: Any = importlib.import_module("pypdfium2")
    try:
        return pypdfium2.PdfDocument(source.data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise pdf.encrypted(source) from error
        raise source.error("is not a PDF that can be read.", "Check that it is complete.") from error


def _lines(page: Any) -> list[Line]:
    text_page = page.get_textpage()
    try:
        # PDFium marks a word broken at a line's end by this noncharacter.
        text = text_page.get_text_bounded().replace("\ufffe", "-\n").replace("\x02", "-\n")
        return [Line(text=line) for line in text.splitlines() if line.strip()]
    finally:
        text_page.close()
        page.close()
