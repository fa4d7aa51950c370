from __future__ import annotations

import datetime as dt
import gzip
import itertools
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime

import pytest

from assistant.errors import ConfigurationError, DocumentError
from assistant.fetch import Fetcher, FetchRules
from assistant.fetch.rules import networks
from tests.fetch.local_web import HTML, LOOPBACK, JumpingClock, Names, Request, Site, redirect, reply, serve


@pytest.fixture
def fetcher(clock: JumpingClock) -> Fetcher:
    return Fetcher(LOOPBACK, clock=clock)


def small(clock: JumpingClock, most_bytes: int = 10_000) -> Fetcher:
    return Fetcher(replace(LOOPBACK, most_bytes=most_bytes), clock=clock)


def refused(fetcher: Fetcher, address: str, pattern: str) -> str:
    with pytest.raises(DocumentError, match=pattern) as caught:
        fetcher.fetch(address)
    told = str(caught.value)
    assert "\n" not in told and caught.value.hint
    return told


# What comes back


def test_a_page_and_what_it_was(site: Site, fetcher: Fetcher) -> None:
    site.pages["/a"] = reply(HTML, etag='"v1"', last_modified="Tue, 04 Mar 2025 00:00:00 GMT")
    page = fetcher.fetch(site.url + "/a#part")
    assert (page.data, page.media_type, page.url) == (HTML, "text/html", site.url + "/a")
    assert (page.etag, page.last_modified) == ('"v1"', "Tue, 04 Mar 2025 00:00:00 GMT")
    assert page.fetched.tzinfo is dt.UTC
    asked = site.requests[-1].headers
    assert asked["user-agent"].startswith("china-ai-chip-assistant/") and "Mozilla" not in asked["user-agent"]
    assert "cookie" not in asked and "authorization" not in asked
    assert asked["host"] == f"127.0.0.1:{site.port}"


@pytest.mark.parametrize("kind", ["application/pdf", "application/octet-stream", "text/html", ""])
def test_a_pdf_is_known_by_its_first_bytes(site: Site, fetcher: Fetcher, kind: str) -> None:
    site.pages["/x"] = reply(b"%PDF-1.7\n...", content_type=kind)
    assert fetcher.fetch(site.url + "/x").media_type == "application/pdf"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"\x89PNG\r\n\x1a\n\0\0", "text/html"),
        (b"PK\x03\x04 and so on", "text/html"),
        (b'{"a": 1}', "application/json"),
        (b"plain words", "text/plain"),
        (b"<rss></rss>", "application/xml"),
    ],
)
def test_other_types_are_refused(site: Site, fetcher: Fetcher, body: bytes, kind: str) -> None:
    site.pages["/x"] = reply(body, content_type=kind)
    refused(fetcher, site.url + "/x", "neither HTML nor PDF")


@pytest.mark.parametrize(("body", "said"), [(HTML, "a web page in its place"), (b"words", "is none")])
def test_a_pdf_that_is_none(site: Site, fetcher: Fetcher, body: bytes, said: str) -> None:
    site.pages["/x.pdf"] = reply(body, content_type="application/pdf")
    refused(fetcher, site.url + "/x.pdf", said)


def test_an_empty_body(site: Site, fetcher: Fetcher) -> None:
    site.pages["/x"] = reply(b"\r\n \0")
    refused(fetcher, site.url + "/x", "is empty")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "application/xml"])
def test_html_under_a_vague_type(site: Site, fetcher: Fetcher, kind: str) -> None:
    site.pages["/x"] = reply(b'<?xml version="1.0"?>\n<!-- a --><!DOCTYPE html><html>..', content_type=kind)
    assert fetcher.fetch(site.url + "/x").media_type == "text/html"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "is not there"),
        (410, "is not there"),
        (403, "may not be read by programs"),
        (401, "may not be read by programs"),
        (500, "its server has a fault"),
        (418, "answered with 418"),
        (204, "answered with 204"),
        (304, "answered with 304"),
    ],
)
def test_what_a_status_means(site: Site, fetcher: Fetcher, status: int, said: str) -> None:
    site.pages["/x"] = reply(status=status)
    refused(fetcher, site.url + "/x", said)


