from __future__ import annotations

import gzip
import itertools
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.fetch import Fetcher
from tests.fetch.local_web import (
    HTML,
    LOOPBACK,
    JumpingClock,
    Request,
    Site,
    refused,
    reply,
    serve,
    small,
)


def test_a_length_beyond_the_limit_is_refused_before_the_body(site: Site, clock: JumpingClock) -> None:
    sent_more = threading.Event()

    def promise(request: Request, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\ncontent-length: 999999999\r\n\r\n")
        if connection.recv(1):
            sent_more.set()

    site.pages["/x"] = promise
    refused(small(clock), site.url + "/x", "larger than 0.01 MB")


def test_an_endless_body_is_cut_at_the_limit(site: Site, clock: JumpingClock) -> None:
    sent = 0

    def pour(request: Request, connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            sent += 0x1000

    site.pages["/x"] = pour
    refused(small(clock), site.url + "/x", "larger than 0.01 MB")
    assert sent < 50_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_packed_bodies(site: Site, fetcher: Fetcher, encoding: str) -> None:
    packed = gzip.compress(HTML) if encoding == "gzip" else zlib.compress(HTML)
    site.pages["/x"] = reply(packed, content_encoding=encoding)
    assert fetcher.fetch(site.url + "/x").data == HTML


def test_deflate_without_its_header_and_gzip_of_two_members(site: Site, fetcher: Fetcher) -> None:
    raw = zlib.compressobj(wbits=-15)
    site.pages["/raw"] = reply(raw.compress(HTML) + raw.flush(), content_encoding="deflate")
    site.pages["/two"] = reply(gzip.compress(HTML[:50]) + gzip.compress(HTML[50:]), content_encoding="gzip")
    assert fetcher.fetch(site.url + "/raw").data == HTML
    assert fetcher.fetch(site.url + "/two").data == HTML


def test_a_gzip_bomb_is_stopped(site: Site, clock: JumpingClock) -> None:
    site.pages["/x"] = reply(gzip.compress(b"<html>" + bytes(4_000_000)), content_encoding="gzip")
    refused(small(clock, 100_000), site.url + "/x", "larger than 0.1 MB")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(HTML)[:-9], "gzip"),
        (b"not packed", "gzip"),
        (HTML, "br"),
        (gzip.compress(gzip.compress(HTML)), "gzip, gzip"),
    ],
)
def test_bodies_that_cannot_be_unpacked(site: Site, fetcher: Fetcher, body: bytes, encoding: str) -> None:
    site.pages["/x"] = reply(body, content_encoding=encoding)
    refused(fetcher, site.url + "/x", "did not arrive whole")


def test_a_body_that_ends_early(site: Site, fetcher: Fetcher) -> None:
    site.pages["/x"] = reply(HTML).replace(str(len(HTML)).encode(), b"99999")
    refused(fetcher, site.url + "/x", "cannot be reached")


def test_a_drip_of_body_or_headers_ends_with_the_time(site: Site) -> None:
    def drip(start: bytes, piece: bytes) -> Callable[[Request, socket.socket], None]:
        def answer(request: Request, connection: socket.socket) -> None:
            connection.sendall(start)
            for _ in itertools.count():
                connection.sendall(piece)

        return answer

    head = b"HTTP/1.1 200 X\r\ncontent-type: text/html\r\n"
    site.pages["/body"] = drip(head + b"\r\n", b"x")
    site.pages["/headers"] = drip(b"HTTP/1.1 200 X\r\n", b"x")
    for path in ("/body", "/headers"):
        # Each look at this clock takes a second: some dozens of reads use up the minute.
        fetcher = Fetcher(LOOPBACK, clock=JumpingClock(step=1.0))
        refused(fetcher, site.url + path, "took too long: more than 60 s|cannot be reached")


def test_a_server_that_says_nothing(site: Site, clock: JumpingClock) -> None:
    done = threading.Event()
    site.pages["/x"] = lambda request, connection: (done.wait(20), None)[1]
    fetcher = Fetcher(replace(LOOPBACK, seconds=0.2), clock=clock)
    refused(fetcher, site.url + "/x", "took too long")
    done.set()


def test_a_port_where_nobody_listens(clock: JumpingClock) -> None:
    with serve() as gone:
        pass
    refused(Fetcher(LOOPBACK, clock=clock), gone.url, "cannot be reached")


def test_no_tls_where_tls_was_asked_for(site: Site, fetcher: Fetcher) -> None:
    def speak_http(request: Request, connection: socket.socket) -> None:
        connection.sendall(reply(HTML))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply(HTML))

        threading.Thread(target=answer, daemon=True).start()
        refused(fetcher, f"https://127.0.0.1:{port}/", "certificate|cannot be reached")
