"""Large lists and cells, and runs that are limited, stopped and retried at the same time."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assistant.batch import BatchOptions, run_batch
from assistant.batch.runner import journal_path
from assistant.batch.writers import WRITERS
from assistant.errors import ModelError, QuestionError
from assistant.schema import Answer

from .fakes import FakeEngine, make_answer


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("at_once", [1, 4])
def test_budget_retry_and_resume_together_ask_each_row_as_often_as_needed(
    tmp_path: Path, at_once: int
) -> None:
    out, table = tmp_path / "a.jsonl", "".join(f"q{n},Question {n}?\n" for n in range(12)).encode()
    broken = {"Question 0?", "Question 3?"}

    def reply(question: str) -> Answer:
        if question in broken:
            raise ModelError("The model is gone.")
        return make_answer(question)

    engine = FakeEngine(reply)

    def run(**options: Any) -> Any:
        source = io.BytesIO(b"id,question\n" + table)
        return run_batch(
            engine, source, out, BatchOptions(input_format="csv", max_concurrency=at_once, **options)
        )

    # Each answer uses 100 tokens, a failure none.
    first = run(budget=300)
    assert (first.answered, first.failed, first.exit_code) == (3, 2, 3)
    broken.clear()
    second = run(budget=400, retry_failed=True)
    assert (second.asked_now, second.answered, second.failed, second.exit_code) == (4, 7, 0, 3)
    last = run(retry_failed=True)
    assert (last.asked_now, last.answered, last.pending, last.exit_code) == (5, 12, 0, 0)
    counts = {question: engine.asked.count(question) for question in engine.asked}
    assert counts == {f"Question {n}?": 2 if n in (0, 3) else 1 for n in range(12)}
    assert [row["id"] for row in records(out)] == [f"q{n}" for n in range(12)]


def test_cells_of_ten_megabytes_reach_every_output(tmp_path: Path) -> None:
    def reply(question: str) -> Answer:
        if len(question) > 4000:
            raise QuestionError(f"The question has {len(question)} characters; 4000 are read.", "Shorten it.")
        return make_answer(question)

    cell = "x" * 10_000_000
    outputs = {suffix[1:]: tmp_path / f"a{suffix}" for suffix in WRITERS}
    table = f"id,question,notes\na,Why?,{cell}\nb,{cell},short\nc,When?,\n".encode()
    summary = run_batch(
        FakeEngine(reply), io.BytesIO(table), outputs.values(), BatchOptions(input_format="csv")
    )
    assert (summary.answered, summary.failed) == (2, 1)
    first, second, third = records(outputs["jsonl"])
    assert first["extra"]["notes"] == cell == second["question"] and third["id"] == "c"
    assert second["error"] == "The question has 10000000 characters; 4000 are read. Shorten it."
    limit = csv.field_size_limit(2**31 - 1)
    try:
        rows = list(csv.DictReader(io.StringIO(outputs["csv"].read_text("utf-8-sig"), newline="")))
    finally:
        csv.field_size_limit(limit)
    assert [len(row["notes"]) for row in rows] == [10_000_000, 5, 0]
    sheet = openpyxl.load_workbook(outputs["xlsx"], read_only=True)["Answers"]
    assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["id", "a", "b", "c"]
    # The journal holds what was asked and answered, not the list.
    assert journal_path(next(iter(outputs.values()))).stat().st_size < 1_000_000


def test_a_byte_order_mark_is_no_part_of_a_name_or_a_question(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    for kind, content in (
        ("csv", b"id,question\na,One?\n"),
        ("jsonl", b'{"id": "a", "question": "One?"}\n'),
        ("json", b'[{"id": "a", "question": "One?"}]'),
        ("yaml", b"- {id: a, question: 'One?'}\n"),
        ("text", b"One?\n"),
    ):
        engine, out = FakeEngine(), tmp_path / f"{kind}.jsonl"
        run_batch(engine, io.BytesIO(mark + content), out, BatchOptions(input_format=kind))  # type: ignore[arg-type]
        assert engine.asked == ["One?"], kind
