"""The command line over a double of the engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main, options

from .fakes import FakeAssistant, Result


@pytest.fixture
def assistant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAssistant:
    fake = FakeAssistant()

    def make(settings: Any) -> FakeAssistant:
        fake.settings = settings
        return fake

    monkeypatch.setattr(options, "make_assistant", make)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return fake


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Result(int(stopped.value.code or 0), printed.out, printed.err)

    return call


class Terminal:
    """Standard output that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*arguments: str) -> str:
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            patch.setenv("COLUMNS", "200")
            patch.setenv("TERM", "dumb")
            assert run(*arguments).code == 0
        return terminal.text

    return call
