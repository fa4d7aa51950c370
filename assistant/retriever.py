"""The assistant's search as a LangChain retriever."""

from __future__ import annotations

from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from assistant.schema import Filters, SearchHit


class Searcher(Protocol):
    """What the retriever needs of an `Assistant`."""

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """Passages nearest to a query, best first."""
        ...


def to_document(hit: SearchHit) -> Document:
    """A hit as a LangChain document.

    Metadata: `source` (path), `title`, `date` (ISO 8601 or None), `topic`, `language`, `collection`,
    `heading` (path of headings), `page`, `start_index` (character offset), `score`, `passage_id`, and
    `sources`, the primary sources that the passage names.
    """
    passage, document = hit.passage, hit.passage.document
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "source": document.path,
            "title": document.title,
            "date": document.date.isoformat() if document.date else None,
            "topic": document.topic,
            "language": document.language,
            "collection": document.collection,
            "heading": " > ".join(passage.heading_path),
            "page": passage.page,
            "start_index": passage.char_start,
            "score": hit.score,
            "passage_id": passage.id,
            "sources": [note.model_dump() for note in passage.sources],
        },
    )


class AssistantRetriever(BaseRetriever):
    """Passages of the assistant's documents for chains and agents of LangChain."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    # A protocol cannot be checked at run time without its methods being called.
    assistant: Any
    """The `Assistant` that searches."""
    k: int = Field(default=10, ge=1)
    """Passages to return."""
    filters: Filters | None = None
    """Which documents are searched."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        filters: Filters | None = None,
    ) -> list[Document]:
        searcher: Searcher = self.assistant
        hits = searcher.search(query, k=k or self.k, filters=filters or self.filters)
        return [to_document(hit) for hit in hits]
