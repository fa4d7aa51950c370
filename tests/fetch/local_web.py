"""A web server on this machine, a clock that does not wait, and names that lead where a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from assistant.errors import DocumentError
from assistant.fetch import Fetcher, FetchRules
from assistant.fetch.rules import networks

HTML = (
    b'<!doctype html><html lang="en"><head><title>Measures on chips</title>'
    b'<meta property="article:published_time" content="2025-03-04"></head><body><main>'
    b"<h1>Measures on chips</h1><p>The ministry published measures on accelerator chips in March 2025. "
    b"They apply to every importer from June 2025 on.</p></main></body></html>"
)
LOOPBACK = FetchRules(allowed=networks("127.0.0.1/32"))


@dataclass(frozen=True)
class Request:
    """A request as the server read it."""

    path: str
    headers: dict[str, str]


Answer = bytes | Callable[[Request, socket.socket], None]


def reply(
    body: bytes = b"", *, status: int = 200, content_type: str = "text/html; charset=utf-8", **headers: str
) -> bytes:
    """A whole response."""
    fields = {"content-type": content_type, "content-length": str(len(body)), "connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return reply(status=status, location=location)


@dataclass
class Site:
    """What the server says: a response by path, the next of a list at each request, or a function."""

    pages: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """Paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def answer(self, connection: socket.socket) -> None:
        request = _read(connection)
        if request is None:
            return
        self.requests.append(request)
        found = self.pages.get(request.path, reply(b"none", status=404))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, bytes):
            connection.sendall(found)
        else:
            found(request, connection)


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    first, *lines = data.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Request(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})


@contextmanager
def serve(pages: dict[str, Answer | list[Answer]] | None = None) -> Iterator[Site]:
    """A server of these pages until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    site = Site(dict(pages or {}), port=listener.getsockname()[1])

    def handle(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            # A client that has enough closes the connection.
            with suppress(OSError):
                site.answer(connection)

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


class JumpingClock:
    """Sleeps by moving on at once; each look at it takes `step` seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.time = 1000.0
        self.step = step
        self.slept: list[float] = []

    def now(self) -> float:
        self.time += self.step
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += seconds


class Names:
    """A name server: each name's answers in turn, the last one again and again."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {name.replace("_", "."): list(values) for name, values in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host in self.answers:
            found = self.answers[host]
            return found.pop(0) if len(found) > 1 else found[0]
        if host.replace(".", "").isdigit() or ":" in host:
            return [host]
        raise socket.gaierror("unknown")


def small(clock: JumpingClock, most_bytes: int = 10_000) -> Fetcher:
    """Fetches no more than so many bytes."""
    return Fetcher(replace(LOOPBACK, most_bytes=most_bytes), clock=clock)


def refused(fetcher: Fetcher, address: str, pattern: str) -> str:
    """The line that a refused address gives."""
    with pytest.raises(DocumentError, match=pattern) as caught:
        fetcher.fetch(address)
    told = str(caught.value)
    assert "\n" not in told and caught.value.hint
    return told
