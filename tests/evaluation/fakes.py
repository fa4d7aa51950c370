"""A small assistant whose answers a test writes down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.evaluation.gold import GoldQuestion
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    Status,
    StepEvent,
    Turn,
    Verdict,
)


def passage(document: str, text: str) -> Passage:
    info = DocumentInfo(
        id=document, path=f"chips/{document}", title=document, date=dt.date(2026, 5, 1), topic="chips"
    )
    return Passage(id=f"{document}:{text[:8]}", document=info, text=text, char_start=0, char_end=len(text))


def hits(*passages: Passage) -> tuple[SearchHit, ...]:
    return tuple(SearchHit(passage=p, score=1.0 / rank) for rank, p in enumerate(passages, start=1))


def answer(
    question: str,
    sentences: Sequence[tuple[str, Passage | None, Verdict]] = (),
    *,
    status: Status = "answered",
    timings: dict[str, float] | None = None,
) -> Answer:
    claims, citations, parts = [], [], []
    for text, source, verdict in sentences:
        numbers: tuple[int, ...] = ()
        if source is not None:
            number = len(citations) + 1
            numbers = (number,)
            citations.append(
                Citation(
                    number=number,
                    passage=source,
                    quote=source.text,
                    char_start=0,
                    char_end=len(source.text),
                    score=0.9,
                )
            )
        claims.append(Claim(text=text, citations=numbers, verdict=verdict, score=0.9))
        parts.append(text + "".join(f" [{n}]" for n in numbers))
    return Answer(
        question=question,
        standalone_question=question,
        status=status,
        text=" ".join(parts) or "The documents do not say.",
        claims=tuple(claims),
        citations=tuple(citations),
        timings=timings or {},
    )


@dataclass
class FakeAssistant:
    answers: dict[str, Answer | Exception] = field(default_factory=dict)
    evidence: tuple[SearchHit, ...] = ()
    found: tuple[SearchHit, ...] = ()
    model_name: str = "fake"
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        model: str | None = None,
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        reply = self.answers[question]
        yield StepEvent(stage="retrieve", message="Searching")
        if isinstance(reply, Exception):
            raise reply
        yield EvidenceEvent(hits=self.evidence)
        for claim in reply.claims:
            yield ClaimEvent(claim=claim)
        yield AnswerEvent(answer=reply)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        self.searched.append(query)
        return list(self.found[:k])

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *error: object) -> None:
        return None


def gold(id: str = "q1", question: str = "How many?", **values: object) -> GoldQuestion:
    entry: dict[str, object] = {
        "id": id,
        "question": question,
        "type": "fact",
        "facts": ["600,000"],
        "briefs": ["a.md"],
        "language": "en",
        "topic": "chips",
    }
    return GoldQuestion.model_validate({**entry, **values})


def unanswerable(id: str, question: str) -> GoldQuestion:
    return gold(id, question, type="unanswerable", facts=[], briefs=[])
