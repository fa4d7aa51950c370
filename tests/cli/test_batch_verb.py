"""`assistant batch` at its door: every exit code, one line for every failure, and a run stopped by Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.batch.runner import journal_path
from assistant.cli import options
from assistant.errors import ConfigurationError, IndexingError, ModelError
from assistant.schema import Answer
from tests.batch.fakes import FakeEngine, make_answer

QUESTIONS = "id,question,topic\na,One?,chips\nb,weather?,\nc,Three?,\n"


class Engine(FakeEngine):
    """As the command opens it."""

    def __init__(self, reply: Callable[[str], Answer] = make_answer, **settings: object) -> None:
        super().__init__(reply, **settings)
        self.synced = 0
        self.failure: BaseException | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None: ...

    def sync(self, progress: Any = None) -> None:
        self.synced += 1
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    engine = Engine()
    monkeypatch.setattr(options, "make_assistant", lambda settings: engine)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.csv").write_text(QUESTIONS)
    return engine


def rows(path: str = "a.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def test_answered_and_refused_rows_are_code_0(engine: Engine, run: Any) -> None:
    result = run("batch", "q.csv", "-o", "a.jsonl", "-o", "a.xlsx", "--quiet")
    assert (result.code, result.out) == (0, "")
    assert "Written: a.jsonl" in result.err and "Written: a.xlsx" in result.err
    assert [row["status"] for row in rows()] == ["answered", "not_in_corpus", "answered"]
    assert engine.synced == 1


def test_failed_rows_are_code_1_and_asked_again_on_demand(engine: Engine, run: Any) -> None:
    def broken(question: str) -> Answer:
        raise ModelError("The model is gone.", "Start it.")

    engine.reply = broken
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet")
    assert result.code == 1
    assert "2 x The model is gone. Start it." in result.err and "--retry-failed" in result.err
    engine.reply = make_answer
    assert run("batch", "q.csv", "-o", "a.jsonl", "--quiet").code == 1
    assert run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--retry-failed").code == 0
    assert engine.asked.count("weather?") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gone.csv",), "There is no file gone.csv."),
        (("q.pdf",), "q.pdf: the format '.pdf'"),
        (("empty.csv",), "empty.csv is empty."),
        (("header.csv",), "header.csv has no questions."),
        (("mixed.csv",), "mixed.csv mixes encodings: line 2 is UTF-8, line 3 is not."),
        (("double.csv",), "double.csv has the id 'a' twice, in rows 2 and 3."),
        (("q.csv", "--topic-column", "topc"), "q.csv has no column 'topc'. Did you mean 'topic'?"),
        (("q.csv", "--question-column", "Frage"), "q.csv has no column 'Frage'."),
        (("q.csv", "--encoding", "klingon"), "There is no encoding 'klingon'."),
        (("q.csv", "--input-format", "doc"), "Option input-format does not fit"),
        (("q.csv", "--budget", "0"), "Option budget does not fit"),
        (("q.csv", "--max-concurrency", "0"), "Option max-concurrency does not fit"),
        (("q.csv", "--on-change", "ask"), "Option on-change does not fit"),
        (("q.csv", "--answer-language", "fr"), "Option answer-language does not fit"),
        (("q.csv", "-o", "a.doc"), "'.doc' is not an output format"),
        (("q.csv", "-o", "q.csv"), "q.csv is both the question list and an output."),
        (("q.csv", "-o", "q.csv/a.csv"), "cannot be written"),
        (("q.csv", "-o", "folder.csv"), "is a folder"),
        (("q.csv", "-o", "foreign.csv"), "foreign.csv exists"),
    ],
)
def test_a_run_that_cannot_begin_is_code_2_and_one_line(
    engine: Engine, run: Any, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "q.pdf").write_bytes(b"%PDF")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("question\n")
    (tmp_path / "mixed.csv").write_bytes("question\n芯片？\n".encode() + "芯片？\n".encode("gb18030"))
    (tmp_path / "double.csv").write_text("id,question\na,One?\na,Two?\n")
    (tmp_path / "foreign.csv").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    result = run("batch", *arguments, "-o", "a.jsonl")
    assert result.code == 2
    assert result.err.startswith("Error: ") and told in result.err and result.err.count("\n") == 1
    assert (engine.asked, engine.synced) == ([], 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "q.csv").read_text() == QUESTIONS


def test_what_a_file_holds_does_not_reach_the_terminal_raw(engine: Engine, run: Any, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_bytes(b'"a\nb",\x1b]0;owned\x07\nOne?,Two?\n')
    result = run("batch", "q.csv", "-o", "a.jsonl")
    assert result.code == 2 and result.err.count("\n") == 1
    assert "has no column 'question'. It has: 'a b'" in result.err and "\x1b" not in result.err


def test_wrong_usage_is_code_2(engine: Engine, run: Any) -> None:
    for arguments in (("q.csv",), ("-o", "a.jsonl"), ("q.csv", "-o", "a.jsonl", "--budget", "much")):
        result = run("batch", *arguments)
        assert result.code == 2 and result.err
    assert engine.asked == []


def test_an_index_that_cannot_be_built_is_code_2(engine: Engine, run: Any) -> None:
    engine.failure = IndexingError("The index is damaged.", "Build it anew.")
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet")
    assert (result.code, result.err) == (2, "Error: The index is damaged. Build it anew.\n")
    assert not journal_path(Path("a.jsonl")).exists()


def test_ctrl_c_before_the_first_question_leaves_nothing(engine: Engine, run: Any, tmp_path: Path) -> None:
    engine.failure = KeyboardInterrupt()
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet")
    assert result.code == 130 and "The same command goes on" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["q.csv"] and engine.asked == []


def test_settings_that_do_not_fit_are_code_2(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(settings: Any) -> Any:
        raise ConfigurationError("The model 'nosuch' is not known.", "Name another.")

    monkeypatch.setattr(options, "make_assistant", refuse)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.csv").write_text(QUESTIONS)
    result = run("batch", "q.csv", "-o", "a.jsonl", "--model", "nosuch")
    assert (result.code, result.err) == (2, "Error: The model 'nosuch' is not known. Name another.\n")
    (tmp_path / "assistant.toml").write_text("no_such_setting = 1\n")
    result = run("batch", "q.csv", "-o", "a.jsonl")
    assert result.code == 2 and "no_such_setting" in result.err


def test_changed_settings_are_code_2_until_it_is_said_what_to_do(engine: Engine, run: Any) -> None:
    assert run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--k", "5").code == 0
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--k", "6")
    assert result.code == 2 and "passages: 5 -> 6" in result.err and result.err.count("\n") == 1
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--k", "6", "--on-change", "restart")
    assert result.code == 0 and len(engine.asked) == 6


def test_a_disk_that_fills_up_is_code_2_and_keeps_the_rows(
    engine: Engine, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    real, calls = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--max-concurrency", "1")
    assert result.code == 2
    assert "No space left on device" in result.err and "finished rows are kept" in result.err
    assert run("batch", "q.csv", "-o", "a.jsonl", "--quiet").code == 0
    assert engine.asked.count("One?") == 1 and len(rows()) == 3


def test_pending_rows_are_code_3(engine: Engine, run: Any) -> None:
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet", "--budget", "100")
    assert result.code == 3
    assert "budget of 100 tokens" in result.err
    assert "Run the same command again to ask the rest." in result.err

    def refused(question: str) -> Answer:
        raise ConfigurationError("The key was refused.", "Set ASSISTANT_API_KEY.")

    engine.reply = refused
    result = run("batch", "q.csv", "-o", "a.jsonl", "--quiet")
    assert result.code == 3 and "The key was refused. Set ASSISTANT_API_KEY." in " ".join(result.err.split())


CHILD = """
import signal, sys, threading
from assistant.cli import main, options
from tests.cli.test_batch_verb import Engine, make_answer

