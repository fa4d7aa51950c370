"""What an HTML page says of itself: title, date, publisher, language and address."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from assistant.ingest.cleaning import calendar_date, clean_title, safe_url

_DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "citation_publication_date",
    "citation_date", "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.date", "dcterms.created",
    "pubdate", "publishdate", "publish_date", "publication_date", "parsely-pub-date", "sailthru.date", "date",
    "article:modified_time",
)  # fmt: skip
_PUBLISHERS = ("citation_publisher", "dc.publisher", "dcterms.publisher", "publisher")
_MOST_JSON_CHARS = 500_000


@dataclass(frozen=True)
class PageMetadata:
    """What a page says of itself; empty where it says nothing."""

    title: str = ""
    date: dt.date | None = None
    publisher: str = ""
    language: str = ""
    url: str | None = None


def metadata_of(page: LexborHTMLParser) -> PageMetadata:
    """Metadata from meta tags, JSON-LD, the title and the time tags."""
    meta: dict[str, str] = {}
    for node in page.css("meta")[:500]:
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        if name and attributes.get("content"):
            meta.setdefault(name.strip().lower(), attributes["content"] or "")
    linked = list(_linked_data(page))
    told = (clean_title(meta.get(name)) for name in _PUBLISHERS)
    publisher = clean_title(meta.get("og:site_name")) or next(
        filter(None, (*map(_publisher, linked), *told)), ""
    )
    return PageMetadata(
        title=_title(page, meta, publisher),
        date=_date(page, meta, linked),
        publisher=publisher,
        language=_attribute(page, "html", "lang"),
        url=safe_url(_attribute(page, "link[rel~=canonical]", "href")) or safe_url(meta.get("og:url")),
    )


def _attribute(page: LexborHTMLParser, selector: str, name: str) -> str:
    node = page.css_first(selector)
    return (node.attributes.get(name) or "") if node is not None else ""


def _title(page: LexborHTMLParser, meta: dict[str, str], publisher: str) -> str:
    headings = [clean_title(node.text()) for node in page.css("h1")[:20]]
    node = page.css_first("head > title") or page.css_first("title")
    title = clean_title(meta.get("og:title")) or clean_title(node.text() if node is not None else "")
    # "Headline | Site" is the headline when the page has a heading that says so, or the site's name follows.
    for heading in headings:
        if heading and title.startswith(heading):
            return heading
    if publisher and title.endswith(publisher):
        title = re.sub(r"\s*[|–—\-_·:]\s*$", "", title[: -len(publisher)]) or title
    return title or next(filter(None, headings), "")


def _date(page: LexborHTMLParser, meta: dict[str, str], linked: list[dict[str, Any]]) -> dt.date | None:
    candidates: list[object] = [record.get("datePublished") for record in linked]
    candidates += [meta[name].replace("/", "-") for name in _DATES if name in meta]
    candidates += [node.attributes.get("datetime") for node in page.css("time[datetime]")[:3]]
    return next((date for date in map(calendar_date, candidates) if date is not None), None)


def _linked_data(page: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    for node in page.css('script[type="application/ld+json"]')[:20]:
        content = node.text()
        if len(content) > _MOST_JSON_CHARS:
            continue
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            continue
        records = data.get("@graph", [data]) if isinstance(data, dict) else data
        if isinstance(records, list):
            yield from (record for record in records[:200] if isinstance(record, dict))


def _publisher(record: dict[str, Any]) -> str:
    publisher = record.get("publisher")
    if isinstance(publisher, list) and publisher:
        publisher = publisher[0]
    return clean_title(publisher.get("name")) if isinstance(publisher, dict) else clean_title(publisher)
