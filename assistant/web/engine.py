"""What the web UI needs of an assistant: `assistant.Assistant` has it, the doubles of the tests too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant.schema import Document, DocumentInfo, Event, Filters, SearchHit, Turn
from assistant.settings import Settings


class Engine(Protocol):
    """The part of `Assistant` that the UI calls."""

    settings: Settings

    @property
    def model_name(self) -> str:
        """Name of the model that answers."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        ...

    @property
    def corpus(self) -> Path:
        """Folder of the corpus in use."""
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
        """Passages nearest to a query."""
        ...

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """Documents that match."""
        ...

    def document(self, path: str, collection: str = "corpus") -> Document:
        """One document with its text."""
        ...

    def sync(self, progress: Callable[[int, int, str], None] | None = None) -> Any:
        """Bring the index up to date with the corpus."""
        ...

    def add_documents(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str = "user",
        progress: Callable[[int, int, str], None] | None = None,
    ) -> Any:
        """Index files; returns a report with one entry a file."""
        ...

    def remove(self, paths: Sequence[str], *, collection: str = "user") -> int:
        """Forget documents of a collection."""
        ...

    def warm_up(self) -> None:
        """Load the models."""
        ...