first = threading.Event()
def reply(question):
    if question == "One?":
        return make_answer(question)
    # It is under way when Ctrl-C comes: its answer is kept, or given up when Ctrl-C comes again.
    print("waiting", flush=True)
    sys.stdin.readline()
    return make_answer(question)

# A shell that starts the tests in the background lets them and their children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
engine = Engine(reply)
options.make_assistant = lambda settings: engine
main(["batch", "q.csv", "-o", "a.jsonl", "--max-concurrency", "1"])
"""


def interrupted(folder: Path, *, times: int) -> tuple[int, str]:
    """Sends Ctrl-C while the second question is under way; once, and then lets it end, or twice."""
    root = str(Path(__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r}){CHILD}"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    # A child that does not end is a failure, not a wait for ever.
    watch = threading.Timer(120, child.kill)
    watch.start()
    try:
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(signal.SIGINT)
        told = ""
        while "Stopping" not in told and (piece := child.stderr.readline()):
            told += piece
        if times == 2:
            child.send_signal(signal.SIGINT)
        else:
            child.stdin.write("\n")
            child.stdin.flush()
        told += child.stderr.read()
        return child.wait(), told
    finally:
        watch.cancel()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_ctrl_c_is_code_130_and_the_same_command_goes_on(engine: Engine, run: Any, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("id,question\na,One?\nb,Two?\nc,Three?\n")
    code, told = interrupted(tmp_path, times=2)
    assert code == 130 and "Traceback" not in told
    assert "Stopping: 1 question ends first. Ctrl-C stops at once." in told
    assert "Run the same command again to ask the rest." in told
    assert [row["id"] for row in rows()] == ["a"]

    code, told = interrupted(tmp_path, times=1)
    assert code == 130 and "Traceback" not in told
    assert [row["id"] for row in rows()] == ["a", "b"]
    assert not list(tmp_path.glob(".*"))

    assert run("batch", "q.csv", "-o", "a.jsonl", "--quiet").code == 0
    assert engine.asked == ["Three?"]
    assert [row["id"] for row in rows()] == ["a", "b", "c"]
