"""The page mounted on the server, before visitors who forge what it sends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_browser import run_server
from web_client import KEY, PASSWORD, Visitor, mounted, record, write_users
from web_fake import FakeAssistant

from assistant.privacy import private_collection
from assistant.schema import Answer
from assistant.web.auth import load_users
from assistant.web.desk import Desk
from assistant.web.guard import TRIES
from assistant.web.history import History
from assistant.web.turns import LIVE, LiveTurn

pytest.importorskip("gradio")
SECRET = "Zirconium ledger: 7,741 crates."
QUESTION = "How much did Tencent spend on AI capital expenditure?"


class House:
    """A server, the folder it must not show, and its visitors."""

    def __init__(self, address: str, desk: Desk, engine: FakeAssistant, outside: Path) -> None:
        self.address, self.desk, self.engine, self.outside = address, desk, engine, outside
        self.transfers = desk.transfers.folder

    def visitor(self, user: str = "") -> Visitor:
        return Visitor(self.address, user)

    def leaked(self) -> list[Path]:
        """Files within reach of the page that hold the secret."""
        return [
            file
            for root in (self.transfers, self.engine.settings.home / "uploads")
            for file in root.rglob("*")
            if file.is_file() and not file.is_symlink() and SECRET.encode() in file.read_bytes()
        ]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., House]]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("transfers")))

        def make(*users: str, api_key: str | None = None) -> House:
            folder = tmp_path_factory.mktemp("house")
            engine = FakeAssistant(folder / "home")
            if users:
                file = write_users(folder / "users.txt", *users)
                engine.settings = engine.settings.model_copy(update={"auth": file})
            outside = folder / "outside"
            outside.mkdir()
            for name in ("ledger.md", ".env", "users.txt", "web.sqlite3"):
                (outside / name).write_text(SECRET)
            address, desk = stack.enter_context(mounted(engine, api_key=api_key))
            return House(address, desk, engine, outside)

        yield make


@pytest.fixture(scope="module")
def open_house(build: Callable[..., House]) -> House:
    return build()


@pytest.fixture(scope="module")
def house(build: Callable[..., House]) -> House:
    return build("alice", "bob", api_key=KEY)


def forged_paths(house: House, visitor: Visitor) -> list[object]:
    """Paths that lead to files which nobody has uploaded, in every way that a path can."""
    own = Path(visitor.upload("mine.md", "# Mine\n\nNothing.\n"))
    link = house.transfers / "link.md"
    if not link.is_symlink():
        link.symlink_to(house.outside / "ledger.md")
    up = os.path.relpath(house.outside / "ledger.md", own.parent)
    return [
        *(str(house.outside / name) for name in ("ledger.md", ".env", "users.txt", "web.sqlite3")),
        str(house.engine.settings.home / "web.sqlite3"),
        f"{own.parent}/{up}",
        f"{own}/../{up}",
        str(link),
        str(house.transfers),
        "/proc/self/environ",
        "/dev/zero",
        "file:///etc/passwd",
        "http://127.0.0.1:9/ledger.md",
        "https://example.org/ledger.md",
        f"{own}\0.md",
        "",
    ]


@pytest.mark.parametrize("users", [False, True])
def test_no_event_takes_a_file_that_was_not_uploaded(users: bool, house: House, open_house: House) -> None:
    place = house if users else open_house
    visitor = place.visitor("alice" if users else "")
    paths = forged_paths(place, visitor)
    sent = 0
    for event in visitor.events():
        whole = visitor.data(event)
        for number, path in enumerate(paths):
            forged: list[dict[str, Any]] = [
                {"event_data": record(path)},
                {"event_data": {"a": [{"b": record(path)}]}},
            ]
            if whole:
                slot = number % len(whole)
                forged += [
                    {"data": [*whole[:slot], value, *whole[slot + 1 :]]}
                    for value in (record(path), [record(path)], {"path": path})
                ]
            for body in forged:
                reply = visitor.join(event, **body)
                assert reply.status_code == 403, (event["targets"], body, reply.text)
                sent += 1
    assert sent >= 40 * 16
    assert not place.leaked()


@pytest.mark.parametrize("users", [False, True])
def test_an_upload_is_read_once_and_then_gone(users: bool, house: House, open_house: House) -> None:
    place = house if users else open_house
    visitor = place.visitor("alice" if users else "")
    path = visitor.upload("quota.md", "# Quota\n\nThe Baiyun quota is 5,200 tonnes.\n")
    assert Path(path).is_relative_to(place.transfers)
    event = visitor.find("upload", "upload")
    assert visitor.join(event, data=[[record(path)], "private"]).status_code == 200
    told = json.dumps(visitor.results())
    assert "quota.md" in told
    collection = private_collection("alice" if users else "")
    assert (collection, "quota.md") in place.engine._documents
    assert not Path(path).exists()
    assert visitor.join(event, data=[[record(path)], "private"]).status_code == 403


def test_an_upload_is_nobody_elses(house: House) -> None:
    alice, bob = house.visitor("alice"), house.visitor("bob")
    path = alice.upload("memo.md", f"# Memo\n\n{SECRET} Twice.\n")
    assert bob.join(bob.find("upload", "upload"), data=[[record(path)], "private"]).status_code == 403
    for visitor in (alice, bob):
        # Nor is it given back: the page never shows what it has not read.
        assert visitor.http.get(f"/gradio_api/file={path}").status_code == 404
    assert alice.join(alice.find("upload", "upload"), data=[[record(path)], "private"]).status_code == 200
    alice.results()
    assert not Path(path).exists()


@pytest.mark.parametrize("users", [False, True])
def test_no_address_gives_a_file_of_the_server(users: bool, house: House, open_house: House) -> None:
    place = house if users else open_house
    visitor = place.visitor("alice" if users else "")
    for path in forged_paths(place, visitor):
        for prefix in ("file=", "file/", "proxy=", "stream/", "deep_link?session_hash="):
            try:
                reply = visitor.http.get(f"/gradio_api/{prefix}{path}")
            except httpx.InvalidURL:
                continue
            assert reply.status_code in (404, 401), (prefix, path, reply.text)
            assert SECRET not in reply.text


CLOSED = [
    ("POST", "/gradio_api/run/predict"),
    ("POST", "/gradio_api/api/predict"),
    ("POST", "/gradio_api/call/predict"),
    ("POST", "/gradio_api/call/v2/predict"),
    ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/vibe-edit"),
    ("POST", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/stream/1"),
    ("GET", "/gradio_api/deep_link?session_hash=a"),
    ("GET", "/gradio_api/token"),
    ("GET", "/gradio_api/dev/reload"),
    ("GET", "/gradio_api/run-history/buckets"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/custom_component/a/b/c/d.js"),
    ("GET", "/gradio_api/openapi.json"),
    ("GET", "/monitoring/summary"),
    ("GET", "/monitoring"),
    ("GET", "/docs"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_does_not_use_is_closed(method: str, path: str, open_house: House) -> None:
    assert open_house.visitor().http.request(method, path).status_code == 404


BEFORE_SIGN_IN = [
    ("GET", "/config"),
    ("GET", "/gradio_api/info"),
    ("GET", "/gradio_api/queue/data?session_hash=a"),
    ("GET", "/gradio_api/heartbeat/a"),
    ("GET", "/gradio_api/upload_progress?upload_id=a"),
    ("GET", "/gradio_api/file=a"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/upload"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/gradio_api/reset"),
]


@pytest.mark.parametrize(("method", "path"), BEFORE_SIGN_IN)
def test_nothing_is_done_for_who_has_not_signed_in(method: str, path: str, house: House) -> None:
    with httpx.Client(base_url=house.address) as http:
        assert http.get("/").status_code == 200
        assert http.request(method, path).status_code == 401
        http.cookies.set("access-token-unsecure-x", "guess")
        assert http.request(method, path).status_code == 401


def answer_of(house: House, question: str) -> Answer:
    """What the engine answers."""

    async def last() -> Answer:
        events = [event async for event in house.engine.astream(question)]
        return events[-1].answer  # type: ignore[union-attr]

    return asyncio.run(last())


FOREIGN = [
    ("conversations", "open_conversation", lambda c, t: {"id": c}),
    ("conversations", "rename", lambda c, t: {"id": c, "title": "Bob was here"}),
    ("conversations", "remove", lambda c, t: {"id": c}),
    ("thread", "redo", lambda c, t: {"turn": t}),
    ("thread", "revise", lambda c, t: {"turn": t, "question": ""}),
    ("thread", "undo_turn", lambda c, t: {"turn": t}),
    ("thread", "rate", lambda c, t: {"turn": t, "rating": "down", "comment": "Bob was here"}),
    ("thread", "export", lambda c, t: {"turn": t, "scope": "answer", "kind": "md"}),
    ("thread", "cite", lambda c, t: {"turn": t, "number": 1}),
    ("thread", "read", lambda c, t: {"turn": t, "number": 1, "file": "secret.md", "collection": private_collection("alice")}),
    ("evidence", "read", lambda c, t: {"file": "secret.md", "collection": private_collection("alice")}),
    ("uploads", "read", lambda c, t: {"file": "secret.md", "collection": private_collection("alice")}),
    ("uploads", "forget", lambda c, t: {"file": "secret.md", "collection": private_collection("alice")}),
    ("uploads", "forget", lambda c, t: {"file": "secret.md", "collection": "corpus"}),
    ("settings", "choose", lambda c, t: {"name": "model", "value": "openai:gpt-5"}),
    ("settings", "choose", lambda c, t: {"name": "home", "value": "/tmp"}),
    ("settings", "export_feedback", lambda c, t: {}),
]  # fmt: skip


def test_another_users_ids_open_nothing(house: House) -> None:
    alice, bob = house.visitor("alice"), house.visitor("bob")
    path = alice.upload("secret.md", f"# Secret\n\n{SECRET}\n")
    alice.join(alice.find("upload", "upload"), data=[[record(path)], "private"])
    alice.results()
    desk = house.desk
    conversation = desk.history.create("alice", "Zirconium talk")
    answer = answer_of(house, QUESTION)
    turn = desk.history.append("alice", conversation, "Zirconium talk", answer)
    before = desk.history.turns("alice", conversation)
    for component, event, make in FOREIGN:
        told = bob.send(component, event, make(conversation, turn.id))
        assert SECRET not in told and "Zirconium" not in told, (component, event)
    # A follow-up of Bob's goes to a conversation of his own.
    assert desk.history.turns("alice", conversation) == before
    assert desk.history.title("alice", conversation) == "Zirconium talk"
    assert (private_collection("alice"), "secret.md") in house.engine._documents
    assert desk.history.preference("bob", "model") == ""


def test_another_users_answer_on_its_way_is_neither_seen_nor_stopped(house: House) -> None:
    bob, desk = house.visitor("bob"), house.desk
    conversation = desk.history.create("alice", "Zirconium talk")
    answer = answer_of(house, QUESTION)
    running = LiveTurn("Zirconium on its way?")
    running.citations.extend(answer.citations)
    desk._live["alice", conversation] = running
    quotes = [c.quote[:40] for c in answer.citations]
    try:
        told = bob.send("conversations", "open_conversation", {"id": conversation})
        told += bob.send("thread", "cite", {"turn": LIVE, "number": 1})
        told += bob.send("thread", "undo_turn", {"turn": LIVE})
        told += bob.send("stop", "click")
        assert "Zirconium" not in told and not any(quote in told for quote in quotes)
        assert desk._live["alice", conversation] is running
        assert not desk.busy("bob", conversation)
    finally:
        desk._live.clear()


def test_a_session_is_whose_it_was_first(house: House) -> None:
    alice, bob = house.visitor("alice"), house.visitor("bob")
    assert alice.join(alice.find("settings", "choose"), event_data={}).status_code == 200
    forged = {"session_hash": alice.session}
    assert bob.join(bob.find("settings", "choose"), **forged).status_code == 403
    for reply in (
        bob.http.get("/gradio_api/queue/data", params=forged),
        bob.http.get(f"/gradio_api/heartbeat/{alice.session}"),
        bob.http.post("/gradio_api/cancel", json={**forged, "fn_index": 1, "event_id": "a"}),
    ):
        assert reply.status_code == 403
    assert alice.results()


def test_the_scope_of_a_question_stays_with_the_users_own_documents(house: House) -> None:
    bob = house.visitor("bob")
    event = bob.find("timeline-source", "input")
    foreign = private_collection("alice")
    data = [
        [foreign] if bob.components[i]["props"].get("elem_id") == "scope-collections" else value
        for i, value in zip(event["inputs"], bob.data(event), strict=True)
    ]
    assert bob.join(event, data=data).status_code == 200
    assert SECRET not in json.dumps(bob.results())


def test_an_export_is_fetched_by_its_owner_alone(house: House) -> None:
    alice, bob, desk = house.visitor("alice"), house.visitor("bob"), house.desk
    folder = desk.transfers.export_folder("alice")
    (folder / "talk.md").write_text("# Talk\n")
    for path in (folder / "talk.md", Path(f"{folder}/../{folder.name}/talk.md")):
        assert alice.http.get(f"/gradio_api/file={path}").text == "# Talk\n"
        assert bob.http.get(f"/gradio_api/file={path}").status_code == 404


ODD = [b"", b"[]", b"null", b'"a"', b"{", b"\xff\xfe", b'{"data": {}}', b'{"data": 1}', b"[" * 100_000]
ODD += [b'{"data": [], "batched": true}', b'{"data": [], "oauth_token": "a"}']


@pytest.mark.parametrize("number", range(len(ODD)))
def test_what_is_no_event_is_refused(number: int, open_house: House) -> None:
    http = open_house.visitor().http
    headers = {"content-type": "application/json"}
    assert http.post("/gradio_api/queue/join", content=ODD[number], headers=headers).status_code == 400


def test_an_event_as_long_as_a_book_is_refused(open_house: House) -> None:
    http = open_house.visitor().http
    assert http.post("/gradio_api/queue/join", content=b" " * 1_000_001).status_code == 413


ANYTHING: list[Any] = [None, 7, "\ud800\0", "x" * 9000, [1], [[]], {"a": 1}, -(10**30), 1e308, True]


def test_values_of_any_kind_break_no_handler(open_house: House, capfd: pytest.CaptureFixture[str]) -> None:
    visitor = open_house.visitor()
    for component, name, make in FOREIGN:
        for value in ANYTHING:
            for data in (dict.fromkeys(make("", ""), value), value):
                assert visitor.join(visitor.find(component, name), event_data=data).status_code == 200
                done = next(m for m in visitor.results() if m["msg"] == "process_completed")
                assert done["success"], (component, name, data, done)
    for event in visitor.events():
        for value in ANYTHING:
            joined = visitor.join(event, data=[value] * len(event["inputs"]))
            assert joined.status_code == 200 and visitor.results()
    # Gradio refuses a choice that is none; nothing of ours fails.
    assert "/assistant/web/" not in capfd.readouterr().err


def test_a_foreign_name_or_page_is_refused(open_house: House) -> None:
    http = open_house.visitor().http
    assert http.get("/", headers={"host": "evil.example"}).status_code == 403
    event = {"data": [], "fn_index": 0, "session_hash": "a"}
    for site in ("cross-site", "same-site"):
        reply = http.post("/gradio_api/queue/join", json=event, headers={"sec-fetch-site": site})
        assert reply.status_code == 403


def test_guessing_a_password_is_slowed_down_and_logged(
    build: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    house = build("carol")
    visitor = house.visitor("carol")
    caplog.set_level(logging.WARNING)
    answers = [visitor.sign_in("carol", f"guess {n}").status_code for n in range(TRIES + 1)]
    assert answers[:TRIES] == [400] * TRIES and answers[-1] == 429
    refused = visitor.sign_in("carol", PASSWORD)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    told = caplog.text
    assert told.count("A sign-in from 127.0.0.1 failed") == TRIES and "Too many failed sign-ins" in told
    assert PASSWORD not in told and "guess" not in told


def test_signing_in_takes_no_tries_from_who_knows_the_password(build: Callable[..., House]) -> None:
    visitor = build("dave").visitor()
    for _ in range(3):
        for n in range(TRIES - 1):
            assert visitor.sign_in("dave", f"guess {n}").status_code == 400
        assert visitor.sign_in("dave").status_code == 200


def test_the_launched_page_is_guarded_as_the_mounted_one(tmp_path: Path) -> None:
    engine = FakeAssistant(tmp_path / "home")
    server = run_server(engine, allowed_hosts=("desk.example",))
    try:
        with httpx.Client(base_url=server.url) as http:
            for host, status in (
                ("evil.example", 403),
                ("evil.example:80", 403),
                ("localhost", 200),
                ("127.0.0.1:7860", 200),
                ("[::1]:7860", 200),
                ("192.168.7.7", 200),
                ("desk.example", 200),
                ("DESK.example:443", 200),
            ):
                assert http.get("/", headers={"host": host}).status_code == status, host
        visitor = Visitor(server.url)
        event = visitor.find("upload", "upload")
        (tmp_path / "ledger.md").write_text(SECRET)
        for path in (tmp_path / "ledger.md", engine.settings.home / "web.sqlite3"):
            assert visitor.join(event, data=[[record(str(path))], "shared"]).status_code == 403
            assert visitor.http.get(f"/gradio_api/file={path}").status_code == 404
    finally:
        server.close()


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such rights")
def test_history_and_users_are_for_the_account_of_the_server_alone(tmp_path: Path) -> None:
    def mode(file: Path) -> int:
        return stat.S_IMODE(file.stat().st_mode)

    before = os.umask(0)
    try:
        users = write_users(tmp_path / "users.txt", "alice")
        history = History(tmp_path / "home/web.sqlite3")
        history.create("alice", "Talk")
        files = list((tmp_path / "home").iterdir())
        assert len(files) > 1 and {mode(file) for file in (users, *files)} == {0o600}
        for file in (users, *files):
            file.chmod(0o666)
        history.close()
        History(tmp_path / "home/web.sqlite3").close()
        assert load_users(users) is not None
        assert {mode(file) for file in (users, *(tmp_path / "home").iterdir())} == {0o600}
    finally:
        os.umask(before)
