from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.batch import BatchOptions, ColumnMap, run_batch
from assistant.batch.runner import journal_path
from assistant.errors import BatchError, ConfigurationError, ModelError, QuestionError
from assistant.schema import Answer, Filters, Turn

from .fakes import DOCUMENT, FakeEngine, make_answer


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def questions(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode())


class Transient(Exception):
    """As a provider raises it: a status, and a header that asks for no wait."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status_code = status
        self.response = type("Response", (), {"headers": {"retry-after": "0"}, "status_code": status})()


def test_every_row_is_answered_in_the_order_of_the_list(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    summary = run_batch(
        FakeEngine(), questions("One?", "weather?", "Three?"), out, BatchOptions(max_concurrency=3)
    )
    rows = records(out)
    assert [r["question"] for r in rows] == ["One?", "weather?", "Three?"]
    assert [r["status"] for r in rows] == ["answered", "not_in_corpus", "answered"]
    assert Answer.model_validate(rows[0]["answer"]) == make_answer("One?")
    assert (summary.answered, summary.refused, summary.failed, summary.pending) == (2, 1, 0, 0)
    assert (summary.share_verified, summary.input_tokens, summary.output_tokens) == (0.5, 180, 20)
    assert summary.exit_code == 0


def test_a_second_run_asks_nothing_and_an_added_row_alone(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    run_batch(FakeEngine(), questions("One?", "Two?"), out)
    engine = FakeEngine()
    assert run_batch(engine, questions("One?", "Two?"), out).asked_now == 0
    assert engine.asked == []
    run_batch(engine, questions("Zero?", "One?", "Two?", "One?"), out)
    assert engine.asked == ["Zero?", "One?"]
    assert [r["question"] for r in records(out)] == ["Zero?", "One?", "Two?", "One?"]


def test_an_edited_question_is_asked_again(tmp_path: Path) -> None:
    source, out, engine = tmp_path / "q.csv", tmp_path / "a.jsonl", FakeEngine()
    source.write_text("id,question\na,One?\nb,Two?\n")
    run_batch(engine, source, out)
    source.write_text("id,question\na,One?\nb,Second?\n")
    run_batch(engine, source, out)
    assert engine.asked == ["One?", "Two?", "Second?"]
    assert [r["question"] for r in records(out)] == ["One?", "Second?"]


def test_failing_rows_are_recorded_and_retried_on_demand(tmp_path: Path) -> None:
    out, broken = tmp_path / "a.jsonl", True

    def reply(question: str) -> Answer:
        if broken and question == "Two?":
            raise ModelError("The model is gone.", "Start it.")
        if broken and question == "Three?":
            raise ZeroDivisionError("division by zero")
        return make_answer(question)

    asked = questions("One?", "Two?", "Three?")
    summary = run_batch(FakeEngine(reply), asked, out)
    assert (summary.answered, summary.failed, summary.exit_code) == (1, 2, 1)
    assert [r["error"] for r in records(out)] == [
        "",
        "The model is gone. Start it.",
        "ZeroDivisionError: division by zero",
    ]
    broken = False
    asked.seek(0)
    engine = FakeEngine(reply)
    assert run_batch(engine, asked, out).failed == 2
    assert engine.asked == []
    asked.seek(0)
    summary = run_batch(engine, asked, out, BatchOptions(retry_failed=True))
    assert sorted(engine.asked) == ["Three?", "Two?"]
    assert (summary.answered, summary.failed, summary.exit_code) == (3, 0, 0)
    assert [r["question"] for r in records(out)] == ["One?", "Two?", "Three?"]


@pytest.mark.parametrize(
    "error", [Transient(429), Transient(503), ModelError("wrapped"), TimeoutError(), ConnectionResetError()]
)
def test_failures_that_pass_are_asked_again(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: self.is_set())
    if isinstance(error, ModelError):
        error.__cause__ = Transient(429)
    calls = 0

    def reply(question: str) -> Answer:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise error
        return make_answer(question)

    out = tmp_path / "a.jsonl"
    summary = run_batch(FakeEngine(reply), questions("One?"), out)
    assert (summary.answered, calls, records(out)[0]["attempts"]) == (1, 3, 3)


def test_attempts_end(tmp_path: Path) -> None:
    def reply(question: str) -> Answer:
        raise Transient(429)

    engine = FakeEngine(reply)
    summary = run_batch(engine, questions("One?"), tmp_path / "a.jsonl", BatchOptions(attempts=2))
    assert (summary.failed, len(engine.asked)) == (1, 2)


@pytest.mark.parametrize("error", [Transient(401), ConfigurationError("Unknown model 'x'.", "Name another.")])
def test_what_would_fail_every_row_stops_the_run_and_keeps_the_rows(tmp_path: Path, error: Exception) -> None:
    answered = ["One?"]

    def reply(question: str) -> Answer:
        if question in answered:
            return make_answer(question)
        raise error

    out = tmp_path / "a.jsonl"
    summary = run_batch(
        FakeEngine(reply), questions("One?", "Two?", "Three?"), out, BatchOptions(max_concurrency=1)
    )
    assert (summary.answered, summary.failed, summary.pending, summary.exit_code) == (1, 0, 2, 3)
    assert str(error) in summary.stopped
    answered += ["Two?", "Three?"]
    assert run_batch(FakeEngine(reply), questions("One?", "Two?", "Three?"), out).answered == 3


def test_changed_settings_are_named(tmp_path: Path) -> None:
    out, two = tmp_path / "a.jsonl", ("One?", "Two?")
    run_batch(FakeEngine(passages=20), questions(*two), out)
    changed = FakeEngine(passages=10, timeout=5)
    changed.model_name = "other"
    changed.known = [DOCUMENT, DOCUMENT.model_copy(update={"path": "new.md"})]
    with pytest.raises(BatchError) as caught:
        run_batch(changed, questions(*two), out)
    message = str(caught.value)
    assert "passages: 20 -> 10" in message
    assert "model: fake -> other" in message
    assert "documents: 1 (" in message
    assert "timeout" not in message
    summary = run_batch(changed, questions(*two, "Three?"), out, BatchOptions(on_change="continue"))
    assert (changed.asked, summary.notes) == (["Three?"], ("Rows were answered under different settings.",))
    assert run_batch(changed, questions(*two, "Three?"), out).asked_now == 0
    summary = run_batch(FakeEngine(passages=20), questions(*two), out, BatchOptions(on_change="restart"))
    assert (summary.asked_now, summary.notes) == (2, ())


def test_conversations_are_asked_in_order_with_their_history(tmp_path: Path) -> None:
    source, out, engine = tmp_path / "q.csv", tmp_path / "a.jsonl", FakeEngine()
    source.write_text("question,conversation\nA1?,a\nB1?,b\nA2?,a\nSingle?,\nA3?,a\n")
    run_batch(engine, source, out, BatchOptions(max_concurrency=4))
    history = {question: turns for question, turns, _, _ in engine.calls}
    text = make_answer("x").text
    assert history["A3?"] == (Turn(question="A1?", answer=text), Turn(question="A2?", answer=text))
    assert history["B1?"] == history["Single?"] == ()
    assert [r["question"] for r in records(out)] == ["A1?", "B1?", "A2?", "Single?", "A3?"]


def test_a_conversation_goes_on_after_a_stop_and_waits_for_its_failed_turn(tmp_path: Path) -> None:
    source, out = tmp_path / "q.csv", tmp_path / "a.jsonl"
    source.write_text("question,conversation\nA1?,a\nA2?,a\nA3?,a\n")
    broken = True

    def reply(question: str) -> Answer:
        if broken and question == "A2?":
            raise ModelError("No.")
        return make_answer(question)

    run_batch(FakeEngine(reply), source, out)
    assert "Row 3 of its conversation failed" in records(out)[2]["error"]
    broken, engine = False, FakeEngine(reply)
    run_batch(engine, source, out, BatchOptions(retry_failed=True))
    assert [(q, len(turns)) for q, turns, _, _ in engine.calls] == [("A2?", 1), ("A3?", 2)]


def test_filters_of_the_run_and_of_the_row(tmp_path: Path) -> None:
    engine, shared = FakeEngine(), Filters(topics=("trade",), languages=("en",))
    source = io.BytesIO(b'{"question": "One?", "topic": "chips"}\n{"question": "Two?"}')
    run_batch(engine, source, tmp_path / "a.jsonl", BatchOptions(filters=shared, model="extractive"))
    assert {q: f for q, _, f, _ in engine.calls} == {
        "One?": Filters(topics=("chips",), languages=("en",)),
        "Two?": shared,
    }
    assert {m for _, _, _, m in engine.calls} == {"extractive"}


def test_passages_and_language_of_the_run_and_of_the_row(tmp_path: Path) -> None:
    out, engine = tmp_path / "a.jsonl", FakeEngine()
    table = b"question,answer_language\nOne?,zh\nTwo?,\nThree?,French\n"
    options = BatchOptions(passages=7, language="en", input_format="csv", max_concurrency=1)
    summary = run_batch(engine, io.BytesIO(table), out, options)
    assert (engine.asked, engine.shaped) == (["One?", "Two?"], [(7, "zh"), (7, "en")])
    assert (summary.failed, records(out)[2]["error"]) == (
        1,
        "'answer_language' must be auto, en or zh, not 'french'.",
    )
    # They shape the answers, so a run that goes on with others says so; a row's own makes another question.
    with pytest.raises(BatchError, match=r"passages: 7 -> 20; answer_language: en -> auto"):
        run_batch(engine, io.BytesIO(table), out, BatchOptions(input_format="csv"))
    run_batch(engine, io.BytesIO(table.replace(b"One?,zh", b"One?,en")), out, options)
    assert engine.asked == ["One?", "Two?", "One?"]


def test_the_budget_ends_the_run_before_it_is_overdrawn(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    lines = [f"Question {n}?" for n in range(10)]
    summary = run_batch(FakeEngine(), questions(*lines), out, BatchOptions(budget=350, max_concurrency=4))
    assert (summary.answered, summary.pending, summary.exit_code) == (3, 7, 3)
    assert "budget" in summary.stopped
    summary = run_batch(FakeEngine(), questions(*lines), out)
    assert (summary.answered, summary.asked_now) == (10, 7)


def test_questions_are_asked_at_once_up_to_the_limit(tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=20)

    def reply(question: str) -> Answer:
        together.wait()
        return make_answer(question)

    engine = FakeEngine(reply)
    run_batch(engine, questions(*"abcdef"), tmp_path / "a.jsonl", BatchOptions(max_concurrency=3))
    assert engine.most_running == 3


def test_wrong_rows_are_recorded_without_asking(tmp_path: Path) -> None:
    engine, out = FakeEngine(), tmp_path / "a.jsonl"
    source = io.BytesIO(b'{"question": "One?"}\n{"question": 5}\n{oops\n{"question": "a", "since": "soon"}')
    summary = run_batch(engine, source, out)
    assert (summary.answered, summary.failed, engine.asked) == (1, 3, ["One?"])
    assert [r["row"] for r in records(out)] == [1, 2, 3, 4]


def test_a_question_of_100000_characters_fails_alone(tmp_path: Path) -> None:
    def reply(question: str) -> Answer:
        if len(question) > 4000:
            raise QuestionError("The question has 100,000 characters; at most 4,000 are read.", "Shorten it.")
        return make_answer(question)

    out = tmp_path / "a.jsonl"
    summary = run_batch(FakeEngine(reply), questions("One?", "x" * 100_000, "Three?"), out)
    assert (summary.answered, summary.failed) == (2, 1)
    assert len(records(out)[1]["question"]) == 100_000


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    class Interrupting:
        def start(self, done: int, total: int) -> None: ...
        def message(self, text: str) -> None: ...
        def stop(self) -> None: ...
        def advance(self, outcome: object) -> None:
            raise KeyboardInterrupt

    out = tmp_path / "a.jsonl"
    summary = run_batch(
        FakeEngine(), questions("1", "2", "3"), out, BatchOptions(max_concurrency=1), progress=Interrupting()
    )
    assert (summary.answered, summary.pending, summary.exit_code) == (1, 2, 130)
    assert len(records(out)) == 1
    assert run_batch(FakeEngine(), questions("1", "2", "3"), out).asked_now == 2


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([], "No output"),
        (["a.doc"], "'.doc' is not an output format"),
        (["a.jsonl", "./a.jsonl"], "named twice"),
        (["q.csv"], "both the question list and an output"),
        (["folder.csv"], "is a folder"),
        (["q.csv/x.jsonl"], "cannot be written"),
    ],
)
def test_outputs_that_cannot_be_used(tmp_path: Path, outputs: list[str], message: str) -> None:
    source, engine = tmp_path / "q.csv", FakeEngine()
    source.write_text("question\nOne?\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BatchError, match=message):
        run_batch(engine, source, [tmp_path / name for name in outputs])
    assert engine.asked == []
    assert source.read_text() == "question\nOne?\n"


def test_a_file_of_someone_else_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    out.write_text("mine")
    with pytest.raises(BatchError, match=r"a\.csv exists .*--overwrite"):
        run_batch(FakeEngine(), questions("One?"), out)
    assert out.read_text() == "mine"
    assert not journal_path(out).exists()
    assert run_batch(FakeEngine(), questions("One?"), out, BatchOptions(overwrite=True)).answered == 1


def test_two_runs_cannot_share_an_output(tmp_path: Path) -> None:
    out, seen = tmp_path / "a.jsonl", []

    def reply(question: str) -> Answer:
        with pytest.raises(BatchError, match="Another run is writing") as caught:
            run_batch(FakeEngine(), questions("One?"), out)
        seen.append(caught.value)
        return make_answer(question)

    assert run_batch(FakeEngine(reply), questions("One?"), out).answered == 1
    assert len(seen) == 1


def test_an_output_can_be_added_later(tmp_path: Path) -> None:
    first, second, engine = tmp_path / "a.jsonl", tmp_path / "a.md", FakeEngine()
    run_batch(engine, questions("One?"), first)
    run_batch(engine, questions("One?"), [second, first])
    assert engine.asked == ["One?"]
    assert "One?" in second.read_text("utf-8")


def test_a_torn_or_damaged_journal_loses_only_the_damaged_row(tmp_path: Path) -> None:
    out, lines = tmp_path / "a.jsonl", [f"Q{n}?" for n in range(4)]
    run_batch(FakeEngine(), questions(*lines), out, BatchOptions(max_concurrency=1))
    journal = journal_path(out)
    content = journal.read_bytes().splitlines(keepends=True)
    content[2] = b"\0" * 40 + b"\n"
    journal.write_bytes(b"".join(content)[:-25])
    engine = FakeEngine()
    summary = run_batch(engine, questions(*lines), out, BatchOptions(max_concurrency=1))
    assert engine.asked == ["Q1?", "Q3?"]
    assert summary.answered == 4
    assert [r["question"] for r in records(out)] == lines
    journal.write_text("something else\n")
    with pytest.raises(BatchError, match="not the journal"):
        run_batch(engine, questions(*lines), out)


def test_unknown_columns_stop_before_anything_is_written_or_prepared(tmp_path: Path) -> None:
    source, prepared = tmp_path / "q.csv", []
    source.write_text("question\nOne?\n")
    wrong = BatchOptions(columns=ColumnMap(topic="topc"))
    with pytest.raises(BatchError, match="no column 'topc'"):
        run_batch(FakeEngine(), source, tmp_path / "a.jsonl", wrong, prepare=lambda: prepared.append(1))
    assert [p.name for p in tmp_path.iterdir()] == ["q.csv"]
    assert not prepared
    run_batch(FakeEngine(), source, tmp_path / "a.jsonl", prepare=lambda: prepared.append(1))
    assert prepared == [1]
