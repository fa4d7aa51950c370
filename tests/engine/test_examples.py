"""The examples of the documentation run against the real engine."""

from __future__ import annotations

import runpy
import shutil
from functools import partial
from pathlib import Path

import pytest

import assistant
from assistant import Assistant
from tests.doubles import WordEmbeddings

from .briefs import settings

pytestmark = pytest.mark.usefixtures("steady")
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # With words for an embedding, two documents are too few to be sure of.
        ("ask", ["not_in_corpus", "Searched: 2 documents within the filters set"]),
        ("stream", ["... ", "answered"]),
        ("langchain_chain", ["Huawei", "chips/2026-05-01-huawei-ascend-950-roadmap-shipments.md "]),
        ("langchain_events", ["passages, tags ['docs']", "950PR", "answered"]),
        (
            "documents",
            [
                "1 added, 1 passages",
                "['memo.md']",
                "The line in Shaoxing makes 9,000 wafers a month since May 2026. [1]",
                "1 removed",
            ],
        ),
        ("batch_file", ["Answered", "exit code 0"]),
    ],
)
def test_an_example_shows_what_it_promises(
    name: str,
    shown: list[str],
    home: Path,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    real = partial(Assistant, settings=settings(own, corpus), embedding=WordEmbeddings())
    monkeypatch.setattr(assistant, "Assistant", real, raising=False)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert [part for part in shown if part not in printed] == [], printed
