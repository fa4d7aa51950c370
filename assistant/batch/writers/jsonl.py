"""JSON lines: a row a line, with the full answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary


def record_of(result: RowResult) -> dict[str, Any]:
    """A row with its outcome; `answer` has the names of `Answer`, or is null for a failed row."""
    row, outcome = result.row, result.outcome
    return {
        "id": row.id,
        "row": row.number,
        "question": row.question,
        "conversation": row.conversation,
        "filters": row.filters.model_dump(mode="json", exclude_defaults=True) if row.filters else {},
        "extra": row.extra,
        **outcome.model_dump(mode="json"),
    }


def write_jsonl(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes JSON lines, UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for result in results():
            file.write(json.dumps(record_of(result), ensure_ascii=False) + "\n")
