from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from assistant.rate_limit import RateLimit
from assistant.schema import Event, Turn
from assistant.serve.app import create_app

from .fakes import TEXT, FakeEngine

CHAT = "/v1/chat/completions"
QUESTION = {"messages": [{"role": "user", "content": "When?"}]}
Serve = Callable[..., Any]


def code_of(reply: httpx.Response) -> tuple[int, str]:
    error = reply.json()["error"]
    assert error["message"] and error["type"]
    return reply.status_code, error["code"]


async def test_search_and_documents(serve: Serve) -> None:
    http = await serve()
    found = (await http.post("/v1/search", json={"query": "Ascend", "k": 1})).json()["data"]
    assert (found[0]["passage"]["text"], found[0]["score"]) == (TEXT, 0.5)
    listed = (await http.get("/v1/documents")).json()["data"]
    assert [d["path"] for d in listed] == ["chips/2026 plans.md"]
    assert (await http.get("/v1/documents/corpus/chips/2026 plans.md")).json()["text"] == TEXT
    assert code_of(await http.get("/v1/documents/corpus/none.md")) == (404, "document_not_found")


async def test_health_is_open_and_all_else_needs_the_key(serve: Serve) -> None:
    http = await serve(api_key="secret")
    assert (await http.get("/health")).json() == {"status": "ok", "ready": True, "model": "fake"}
    for path in ("/v1/models", "/metrics", "/mcp", "/openapi.json", "/v1/documents"):
        assert code_of(await http.get(path)) == (401, "invalid_api_key")
    for header in ("secret", "Basic secret", "Bearer secret2", "Bearer ", "Bearer sécret"):
        reply = await http.get("/v1/models", headers={"authorization": header.encode()})
        assert reply.status_code == 401
    assert (await http.get("/v1/models", headers={"authorization": "bearer secret"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "When?"}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content"),
        ({**QUESTION, "stream": "perhaps"}, "stream"),
        ({**QUESTION, "n": 2}, "n"),
        ({**QUESTION, "response_format": {"type": "json_object"}}, "response_format.type"),
        ({**QUESTION, "tool_choice": "required"}, "tool_choice"),
        ({**QUESTION, "tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        (
            {**QUESTION, "stream": True, "stream_options": {"include_usage": "yes"}},
            "stream_options.include_usage",
        ),
        ({**QUESTION, "model": 7}, "model"),
        ({**QUESTION, "filters": {"since": "soon"}}, "filters.since"),
        ({**QUESTION, "filters": {"until": 0}}, "filters.until"),
        ({**QUESTION, "filters": {"topic": ["chips"]}}, "filters.topic"),
        ({**QUESTION, "passages": 0}, "passages"),
        ({**QUESTION, "passages": "7"}, "passages"),
        ({**QUESTION, "language": "fr"}, "language"),
        ([], "body"),
    ],
)
async def test_wrong_types_are_named(serve: Serve, engine: FakeEngine, body: Any, param: str) -> None:
    reply = await (await serve()).post(CHAT, json=body)
    assert code_of(reply) == (400, "invalid_request")
    assert reply.json()["error"]["param"].startswith(param)
    assert engine.calls == []


@pytest.mark.parametrize(
    "content", [b"{broken", b'"\xff"', b"[" * 50_000, b'{"messages":[{"role":"user","content":"\\ud800"}]}']
)
async def test_what_is_no_json_is_refused(serve: Serve, content: bytes) -> None:
    reply = await (await serve()).post(CHAT, content=content, headers={"content-type": "application/json"})
    assert code_of(reply) == (400, "invalid_request")


async def test_a_form_of_a_foreign_page_is_refused(serve: Serve, engine: FakeEngine) -> None:
    content = b'{"messages":[{"role":"user","content":"a"}]}'
    reply = await (await serve()).post(CHAT, content=content, headers={"content-type": "text/plain"})
    assert reply.status_code == 400
    assert engine.calls == []


async def test_the_last_message_must_be_the_users(serve: Serve) -> None:
    body = {"messages": [{"role": "assistant", "content": "a"}]}
    assert code_of(await (await serve()).post(CHAT, json=body)) == (400, "invalid_question")


async def test_a_system_message_alone_asks_nothing(serve: Serve, engine: FakeEngine) -> None:
    body = {"messages": [{"role": "system", "content": "You are a poet."}]}
    assert code_of(await (await serve()).post(CHAT, json=body)) == (400, "invalid_question")
    assert engine.calls == []


async def test_tools_may_be_offered_and_called_before(serve: Serve, engine: FakeEngine) -> None:
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    body = {
        "messages": [
            {"role": "user", "content": "What time is it?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "12:00"},
            {"role": "assistant", "content": "Noon."},
            *QUESTION["messages"],
        ],
        "tools": [tool],
        "tool_choice": "auto",
        "response_format": {"type": "text"},
    }
    reply = await (await serve()).post(CHAT, json=body)
    choice = reply.json()["choices"][0]
    assert (choice["finish_reason"], choice["message"].get("tool_calls")) == ("stop", None)
    question, history, _, _ = engine.calls[0]
    assert question == "When?" and history == (Turn(question="What time is it?", answer="Noon."),)


async def test_unknown_paths_and_methods(serve: Serve) -> None:
    http = await serve()
    assert code_of(await http.get("/v1/nothing")) == (404, "http_404")
    assert code_of(await http.get(CHAT)) == (405, "http_405")


async def test_large_bodies_are_refused_also_without_a_length(serve: Serve, engine: FakeEngine) -> None:
    http = await serve(max_body=1000)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    headers = {"content-type": "application/json"}
    assert code_of(await http.post(CHAT, content=b" " * 1001, headers=headers)) == (413, "too_large")
    assert code_of(await http.post(CHAT, content=parts(), headers=headers)) == (413, "too_large")
    assert code_of(await http.post("/mcp", content=parts(), headers=headers)) == (413, "too_large")
    assert engine.calls == []
    assert (await http.post(CHAT, json=QUESTION)).status_code == 200


async def test_too_many_requests_are_told_to_wait(serve: Serve) -> None:
    http = await serve(rate_limit=3)
    replies = [await http.get("/v1/models") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert code_of(replies[-1]) == (429, "rate_limit")
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 20
    assert (await http.get("/health")).status_code == 200


def test_the_rate_limit_fills_up_again_and_forgets_old_clients() -> None:
    now = 0.0
    limit = RateLimit(60, clock=lambda: now)
    assert [limit.wait("a") for _ in range(60)] == [0.0] * 60
    assert limit.wait("a") == 1.0
    assert limit.wait("b") == 0.0
    now = 2.0
    assert [limit.wait("a"), limit.wait("a")] == [0.0, 0.0]
    assert limit.wait("a") > 0
    for number in range(20_000):
        limit.wait(str(number))
    assert len(limit._clients) <= 10_000


async def test_pages_of_other_origins_are_kept_out(serve: Serve) -> None:
    http = await serve()
    foreign = {"origin": "https://evil.example"}
    assert code_of(await http.post(CHAT, json=QUESTION, headers=foreign)) == (403, "origin_not_allowed")
    reply = await http.options(CHAT, headers={**foreign, "access-control-request-method": "POST"})
    assert "access-control-allow-origin" not in reply.headers
    own = await http.post(CHAT, json=QUESTION, headers={"origin": "http://localhost:8000"})
    assert own.status_code == 200 and "access-control-allow-origin" not in own.headers


async def test_named_origins_may_call(serve: Serve) -> None:
    http = await serve(cors_origins=["https://desk.example"], api_key="secret")
    origin = {"origin": "https://desk.example"}
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    assert (await http.options(CHAT, headers={**origin, **wanted})).status_code == 200
    reply = await http.post(CHAT, json=QUESTION, headers={**origin, "authorization": "Bearer secret"})
    assert reply.headers["access-control-allow-origin"] == "https://desk.example"
    assert (await http.get("/v1/models", headers={"origin": "https://evil.example"})).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", ""])
async def test_a_name_that_was_pointed_at_this_machine_is_refused(serve: Serve, host: str) -> None:
    reply = await (await serve()).get("/v1/models", headers={"host": host})
    assert code_of(reply) == (403, "host_not_allowed")


@pytest.mark.parametrize("host", ["LOCALHOST", "127.0.0.1:9", "[::1]:8000"])
async def test_the_names_of_this_machine_are_allowed(serve: Serve, host: str) -> None:
    assert (await (await serve()).get("/v1/models", headers={"host": host})).status_code == 200


async def test_a_busy_server_says_so_and_counts(serve: Serve, engine: FakeEngine) -> None:
    http = await serve(max_running=1)
    slow = asyncio.create_task(http.post(CHAT, json={"messages": [{"role": "user", "content": "slow"}]}))
    await engine.started.wait()
    assert "assistant_questions_running 1.0" in (await http.get("/metrics")).text
    for stream in (False, True):
        turned_away = await http.post(CHAT, json={**QUESTION, "stream": stream})
        assert code_of(turned_away) == (503, "busy") and turned_away.headers["retry-after"] == "5"
    engine.release.set()
    assert (await slow).status_code == 200
    assert (await http.post(CHAT, json=QUESTION)).status_code == 200


async def test_metrics_tell_what_was_answered(serve: Serve) -> None:
    http = await serve()
    await http.post(CHAT, json=QUESTION)
    await http.post(CHAT, json={**QUESTION, "stream": True})
    await http.get("/v1/documents/corpus/one.md")
    await http.get("/v1/strange/" + "x" * 50)
    text = (await http.get("/metrics")).text
    missing = "/v1/documents/{collection}/{path:path}"
    for line in (
        'assistant_requests_total{method="POST",path="/v1/chat/completions",status="200"} 2.0',
        f'assistant_requests_total{{method="GET",path="{missing}",status="404"}} 1.0',
        'assistant_answers_total{status="answered"} 2.0',
        'assistant_claims_total{verdict="partly_supported"} 2.0',
        'assistant_tokens_total{direction="read"} 180.0',
        "assistant_questions_running 0.0",
    ):
        assert line in text
    assert "xxx" not in text


async def test_a_client_that_leaves_ends_the_work(serve: Serve, engine: FakeEngine) -> None:
    http = await serve()
    body = {"messages": [{"role": "user", "content": "slow"}], "stream": True}
    task = asyncio.create_task(http.post(CHAT, json=body))
    await engine.started.wait()
    task.cancel()
    await asyncio.wait_for(engine.ended.wait(), 20)


class Counted(FakeEngine):
    """Remembers what it told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    async def astream(self, question: str, **given: Any) -> AsyncIterator[Event]:
        async with aclosing(super().astream(question, **given)) as events:  # type: ignore[type-var]
            async for event in events:
                self.told.append(event.type)
                yield event


async def test_a_client_that_leaves_before_a_whole_answer_ends_the_work() -> None:
    engine = Counted()
    app, left, statuses = create_app(engine), asyncio.Event(), []
    body = json.dumps({"messages": [{"role": "user", "content": "slow"}]}).encode()
    messages = iter([{"type": "http.request", "body": body}])

    async def receive() -> Any:
        if (message := next(messages, None)) is not None:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    scope = {
        "type": "http", "method": "POST", "path": CHAT, "raw_path": CHAT.encode(), "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")], "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    task = asyncio.create_task(app(scope, receive, send))
    await engine.started.wait()
    left.set()
    engine.release.set()
    await asyncio.wait_for(task, 20)
    # The sentence after the departure is the last thing done; the answer is never reached.
    assert statuses[0] == 499 and engine.ended.is_set() and engine.told == ["step", "claim"]
