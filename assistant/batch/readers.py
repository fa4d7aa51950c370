"""Question lists in every format: CSV, TSV, XLSX, JSONL, JSON, YAML, plain text, standard input."""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from assistant.batch.columns import Record, resolve, to_rows
from assistant.batch.decoding import decode
from assistant.batch.questions import ColumnMap, QuestionRow
from assistant.errors import BatchError

InputFormat = Literal["csv", "tsv", "xlsx", "jsonl", "json", "yaml", "text"]
_SUFFIXES: dict[str, InputFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".txt": "text",
    ".text": "text",
    ".md": "text",
}
# A spreadsheet is a zip file: this stops one that unpacks to far more than a question list needs.
_MAX_UNPACKED = 500_000_000
_csv_limit_lock = threading.Lock()


def read_questions(
    source: Path | str | BinaryIO,
    *,
    columns: ColumnMap | None = None,
    format: InputFormat | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> list[QuestionRow]:
    """Reads a question list.

    Args:
        source: A file, `-` for standard input, or an open binary stream.
        columns: Which columns hold what; by their usual names when None.
        format: Of the list; by the file's suffix when None, plain text or JSONL for a stream.
        encoding: Of the text; found when None.
        sheet: Name of the sheet of an XLSX file; the first when None.

    Returns:
        The rows in order. A row that cannot be asked has its reason in `problem`.

    Raises:
        BatchError: The file cannot be read as a question list, or ids are given twice.
    """
    data, name, kind = _load(source, format)
    if not data.strip():
        raise BatchError(f"{name} is empty.", "It needs at least one question.")
    chosen = columns or ColumnMap()
    if kind == "xlsx":
        present, records = _xlsx(data, name, sheet)
    else:
        text = decode(data, name, encoding)
        present, records = _READERS[kind](text, name)
    if not records:
        raise BatchError(f"{name} has no questions.", "It needs at least one row below the header.")
    rows = to_rows(records, resolve(chosen, present, name))
    _refuse_duplicates(rows, name)
    return rows


def _load(source: Path | str | BinaryIO, format: InputFormat | None) -> tuple[bytes, str, InputFormat]:
    if format is not None and format not in get_args(InputFormat):
        raise BatchError(
            f"There is no input format '{format}'.", f"Use one of {', '.join(get_args(InputFormat))}."
        )
    if not isinstance(source, (str, Path)) or str(source) == "-":
        stream = sys.stdin.buffer if isinstance(source, (str, Path)) else source
        data = stream.read()
        return data, "Standard input", format or ("jsonl" if data.lstrip()[:1] == b"{" else "text")
    path = Path(source)
    kind = format or _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise BatchError(
            f"{path.name}: the format '{path.suffix}' of a question list is not known.",
            f"Name it (--input-format), one of {', '.join(get_args(InputFormat))}.",
        )
    try:
        return path.read_bytes(), path.name, kind
    except FileNotFoundError:
        raise BatchError(f"There is no file {path}.", "Check the path of the question list.") from None
    except OSError as error:
        raise BatchError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from None


def _refuse_duplicates(rows: list[QuestionRow], name: str) -> None:
    first: dict[str, int] = {}
    for row in rows:
        if row.id in first:
            raise BatchError(
                f"{name} has the id '{row.id[:60]}' twice, in rows {first[row.id]} and {row.number}.",
                "Ids must differ, or choose another id column.",
            )
        first[row.id] = row.number


Records = tuple[list[str], list[Record]]


def _csv(text: str, name: str) -> Records:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    plain = "".join(first.split('"')[::2])
    return _delimited(text, name, max(",;\t|", key=plain.count))


def _tsv(text: str, name: str) -> Records:
    return _delimited(text, name, "\t")


def _delimited(text: str, name: str, delimiter: str) -> Records:
    # The limit is one for the whole process; the length of a question is judged later, row by row.
    with _csv_limit_lock:
        limit = csv.field_size_limit(2**31 - 1)
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            lines = _numbered(reader, name)
        finally:
            csv.field_size_limit(limit)
    if not lines:
        raise BatchError(f"{name} is empty.", "It needs a header and at least one question.")
    header = [h.strip() for h in lines[0][1]]
    _check_header(header, name)
    return header, [_ragged(number, header, cells) for number, cells in lines[1:]]


def _numbered(reader: Any, name: str) -> list[tuple[int, list[str]]]:
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise BatchError(
            f"{name} cannot be read near line {start}: {error}.", "Is a quote left open?"
        ) from None
    return lines


def _ragged(number: int, header: list[str], cells: list[str]) -> Record:
    problem = ""
    if len(cells) > len(header):
        problem = (
            f"The row has {len(cells)} cells and the header {len(header)}: "
            "quote the cell that holds the delimiter."
        )
    return Record(number, {h: c for h, c in zip(header, cells, strict=False) if h}, problem)


def _check_header(header: list[str], name: str) -> None:
    named = [h for h in header if h]
    for column in named:
        if named.count(column) > 1:
            raise BatchError(f"{name} has the column '{column[:60]}' twice.", "Rename one of them.")


def _xlsx(data: bytes, name: str, sheet: str | None) -> Records:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                raise BatchError(
                    f"{name} unpacks to more than 500 MB.", "Save only the questions, or use CSV."
                )
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        if sheet is not None and sheet not in book.sheetnames:
            raise BatchError(f"{name} has no sheet '{sheet}'.", f"It has: {', '.join(book.sheetnames)}.")
        page = book[sheet] if sheet is not None else book.worksheets[0]
        # The stored extent of a sheet may be wrong; rows are read until they end.
        page.reset_dimensions()
        lines = [
            (number, list(cells))
            for number, cells in enumerate(page.iter_rows(values_only=True), start=1)
            if any(cell not in (None, "") for cell in cells)
        ]
    except BatchError:
        raise
    except Exception as error:  # openpyxl has no error of its own for damaged files
        raise BatchError(
            f"{name} is not a readable XLSX file: {str(error).rstrip('.')}.", "Save it again, or use CSV."
        ) from None
    if not lines:
        raise BatchError(f"{name} is empty.", "It needs a header and at least one question.")
    header = ["" if cell is None else str(cell).strip() for cell in lines[0][1]]
    _check_header(header, name)
    records = []
    for number, cells in lines[1:]:
        content = {h: c for h, c in zip(header, cells, strict=False) if h and c is not None}
        records.append(Record(number, content))
    return [h for h in header if h], records


def _jsonl(text: str, name: str) -> Records:
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "nested too deeply")
                records.append(Record(number, {}, f"The line is not JSON: {reason}."))
                continue
            records.append(_item(number, value))
    return _with_columns(records)


