from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.retrieval.hybrid import RRF_K, HybridRetriever, lexical_weight, reciprocal_rank_fusion
from assistant.retrieval.query import SearchQuery
from assistant.schema import DocumentInfo, Filters, Passage
from tests.doubles import WordEmbeddings, make_passage


class FakeIndex:
    """Returns fixed rankings, and remembers what was asked."""

    def __init__(self, dense: Sequence[Passage], lexical: Sequence[Passage]) -> None:
        self.dense, self.lexical = dense, lexical
        self.filters: list[Filters | None] = []
        self.queries: list[str] = []
        self.depths: list[int] = []

    def dense_ids(
        self, vector: Sequence[float], k: int, filters: Filters | None = None
    ) -> list[tuple[str, float]]:
        self.filters.append(filters)
        self.depths.append(k)
        return [(passage.id, 0.5) for passage in self.dense[:k]]

    def lexical_ids(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[str, float]]:
        self.filters.append(filters)
        self.queries.append(query)
        return [(passage.id, 1.0) for passage in self.lexical[:k]]

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        known = {passage.id: passage for passage in (A, B, C)}
        return [known[i] for i in ids]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return []


A, B, C = (
    make_passage(text, start=start)
    for start, text in ((0, "SMIC earned money."), (100, "Huawei ships chips."), (200, "Nvidia waits."))
)


def test_fusion_adds_weight_over_rank() -> None:
    scores = reciprocal_rank_fusion([(["a", "b"], 1.0), (["b"], 0.5)])
    assert scores == pytest.approx({"a": 1 / (RRF_K + 1), "b": 1 / (RRF_K + 2) + 0.5 / (RRF_K + 1)})


def test_fusion_of_nothing() -> None:
    assert reciprocal_rank_fusion([]) == {} and reciprocal_rank_fusion([([], 1.0)]) == {}


def test_lexical_weight_grows_with_the_words_that_are_found() -> None:
    english = make_passage("Huawei plans the Ascend 950 for early 2026.")
    assert lexical_weight("When does Huawei plan the Ascend 950?", [english]) == 1.0
    few = lexical_weight("华为昇腾芯片的产量在2026年是多少", [english])
    assert 0 < few < 0.5
    assert lexical_weight("完全无关的问题", [english]) == 0.0
    assert lexical_weight("anything", []) == 0.0 and lexical_weight("?!", [english]) == 0.0


def test_what_both_rankings_hold_comes_first() -> None:
    index = FakeIndex(dense=[C, A], lexical=[A, B])
    hits = HybridRetriever(index, WordEmbeddings()).retrieve(["SMIC earned money"], k=3)
    assert [hit.passage for hit in hits] == [A, C, B]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_words_that_match_little_do_not_outvote_meaning() -> None:
    index = FakeIndex(dense=[C, A], lexical=[A, B])
    hits = HybridRetriever(index, WordEmbeddings()).retrieve(["英伟达在等什么呢"], k=3)
    assert hits[0].passage == C


def test_weights_of_formulations_count() -> None:
    class ByQuery(FakeIndex):
        def lexical_ids(self, query, k, filters=None):  # type: ignore[no-untyped-def]
            return [((A if "SMIC" in query else B).id, 1.0)]

    retriever = HybridRetriever(ByQuery(dense=[], lexical=[]), WordEmbeddings())
    first = retriever.retrieve([SearchQuery("SMIC earned", 0.5), SearchQuery("Huawei ships", 1.0)], k=2)
    other = retriever.retrieve([SearchQuery("SMIC earned", 1.0), SearchQuery("Huawei ships", 0.5)], k=2)
    assert [hit.passage for hit in first] == [B, A] and [hit.passage for hit in other] == [A, B]


def test_hands_on_k_and_filters() -> None:
    index = FakeIndex(dense=[A, B, C], lexical=[])
    filters = Filters(topics=("chips",))
    hits = HybridRetriever(index, WordEmbeddings()).retrieve(["x"], k=2, filters=filters)
    assert len(hits) == 2 and index.filters == [filters, filters]
    HybridRetriever(index, WordEmbeddings()).retrieve(["x"], k=90)
    assert index.depths[-1] == 90


def test_no_queries_and_no_hits() -> None:
    retriever = HybridRetriever(FakeIndex([], []), WordEmbeddings())
    assert retriever.retrieve([]) == [] and retriever.retrieve(["x"]) == []


def test_passages_that_are_replaced_before_they_are_fetched_are_searched_again() -> None:
    class Overtaken(FakeIndex):
        def passages(self, ids: Sequence[str]) -> list[Passage]:
            if len(ids) == 2 and self.dense == [A, B]:
                # Another process has put C in the place of A.
                self.dense = [C, B]
                return [B]
            return super().passages(ids)

    hits = HybridRetriever(Overtaken(dense=[A, B], lexical=[]), WordEmbeddings()).retrieve(["x"], k=2)
    assert [hit.passage for hit in hits] == [C, B]
