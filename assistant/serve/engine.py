"""What the servers need of an assistant: `assistant.Assistant` has it, and so has the double of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from assistant.schema import Document, DocumentInfo, Event, Filters, SearchHit, Turn


class ServeEngine(Protocol):
    """The part of `Assistant` that the servers call."""

    @property
    def model_name(self) -> str:
        """Which model answers."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        ...

    def astream(
        self,
        question: str,
        /,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
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

    def warm_up(self) -> None:
        """Loads the models."""
        ...
