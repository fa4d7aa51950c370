"""A server on a real socket, the documented example against it, and the web UI on the same server."""

from __future__ import annotations

import asyncio
import json
import runpy
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from assistant.errors import ConfigurationError
from assistant.schema import Event, StepEvent
from assistant.serve.app import create_app
from assistant.serve.command import run_http
from assistant.settings import Settings

from .fakes import FakeEngine

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "openai_client.py"


@contextmanager
def served(engine: FakeEngine) -> Iterator[tuple[str, int]]:
    """Host and port of a server that is up."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(engine), log_level="critical"))
        up = threading.Event()
        startup = server.startup

        async def started(*arguments: Any, **options: Any) -> None:
            await startup(*arguments, **options)
            up.set()

        server.startup = started  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert up.wait(60)
        yield "127.0.0.1", listening.getsockname()[1]
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def address() -> Iterator[str]:
    """Address of a server that is up."""
    with served(FakeEngine()) as (host, port):
        yield f"http://{host}:{port}"


def test_the_documented_client_works(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_SERVER", address)
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    shown = capsys.readouterr().out
    assert "Huawei plans the 950PR for early 2026. [1]" in shown
    assert "https://example.org/a" in shown


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_hangs_up_ends_the_work(stream: bool) -> None:
    class Endless(FakeEngine):
        """Goes on until it is closed."""

        def __init__(self) -> None:
            super().__init__()
            self.begun, self.closed = threading.Event(), threading.Event()

        async def astream(self, question: str, **given: Any) -> AsyncIterator[Event]:
            try:
                while True:
                    yield StepEvent(stage="generate", message="Still writing")
                    self.begun.set()
                    await asyncio.to_thread(self.closed.wait, 0.01)
            finally:
                self.closed.set()

    engine = Endless()
    body = {"messages": [{"role": "user", "content": "Why?"}], "stream": stream}
    with served(engine) as address, socket.create_connection(address) as client:
        content = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        client.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + content)
        assert engine.begun.wait(60)
        client.close()
        assert engine.closed.wait(60)


def test_a_server_without_key_stays_on_this_machine() -> None:
    with pytest.raises(ConfigurationError, match="without API key would answer everyone"):
        run_http(FakeEngine(), host="0.0.0.0")


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Cannot listen on 127.0.0.1:{port}"):
            run_http(FakeEngine(), port=port, mount_ui=False)


async def test_the_web_ui_is_on_the_same_server(
    serve: Callable[..., Any], engine: FakeEngine, tmp_path: Path
) -> None:
    engine.settings = Settings(home=tmp_path)  # type: ignore[attr-defined]
    engine.sync = lambda progress=None: None  # type: ignore[attr-defined]
    http: httpx.AsyncClient = await serve(mount_ui=True, api_key="secret")
    page = await http.get("/")
    assert page.status_code in (200, 401) and "html" in page.headers["content-type"]
    assert (await http.get("/v1/models")).status_code == 401
    config = await http.get("/config")
    assert config.status_code == 401
    wrong = await http.post("/login", data={"username": "assistant", "password": "guess"})
    assert wrong.status_code == 400
    right = await http.post("/login", data={"username": "assistant", "password": "secret"})
    assert right.status_code == 200
    assert (await http.get("/config")).status_code == 200


@pytest.mark.parametrize("page", [False, True])
async def test_paths_and_methods_that_there_are_none_of_are_answered_as_the_protocol_does(
    page: bool, serve: Callable[..., Any], engine: FakeEngine, tmp_path: Path
) -> None:
    engine.settings = Settings(home=tmp_path)  # type: ignore[attr-defined]
    engine.sync = lambda progress=None: None  # type: ignore[attr-defined]
    http: httpx.AsyncClient = await serve(mount_ui=page)
    for method, path, status, allow in (
        ("GET", "/v1", 404, None),
        ("GET", "/v1/nothing", 404, None),
        ("POST", "/v1/embeddings", 404, None),
        ("DELETE", "/v1/models", 405, "GET"),
        ("GET", "/v1/chat/completions", 405, "POST"),
        ("HEAD", "/v1/documents", 405, "GET"),
        ("PUT", "/v1/search", 405, "POST"),
        ("OPTIONS", "/v1/search", 405, "POST"),
        ("POST", "/health", 405, "GET"),
        ("GET", "/health/deep", 404, None),
        ("POST", "/metrics", 405, "GET"),
        ("GET", "/mcp/other", 404, None),
    ):
        reply = await http.request(method, path)
        assert reply.status_code == status, (method, path, reply.status_code)
        assert reply.headers.get("allow") == allow
        if method != "HEAD":
            assert reply.json()["error"]["type"] == "invalid_request_error"
