from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel

from assistant.errors import ModelError
from assistant.models import local
from assistant.models.local import LocalChatModel

USAGE = {"prompt_tokens": 7, "completion_tokens": 3}
ASK = [SystemMessage("Be brief."), HumanMessage("Who?")]


class FakeEngine:
    """The engine's one call, answering what it is told to; streams word by word."""

    def __init__(self, text: str = "It is so.", error: dict[str, Any] | None = None) -> None:
        self.text, self.error = text, error
        self.requests: list[dict[str, Any]] = []
        self.abandoned = threading.Event()
        self.crash: Exception | None = None
        self.endless = False

    def handle_chat_completions(
        self, request: dict[str, Any], callback: Callable[[Any], bool] | None = None
    ) -> dict[str, Any] | None:
        self.requests.append(request)
        if self.crash is not None:
            raise self.crash
        reply = {
            "choices": [{"message": {"content": self.text}, "finish_reason": "stop", "logprobs": None}],
            "usage": USAGE,
        }
        if self.error is not None:
            reply = {"error": self.error}
        if callback is None:
            return reply
        if self.error is not None:
            callback(json.dumps(reply))
            return None
        for word in self.text.split(" "):
            callback({"choices": [{"delta": {"content": word + " "}, "finish_reason": None}]})
        while self.endless:
            if callback([{"choices": [{"delta": {"content": "x"}}]}]):
                self.abandoned.set()
                return None
        callback(
            [
                json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
                {"choices": [], "usage": USAGE},
            ]
        )
        return None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(local, "_engine", lambda *_: fake)
    return fake


@pytest.fixture
def model(tmp_path: Path) -> LocalChatModel:
    return LocalChatModel(weights=tmp_path / "x.gguf", threads=1)


def test_answers_with_usage(engine: FakeEngine, model: LocalChatModel) -> None:
    reply = model.invoke(ASK, stop=["\n"], max_tokens=9, unknown=1)
    assert reply.text == "It is so." and reply.usage_metadata == {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
    }
    assert reply.response_metadata["finish_reason"] == "stop"
    (request,) = engine.requests
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who?"},
    ]
    assert request["stop"] == ["\n"] and request["max_tokens"] == 9 and request["temperature"] == 0.0
    assert "unknown" not in request


def test_streams_word_by_word(engine: FakeEngine, model: LocalChatModel) -> None:
    chunks = list(model.stream(ASK))
    assert [c.text for c in chunks if c.text] == ["It ", "is ", "so. "]
    whole = chunks[0]
    for piece in chunks[1:]:
        whole += piece
    assert whole.usage_metadata == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    assert whole.response_metadata["finish_reason"] == "stop"
    assert engine.requests[0]["stream"] is True


async def test_answers_without_blocking(engine: FakeEngine, model: LocalChatModel) -> None:
    assert (await model.ainvoke(ASK)).text == "It is so."
    assert "".join([c.text async for c in model.astream(ASK)]).strip() == "It is so."


def test_an_abandoned_stream_stops_the_engine(engine: FakeEngine, model: LocalChatModel) -> None:
    engine.endless = True
    stream = model.stream(ASK)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert engine.abandoned.wait(20)


def test_log_probabilities_are_asked_for(engine: FakeEngine, model: LocalChatModel) -> None:
    model.invoke(ASK, logprobs=True, top_logprobs=10)
    assert engine.requests[0]["logprobs"] is True and engine.requests[0]["top_logprobs"] == 10


TOO_LONG = {
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 9000,
    "n_ctx": 4096,
    "message": "too long",
}


def test_a_prompt_that_is_too_long(engine: FakeEngine, model: LocalChatModel) -> None:
    engine.error = TOO_LONG
    for call in (lambda: model.invoke(ASK), lambda: list(model.stream(ASK))):
        with pytest.raises(ModelError, match=r"9000 tokens and can read 4096.*ASSISTANT_EVIDENCE_WORDS"):
            call()


@pytest.mark.parametrize("error", [{"message": "bad grammar"}, "bad grammar"])
def test_other_failures_of_the_engine(engine: FakeEngine, model: LocalChatModel, error: Any) -> None:
    engine.error = error
    with pytest.raises(ModelError, match="bad grammar"):
        model.invoke(ASK)


def test_a_crash_within_a_stream(engine: FakeEngine, model: LocalChatModel) -> None:
    engine.crash = RuntimeError("lost")
    with pytest.raises(ModelError, match="stopped: lost"):
        list(model.stream(ASK))


class Person(BaseModel):
    name: str
    age: int


def test_structured_output(engine: FakeEngine, model: LocalChatModel) -> None:
    engine.text = '{"name":"Ren","age":80}'
    assert model.with_structured_output(Person).invoke(ASK) == Person(name="Ren", age=80)
    asked = engine.requests[0]["response_format"]
    schema = asked["json_schema"]["schema"]
    assert asked["type"] == "json_schema" and schema["required"] == ["name", "age"]
    assert {name: field["type"] for name, field in schema["properties"].items()} == {
        "name": "string",
        "age": "integer",
    }
    assert model.with_structured_output(Person.model_json_schema()).invoke(ASK) == {"name": "Ren", "age": 80}


def test_structured_output_that_does_not_fit(engine: FakeEngine, model: LocalChatModel) -> None:
    engine.text = '{"name":"Ren"}'
    both = model.with_structured_output(Person, include_raw=True).invoke(ASK)
    assert isinstance(both, dict) and both["raw"].text == engine.text
    assert both["parsed"] is None and isinstance(both["parsing_error"], Exception)
    engine.text = '{"name":"Ren","age":80}'
    both = model.with_structured_output(Person, include_raw=True).invoke(ASK)
    assert (
        isinstance(both, dict)
        and both["parsed"] == Person(name="Ren", age=80)
        and both["parsing_error"] is None
    )


def test_a_schema_of_another_form(model: LocalChatModel) -> None:
    with pytest.raises(TypeError, match="schema"):
        model.with_structured_output(int)


def test_weights_that_cannot_be_loaded(model: LocalChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    xllamacpp = pytest.importorskip("xllamacpp")

    def fail(_: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(xllamacpp, "Server", fail)
    with pytest.raises(ModelError, match=r"x\.gguf.*no memory.*2 GB"):
        model.load()