def test_an_unchanged_document_is_not_sent_again(site: Site, fetcher: Fetcher) -> None:
    site.pages["/x"] = reply(status=304)
    page = fetcher.fetch(site.url + "/x", etag='"v1"', last_modified="Tue, 04 Mar 2025 00:00:00 GMT")
    assert page.unchanged and page.etag == '"v1"' and not page.data
    asked = site.requests[-1].headers
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Tue, 04 Mar 2025 00:00:00 GMT"


# Bounds


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


# Redirects


def test_redirects_are_followed_and_the_last_address_is_told(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": redirect("/b", 301), "/b": redirect(f"{site.url}/c/d", 308), "/c/d": reply(HTML)}
    page = fetcher.fetch(site.url + "/a")
    assert (page.requested, page.url) == (site.url + "/a", site.url + "/c/d")


def test_redirects_in_a_circle_and_without_end(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    refused(fetcher, site.url + "/a", "in a circle")
    site.pages |= {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    refused(fetcher, site.url + "/0", "more than 5 redirects")
    assert "/5" in site.paths and "/6" not in site.paths


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://10.1.2.3/admin", "10.1.2.3, which is not public"),
        ("http://169.254.169.254/latest/meta-data/", "not public"),
        ("http://[::1]/", "not public"),
        ("http://127.0.0.2/", "not public"),
        ("//localhost.inner/", "127.0.0.9, which is not public"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://example.org/x", "only http and https"),
        ("http://user:secret@127.0.0.1/", "carries a name or password"),
    ],
)
def test_each_redirect_is_checked_anew(site: Site, clock: JumpingClock, location: str, said: str) -> None:
    fetcher = Fetcher(LOOPBACK, clock=clock, resolver=Names(localhost_inner=[["127.0.0.9"]]))
    site.pages["/a"] = redirect(location)
    told = refused(fetcher, site.url + "/a", said)
    assert "secret" not in told


# Private addresses


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:192.168.1.1"], ["fe80::1%2"]]
)
def test_names_that_lead_inside_are_refused(clock: JumpingClock, answers: list[str]) -> None:
    fetcher = Fetcher(FetchRules(), clock=clock, resolver=Names(inner_example=[answers]))
    refused(fetcher, "http://inner.example/", "which is not public")


def test_a_second_answer_of_the_name_server_changes_nothing(site: Site, clock: JumpingClock) -> None:
    # The first answer is allowed, the second is not; each connection uses the answer that was checked.
    names = Names(rebinding_example=[["127.0.0.1"], ["127.0.0.1"], ["127.0.0.66"]])
    fetcher = Fetcher(LOOPBACK, clock=clock, resolver=names)
    site.pages["/x"] = reply(HTML)
    assert fetcher.fetch(f"http://rebinding.example:{site.port}/x").data == HTML
    assert names.asked == ["rebinding.example"] * 2  # robots.txt and the page, once each
    refused(fetcher, f"http://rebinding.example:{site.port}/x", "127.0.0.66, which is not public")
    assert site.requests[-1].headers["host"] == f"rebinding.example:{site.port}"


def test_an_allowed_network_does_not_open_others(clock: JumpingClock) -> None:
    fetcher = Fetcher(FetchRules(allowed=networks("10.2.0.0/16 ::1")), clock=clock)
    refused(fetcher, "http://10.3.0.1/", "not public")
    with pytest.raises(ConfigurationError, match="no network"):
        networks("10.2.0.0/16, everything")


def test_an_unknown_name(clock: JumpingClock) -> None:
    refused(Fetcher(clock=clock, resolver=Names()), "https://no.such.example/", "the name is not known")


# Manners


def test_what_robots_forbids_is_not_asked_for(site: Site, fetcher: Fetcher) -> None:
    site.pages["/robots.txt"] = reply(
        b"User-agent: *\nDisallow: /private\nAllow: /private/open", content_type="text/plain"
    )
    site.pages |= {"/private/x": reply(HTML), "/private/open": reply(HTML)}
    told = refused(fetcher, site.url + "/private/x", "robots.txt")
    assert "--ignore-robots" in told
    assert "/private/x" not in site.paths
    assert fetcher.fetch(site.url + "/private/open").data == HTML
    assert fetcher.fetch(site.url + "/private/x", ignore_robots=True).data == HTML
    assert site.paths.count("/robots.txt") == 1


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (500, False), (503, False), (429, False)]
)
def test_a_site_that_does_not_say(site: Site, fetcher: Fetcher, status: int, allowed: bool) -> None:
    site.pages |= {"/robots.txt": reply(status=status), "/x": reply(HTML)}
    if allowed:
        assert fetcher.fetch(site.url + "/x").data == HTML
    else:
        refused(fetcher, site.url + "/x", "robots.txt")


