from __future__ import annotations

import datetime as dt
import socket
import threading
from email.utils import format_datetime

import pytest

from assistant.fetch import Fetcher
from tests.fetch.local_web import (
    HTML,
    JumpingClock,
    Request,
    Site,
    redirect,
    refused,
    reply,
    serve,
)


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
