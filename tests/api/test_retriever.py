from __future__ import annotations

from typing import Any

from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from assistant.retriever import AssistantRetriever

from .fakes import FakeRunnable


class TestConformance(RetrieversIntegrationTests):
    """LangChain's own tests for retrievers."""

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return AssistantRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"assistant": FakeRunnable()}

    @property
    def retriever_query_example(self) -> str:
        return "Ascend"


def test_a_document_says_where_it_comes_from() -> None:
    document = FakeRunnable().as_retriever(k=1).invoke("Ascend")[0]
    assert document.page_content == "Passage 1 about chips."
    assert document.id == document.metadata["passage_id"] == "p1"
    wanted = {
        "source": "chips/1.md",
        "title": "Brief 1",
        "date": "2026-05-01",
        "heading": "Ascend > Plans",
        "page": 1,
        "start_index": 10,
        "score": 1.0,
    }
    assert {name: document.metadata[name] for name in wanted} == wanted
