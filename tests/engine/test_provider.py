"""A provider over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import ModelError
from assistant.schema import AnswerEvent
from tests.doubles import WordEmbeddings
from tests.openai_server import ScriptedServer

from .briefs import STOP_ORDER, TRUE, UNKNOWN, checked, settings

pytestmark = pytest.mark.usefixtures("steady")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda p: "NOT STATED", None).running() as running:
        yield running


def served(home: Path, corpus: Path, server: ScriptedServer) -> Assistant:
    server.requests.clear()
    server.status = 200
    return Assistant(
        settings=settings(home, corpus, base_url=server.url), embedding=WordEmbeddings(), model="openai:m"
    )


def test_the_same_stages_hold_over_http(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.reply = lambda p: f"{TRUE} [1] Nvidia paid 77 billion euros to Chile. [1]"
    server.margin = lambda p: 4.0
    with served(home, corpus, server) as assistant:
        events = list(assistant.stream(STOP_ORDER))
        assert isinstance(events[-1], AnswerEvent)
        answer = checked(events[-1].answer, assistant)
        assert answer.text == f"{TRUE} [1]" and len(answer.removed) == 1
        assert answer.model == assistant.model_name == "openai:m" and answer.usage.input_tokens == 30
        assert [("stream" in r and r["stream"], r.get("logprobs")) for r in server.requests] == [
            (False, True),
            (True, None),
        ]
        assert '<passage number="1">' in server.requests[1]["messages"][-1]["content"]
        server.margin = lambda p: -4.0
        assert assistant.ask(STOP_ORDER).status == "not_in_corpus"


def test_a_server_without_probabilities(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.reply = lambda p: TRUE
    server.margin = None
    with served(home, corpus, server) as assistant:
        assert checked(assistant.ask(STOP_ORDER), assistant).text == f"{TRUE} [1]"
        assert assistant.ask(UNKNOWN).status == "not_in_corpus"


def test_a_chinese_question_is_answered_in_chinese(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.margin = lambda p: 4.0
    server.reply = lambda p: TRUE
    with served(home, corpus, server) as assistant:
        answer = assistant.ask("哪些公司收到了停止测试并取消RTX Pro 6000D订单的指示？")
        assert checked(answer, assistant).language == "zh"
        assert "in Simplified Chinese" in server.requests[-1]["messages"][-1]["content"]


def test_a_refused_key_is_named(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.margin = None
    with served(home, corpus, server) as assistant:
        server.status = 401
        with pytest.raises(ModelError, match="ASSISTANT_API_KEY"):
            assistant.ask(STOP_ORDER)
