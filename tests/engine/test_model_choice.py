"""Which model answers, and how its word is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answering.pipeline import Pipeline
from assistant.errors import ConfigurationError
from assistant.models.chat import ChatChoice
from assistant.schema import Answer, AnswerEvent
from tests.doubles import ScriptedModel, WordEmbeddings

from .briefs import STOP_ORDER, TRUE, checked, settings, writing

pytestmark = pytest.mark.usefixtures("steady")


def test_the_model_of_one_question(assistant: Assistant) -> None:
    assert assistant.model_name == "extractive"
    with pytest.raises(ConfigurationError, match="nonsense"):
        assistant.ask(STOP_ORDER, model="nonsense")
    assert assistant.ask(STOP_ORDER, model="extractive").model == "extractive"


def test_an_unknown_model_is_named_before_the_corpus_is_read(tmp_path: Path) -> None:
    with (
        Assistant(
            settings=settings(tmp_path / "h", tmp_path / "none"), embedding=WordEmbeddings()
        ) as assistant,
        pytest.raises(ConfigurationError, match="nonsense"),
    ):
        assistant.ask(STOP_ORDER, model="nonsense")


def test_a_written_answer_is_checked(home: Path, corpus: Path) -> None:
    said = f"{TRUE} [1] The order cost Nvidia 77 billion euros in Chile [1]. Unmarked: see ![x](https://evil.example/a.png)."
    with writing(home, corpus, ScriptedModel(reply=lambda _: said)) as assistant:
        answer = checked(assistant.ask(STOP_ORDER), assistant)
        assert answer.model == assistant.model_name and answer.status == "answered"
        assert answer.text == f"{TRUE} [1]" and answer.citations[0].quote == TRUE
        assert "77 billion" in answer.removed[0].text and "evil" not in answer.model_dump_json(
            exclude={"question"}
        )


def test_a_model_that_states_nothing_refuses(home: Path, corpus: Path) -> None:
    for said in ("NOT STATED", "The moon of Jupiter has 99 craters named Zork [1].", ""):
        with writing(home, corpus, ScriptedModel(reply=lambda _, said=said: said)) as assistant:
            answer = checked(assistant.ask(STOP_ORDER), assistant)
            assert answer.status == "not_in_corpus" and "Zork" not in answer.text
            assert len(answer.removed) == ("Zork" in said)


def test_quote_mode_lets_no_model_write(home: Path, corpus: Path) -> None:
    with writing(home, corpus, ScriptedModel(reply=lambda _: "Forged [1]."), generation="quote") as assistant:
        answer = checked(assistant.ask(STOP_ORDER), assistant)
        assert TRUE in answer.text and "Forged" not in answer.model_dump_json()


def pipeline_of(assistant: Assistant) -> Pipeline:
    return assistant._open_pipeline()


def run(assistant: Assistant, model: ScriptedModel, question: str) -> Answer:
    """As with the embedded model: it tells margins, and quotes."""
    choice = ChatChoice("local", "local (fake)", model)
    events = list(pipeline_of(assistant).run(question, [], None, choice))
    assert isinstance(events[-1], AnswerEvent)
    return events[-1].answer


def test_the_embedded_models_word_decides(assistant: Assistant) -> None:
    sure = run(assistant, ScriptedModel(reply=lambda _: "x", margin=lambda _: 4.0), STOP_ORDER)
    assert checked(sure, assistant).status == "answered" and sure.model == "local (fake)"
    assert sure.usage.input_tokens > 0
    unsure = run(assistant, ScriptedModel(reply=lambda _: "x", margin=lambda _: -4.0), STOP_ORDER)
    assert unsure.status == "not_in_corpus"
    assert unsure.answerability is not None and sure.answerability is not None
    assert 0 <= unsure.answerability < 0.5 < sure.answerability <= 1


def test_an_uncovered_part_is_named(assistant: Assistant) -> None:
    question = (
        "Which companies received the RTX Pro 6000D instruction, and what is the population of Iceland?"
    )

    def margin(prompt: str) -> float:
        return -4.0 if "population" in prompt else 4.0

    answer = checked(run(assistant, ScriptedModel(reply=lambda _: "x", margin=margin), question), assistant)
    assert answer.status == "partial" and answer.uncovered == ("what is the population of Iceland?",)
    assert answer.text.endswith("\n\nThe documents do not say: what is the population of Iceland.")
