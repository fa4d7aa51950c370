"""`kill -9` at random moments: the same command continues, and ends with what a run in one go writes."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl

from assistant.batch import run_batch
from assistant.batch.runner import journal_path

from .fakes import FakeEngine, make_answer

ROWS, KILLS = 80, 4
QUOTE = "evidence " * 5_000
# Answers are large so that kills also fall into the writing of a line and of an output.
CHILD = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from fakes import FakeEngine, make_answer
from assistant.batch import BatchOptions, run_batch

class Told:
    rows = 0
    def start(self, done, total): print("start", flush=True)
    def advance(self, outcome):
        print("row", flush=True)
        self.rows += 1
        # It waits for its killer, who may come late on a busy machine: no run may reach the end of the list.
        if self.rows == 12: threading.Event().wait()
    def message(self, text): pass
    def stop(self): pass

engine = FakeEngine(lambda question: make_answer(question, quote=sys.argv[4]))
outputs = [Path(sys.argv[2]), Path(sys.argv[2]).with_suffix(".csv")]
run_batch(engine, sys.argv[1], outputs, BatchOptions(max_concurrency=3), progress=Told())
"""


def kill_after(child: subprocess.Popen[bytes], rows: int, delay: float) -> int:
    """Kills once that many rows were reported and a moment has passed; returns how many were reported."""
    assert child.stdout is not None
    seen = b""
    while seen.count(b"row") < rows and (chunk := os.read(child.stdout.fileno(), 4096)):
        seen += chunk
    # The moment is random on purpose: within a line, between lines, within an output file.
    select.select([], [], [], delay)
    child.send_signal(signal.SIGKILL)
    seen += child.stdout.read()
    child.wait()
    return seen.count(b"row")


def test_a_killed_run_continues_where_it_stopped(tmp_path: Path) -> None:
    source, out = tmp_path / "q.csv", tmp_path / "a.jsonl"
    ids = [f"q{n}" for n in range(ROWS)]
    source.write_text("id,question\n" + "".join(f"{i},Question {i}?\n" for i in ids))
    command = [sys.executable, "-c", CHILD, str(source), str(out), str(Path(__file__).parent), QUOTE]
    moment = random.Random(7)
    reported = 0
    for _ in range(KILLS):
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        reported += kill_after(child, moment.randint(0, 8), moment.random() * 0.03)
        if out.exists():
            done = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
            numbers = [int(record["id"][1:]) for record in done]
            assert numbers == sorted(set(numbers))
            assert all(record["answer"]["question"] == record["question"] for record in done)

    kept = sum(line.startswith(b'{"type": "row"') for line in journal_path(out).read_bytes().split(b"\n"))
    assert 0 < reported <= kept < ROWS

    engine = FakeEngine(lambda question: make_answer(question, quote=QUOTE))
    table = out.with_suffix(".xlsx")
    summary = run_batch(engine, source, [out, out.with_suffix(".csv"), table])
    assert len(engine.asked) <= ROWS - reported
    assert (summary.answered, summary.total) == (ROWS, ROWS)
    assert [json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()] == ids
    assert [row[0] for row in openpyxl.load_workbook(table)["Answers"].iter_rows(values_only=True)][1:] == ids
    assert not list(tmp_path.glob(".*"))
    entries = [json.loads(line) for line in journal_path(out).read_text("utf-8").splitlines()]
    assert sorted(e["key"] for e in entries if e["type"] == "row") == sorted(f"id:{i}" for i in ids)

    whole = tmp_path / "whole" / "a.jsonl"
    run_batch(
        FakeEngine(lambda question: make_answer(question, quote=QUOTE)),
        source,
        [whole, whole.with_suffix(".csv")],
    )
    assert without_clock(out) == without_clock(whole)


def without_clock(out: Path) -> tuple[Any, Any]:
    """What two runs must have in common: all of the outputs but when each row was asked, and for how long."""
    records = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    table = csv.DictReader(io.StringIO(out.with_suffix(".csv").read_text("utf-8-sig"), newline=""))
    clock = {"finished", "seconds"}
    return (
        [{k: v for k, v in record.items() if k not in clock} for record in records],
        [{k: v for k, v in row.items() if k not in clock} for row in table],
    )
