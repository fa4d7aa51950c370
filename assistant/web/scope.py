"""Which documents a question may use: from the controls of the rail to `Filters` and to words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.privacy import SHARED, SOURCES, private_collection
from assistant.schema import Filters
from assistant.web.i18n import topic_label, words


def readable_collections(owner: str) -> tuple[str, ...]:
    """All collections that a user may search; primary documents are fetched for everybody."""
    return ("corpus", SOURCES, SHARED, private_collection(owner))


def parse_date(value: object) -> dt.date | None:
    """A date from a control: ISO text, a timestamp, or nothing."""
    if not value:
        return None
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def make_filters(
    owner: str,
    *,
    topics: Sequence[str] = (),
    entities: Sequence[str] = (),
    documents: Sequence[str] = (),
    collections: Sequence[str] = (),
    since: object = None,
    until: object = None,
) -> Filters:
    """Filters from the controls; the collections never reach beyond what the user may read."""
    allowed = readable_collections(owner)
    first, last = parse_date(since), parse_date(until)
    if first and last and first > last:
        first, last = last, first
    chosen = tuple(c for c in collections if c in allowed)
    return Filters(
        topics=tuple(topics or ()),
        entities=tuple(entities or ()),
        documents=tuple(documents or ()),
        collections=chosen or allowed,
        since=first,
        until=last,
    )


def chosen_filters(owner: str, controls: Mapping[str, Any], values: Mapping[Any, Any]) -> Filters:
    """Filters from what a handler was given: the values by component, as Gradio passes a set of inputs."""
    return make_filters(owner, **{name: values[control] for name, control in controls.items()})


def scope_label(language: str, filters: Filters) -> str:
    """The limits of a question in words; empty when there are none."""
    parts = [topic_label(language, topic) for topic in filters.topics]
    parts += filters.entities
    if filters.since:
        parts.append(f"≥ {filters.since}")
    if filters.until:
        parts.append(f"≤ {filters.until}")
    parts += filters.documents
    if len(filters.collections) == 1:
        name = filters.collections[0]
        key = {"corpus": "collection_corpus", SHARED: "collection_shared"}.get(name, "collection_private")
        parts.append(words(language, key))
    return " · ".join(parts)
