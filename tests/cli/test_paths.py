"""Paths as people give them, through the real command and the real engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant
from assistant.cli import options
from assistant.errors import ConfigurationError, DocumentError
from assistant.settings import Settings, load_settings
from tests.doubles import WordEmbeddings

pytestmark = pytest.mark.usefixtures("bare_environment")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def make(settings: Settings) -> Assistant:
        return Assistant(settings=settings, embedding=WordEmbeddings(), model="extractive")

    monkeypatch.setattr(options, "make_assistant", make)
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs/base.md").write_text("# Base\n\nThe corpus names Huawei.\n")
    (tmp_path / "memo.md").write_text("# Memo\n\nThe memo names Cambricon.\n")
    return tmp_path


@pytest.mark.parametrize("given", ["option", "variable", "file", ".env"])
def test_a_relative_home_takes_documents(
    given: str, run: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options_ = ["--home", "own", "--corpus", "briefs"] if given == "option" else []
    if given == "variable":
        monkeypatch.setenv("ASSISTANT_HOME", "own")
        monkeypatch.setenv("ASSISTANT_CORPUS", "briefs")
    elif given == "file":
        (place / "assistant.toml").write_text('home = "own"\ncorpus = "briefs"\n')
    elif given == ".env":
        (place / ".env").write_text("ASSISTANT_HOME=own\nASSISTANT_CORPUS=./briefs\n")
    added = run("ingest", "memo.md", *options_)
    assert added.code == 0 and "1 added" in added.out, added
    found = run("documents", *options_)
    assert "memo.md" in found.out and "base.md" in found.out
    assert (place / "own/uploads/user/memo.md").is_file()


def test_every_path_of_the_settings_is_whole(place: Path) -> None:
    names = [name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)]
    assert {"home", "cache", "corpus", "prompts", "glossary", "auth"} == set(names)
    settings = load_settings(**{name: Path("a/b") for name in names})
    assert {getattr(settings, name) for name in names} == {place / "a/b"}
    assert load_settings(home="~/x").home == Path.home() / "x"


def test_a_relative_home_of_python_stays_where_it_was(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Assistant(home="own", corpus="briefs", embedding=WordEmbeddings(), model="extractive") as assistant:
        (place / "elsewhere").mkdir()
        monkeypatch.chdir(place / "elsewhere")
        assistant.add_documents(place / "memo.md")
        assert [d.path for d in assistant.documents()] == ["base.md", "memo.md"]
    assert not (place / "elsewhere/own").exists()


@pytest.mark.parametrize("named", ["empty", "hidden"])
def test_named_files_that_hold_no_document_are_an_error(named: str, run: Any, place: Path) -> None:
    (place / named).mkdir()
    if named == "hidden":
        (place / named / ".notes.md").write_text("# Hidden\n")
    for verb in (["ingest", named], ["ingest", named, "--dry-run"], ["index", "--corpus", named]):
        result = run(*verb, "--home", f"home-{verb[0]}")
        assert result.code == 1 and result.err.count("\n") == 1, result
        assert re.search(rf"There are no documents in (\S*/)?{named}\.", result.err), result
    with (
        Assistant(home="own", corpus="briefs", embedding=WordEmbeddings(), model="extractive") as assistant,
        pytest.raises(DocumentError, match="There are no documents in"),
    ):
        assistant.add_documents(named)


def test_an_empty_path_of_the_settings_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "CACHE", "CORPUS", "AUTH"):
        monkeypatch.setenv(f"ASSISTANT_{name}", " ")
    settings = load_settings()
    assert settings.home.name == "china-ai-chip-assistant" and (settings.corpus, settings.auth) == (
        None,
        None,
    )
    with pytest.raises(ConfigurationError, match="names no home folder"):
        load_settings(home="~nobody-of-this-name/x")


def test_the_first_use_of_a_list_says_that_it_is_indexing(run: Any, place: Path) -> None:
    (place / "briefs/more.md").write_text("# More\n\nText.\n")
    given = ["--home", "own", "--corpus", "briefs"]
    first, again = run("documents", *given), run("documents", *given)
    assert (first.err, again.err) == ("Indexing 2 documents ...\n", "") and first.out == again.out
