"""Reads XLSX with openpyxl: a heading a sheet, a line a row that repeats the column's header at each value.

A row reads `Company: Huawei; Year: 2025`, so that it can be found and quoted without the rows above it. The
values of formulas are those that the program that saved the file had computed.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import load_workbook

from assistant.errors import DocumentError
from assistant.ingest.cleaning import clean_text, clean_title
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.ooxml import core_properties
from assistant.ingest.readers.package import Package
from assistant.ingest.readers.pdf_metadata import title_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORKBOOK = "xl/workbook.xml"
_HINT = "Open it in a spreadsheet program and save it again."
_LONGEST_HEADER = 120
# The header is looked for among these; above it stand a title and notes.
_ROWS_ABOVE_HEADER = 20
# Without a header a sheet is a table; a new one begins after so many rows, so that it stays of a readable size.
_ROWS_A_BLOCK = 500
# What Excel allows; a file may state more, and openpyxl walks over all the empty rows in between.
_MOST_ROWS = 1_048_576


def read(source: SourceFile) -> Document:
    """Reads an XLSX file.

    Raises:
        DocumentError: It is damaged, protected, too large, or has no text.
    """
    package = Package(source)
    if _WORKBOOK not in package:
        raise package.broken()
    package.check_xml()
    builder = DocumentBuilder(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = _opened(source)
        try:
            remarks = _add_sheets(builder, workbook.worksheets)
        finally:
            workbook.close()
    properties = core_properties(package)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=title_of(properties.title),
        date=properties.date,
        publisher=properties.publisher,
        remarks=remarks,
    )


def _opened(source: SourceFile) -> Any:
    try:
        return load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
    except MemoryError:
        raise
    except Exception as error:
        # openpyxl fails in every way on a workbook that does not follow the format.
        raise source.error(f"is a workbook that {_why(source, error)}", _HINT) from error


def _add_sheets(builder: DocumentBuilder, sheets: Sequence[Any]) -> list[str]:
    """Adds the visible sheets; tells which could not be read."""
    source = builder.source
    if len(sheets) > source.limits.pages:
        raise source.over(f"has {len(sheets)} sheets; the limit is {source.limits.pages}.", "pages")
    left = source.limits.cells
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if not visible:
        what = "has only hidden sheets." if sheets else "has no sheets with cells."
        raise source.error(what, "Show those that are to be read, and save it again.")
    remarks = []
    for sheet in visible:
        try:
            left = _add_sheet(builder, sheet, left)
        except (DocumentError, MemoryError):
            raise
        except Exception as error:
            remarks.append(
                f"the sheet '{clean_title(sheet.title, 100)}' was not read: it {_why(source, error)}"
            )
    if builder.empty:
        if remarks:
            raise source.error(f"{remarks[0]}", _HINT)
        raise source.error("has no text: its visible sheets are empty.", "Remove it, or fill its sheets.")
    return remarks


def _why(source: SourceFile, error: Exception) -> str:
    """What is wrong with a workbook, as words after `it`: the part that is damaged, else what openpyxl says."""
    package = Package(source)
    for name in package.names:
        if name.lower().endswith((".xml", ".rels")):
            try:
                package.xml(name)
            except DocumentError:
                return f"has a damaged part, {clean_title(name, 100)}."
    said = clean_title(error.args[0] if error.args else "", 120)
    return f"does not follow its format ({type(error).__name__}{f': {said}' if said else ''})."


def _add_sheet(builder: DocumentBuilder, sheet: Any, left: int) -> int:
    """Adds a sheet; returns how many cells may still be read."""
    # A file may state any dimension; without it rows are as wide as their last cell.
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    for row in itertools.islice(sheet.iter_rows(), _MOST_ROWS):
        if not row:
            continue
        # Empty cells cost time, too, but little.
        left -= sum(cell.value is not None for cell in row) + len(row) // 16
        if left < 0:
            limit = builder.source.limits.cells
            raise builder.source.over(f"has more than {limit:,} cells.", "cells")
        values = [_text_of(cell) for cell in row]
        if any(values):
            rows.append(values)
    if not rows:
        return left
    builder.add("heading", sheet.title, level=2)
    add_rows(builder, rows)
    return left


def add_rows(builder: DocumentBuilder, rows: Sequence[Sequence[str]]) -> None:
    """Adds the rows of a sheet; those above its header row are paragraphs."""
    header = header_row(rows)
    if header is None:
        for start in range(0, len(rows), _ROWS_A_BLOCK):
            builder.add_table(
                [value for value in row if value] for row in rows[start : start + _ROWS_A_BLOCK]
            )
        return
    for row in rows[:header]:
        builder.add("paragraph", " ".join(value for value in row if value))
    # No table: a chunker takes its first line for a header and repeats it.
    for line in labelled(rows[header], rows[header + 1 :]):
        builder.add("list_item", line)


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the row that names the columns, or None.

    It is the first row with at least two texts, no numbers and no repeated name, over a row that is as wide.
    """
    for index, row in enumerate(rows[:_ROWS_ABOVE_HEADER]):
        names = [value for value in row if value]
        if len(names) < 2:
            continue
        below = rows[index + 1 : index + 2]
        is_header = (
            bool(below)
            and len(set(names)) == len(names)
            and all(len(name) <= _LONGEST_HEADER for name in names)
            and not any(_is_number(name) for name in names if not _is_year(name))
            and sum(1 for value in below[0] if value) >= 2
        )
        return index if is_header else None
    return None


def labelled(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines of `header: value`; a value under no header stands alone."""
    for row in rows:
        pairs = []
        for column, value in enumerate(row):
            if value:
                name = header[column] if column < len(header) else ""
                pairs.append(f"{name.rstrip(':：')}: {value}" if name else value)
        yield "; ".join(pairs)


def _is_number(text: str) -> bool:
    return not any(character.isalpha() for character in text)


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and text[:2] in ("19", "20")


def _text_of(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value, cell.number_format or "")
    if isinstance(value, str):
        # Values of errors (#N/A, #DIV/0!) say nothing.
        return "" if cell.data_type == "e" else " ".join(clean_text(value).split())
    return value_text(value)


def number_text(value: float, number_format: str = "") -> str:
    """A number as a person reads it: no float noise, percent where the cell shows percent."""
    if "%" in number_format:
        return f"{_plain(value * 100)}%"
    return _plain(value)


def value_text(value: object) -> str:
    """A date in ISO form, a truth value, or any other value as text."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(clean_text(str(value)).split())


def _plain(value: float) -> str:
    if isinstance(value, int) or (value == value and abs(value) < 1e15 and value == int(value)):
        return str(int(value))
    return f"{value:.12g}"
