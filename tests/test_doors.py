"""Two users of the page and a key of the server: who sees whose documents, at every door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant, Filters
from assistant.batch import run_batch
from assistant.errors import AssistantError
from assistant.privacy import OWN, private_collection
from assistant.schema import StepEvent
from assistant.serve.app import create_app
from assistant.serve.mcp_server import create_mcp_server
from assistant.web.auth import set_user
from assistant.web.desk import Desk
from assistant.web.history import History
from assistant.web.scope import make_filters
from assistant.web.transfers import Transfers
from assistant.web.uploads import add_files, collection_of
from tests.doubles import WordEmbeddings

pytestmark = pytest.mark.usefixtures("steady", "bare_environment")

KEY = "the key of the server"
QUESTION = "How many zirconium crates did Baiyun ship in 2026?"
TEXTS = {
    "alice": "# Alice\n\nBaiyun did ship 7,741 zirconium crates in 2026.\n",
    "bob": "# Bob\n\nBaiyun did ship 5,119 zirconium crates in 2026.\n",
    "shared": "# Shared\n\nBaiyun did ship 2,086 zirconium crates in 2026.\n",
    "user": "# Own\n\nBaiyun did ship 3,337 zirconium crates in 2026.\n",
}
ALICE, BOB = private_collection("alice"), private_collection("bob")


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "public.md").write_text("# Public\n\nZirconium crates leave from Baiyun.\n")
    users = tmp_path / "users.txt"
    for name in ("alice", "bob"):
        set_user(users, name, "a long password")
    opened = Assistant(model="extractive", home=tmp_path / "home", corpus=corpus, embedding=WordEmbeddings())
    opened.settings = opened.settings.model_copy(update={"auth": users})
    for who, text in TEXTS.items():
        file = tmp_path / f"{who}.md"
        file.write_text(text)
        if who == "user":
            opened.add_documents([file])
        else:
            collection = collection_of(who, "shared" if who == "shared" else "private")
            (line,) = add_files(
                opened, opened.settings.home / "uploads", "en", collection, [(file, file.name)]
            )
            assert line.ok, line.message
    yield opened
    opened.close()


def told_of(text: str) -> set[str]:
    """Whose documents a reply gives away: by figure, file name, or collection."""
    figures = {"7,741": "alice", "5,119": "bob", "2,086": "shared", "3,337": "user"}
    found = {who for figure, who in figures.items() if figure in text}
    found |= {who for who in ("alice", "bob") if f"{who}.md" in text or private_collection(who) in text}
    return found


def http_replies(assistant: Assistant, filters: dict[str, Any] | None) -> list[str]:
    with httpx.Client(
        transport=_transport(assistant),
        base_url="http://localhost",
        headers={"authorization": f"Bearer {KEY}"},
    ) as http:
        body = {"messages": [{"role": "user", "content": QUESTION}], "filters": filters}
        return [
            http.post("/v1/chat/completions", json=body).text,
            http.post("/v1/chat/completions", json={**body, "stream": True}).text,
            http.post("/v1/search", json={"query": QUESTION, "k": 50, "filters": filters}).text,
            http.get("/v1/documents").text,
            http.get(f"/v1/documents/{ALICE}/alice.md").text.replace(ALICE, "").replace("alice.md", ""),
        ]


def _transport(assistant: Assistant) -> httpx.BaseTransport:
    from starlette.testclient import TestClient

    client = TestClient(create_app(assistant, api_key=KEY), base_url="http://localhost")

    def answer(request: httpx.Request) -> httpx.Response:
        reply = client.request(
            request.method, str(request.url), headers=dict(request.headers), content=request.content
        )
        return httpx.Response(reply.status_code, content=reply.content)

    return httpx.MockTransport(answer)


def mcp_replies(assistant: Assistant) -> list[str]:
    from mcp import Client

    async def all_of_them() -> list[str]:
        async with Client(create_mcp_server(assistant)) as client:
            calls: list[tuple[str, dict[str, Any]]] = [
                ("ask", {"question": QUESTION}),
                ("search", {"query": QUESTION, "k": 50}),
                ("get_document", {"path": "alice.md", "collection": ALICE}),
                ("get_document", {"path": "bob.md", "collection": BOB}),
            ]
            replies = [str(await client.call_tool(name, given)) for name, given in calls]
        return [
            r.replace(ALICE, "").replace(BOB, "").replace("alice.md", "").replace("bob.md", "")
            for r in replies
        ]

    return asyncio.run(all_of_them())


def batch_replies(assistant: Assistant, folder: Path) -> list[str]:
    questions, out = folder / "questions.txt", folder / "answers.jsonl"
    questions.write_text(QUESTION + "\n")
    run_batch(assistant, questions, [out])
    return [out.read_text("utf-8")]


def python_replies(assistant: Assistant) -> list[str]:
    return [
        assistant.ask(QUESTION).model_dump_json(),
        json.dumps([hit.model_dump(mode="json") for hit in assistant.search(QUESTION, k=50)]),
        json.dumps([d.model_dump(mode="json") for d in assistant.documents()]),
        json.dumps([d.model_dump(mode="json") for d in assistant.documents(Filters(languages=("en",)))]),
    ]


DOORS: dict[str, Callable[[Assistant, Path], list[str]]] = {
    "http": lambda a, _: http_replies(a, None),
    "http, filtered": lambda a, _: http_replies(a, {"languages": ["en"]}),
    "mcp": lambda a, _: mcp_replies(a),
    "batch": batch_replies,
    "python": lambda a, _: python_replies(a),
}


@pytest.mark.parametrize("door", DOORS)
def test_private_documents_stay_inside(door: str, assistant: Assistant, tmp_path: Path) -> None:
    replies = DOORS[door](assistant, tmp_path)
    assert [told_of(reply) & {"alice", "bob"} for reply in replies] == [set()] * len(replies)
    # What was added for everybody is there.
    assert {"shared", "user"} <= set().union(*map(told_of, replies))


@pytest.mark.parametrize("verb", ["ask", "search", "documents"])
def test_the_command_line_shows_none(
    verb: str,
    assistant: Assistant,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from assistant.cli import main, options

    monkeypatch.setattr(assistant, "close", lambda: None)
    monkeypatch.setattr(options, "make_assistant", lambda settings: assistant)
    with pytest.raises(SystemExit) as ended:
        main([verb, *([] if verb == "documents" else [QUESTION]), "--json"])
    told = capsys.readouterr().out
    assert not ended.value.code and "shared.md" in told
    assert not told_of(told) & {"alice", "bob"}


@pytest.mark.parametrize("named", [[ALICE], [BOB], [ALICE, "corpus"]])
def test_the_key_of_the_server_does_not_open_them_by_name(named: list[str], assistant: Assistant) -> None:
    for reply in http_replies(assistant, {"collections": named})[:3]:
        assert "There is no collection" in reply and not told_of(reply.replace(named[0], ""))


def test_who_owns_the_machine_may_name_them(assistant: Assistant) -> None:
    for owner, collection in (("alice", ALICE), ("bob", BOB)):
        filters = Filters(collections=(collection,))
        found = assistant.ask(QUESTION, filters=filters).model_dump_json()
        assert told_of(found) == {owner}
        assert [d.path for d in assistant.documents(filters)] == [f"{owner}.md"]


@pytest.mark.parametrize(("owner", "other"), [("alice", "bob"), ("bob", "alice")])
def test_a_user_of_the_page_sees_what_is_theirs(owner: str, other: str, assistant: Assistant) -> None:
    home = assistant.settings.home
    desk = Desk(assistant, History(home / "web.sqlite3"), home / "uploads", Transfers(home / "transfers"))
    desk.prepare()
    assert {d.path for d in desk.documents(owner)} == {f"{owner}.md", "shared.md", "public.md"}
    stolen = make_filters(owner, collections=(private_collection(other),))
    for filters in (make_filters(owner), stolen):
        told = told_of(assistant.ask(QUESTION, filters=filters).model_dump_json())
        assert other not in told and owner in told
    with pytest.raises(AssistantError, match="There is no document"):
        desk.read(owner, "en", f"{other}.md", private_collection(other))
    desk.history.close()


@pytest.mark.parametrize(("collection", "known"), [(OWN, True), (ALICE, False)])
def test_names_in_a_private_document_do_not_reach_the_answers_of_others(
    collection: str, known: bool, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "public.md").write_text("# Public\n\nZorbium Works ships 4,200 quartz chips.\n")
    memo = tmp_path / "memo.md"
    memo.write_text("# Memo\n\nZorbium Works (佐尔比厂) ships quartz.\n")
    with Assistant(
        model="extractive", home=tmp_path / "home", corpus=corpus, embedding=WordEmbeddings()
    ) as assistant:
        assistant.add_documents([memo], collection=collection)
        question = "佐尔比厂生产多少石英芯片？"
        events = list(assistant.stream(question, filters=Filters(collections=("corpus",))))
    assert any("Zorbium" in str(e) for e in events if isinstance(e, StepEvent)) is known
