"""The corpus page: documents by topic and month, the newest, who is named most."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from assistant.schema import DocumentInfo
from assistant.web.render import render

MOST_MONTHS = 12


def by_topic_and_month(documents: Sequence[DocumentInfo]) -> tuple[list[str], dict[str, list[int]]]:
    """Column names and counts by topic: the last months with documents, all before in one column."""
    months = sorted({f"{d.date:%Y-%m}" for d in documents if d.date})
    shown = months[-MOST_MONTHS:]
    early = len(months) > len(shown)
    columns = ([f"< {shown[0]}"] if early else []) + shown
    table: dict[str, list[int]] = {}
    for document in documents:
        if not document.date:
            continue
        month = f"{document.date:%Y-%m}"
        column = columns.index(month) if month in shown else 0
        table.setdefault(document.topic, [0] * len(columns))[column] += 1
    return columns, dict(sorted(table.items()))


def month_range(column: str) -> tuple[str, str]:
    """First and last day of a column; the column of all earlier months has no first one."""
    year, month = map(int, column.removeprefix("< ").split("-"))
    first = dt.date(year, month, 1)
    if column.startswith("<"):
        return "", str(first - dt.timedelta(days=1))
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return str(first), str(following - dt.timedelta(days=1))


def corpus_html(language: str, documents: Sequence[DocumentInfo]) -> str:
    """HTML of the corpus page."""
    columns, table = by_topic_and_month(documents)
    newest = sorted(documents, key=lambda d: d.date or dt.date.min, reverse=True)
    entities = Counter(e for d in documents for e in d.entities).most_common(36)
    return render(
        "corpus",
        language,
        count=len(documents),
        columns=columns,
        ranges=[month_range(column) for column in columns],
        table=table,
        largest=max((n for row in table.values() for n in row), default=1),
        newest=newest[:6],
        documents=newest,
        entities=entities,
    )
