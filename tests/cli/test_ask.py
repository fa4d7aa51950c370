"""Questions and searches: what is printed."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.schema import (
    Answer,
    Filters,
    Turn,
)

from .fakes import ANSWER, CITATION, CLAIMS, DOCUMENT, PASSAGE, QUOTE, REFUSAL, SOURCE, FakeAssistant


def test_answer_names_verdicts_quotes_and_primary_sources(assistant: FakeAssistant, run: Any) -> None:
    result = run("ask", "What does Huawei expect?")
    assert result.code == 0
    assert "✓ Huawei expected $12 billion. [1]" in result.out
    assert "~ It expected 13 billion elsewhere. [1]" in result.out
    assert "number 13 billion is not in the passage" in result.out
    assert "[1] Huawei Ascend 950, 2026-05-01 (chips/2026-05-01-huawei.md)" in result.out
    assert f"“{QUOTE}”" in result.out
    assert f"Source: Reuters, “Huawei expects a jump”, 2026-05, {SOURCE.url}" in result.out
    assert "differ on AI chip revenue of 2026" in result.out
    assert "98 documents searched" in result.out
    assert "model extractive" in result.out


def test_json_is_the_answer_and_nothing_else(assistant: FakeAssistant, run: Any) -> None:
    result = run("ask", "q", "--json")
    assert Answer.model_validate_json(result.out) == ANSWER


def test_refusal_tells_what_was_searched_and_what_came_near(assistant: FakeAssistant, run: Any) -> None:
    assistant.answer = REFUSAL
    result = run("ask", "q")
    assert result.code == 0
    assert "The 98 documents searched do not answer this." in result.out
    assert "do not answer it" in result.out
    assert "Huawei Ascend 950" in result.out
    assert "Source:" not in result.out


def test_terminal_gets_each_sentence_once_and_then_its_footnotes(
    assistant: FakeAssistant, on_terminal: Any
) -> None:
    text = on_terminal("ask", "q")
    assert text.count("Huawei expected $12 billion.") == 1
    assert text.index("It expected 13 billion") < text.index("Source: Reuters")


def test_terminal_gets_the_whole_answer_when_composing_changed_it(
    assistant: FakeAssistant, on_terminal: Any
) -> None:
    assistant.answer = ANSWER.model_copy(update={"claims": CLAIMS[:1]})
    text = on_terminal("ask", "q")
    assert text.count("Huawei expected $12 billion.") == 2
    assert "after all checks" in text


def test_control_characters_of_documents_do_not_reach_the_terminal(
    assistant: FakeAssistant, run: Any
) -> None:
    hostile = PASSAGE.model_copy(
        update={"document": DOCUMENT.model_copy(update={"title": "\x1b]0;owned\x07 [bold]T[/bold] \u202e"})}
    )
    assistant.answer = ANSWER.model_copy(
        update={"citations": (CITATION.model_copy(update={"passage": hostile}),)}
    )
    out = run("ask", "q").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "[bold]T[/bold]" in out


def test_options_become_filters_and_settings(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    arguments = (
        "--topic",
        "chips",
        "--topic",
        "trade",
        "--entity",
        "Huawei",
        "--since",
        "2026-01-01",
        "--k",
        "7",
        "--language",
        "en",
        "--answer-language",
        "zh",
    )
    run("ask", "q", *arguments, "--until", "2026-06-30", "--model", "extractive", "--home", str(tmp_path))
    assert assistant.asked[0].filters == Filters(
        topics=("chips", "trade"),
        entities=("Huawei",),
        since=dt.date(2026, 1, 1),
        until=dt.date(2026, 6, 30),
        languages=("en",),
    )
    assert (assistant.asked[0].passages, assistant.asked[0].language) == (7, "zh")
    assert assistant.settings.model == "extractive"
    assert assistant.settings.home == tmp_path
    assert assistant.closed


def test_history_file_is_read_and_extended(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    run("ask", "first", "--history", str(file))
    run("ask", "second", "--history", str(file))
    assert assistant.asked[0].history == ()
    assert assistant.asked[1].history == (Turn(question="first", answer=ANSWER.text),)
    assert [turn["question"] for turn in json.loads(file.read_text("utf-8"))] == ["first", "second"]
    assert [f.name for f in tmp_path.iterdir()] == ["talk.json"]


def test_damaged_history_file_is_named_and_left_alone(
    assistant: FakeAssistant, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "talk.json"
    file.write_text("not json")
    result = run("ask", "q", "--history", str(file))
    assert result.code == 1
    assert "talk.json" in result.err
    assert file.read_text() == "not json"
    assert not assistant.asked


def test_question_from_standard_input(
    assistant: FakeAssistant, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("Who makes Ascend?\n"))
    run("ask", "-")
    assert assistant.asked[0].question.strip() == "Who makes Ascend?"


def test_search_prints_passages_and_json(assistant: FakeAssistant, run: Any) -> None:
    told = run("search", "Ascend", "--k", "3").out
    assert "1. Huawei Ascend 950 > Orders, 2026-05-01 (chips/2026-05-01-huawei.md)" in told
    assert QUOTE in told
    rows = json.loads(run("search", "Ascend", "--json").out)
    assert rows[0]["passage"]["document"]["path"] == DOCUMENT.path
