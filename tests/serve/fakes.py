"""A double of the engine: a document, and an answer with two sentences."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence

from assistant.errors import DocumentError, ModelError, QuestionError
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Document,
    DocumentInfo,
    Event,
    Filters,
    Passage,
    SearchHit,
    SourceNote,
    StepEvent,
    TokenUsage,
    Turn,
)

TEXT = "Huawei plans the 950PR for early 2026. 昇腾芯片. It may slip."
DOCUMENT = Document(
    id="d" * 16,
    path="chips/2026 plans.md",
    title="Ascend plans",
    date=dt.date(2026, 5, 1),
    topic="chips",
    publisher="Desk",
    text=TEXT,
)
SOURCE = SourceNote(
    label="1", publisher="Reuters", title="Ascend", date="2026-04", url="https://example.org/a"
)
PASSAGE = Passage(id="p1", document=DOCUMENT.info(), text=TEXT, char_start=0, char_end=len(TEXT), page=2)


def make_answer(question: str) -> Answer:
    first = "Huawei plans the 950PR for early 2026."
    claims = (
        Claim(text=first, citations=(1,), verdict="supported", score=0.9),
        Claim(text="It may slip.", citations=(1, 2), verdict="partly_supported", score=0.5),
    )
    cited = Citation(
        number=1,
        passage=PASSAGE,
        quote=first,
        char_start=0,
        char_end=len(first),
        score=0.9,
        sources=(SOURCE,),
    )
    return Answer(
        question=question,
        standalone_question=question,
        status="answered",
        text="Huawei plans the 950PR for early 2026. [1] It may slip. [1][2]\n\nNot covered: prices.",
        claims=claims,
        citations=(cited, cited.model_copy(update={"number": 2, "sources": ()})),
        model="fake",
        usage=TokenUsage(input_tokens=90, output_tokens=10),
    )


class FakeEngine:
    """Refuses `weather`; `broken` and `crash` fail, `halfway` after one sentence; `slow` waits."""

    model_name = "fake"
    ready = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Turn | tuple[str, str], ...], Filters | None, str | None]] = []
        self.shaped: list[tuple[int | None, str | None]] = []
        self.release = asyncio.Event()
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> AsyncIterator[Event]:
        self.shaped.append((passages, language))
        self.calls.append((question, tuple(history), filters, model))
        if not question.strip() or len(question) > 4000:
            raise QuestionError("The question is empty or too long.", "Write up to 4,000 characters.")
        if question == "broken":
            raise ModelError("The model is gone.", "Start it.")
        if question == "crash":
            raise ZeroDivisionError("secret detail")
        try:
            yield StepEvent(stage="understand", message=f"Understood as:\n{question}")
            self.started.set()
            if question == "slow":
                await self.release.wait()
            if question == "weather":
                text = "The documents do not answer this."
                yield AnswerEvent(
                    answer=Answer(
                        question=question, standalone_question=question, status="not_in_corpus", text=text
                    )
                )
                return
            answer = make_answer(question)
            yield ClaimEvent(claim=answer.claims[0], new_citations=answer.citations[:1])
            if question == "halfway":
                raise ModelError("The model stopped.")
            yield ClaimEvent(claim=answer.claims[1])
            yield AnswerEvent(answer=answer)
        finally:
            self.ended.set()

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        if not query.strip():
            raise QuestionError("The query is empty.")
        return [SearchHit(passage=PASSAGE, score=0.5)][:k]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return [DOCUMENT.info()]

    def document(self, path: str, collection: str = "corpus") -> Document:
        if (path, collection) != (DOCUMENT.path, "corpus"):
            raise DocumentError(f"There is no document '{path}' in '{collection}'.")
        return DOCUMENT

    def warm_up(self) -> None:
        return None
