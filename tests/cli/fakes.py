"""A double of the engine for the command line: one prepared answer, and what it was asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from assistant.index.sync import FileReport, SyncReport
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Disagreement,
    DisagreementValue,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    SourceNote,
    StepEvent,
)

QUOTE = "Huawei expected about $12 billion of AI chip revenue in 2026."
DOCUMENT = DocumentInfo(
    id="0" * 16,
    path="chips/2026-05-01-huawei.md",
    title="Huawei Ascend 950",
    date=dt.date(2026, 5, 1),
    topic="chips",
)
SOURCE = SourceNote(
    label="8",
    publisher="Reuters",
    title="Huawei expects a jump",
    date="2026-05",
    url="https://example.com/a-rather-long-address/that-must-not-be-broken/over-two-lines/huawei-expects",
)
PASSAGE = Passage(
    id="p1", document=DOCUMENT, text=QUOTE, char_start=0, char_end=len(QUOTE), heading_path=("Orders",)
)
CITATION = Citation(
    number=1, passage=PASSAGE, quote=QUOTE, char_start=0, char_end=len(QUOTE), score=0.9, sources=(SOURCE,)
)
CLAIMS = (
    Claim(text="Huawei expected $12 billion.", citations=(1,), verdict="supported", score=0.9),
    Claim(
        text="It expected 13 billion elsewhere.",
        citations=(1,),
        verdict="partly_supported",
        score=0.4,
        reasons=("number 13 billion is not in the passage",),
    ),
)
ANSWER = Answer(
    question="q",
    standalone_question="q",
    status="answered",
    text="Huawei expected $12 billion. [1] It expected 13 billion elsewhere. [1]",
    claims=CLAIMS,
    citations=(CITATION,),
    searched=98,
    newest=DOCUMENT.date,
    oldest=DOCUMENT.date,
    model="extractive",
    disagreements=(
        Disagreement(
            quantity="AI chip revenue of 2026",
            values=(DisagreementValue(value="$12 billion", publisher="Reuters", date="2026-05", citation=1),),
        ),
    ),
)
REFUSAL = Answer(
    question="q",
    standalone_question="q",
    status="not_in_corpus",
    text="The 98 documents searched do not answer this.",
    nearest=(SearchHit(passage=PASSAGE, score=0.2),),
    searched=98,
)


class Asked(NamedTuple):
    question: str
    history: tuple[Any, ...]
    filters: Filters | None
    passages: int | None = None
    language: str | None = None


class FakeAssistant:
    """Gives one prepared answer and remembers what it was asked."""

    model_name = "extractive"

    def __init__(self) -> None:
        self.answer = ANSWER
        self.asked: list[Asked] = []
        self.failure: BaseException | None = None
        self.report = SyncReport(files=(FileReport(path="a.md", status="added", passages=3),), passages=3)
        self.settings: Any = None
        self.closed = False

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Any] = (),
        filters: Filters | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Answer:
        self.asked.append(Asked(question, tuple(history), filters, passages, language))
        if self.failure:
            raise self.failure
        return self.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Any] = (),
        filters: Filters | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Iterator[Event]:
        self.asked.append(Asked(question, tuple(history), filters, passages, language))
        yield StepEvent(stage="retrieve", message="Searching")
        yield EvidenceEvent(hits=(SearchHit(passage=PASSAGE, score=1.0),))
        for claim in CLAIMS:
            yield ClaimEvent(claim=claim)
        yield AnswerEvent(answer=self.answer)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        self.asked.append(Asked(query, (), filters))
        return [SearchHit(passage=PASSAGE, score=0.5)][:k]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return [DOCUMENT]

    def sync(self, progress: Any = None, *, mend: bool = False) -> SyncReport:
        progress(1, 1, "a.md")
        return self.report

    def add_documents(self, paths: Sequence[Path], *, collection: str, progress: Any) -> SyncReport:
        return self.report

    def remove(self, paths: Sequence[str], *, collection: str) -> int:
        return sum(path == "a.md" for path in paths)


class Result(NamedTuple):
    code: int
    out: str
    err: str
