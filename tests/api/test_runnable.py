from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableLambda

from assistant.errors import ModelError, QuestionError
from assistant.schema import Answer, AnswerEvent, Filters, Turn

from .fakes import FakeRunnable


class Trace(BaseCallbackHandler):
    """Writes down what LangChain tells a tracer."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str, UUID, UUID | None, list[str]]] = []
        self.custom: list[str] = []
        self.ends: list[Any] = []
        self.errors: list[BaseException] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.runs.append(("chain", kwargs["name"], kwargs["run_id"], kwargs["parent_run_id"], kwargs["tags"]))

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.runs.append(("model", "", kwargs["run_id"], kwargs["parent_run_id"], kwargs["tags"]))

    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        self.custom.append(name)

    def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
        self.ends.append(outputs)

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self.errors.append(error)


EVENTS = ["assistant_step", "assistant_evidence", "assistant_claim", "assistant_answer"]


async def call(assistant: FakeRunnable, way: str, value: Any, **kwargs: Any) -> Answer:
    """Asks in one of the eight ways and gives the answer."""
    config = kwargs.pop("config", None)
    if way in ("ask", "aask"):
        answer = getattr(assistant, way)(value, **kwargs)
        return answer if way == "ask" else await answer
    if way == "stream":
        last = list(assistant.stream(value, config, **kwargs))[-1]
    elif way == "astream":
        last = [event async for event in assistant.astream(value, config, **kwargs)][-1]
    elif way == "invoke":
        return assistant.invoke(value, config, **kwargs)
    elif way == "ainvoke":
        return await assistant.ainvoke(value, config, **kwargs)
    elif way == "batch":
        return assistant.batch([value], config, **kwargs)[0]
    else:
        return (await assistant.abatch([value], config, **kwargs))[0]
    assert isinstance(last, AnswerEvent)
    return last.answer


WAYS = ["ask", "aask", "stream", "astream", "invoke", "ainvoke", "batch", "abatch"]


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_gives_the_same_answer_to_the_same_request(way: str) -> None:
    assistant, filters = FakeRunnable(), Filters(topics=("chips",))
    given = {"history": [("Q", "A")], "filters": filters, "model": "m", "passages": 7, "language": "zh"}
    answer = await call(assistant, way, "Why?", **given)
    expected = FakeRunnable().ask("Why?", **given)
    assert answer == expected
    assert assistant.requests == [("Why?", (Turn(question="Q", answer="A"),), filters, "m", 7, "zh")]


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_raises_the_engines_error(way: str) -> None:
    with pytest.raises(ModelError, match="The model failed"):
        await call(FakeRunnable(failures=1), way, "Why?")


@pytest.mark.parametrize("way", [w for w in WAYS if "ask" not in w])
async def test_callbacks_and_tags_reach_the_model(way: str) -> None:
    trace = Trace()
    config = {"callbacks": [trace], "tags": ["mine"], "run_name": "my run"}
    answer = await call(FakeRunnable(), way, "Why?", config=config)
    chain, model = trace.runs
    assert (chain[0], chain[1], chain[4]) == ("chain", "my run", ["mine"])
    assert (model[0], model[3]) == ("model", chain[2])
    assert "mine" in model[4]
    assert trace.custom == EVENTS
    assert trace.ends == [answer]


@pytest.mark.parametrize("way", ["stream", "astream", "batch", "abatch"])
async def test_a_trace_tells_of_the_failure(way: str) -> None:
    trace = Trace()
    with pytest.raises(ModelError):
        await call(FakeRunnable(failures=1), way, "Why?", config={"callbacks": [trace]})
    assert [str(error) for error in trace.errors] == ["The model failed."]


async def test_astream_events_tells_steps_models_and_the_answer() -> None:
    events = [event async for event in FakeRunnable().astream_events("Why?", version="v2")]
    assert [e["name"] for e in events if e["event"] == "on_custom_event"] == EVENTS
    assert any(e["event"] == "on_chat_model_start" for e in events)
    final = events[-1]
    assert (final["event"], final["data"]["output"].question) == ("on_chain_end", "Why?")


@pytest.mark.parametrize(
    ("value", "question", "history"),
    [
        ("Why?", "Why?", ()),
        ({"question": "Why?", "history": [("Q", "A")]}, "Why?", (Turn(question="Q", answer="A"),)),
        (
            [SystemMessage("s"), HumanMessage("Q"), AIMessage("A"), HumanMessage("Why?")],
            "Why?",
            (Turn(question="Q", answer="A"),),
        ),
        ([HumanMessage([{"type": "text", "text": "Why?"}])], "Why?", ()),
    ],
)
def test_forms_of_input(value: Any, question: str, history: tuple[Turn, ...]) -> None:
    assistant = FakeRunnable()
    assistant.invoke(value)
    assert (assistant.requests[0].question, assistant.requests[0].history) == (question, history)


def test_filters_may_be_a_dict() -> None:
    assistant = FakeRunnable()
    assistant.invoke({"question": "Why?", "filters": {"since": "2026-01-01"}})
    assert assistant.requests[0].filters == Filters(since="2026-01-01")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"questoin": "Why?"}, "unknown 'questoin'"),
        ({}, "no 'question'"),
        (7, "not text but int"),
        (None, "not text"),
        ([], "last message"),
        ([AIMessage("A")], "last message"),
        ({"question": "Why?", "filters": {"topic": "chips"}}, "no filter 'topic'"),
        ({"question": "Why?", "history": ["alone"]}, "no exchange"),
    ],
)
def test_wrong_input_is_named(value: Any, message: str) -> None:
    assistant = FakeRunnable()
    for way in (assistant.invoke, assistant.stream, assistant.astream):
        with pytest.raises(QuestionError, match=message):
            way(value)
    assert assistant.requests == []


def test_with_retry_asks_again() -> None:
    assistant = FakeRunnable(failures=2)
    again: Runnable[Any, Answer] = assistant.with_retry(stop_after_attempt=3, wait_exponential_jitter=False)
    assert again.invoke("Why?").text == "About Why?"
    assert len(assistant.requests) == 3


def test_bind_and_fallbacks() -> None:
    spare = FakeRunnable()
    chain = FakeRunnable(failures=1).with_fallbacks([spare]).with_config(tags=["t"])
    assert chain.invoke("Why?").text == "About Why?"
    bound = spare.bind(model="other")
    bound.invoke("Why?")
    assert spare.requests[-1].model == "other"


async def test_in_a_chain_the_next_step_gets_the_answer() -> None:
    chain = (
        RunnableLambda(lambda text: f"{text}?") | FakeRunnable() | RunnableLambda(lambda a: a.text.upper())
    )
    assert chain.invoke("why") == "ABOUT WHY?"
    assert list(chain.stream("why")) == ["ABOUT WHY?"]
    assert [part async for part in chain.astream("why")] == ["ABOUT WHY?"]


@pytest.mark.parametrize(("config", "expected"), [(None, 2), ({"max_concurrency": 3}, 3)])
async def test_a_batch_keeps_to_its_limit(config: Any, expected: int) -> None:
    questions = [f"{n}?" for n in range(6)]
    run: Callable[[FakeRunnable], Any]
    for run in (lambda a: a.batch(questions, config), lambda a: a.abatch(questions, config)):
        assistant = FakeRunnable()
        assistant.gate = threading.Barrier(expected)
        result = run(assistant)
        answers = result if isinstance(result, list) else await result
        assert [a.question for a in answers] == questions
        assert assistant.most_running == expected


def test_a_batch_can_return_its_errors() -> None:
    first, second = FakeRunnable(failures=1).batch(
        ["1?", "2?"], {"max_concurrency": 1}, return_exceptions=True
    )
    assert isinstance(first, ModelError)
    assert second.text == "About 2?"


async def test_an_abandoned_stream_ends_the_work() -> None:
    assistant = FakeRunnable()
    stream = assistant.stream("Why?")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert assistant.closed.wait(20)
    assistant = FakeRunnable()
    events = assistant.astream("Why?")
    await anext(events)
    await events.aclose()  # type: ignore[attr-defined]
    assert assistant.closed.wait(20)
    assert assistant.running == 0


def test_schemas_are_known() -> None:
    assistant = FakeRunnable()
    assert "question" in str(assistant.get_output_jsonschema())
    assert assistant.get_name() == "FakeRunnable"
