"""A double of the engine: answers at once, and fails on demand."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.schema import (
    Answer,
    Citation,
    Claim,
    Disagreement,
    DisagreementValue,
    DocumentInfo,
    Filters,
    Passage,
    SourceNote,
    TokenUsage,
    Turn,
)
from assistant.settings import Settings

DOCUMENT = DocumentInfo(
    id="d" * 16,
    path="chips/2026-05-01-ascend.md",
    title="Huawei's Ascend plans",
    date=dt.date(2026, 5, 1),
    topic="chips",
    sha256="ab" * 32,
)
QUOTE = "Huawei plans the 950PR for early 2026."
SOURCE = SourceNote(
    label="1",
    publisher="Reuters",
    title="Ascend",
    date="2026-04-30",
    url="https://example.org/ascend?a=1&b=2",
)


def make_answer(question: str, text: str = QUOTE, quote: str = QUOTE, url: str | None = SOURCE.url) -> Answer:
    """One cited claim, and one that is only partly supported."""
    source = SOURCE.model_copy(update={"url": url})
    passage = Passage(
        id="p1", document=DOCUMENT, text=quote, char_start=0, char_end=len(quote), page=2, sources=(source,)
    )
    citation = Citation(
        number=1,
        passage=passage,
        quote=quote,
        char_start=0,
        char_end=len(quote),
        score=0.9,
        sources=(source,),
    )
    return Answer(
        question=question,
        standalone_question=question,
        status="answered",
        text=f"{text} [1] It may slip. [1]",
        claims=(
            Claim(text=text, citations=(1,), verdict="supported", score=0.9),
            Claim(
                text="It may slip.",
                citations=(1,),
                verdict="partly_supported",
                score=0.5,
                reasons=("no date",),
            ),
        ),
        citations=(citation,),
        newest=DOCUMENT.date,
        oldest=DOCUMENT.date,
        disagreements=(
            Disagreement(
                quantity="units",
                values=(DisagreementValue(value="700,000", publisher="Reuters", date="2026", citation=1),),
            ),
        ),
        model="fake",
        usage=TokenUsage(input_tokens=90, output_tokens=10),
    )


def make_refusal(question: str) -> Answer:
    """An answer that says that the documents do not tell."""
    return Answer(
        question=question,
        standalone_question=question,
        status="not_in_corpus",
        text="The documents do not answer this.",
        model="fake",
    )


class FakeEngine:
    """Refuses questions with `weather`, hands others to `reply`, and remembers what was asked.

    Args:
        reply: Makes the answer of a question, or raises.
        settings: Settings to show.
    """

    def __init__(self, reply: Callable[[str], Answer] = make_answer, **settings: object) -> None:
        self.settings = Settings(home=Path("unused"), **settings)  # type: ignore[arg-type]
        self.model_name = "fake"
        self.reply = reply
        self.asked: list[str] = []
        self.calls: list[tuple[str, tuple[Turn | tuple[str, str], ...], Filters | None, str | None]] = []
        self.shaped: list[tuple[int | None, str | None]] = []
        self.known = [DOCUMENT]
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return self.known

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Answer:
        with self._lock:
            self.asked.append(question)
            self.shaped.append((passages, language))
            self.calls.append((question, tuple(history), filters, model))
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            return make_refusal(question) if "weather" in question else self.reply(question)
        finally:
            with self._lock:
                self.running -= 1
