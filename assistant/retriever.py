"""The assistant's search as LangChain knows it: a retriever for chains, and a run that tracers see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import (
    RunnableConfig,
    ensure_config,
    get_callback_manager_for_config,
    set_config_context,
)
from pydantic import ConfigDict, Field

from assistant.request import MOST_PASSAGES
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import SearchQuery
from assistant.schema import Filters, SearchHit


class Searcher(Protocol):
    """What the retriever needs of an `Assistant`."""

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """Passages nearest to a query, best first."""
        ...


def to_document(hit: SearchHit) -> Document:
    """A hit as a LangChain document.

    Metadata: `source` (path), `title`, `date` (ISO 8601 or None), `topic`, `language`, `collection`,
    `heading` (path of headings), `page`, `page_label` (as printed), `start_index` (character offset), `score`,
    `passage_id`, and `sources`, the primary sources that the passage names.
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
            "page_label": passage.page_label,
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
    k: int = Field(default=10, ge=1, le=MOST_PASSAGES)
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
        # This is the retriever's run already: the search within it is not told a second time.
        with set_config_context(RunnableConfig(callbacks=None)) as context:
            hits = context.run(searcher.search, query, k=k or self.k, filters=filters or self.filters)
        return [to_document(hit) for hit in hits]


class TracedRetriever(HybridRetriever):
    """The search of a question, seen by LangChain's callbacks and tracers as a retriever's run."""

    def retrieve(
        self, queries: Sequence[SearchQuery | str], k: int = 20, filters: Filters | None = None
    ) -> list[SearchHit]:
        """As `HybridRetriever.retrieve`; the run is a child of what is running in this context."""
        texts = [query.text if isinstance(query, SearchQuery) else query for query in queries]
        manager = get_callback_manager_for_config(ensure_config())
        run = manager.on_retriever_start(None, "\n".join(texts), name="search")
        try:
            hits = super().retrieve(queries, k, filters)
        except BaseException as error:
            run.on_retriever_error(error)
            raise
        run.on_retriever_end([to_document(hit) for hit in hits])
        return hits
