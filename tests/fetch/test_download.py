from __future__ import annotations

import datetime as dt

import pytest

from assistant.fetch import Fetcher
from tests.fetch.local_web import (
    HTML,
    Site,
    refused,
    reply,
)


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
