"""The same question over the same documents is answered once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answering.pipeline import Pipeline
from assistant.schema import AnswerEvent, Filters
from tests.doubles import ScriptedModel, WordEmbeddings

from .briefs import STOP_ORDER, UNKNOWN, same, settings, writing

pytestmark = pytest.mark.usefixtures("steady")


@pytest.fixture
def assistant(home: Path, corpus: Path, steady: None) -> Iterator[Assistant]:
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        yield assistant


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that were worked out."""
    asked: list[str] = []
    run = Pipeline.run

    def counted(self: Pipeline, question: str, *args: object, **kwargs: object) -> object:
        asked.append(question)
        return run(self, question, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Pipeline, "run", counted)
    return asked


@pytest.mark.parametrize("question", [STOP_ORDER, UNKNOWN])
def test_it_comes_again_event_by_event_without_work(
    assistant: Assistant, runs: list[str], question: str
) -> None:
    first, second = list(assistant.stream(question)), list(assistant.stream(question))
    assert runs == [question] and first[:-1] == second[:-1]
    assert isinstance(first[-1], AnswerEvent) and isinstance(second[-1], AnswerEvent)
    assert same(first[-1].answer) == same(second[-1].answer)
    assert second[-1].answer.timings == {"total": 0.0} and second[-1].answer.usage.input_tokens == 0


def test_what_an_answer_depends_on_makes_another(assistant: Assistant, runs: list[str]) -> None:
    variants = (
        {},
        {"passages": 3},
        {"language": "zh"},
        {"filters": Filters(topics=("chips",))},
        {"history": [("What is Ascend?", "A chip.")]},
    )
    for _ in range(2):
        for variant in variants:
            assistant.ask(STOP_ORDER, **variant)  # type: ignore[arg-type]
    assert len(runs) == len(variants)


def test_a_change_of_the_documents_does(assistant: Assistant, runs: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Note\n\nA note about nothing.", encoding="utf-8")
    assistant.ask(STOP_ORDER)
    assistant.add_documents(note)
    assistant.ask(STOP_ORDER)
    assistant.remove("note.md")
    assistant.ask(STOP_ORDER)
    assert len(runs) == 3


def test_a_stream_that_is_left_keeps_nothing(assistant: Assistant, runs: list[str]) -> None:
    stream = assistant.stream(STOP_ORDER)
    next(stream)
    stream.close()
    assert assistant.ask(STOP_ORDER).status == "answered" and len(runs) == 2


@pytest.mark.parametrize(("most", "times"), [(0, 4), (1, 4), (2, 2)])
def test_the_setting_limits_how_many(
    home: Path, corpus: Path, runs: list[str], most: int, times: int
) -> None:
    chosen = settings(home, corpus, kept_answers=most)
    with Assistant(settings=chosen, embedding=WordEmbeddings()) as assistant:
        for question in (STOP_ORDER, UNKNOWN) * 2:
            assistant.ask(question)
    assert len(runs) == times


def test_another_model_is_asked_each_time(home: Path, corpus: Path, runs: list[str]) -> None:
    model = ScriptedModel(reply=lambda prompt: "Nothing is said [1].")
    with writing(home, corpus, model) as assistant:
        assistant.ask(STOP_ORDER)
        assistant.ask(STOP_ORDER)
    assert len(runs) == 2
