"""The documents as programs may use them: whoever has the key of the server is none of its users."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from assistant.engine import Engine
from assistant.errors import DocumentError, QuestionError
from assistant.privacy import is_private
from assistant.schema import Document, DocumentInfo, Event, Filters, SearchHit


class PublicEngine:
    """An engine without the private documents of the page's users, also when their collection is named.

    Args:
        engine: What answers.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def model_name(self) -> str:
        """Which model answers."""
        return self._engine.model_name

    @property
    def ready(self) -> bool:
        """Whether the models are loaded."""
        return self._engine.ready

    def warm_up(self) -> None:
        """Builds or opens the index and loads the models."""
        self._engine.warm_up()

    def astream(
        self, question: str, /, *, filters: Filters | None = None, **options: Any
    ) -> AsyncIterator[Event]:
        """Events of one answer; the last is an `AnswerEvent`."""
        return self._engine.astream(question, filters=_checked(filters), **options)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """Passages nearest to a query, best first."""
        found = self._engine.search(query, k=k, filters=_checked(filters))
        return [hit for hit in found if not is_private(hit.passage.document.collection)]

    def documents(self) -> list[DocumentInfo]:
        """All documents but the private ones."""
        return [each for each in self._engine.documents() if not is_private(each.collection)]

    def document(self, path: str, collection: str = "corpus") -> Document:
        """One document with its text."""
        if is_private(collection):
            raise DocumentError(
                f"There is no document '{path}' in '{collection}'.", "`assistant documents` lists them."
            )
        return self._engine.document(path, collection)


def _checked(filters: Filters | None) -> Filters | None:
    for name in filters.collections if filters is not None else ():
        if is_private(name):
            raise QuestionError(f"There is no collection '{name}'.", "Leave it out.")
    return filters
