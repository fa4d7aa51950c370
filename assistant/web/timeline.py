"""Dated facts of a conversation or of a set of documents, for the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.answering.dates import find_dates
from assistant.ingest.sentences import split_sentences
from assistant.schema import Answer, Document, DocumentInfo
from assistant.web.render import render

MOST_FACTS = 150
_QUARTER_MONTH = {"Q1": 2, "Q2": 5, "Q3": 8, "Q4": 11, "H1": 3, "H2": 9, "early": 2, "mid": 6, "late": 11}


@dataclass(frozen=True)
class Fact:
    """A sentence with the date that it speaks of."""

    when: str
    """ISO date of reduced precision, or a quarter as `2026 Q2`."""
    day: dt.date
    """Where it stands on the axis."""
    text: str
    title: str
    topic: str
    path: str
    collection: str
    start: int
    end: int
    page: int | None = None
    turn: str = ""
    number: int | None = None


@dataclass(frozen=True)
class Dot:
    """A fact's place in the plot, in its own units."""

    x: float
    y: float
    fact: int


@dataclass(frozen=True)
class Plot:
    """Dots in lanes, one lane a topic."""

    width: int
    height: int
    lanes: Sequence[tuple[str, float]]
    ticks: Sequence[tuple[str, float]]
    dots: Sequence[Dot]


def date_of(text: str) -> tuple[str, dt.date] | None:
    """First dated mention of a sentence that has a year and more than a year; else the first year alone."""
    mentions = [m for m in find_dates(text) if m.year]
    best = next((m for m in mentions if m.month or m.part), mentions[0] if mentions else None)
    if best is None or best.year is None:
        return None
    month = best.month or _QUARTER_MONTH.get(best.part, 7)
    try:
        day = dt.date(best.year, month, best.day or 15)
    except ValueError:
        return None
    when = str(best.year)
    if best.month:
        when += f"-{best.month:02d}" + (f"-{best.day:02d}" if best.day else "")
    elif best.part:
        when += f" {best.part}"
    return when, day


def answer_facts(answers: Iterable[tuple[str, Answer]]) -> list[Fact]:
    """Facts that answers cite, each quote once; the turn's id tells where it was cited."""
    facts: dict[tuple[str, int], Fact] = {}
    for turn, answer in answers:
        for citation in answer.citations:
            passage = citation.passage
            note = (citation.sources or passage.sources or (None,))[0]
            fallback = str((note.date if note else None) or passage.document.date or "")
            dated = date_of(citation.quote) or _parsed(fallback)
            if dated is None:
                continue
            facts.setdefault(
                (passage.document.path, citation.char_start),
                Fact(
                    when=dated[0],
                    day=dated[1],
                    text=citation.quote,
                    title=passage.document.title,
                    topic=passage.document.topic,
                    path=passage.document.path,
                    collection=passage.document.collection,
                    start=citation.char_start,
                    end=citation.char_end,
                    page=passage.page,
                    turn=turn,
                    number=citation.number,
                ),
            )
    return sorted(facts.values(), key=lambda f: f.day, reverse=True)


def document_facts(documents: Iterable[Document]) -> list[Fact]:
    """Sentences with a date (a month at least) of documents, newest first."""
    facts = []
    for document in documents:
        for block in document.blocks:
            if block.kind not in ("paragraph", "list_item"):
                continue
            text = document.text[block.char_start : block.char_end]
            for start, end in split_sentences(text):
                dated = date_of(text[start:end])
                if dated is None or len(dated[0]) == 4:
                    continue
                facts.append(
                    Fact(
                        when=dated[0],
                        day=dated[1],
                        text=text[start:end],
                        title=document.title,
                        topic=document.topic,
                        path=document.path,
                        collection=document.collection,
                        start=block.char_start + start,
                        end=block.char_start + end,
                        page=block.page,
                    )
                )
    return sorted(facts, key=lambda f: f.day, reverse=True)


def info_facts(documents: Iterable[DocumentInfo]) -> list[Fact]:
    """The documents themselves by their dates: for a scope too wide to read sentence by sentence."""
    facts = [
        Fact(
            when=str(d.date),
            day=d.date,
            text=d.title,
            title=d.title,
            topic=d.topic,
            path=d.path,
            collection=d.collection,
            start=0,
            end=0,
        )
        for d in documents
        if d.date
    ]
    return sorted(facts, key=lambda f: f.day, reverse=True)


def _parsed(text: str) -> tuple[str, dt.date] | None:
    parts = [int(p) for p in text.split("-") if p.isdigit()]
    if not parts:
        return None
    year, month, day = (*parts, *(7, 15)[len(parts) - 1 :])[:3]
    try:
        return text, dt.date(year, month, day)
    except ValueError:
        return None


def make_plot(facts: Sequence[Fact], width: int = 760, lane: int = 28, left: int = 130) -> Plot | None:
    """Lay facts out by date and topic; None when there are none."""
    if not facts:
        return None
    topics = sorted({f.topic for f in facts})
    first, last = min(f.day for f in facts), max(f.day for f in facts)
    span = max((last - first).days, 1)
    room = width - left - 20

    def x(day: dt.date) -> float:
        return round(left + room * (day - first).days / span, 1)

    stacked: dict[tuple[str, int], int] = {}
    dots = []
    for index, fact in enumerate(facts):
        key = (fact.topic, round(x(fact.day) / 7))
        level = stacked[key] = stacked.get(key, -1) + 1
        # Facts of the same days fan out around the middle of their lane.
        offset = (level + 1) // 2 * 5 * (1 if level % 2 else -1)
        y = topics.index(fact.topic) * lane + lane / 2 + max(-10, min(10, offset))
        dots.append(Dot(x=x(fact.day), y=y, fact=index))
    years = range(first.year, last.year + 1)
    if len(years) > 2:
        ticks = [(str(year), x(dt.date(year, 1, 1))) for year in years if dt.date(year, 1, 1) >= first]
    else:
        step = 1 if span < 200 else 3
        months = [dt.date(y, m, 1) for y in years for m in range(1, 13, step)]
        ticks = [(f"{m:%Y-%m}", x(m)) for m in months if first <= m <= last]
    height = len(topics) * lane + 24
    return Plot(width, height, [(t, i * lane + lane / 2) for i, t in enumerate(topics)], ticks, dots)


def timeline_html(language: str, facts: Sequence[Fact]) -> str:
    """HTML of the timeline."""
    shown = facts[:MOST_FACTS]
    groups: dict[str, list[tuple[int, Fact]]] = {}
    for index, fact in enumerate(shown):
        groups.setdefault(f"{fact.day:%Y-%m}", []).append((index, fact))
    return render(
        "timeline",
        language,
        facts=shown,
        groups=list(groups.items()),
        plot=make_plot(shown),
        more=len(facts) - len(shown),
    )
