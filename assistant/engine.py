"""What the ways in need of an assistant: `assistant.Assistant` has it, and so have the doubles of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant.request import AnswerLanguage
from assistant.schema import Answer, Document, DocumentInfo, Event, Filters, SearchHit, Turn
from assistant.settings import Settings


class Engine(Protocol):
    """The part of `Assistant` that batch runs, servers and the web UI call."""

    @property
    def settings(self) -> Settings:
        """Settings of the assistant."""
        ...

    @property
    def model_name(self) -> str:
        """Which model answers."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        ...

    @property
    def corpus(self) -> Path:
        """Folder of the corpus in use."""
        ...

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: AnswerLanguage | None = None,
    ) -> Answer:
        """Answers one question; called from several threads."""
        ...

    def astream(
        self,
        question: str,
        /,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: AnswerLanguage | None = None,
    ) -> AsyncIterator[Event]:
        """Events of one answer; the last is an `AnswerEvent`."""
        ...

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """Passages nearest to a query, best first."""
        ...

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """Documents that match."""
        ...

    def document(self, path: str, collection: str = "corpus") -> Document:
        """One document with its text."""
        ...

    def sync(self, progress: Callable[[int, int, str], None] | None = None) -> Any:
        """Brings the index in step with the corpus folder."""
        ...

    def add_documents(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str = "user",
        progress: Callable[[int, int, str], None] | None = None,
    ) -> Any:
        """Indexes files; returns a report with one entry a file."""
        ...

    def remove(self, paths: Sequence[str], *, collection: str = "user") -> int:
        """Forgets documents of a collection; returns how many there were."""
        ...

    def warm_up(self) -> None:
        """Loads the models."""
        ...
