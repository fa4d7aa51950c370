"""Filters as a predicate over documents, and what a LangChain reader of Chroma can filter by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from assistant.schema import DocumentInfo, Filters


def date_number(date: dt.date) -> int:
    """A date as the integer `yyyymmdd`, which Chroma can compare."""
    return date.year * 10_000 + date.month * 100 + date.day


def number_date(number: int) -> dt.date:
    """The date of an integer `yyyymmdd`."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


def filter_metadata(document: DocumentInfo) -> dict[str, Any]:
    """Flat metadata for Chroma's own conditions; absent where a document has no value."""
    metadata: dict[str, Any] = {
        "path": document.path,
        "collection": document.collection,
        "topic_key": document.topic.casefold(),
        "language": document.language.casefold(),
    }
    # Chroma refuses empty lists.
    if keys := _keys(document.entities):
        metadata["entity_keys"] = keys
    if document.date is not None:
        metadata["date"] = date_number(document.date)
    return metadata


def selected(filters: Filters | None, documents: Iterable[DocumentInfo]) -> list[DocumentInfo]:
    """The documents that pass the filter, in order.

    Values of one field are alternatives, fields are joined by and. Topics, entities and languages compare
    without regard to case. A document without a date matches no date range.
    """
    tests = _tests(filters or Filters())
    return [document for document in documents if all(test(document) for test in tests)]


def _tests(filters: Filters) -> list[Callable[[DocumentInfo], bool]]:
    """One test for each field that is set: most filters set one, and there may be 100,000 documents."""
    topics, languages = set(_keys(filters.topics)), set(_keys(filters.languages))
    entities, paths, collections = (
        set(_keys(filters.entities)),
        set(filters.documents),
        set(filters.collections),
    )
    since, until = filters.since, filters.until
    tests: list[tuple[object, Callable[[DocumentInfo], bool]]] = [
        (collections, lambda document: document.collection in collections),
        (topics, lambda document: document.topic.casefold() in topics),
        (paths, lambda document: document.path in paths),
        (languages, lambda document: document.language.casefold() in languages),
        (since, lambda document: document.date is not None and since is not None and document.date >= since),
        (until, lambda document: document.date is not None and until is not None and document.date <= until),
        (entities, lambda document: any(entity.casefold() in entities for entity in document.entities)),
    ]
    return [test for wanted, test in tests if wanted]


def _keys(values: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(value.casefold() for value in values))
