"""The examples of the documentation run, against a double that has the API's real ways to ask."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import pytest

import assistant
from assistant.schema import DocumentInfo, Filters
from assistant.settings import Settings

from .fakes import FakeRunnable, make_hit

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


class Double(FakeRunnable):
    """What the examples need beside the ways to ask."""

    model_name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings(home=Path("unused"))

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return [make_hit(1).passage.document]

    def __enter__(self) -> Double:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ask", "answered About When will the Ascend 950PR arrive?"),
        ("stream", "answered"),
        ("langchain_chain", "chips/3.md"),
        ("langchain_events", "About When will the Ascend 950PR arrive?\nanswered"),
        ("batch_file", "exit code 0"),
    ],
)
def test_an_example_runs(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assistant, "Assistant", Double, raising=False)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert shown in capsys.readouterr().out


def test_every_piece_of_python_in_the_pages_is_an_example_that_is_checked() -> None:
    examples = {path.read_text("utf-8"): path.name for path in EXAMPLES.glob("*.py")}
    shown = [
        block
        for page in EXAMPLES.parent.glob("*.md")
        for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    assert sorted(shown) == sorted(examples)


def test_the_pages_build_as_a_site(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=EXAMPLES.parents[1],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    reference = (tmp_path / "site" / "reference" / "index.html").read_text("utf-8")
    for name in ("runnable.AssistantRunnable.ask", "schema.Answer.claims", "batch.runner.run_batch"):
        assert f'id="assistant.{name}"' in reference
