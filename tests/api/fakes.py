"""A double that asks a fake chat model, so that tracing has something to trace."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from assistant.errors import ModelError
from assistant.request import Request
from assistant.runnable import AssistantRunnable
from assistant.schema import (
    Answer,
    AnswerEvent,
    Claim,
    ClaimEvent,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    StepEvent,
)


def make_hit(number: int) -> SearchHit:
    document = DocumentInfo(
        id=f"d{number}", path=f"chips/{number}.md", title=f"Brief {number}", date="2026-05-01"
    )  # type: ignore[arg-type]
    text = f"Passage {number} about chips."
    passage = Passage(
        id=f"p{number}",
        document=document,
        text=text,
        char_start=10,
        char_end=10 + len(text),
        heading_path=("Ascend", "Plans"),
        page=number,
    )
    return SearchHit(passage=passage, score=1 / number)


class FakeRunnable(AssistantRunnable):
    """Answers with what a fake chat model says; fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.requests: list[Request] = []
        self.running = self.most_running = 0
        self.closed = threading.Event()
        self.gate: threading.Barrier | None = None
        self._lock = threading.Lock()

    default_concurrency = 2

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        return [make_hit(n) for n in range(1, 31)][:k]

    def _events(self, request: Request) -> Iterator[Event]:
        with self._lock:
            self.requests.append(request)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            yield StepEvent(stage="understand", message=request.question)
            if self.failures:
                self.failures -= 1
                raise ModelError("The model failed.")
            if self.gate is not None:
                self.gate.wait(20)
            yield EvidenceEvent(hits=tuple(self.search("", k=2)))
            model = GenericFakeChatModel(messages=iter([AIMessage(f"About {request.question}")]))
            claim = Claim(text=str(model.invoke(request.question).content), verdict="supported", score=1.0)
            yield ClaimEvent(claim=claim)
            yield AnswerEvent(
                answer=Answer(
                    question=request.question,
                    standalone_question=request.question,
                    status="answered",
                    text=claim.text,
                    claims=(claim,),
                )
            )
        finally:
            with self._lock:
                self.running -= 1
            self.closed.set()