def _json(text: str, name: str) -> Records:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BatchError(
            f"{name} is not JSON: {error}.", "For one object a line use the suffix .jsonl."
        ) from None
    return _items(value, name)


def _yaml(text: str, name: str) -> Records:
    import yaml

    try:
        # A few lines of aliases can unfold to gigabytes, and a question list needs none.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise BatchError(
                f"{name} uses YAML aliases (*name), which are not read.", "Write the values out."
            )
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise BatchError(
            f"{name} is not YAML{place}: {getattr(error, 'problem', error)}.", "Check it there."
        ) from None
    return _items(value, name)


def _items(value: Any, name: str) -> Records:
    if isinstance(value, dict) and isinstance(value.get("questions"), list):
        value = value["questions"]
    if not isinstance(value, list):
        raise BatchError(f"{name} is not a list of questions.", "Write a list, or `questions:` with a list.")
    return _with_columns([_item(number, item) for number, item in enumerate(value, start=1)])


def _item(number: int, value: Any) -> Record:
    if isinstance(value, str):
        return Record(number, {"question": value})
    if isinstance(value, dict):
        return Record(number, {str(k): v for k, v in value.items()})
    return Record(number, {}, "The entry is neither a question nor an object with a question.")


def _with_columns(records: list[Record]) -> Records:
    present = list(dict.fromkeys(column for record in records for column in record.cells))
    # Every row has its own keys: a list whose rows all failed still runs, and says so row by row.
    return present or ["question"], records


def _text(text: str, name: str) -> Records:
    lines: Iterator[tuple[int, str]] = enumerate(
        text.splitlines() if "\n" not in text else text.split("\n"), start=1
    )
    return ["question"], [
        Record(number, {"question": line.strip()}) for number, line in lines if line.strip()
    ]


_READERS: dict[InputFormat, Callable[[str, str], Records]] = {
    "csv": _csv,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "json": _json,
    "yaml": _yaml,
    "text": _text,
}
