"""Filters as Chroma conditions and as a predicate over documents; both give the same verdict."""

from __future__ import annotations

import datetime as dt
from typing import Any

from assistant.schema import DocumentInfo, Filters


def date_number(date: dt.date) -> int:
    """A date as the integer `yyyymmdd`, which Chroma can compare."""
    return date.year * 10_000 + date.month * 100 + date.day


def number_date(number: int) -> dt.date:
    """The date of an integer `yyyymmdd`."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


def filter_metadata(document: DocumentInfo) -> dict[str, Any]:
    """The flat metadata that `to_where` relies on; absent where a document has no value."""
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


def to_where(filters: Filters | None) -> dict[str, Any] | None:
    """The Chroma `where` for a filter; None when nothing is filtered.

    Values of one field are alternatives, fields are joined by and. Topics, entities and languages compare
    without regard to case. A document without a date matches no date range.
    """
    if filters is None:
        return None
    clauses: list[dict[str, Any]] = []
    for field, values in (
        ("topic_key", _keys(filters.topics)),
        ("path", list(filters.documents)),
        ("collection", list(filters.collections)),
        ("language", _keys(filters.languages)),
    ):
        if values:
            clauses.append({field: {"$in": values}})
    if entities := [{"entity_keys": {"$contains": key}} for key in _keys(filters.entities)]:
        clauses.append(entities[0] if len(entities) == 1 else {"$or": entities})
    if filters.since is not None:
        clauses.append({"date": {"$gte": date_number(filters.since)}})
    if filters.until is not None:
        clauses.append({"date": {"$lte": date_number(filters.until)}})
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def matches(filters: Filters | None, document: DocumentInfo) -> bool:
    """Whether a document passes the filter."""
    if filters is None:
        return True
    checks = (
        not filters.topics or document.topic.casefold() in _keys(filters.topics),
        not filters.entities or bool(set(_keys(filters.entities)) & set(_keys(document.entities))),
        not filters.documents or document.path in filters.documents,
        not filters.collections or document.collection in filters.collections,
        not filters.languages or document.language.casefold() in _keys(filters.languages),
        filters.since is None or (document.date is not None and document.date >= filters.since),
        filters.until is None or (document.date is not None and document.date <= filters.until),
    )
    return all(checks)


def _keys(values: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(value.casefold() for value in values))