def test_robots_elsewhere_and_of_the_target_of_a_redirect(site: Site, fetcher: Fetcher) -> None:
    with serve() as other:
        other.pages["/rules"] = reply(
            b"user-agent: china-ai-chip-assistant\ndisallow: /no", content_type="text/plain"
        )
        other.pages["/robots.txt"] = redirect("/rules")
        site.pages["/x"] = redirect(f"{other.url}/no/page")
        refused(fetcher, site.url + "/x", "robots.txt")
        assert "/no/page" not in other.paths


def test_one_host_is_asked_with_a_pause(site: Site, fetcher: Fetcher, clock: JumpingClock) -> None:
    site.pages |= {"/a": reply(HTML), "/b": reply(HTML)}
    fetcher.fetch(site.url + "/a")
    fetcher.fetch(site.url + "/b")
    assert clock.slept == [1.0, 1.0]


def test_a_site_may_ask_for_a_longer_pause(site: Site, fetcher: Fetcher, clock: JumpingClock) -> None:
    site.pages["/robots.txt"] = reply(b"User-agent: *\nCrawl-delay: 7", content_type="text/plain")
    site.pages |= {"/a": reply(HTML), "/b": reply(HTML)}
    fetcher.fetch(site.url + "/a")
    fetcher.fetch(site.url + "/b")
    assert clock.slept == [1.0, 7.0]


def test_requests_to_one_host_never_overlap(site: Site, fetcher: Fetcher) -> None:
    busy = threading.Lock()
    overlapped = []

    def answer(request: Request, connection: socket.socket) -> None:
        if not busy.acquire(blocking=False):
            overlapped.append(request.path)
            return
        connection.sendall(reply(HTML))
        connection.shutdown(socket.SHUT_WR)
        busy.release()

    site.pages |= {f"/{n}": answer for n in range(6)}
    threads = [threading.Thread(target=fetcher.fetch, args=(f"{site.url}/{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not overlapped
    assert {f"/{n}" for n in range(6)} <= set(site.paths)


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_to_be_asked_later(
    site: Site, fetcher: Fetcher, clock: JumpingClock, status: int
) -> None:
    site.pages["/x"] = [reply(status=status, retry_after="17"), reply(HTML)]
    assert fetcher.fetch(site.url + "/x").data == HTML
    assert 17.0 in clock.slept


def test_a_wait_that_is_a_date_or_missing_or_too_long(
    site: Site, fetcher: Fetcher, clock: JumpingClock
) -> None:
    soon = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=40), usegmt=True)
    site.pages["/date"] = [reply(status=429, retry_after=soon), reply(HTML)]
    fetcher.fetch(site.url + "/date")
    assert any(20 < seconds <= 40 for seconds in clock.slept)
    site.pages["/none"] = [reply(status=503), reply(status=503, retry_after="nonsense"), reply(HTML)]
    fetcher.fetch(site.url + "/none")
    assert clock.slept[-2:] == [2.0, 4.0]
    site.pages["/long"] = reply(status=429, retry_after="86400")
    refused(fetcher, site.url + "/long", "come back later")
    assert site.paths.count("/long") == 1
    site.pages["/always"] = reply(status=429, retry_after="1")
    refused(fetcher, site.url + "/always", "come back later")
    assert site.paths.count("/always") == 3


# Proxies


def test_a_proxy_is_used_only_when_the_settings_say_so(
    clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as proxy:
        proxy.pages["http://far.example/x"] = reply(HTML)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        told = refused(Fetcher(clock=clock, resolver=Names()), "http://far.example/x", "cannot be reached")
        assert "ASSISTANT_FETCH_PROXY" in told and not proxy.requests
        through = Fetcher(FetchRules(proxy=True), clock=clock, resolver=Names(near_example=[["10.0.0.1"]]))
        assert through.fetch("http://far.example/x").data == HTML
        # What this machine can tell is inside does not go to the proxy either.
        for inside in (
            "http://near.example/",
            "http://printer/",
            "http://a.internal/",
            "http://192.168.0.1/",
        ):
            refused(through, inside, "not public|inner network")
        assert set(proxy.paths) == {"http://far.example/robots.txt", "http://far.example/x"}
