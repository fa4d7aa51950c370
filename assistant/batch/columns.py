"""Records of a question list as rows that can be asked."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast, get_args

from assistant.batch.questions import USUAL_NAMES, ColumnMap, QuestionRow
from assistant.errors import BatchError, QuestionError
from assistant.request import AnswerLanguage
from assistant.schema import Filters


class Record(NamedTuple):
    """One row as read: its number, its cells by column, and what was wrong with it."""

    number: int
    cells: Mapping[str, Any]
    problem: str = ""


def resolve(columns: ColumnMap, present: Sequence[str], name: str) -> dict[str, str]:
    """Which present column holds which field.

    Raises:
        BatchError: A column that was named is not there, or no column holds the question.
    """
    found: dict[str, str] = {}
    folded = {column.strip().casefold(): column for column in reversed(present)}
    for field, usual in USUAL_NAMES.items():
        wanted: str | None = getattr(columns, field)
        if wanted is not None:
            column = wanted if wanted in present else folded.get(wanted.strip().casefold())
            if column is None:
                near = difflib.get_close_matches(wanted, present, n=1)
                suggestion = f"Did you mean '{near[0]}'? " if near else ""
                raise BatchError(
                    f"{name} has no column '{wanted}'.", f"{suggestion}It has: {_listed(present)}."
                )
            found[field] = column
        else:
            match = next((folded[u] for u in usual if u in folded), None)
            if match is not None:
                found[field] = match
    if "question" not in found:
        raise BatchError(
            f"{name} has no column 'question'. It has: {_listed(present)}.",
            "Name the one with the questions (--question-column), or read it as text, a question a line.",
        )
    return found


def _listed(present: Sequence[str]) -> str:
    names = [f"'{p[:60]}'" for p in present[:20]]
    return ", ".join(names) + (", …" if len(present) > 20 else "") if names else "no columns"


def to_rows(records: Iterable[Record], columns: Mapping[str, str]) -> list[QuestionRow]:
    """Rows of records; a wrong cell makes the row's `problem`, not an error."""
    return [_row(record, columns) for record in records]


def _row(record: Record, columns: Mapping[str, str]) -> QuestionRow:
    problems = [record.problem] if record.problem else []
    cells = record.cells

    def text(field: str) -> str:
        value = cells.get(columns[field]) if field in columns else None
        if isinstance(value, (list, dict)) or (field == "question" and isinstance(value, (bool, int, float))):
            problems.append(f"'{columns[field]}' must be text, not {_kind(value)}.")
            return ""
        return cell_text(value).strip()

    question = text("question")
    if not question and not problems:
        problems.append("The question is empty.")
    filters = _filters(cells, columns, problems)
    language = text("answer_language").casefold()
    if language and language not in get_args(AnswerLanguage):
        problems.append(f"'{columns['answer_language']}' must be auto, en or zh, not {language[:20]!r}.")
        language = ""
    mapped = set(columns.values())
    return QuestionRow(
        number=record.number,
        id=text("id") or str(record.number),
        question=question,
        filters=filters,
        conversation=text("conversation"),
        answer_language=cast(AnswerLanguage, language) if language else None,
        extra={str(k): cell_text(v) for k, v in cells.items() if k not in mapped and k is not None},
        problem=" ".join(problems),
    )


def _kind(value: object) -> str:
    return {"list": "a list", "dict": "an object", "bool": "true or false"}.get(
        type(value).__name__, "a number"
    )


def _filters(cells: Mapping[str, Any], columns: Mapping[str, str], problems: list[str]) -> Filters | None:
    values: dict[str, Any] = {}
    for field, target in (("topic", "topics"), ("language", "languages")):
        if parts := _parts(cells.get(columns.get(field, ""))):
            values[target] = parts
    for field in ("since", "until"):
        value = cells.get(columns.get(field, ""))
        if value in (None, ""):
            continue
        day = _day(value, last=field == "until")
        if day is None:
            problems.append(
                f"'{columns[field]}' is not a date: {cell_text(value)[:40]!r}; write it as 2026-05-01."
            )
        else:
            values[field] = day
    if not values:
        return None
    try:
        return Filters(**values)
    except QuestionError as error:
        problems.append(str(error))
        return None


def _parts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else re.split(r"[,;|，；、]", cell_text(value))
    return tuple(part for item in items if (part := cell_text(item).strip()))


def _day(value: Any, *, last: bool) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:[T ].*)?", cell_text(value).strip())
    if not match:
        return None
    year, month, day = (int(g) if g else None for g in match.groups())
    assert year is not None  # the pattern demands it
    try:
        if month and day:
            return dt.date(year, month, day)
        if not last:
            return dt.date(year, month or 1, 1)
        # The last day of a month or year that is named without a day.
        return dt.date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1) - dt.timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def cell_text(value: Any) -> str:
    """A cell as text, as it would be typed."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Half of a surrogate pair (from a JSON escape) cannot be written to any file.
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (list, dict)):
        return cell_text(json.dumps(value, ensure_ascii=False, default=str))
    return str(value)
