"""Failures are one line and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import AssistantError, IndexingError, ModelError

from .fakes import FakeAssistant


@pytest.mark.parametrize("question", ["", "  \n", "?!"])
def test_empty_question_is_one_line(assistant: FakeAssistant, run: Any, question: str) -> None:
    result = run("ask", question)
    assert result.code == 1
    assert result.err.startswith("Error: The question is empty.")
    assert result.err.count("\n") == 1


def test_error_of_the_engine_is_one_line_with_its_way_out(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = ModelError("The key was\nrefused.", "Set ASSISTANT_API_KEY.")
    result = run("ask", "q")
    assert (result.code, result.out) == (1, "")
    assert result.err == "Error: The key was refused. Set ASSISTANT_API_KEY.\n"


def test_unknown_model_is_told_before_anything_is_indexed(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    result = run("ask", "q", "--model", "nosuch")
    assert result.code == 1
    assert result.err.startswith("Error: The model 'nosuch' is not known.")
    assert not (tmp_path / "home").exists()


def test_interruption_has_its_exit_code(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = KeyboardInterrupt()
    assert run("ask", "q").code == 130


def test_unexpected_error_is_one_line_too(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = ZeroDivisionError("division by zero")
    result = run("ask", "q")
    assert result.code == 1
    assert "ZeroDivisionError" in result.err
    assert "report" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask",),
        ("ask", "q", "--since", "yesterday"),
        ("ask", "q", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("ask", "q", "--json", "--markdown"),
        ("ask", "q", "--k", "0"),
        ("search", "q", "--k", "many"),
        ("no-such-verb",),
    ],
)
def test_wrong_usage_has_exit_code_2(assistant: FakeAssistant, run: Any, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.err
    assert not assistant.asked


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from assistant.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'torch', 'gradio', 'chromadb', 'langchain_core', 'numpy', 'yaml'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert "HEAVY []" in done.stdout, done.stdout[-300:] + done.stderr[-300:]
    assert "ask" in done.stdout


def test_every_error_class_reaches_the_user_as_its_text(assistant: FakeAssistant, run: Any) -> None:
    for kind in (AssistantError, IndexingError, ModelError):
        assistant.failure = kind("It broke.", "Do this.")
        assert run("ask", "q").err == "Error: It broke. Do this.\n"


@pytest.mark.parametrize("verb", [["settings"], ["settings", "--json"], ["corpus", "check"], ["--help"]])
def test_a_reader_that_leaves_early_ends_a_list_quietly(verb: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant", *verb]
    environment = {**os.environ, "ASSISTANT_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        told = running.stderr.read()
    assert told == "" and running.returncode in (0, 1)


def test_the_version_is_told(run: Any) -> None:
    from importlib.metadata import version

    assert run("--version").out == version("china-ai-chip-assistant") + "\n"
