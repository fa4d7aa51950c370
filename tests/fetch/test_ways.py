"""Redirects, names that lead inside, and proxies."""

from __future__ import annotations

import pytest

from assistant.errors import ConfigurationError
from assistant.fetch import Fetcher, FetchRules
from assistant.fetch.rules import networks
from tests.fetch.local_web import (
    HTML,
    LOOPBACK,
    JumpingClock,
    Names,
    Site,
    redirect,
    refused,
    reply,
    serve,
)


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
