from __future__ import annotations

import datetime as dt
import io
import json
import re
import threading
from pathlib import Path

import pytest
from rich.console import Console

from assistant.batch import command, progress
from assistant.batch.journal import Outcome
from assistant.errors import BatchError, ModelError
from assistant.schema import Answer

from .fakes import FakeEngine, make_answer


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def shown(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_a_run_prints_its_summary_and_returns_its_code(tmp_path: Path) -> None:
    def reply(question: str) -> Answer:
        if question == "Two?":
            raise ModelError("No [bold] model.")
        return make_answer(question)

    source, screen = tmp_path / "q.csv", console()
    source.write_text("Frage,Nr\nOne?,a\nTwo?,b\n")
    code = command.run(
        FakeEngine(reply),
        source,
        [tmp_path / "a.jsonl"],
        question_column="Frage",
        id_column="Nr",
        console=screen,
    )
    text = shown(screen)
    assert code == 1
    assert re.search(r"Answered +1\b", text) and re.search(r"Failed +1\b", text)
    assert "1 x No [bold] model." in text
    assert "2 of 2 rows" in text and "a minute" in text
    assert "--retry-failed" in text


def test_ids_questions_and_errors_do_not_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: self.is_set())
    hostile, calls = "\x1b]0;owned\x07\u202e\x9b31m", 0

    def reply(question: str) -> Answer:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise TimeoutError(hostile)
        if "Two" in question:
            raise ModelError(hostile)
        return make_answer(question)

    source, screen = tmp_path / "q.jsonl", Console(file=io.StringIO(), force_terminal=True, width=140)
    rows = [{"id": f"a{hostile}", "question": f"One{hostile}?"}, {"id": "b", "question": "Two?"}]
    source.write_text("\n".join(json.dumps(row) for row in rows))
    assert (
        command.run(FakeEngine(reply), source, [tmp_path / "a.jsonl"], console=screen, max_concurrency=1) == 1
    )
    text = shown(screen)
    assert "Asking again" in text and "]0;owned" in text and "One" in text
    assert not any(steering in text for steering in ("\x1b]", "\x07", "\u202e", "\x9b"))


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    source = tmp_path / "q.txt"
    source.write_text("One?\nTwo?\n")
    screen = Console(file=io.StringIO(), force_terminal=True, width=140)
    assert command.run(FakeEngine(), source, [tmp_path / "a.jsonl"], console=screen) == 0
    assert "2/2" in shown(screen)


def test_progress_tells_the_rate_and_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    screen = console()
    bar = progress.Bar(screen)
    # Ten rows were done by an earlier run: they count as done, and not for the rate.
    bar.start(10, 40)
    for _ in range(10):
        now += 30.0
        answer = make_answer("Why?")
        bar.advance(
            Outcome(status=answer.status, answer=answer, finished=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        )
    bar.stop()
    text = shown(screen)
    assert "10 of 40 rows were done before." in text
    assert re.search(r"20 of 40 rows, 2\.0 a minute, 10 ?min.* left, 0 failed, 1,000 tokens", text), text


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"One?\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    assert command.run(FakeEngine(), "-", [tmp_path / "a.csv"], console=console(), show_progress=False) == 0


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"budget": 0}, "budget"),
        ({"max_concurrency": "x"}, "max-concurrency"),
        ({"bugdet": 5}, "bugdet"),
        ({"on_change": "ask"}, "on-change"),
        ({"language": "fr"}, "answer-language"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: dict[str, object], name: str) -> None:
    with pytest.raises(BatchError, match=f"Option {name} does not fit"):
        command.run(FakeEngine(), "-", [tmp_path / "a.csv"], console=console(), **options)
