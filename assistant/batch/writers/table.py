"""CSV and TSV that spreadsheets open as meant."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary
from assistant.batch.writers.cells import COLUMNS, values_of

# A spreadsheet runs a cell that begins with one of these as a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(value: str | int | float) -> str | int | float:
    """A cell that no spreadsheet takes for a formula: such text gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return "'" + text if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def columns_of(results: Iterable[RowResult]) -> list[str]:
    """The columns of a table of these results: the fixed ones, then those of the list."""
    names = dict.fromkeys(COLUMNS)
    for result in results:
        names |= dict.fromkeys(f"input_{name}" if name in COLUMNS else name for name in result.row.extra)
    return list(names)


def _write(path: Path, results: Callable[[], Iterable[RowResult]], delimiter: str) -> None:
    columns = columns_of(results())
    # With a byte order mark, or Excel reads Chinese as Latin letters.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([neutral(column) for column in columns])
        for result in results():
            values = values_of(result)
            writer.writerow([neutral(values.get(column, "")) for column in columns])


def write_csv(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes CSV, UTF-8 with byte order mark."""
    _write(path, results, ",")


def write_tsv(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes tab-separated values, UTF-8 with byte order mark."""
    _write(path, results, "\t")
