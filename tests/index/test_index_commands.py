"""`assistant index` and `assistant ingest`: dry runs and watching."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.cli import main, options
from assistant.index import watch
from assistant.resources import corpus_folder
from assistant.settings import Settings
from tests.index.conftest import fake_embeddings


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The commands work on a small corpus with a fake embedding model; returns its folder."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "base.md").write_text("# Base\n\nThe corpus names Huawei.\n")
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus))

    def make(settings: Settings) -> Assistant:
        return Assistant(settings=settings, embedding=fake_embeddings(), model="extractive")

    monkeypatch.setattr(options, "make_assistant", make)
    return corpus


def run(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def test_a_dry_run_lists_what_would_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("index", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "added  base.md" in out and "1 added. Nothing was written." in out
    (tmp_path / "note.md").write_text("# Note\n\nA note.\n")
    assert run("ingest", str(tmp_path / "note.md"), "--dry-run") == 0
    assert "added  note.md" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


def test_a_catalogue_of_sources_is_not_counted_among_what_is_skipped(
    engine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(corpus_folder() / "sources.yaml", engine / "sources.yaml")
    assert run("index") == 0
    assert "1 added;" in capsys.readouterr().out
    # Other files that are not read are still told.
    (engine / "plan.yaml").write_text("steps: [one]\n")
    assert run("index") == 0
    out = capsys.readouterr().out
    assert "1 skipped, 1 unchanged;" in out and "skipped plan.yaml" in out and "sources.yaml" not in out


def test_a_dry_run_does_not_watch(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("index", "--dry-run", "--watch") == 2
    assert "exclude each other" in capsys.readouterr().err


def test_watching_goes_on_after_changes_and_after_errors(
    engine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def changes(paths: Sequence[Path], again: Callable[[], None]) -> None:
        assert list(paths) == [engine]
        (engine / "more.md").write_text("# More\n\nMore text.\n")
        again()
        moved = engine.rename(engine.with_name("away"))
        again()
        moved.rename(engine)
        (engine / "more.md").unlink()
        again()

    monkeypatch.setattr(watch, "watch", changes)
    assert run("index", "--watch") == 0
    captured = capsys.readouterr()
    assert "1 added, 1 unchanged" in captured.out and "1 removed, 1 unchanged" in captured.out
    assert "does not exist" in captured.err and "No longer watching." in captured.err
