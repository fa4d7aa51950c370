"""Filters that do not fit are refused in one line, at every door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assistant import Assistant, Filters
from assistant.batch import BatchOptions, run_batch
from assistant.errors import QuestionError
from assistant.privacy import private_collection
from assistant.serve.app import create_app
from assistant.serve.mcp_server import create_mcp_server
from assistant.web.scope import make_filters
from tests.doubles import WordEmbeddings

pytestmark = pytest.mark.usefixtures("steady", "bare_environment")


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    for topic in ("chips", "policy"):
        (tmp_path / "corpus" / topic).mkdir(parents=True)
        (tmp_path / "corpus" / topic / "a.md").write_text(
            f"---\ntitle: On {topic}\ndate: 2026-05-01\ntopic: {topic}\n---\n\nZorbium ships quartz {topic}.\n"
        )
    (tmp_path / "secret.md").write_text("---\ntitle: S\ndate: 2026-05-01\ntopic: zirconium\n---\n\nText.\n")
    with Assistant(
        model="extractive", home=tmp_path / "home", corpus=tmp_path / "corpus", embedding=WordEmbeddings()
    ) as opened:
        opened.add_documents(tmp_path / "secret.md", collection=private_collection("alice"))
        yield opened


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"since": "soon"}, "'since' does not fit"),
    ({"topics": [1]}, "'topics.0' does not fit"),
    ({"topics": 5}, "'topics' does not fit"),
    ({"topic": ["chips"]}, "There is no filter 'topic'. There are: topics, entities"),
    ({"since": "2026-05-01", "until": "2025-01-01"}, "is after 'until'"),
]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_a_filter_that_does_not_fit_is_told_in_one_line(given: dict[str, Any], told: str) -> None:
    for make in (lambda: Filters(**given), lambda: Filters.model_validate(given)):
        with pytest.raises(QuestionError) as error:
            make()
        assert told in str(error.value) and "\n" not in str(error.value)


def test_one_name_is_one_name() -> None:
    assert Filters(topics="chips") == Filters(topics=("chips",))  # type: ignore[arg-type]
    assert Filters.model_validate_json(Filters(topics=("chips",)).model_dump_json()).topics == ("chips",)


UNKNOWN = [
    ({"topics": ("ships",)}, "There is no topic 'ships'. There are: chips, policy."),
    ({"languages": ("fr",)}, "There is no language 'fr'. There are: en."),
    ({"collections": ("mine",)}, "There is no collection 'mine'. There are: corpus."),
    # A topic of somebody's private documents alone is none for others.
    ({"topics": ("zirconium",)}, "There is no topic 'zirconium'. There are: chips, policy."),
]


@pytest.mark.parametrize(("given", "told"), UNKNOWN)
def test_a_name_that_nothing_has_is_refused_with_the_list(
    given: dict[str, Any], told: str, assistant: Assistant, tmp_path: Path
) -> None:
    filters = Filters(**given)
    (tmp_path / "questions.txt").write_text("What does Zorbium ship?\n")
    for call in (
        lambda: assistant.ask("What does Zorbium ship?", filters=filters),
        lambda: assistant.search("Zorbium", filters=filters),
        lambda: assistant.documents(filters),
        lambda: run_batch(
            assistant, tmp_path / "questions.txt", tmp_path / "out.jsonl", BatchOptions(filters=filters)
        ),
    ):
        with pytest.raises(QuestionError) as error:
            call()
        assert str(error.value) == told


@pytest.mark.parametrize(("given", "told"), [*WRONG, *UNKNOWN])
def test_http_says_the_same(given: dict[str, Any], told: str, assistant: Assistant) -> None:
    http = TestClient(create_app(assistant), base_url="http://localhost")
    for path, body in (
        ("/v1/search", {"query": "Zorbium"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "What?"}]}),
    ):
        reply = http.post(path, json={**body, "filters": given})
        assert reply.status_code == 400 and reply.json()["error"]["type"] == "invalid_request_error"
        # A field that does not fit is named with its place in the request.
        name = told.partition("'")[2].partition("'")[0]
        assert name in reply.json()["error"]["message"]


def test_mcp_says_the_same(assistant: Assistant) -> None:
    from mcp import Client

    async def call(**given: Any) -> str:
        async with Client(create_mcp_server(assistant)) as client:
            return str(await client.call_tool("search", {"query": "Zorbium", **given}))

    assert "There is no topic 'ships'. There are: chips, policy." in asyncio.run(call(topics=["ships"]))
    assert "There is no language 'fr'" in asyncio.run(call(languages=["fr"]))
    assert "is after 'until'" in asyncio.run(call(since="2026-05-01", until="2025-01-01"))


def test_the_command_line_says_the_same(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from assistant.cli import main, options

    monkeypatch.setattr(assistant, "close", lambda: None)
    monkeypatch.setattr(options, "make_assistant", lambda settings: assistant)
    for given in (["--topic", "ships"], ["--language", "fr"]):
        for verb in (["ask", "What?"], ["search", "Zorbium"], ["documents"]):
            with pytest.raises(SystemExit) as ended:
                main([*verb, *given])
            told = capsys.readouterr().err
            assert ended.value.code == 1 and told.startswith("Error: There is no ") and told.count("\n") == 1


def test_what_may_be_empty_is_no_mistake(assistant: Assistant) -> None:
    assert assistant.documents(Filters(collections=("shared", "sources", "user"))) == []
    assert assistant.documents(Filters(collections=(private_collection("bob"),))) == []
    assert assistant.documents(Filters(languages=("zh",))) == []
    owners = Filters(collections=("corpus", private_collection("alice")), topics=("Zirconium",))
    assert [d.path for d in assistant.documents(owners)] == ["secret.md"]
    turned = make_filters("alice", since="2026-05-02", until="2026-04-01")
    assert len(assistant.documents(turned)) == 3


@pytest.mark.parametrize("k", [0, -1, 101, 1.5, "3", True, None])
def test_a_number_of_passages_that_does_not_fit_is_refused(k: Any, assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="whole number from 1 to 100"):
        assistant.search("Zorbium", k=k)
    if k is not None:
        with pytest.raises(QuestionError, match="whole number from 1 to 100"):
            assistant.ask("What does Zorbium ship?", passages=k)
