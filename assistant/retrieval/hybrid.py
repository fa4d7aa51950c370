"""Dense and lexical search, fused by reciprocal rank (Cormack, Clarke and Büttcher 2009)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from langchain_core.embeddings import Embeddings

from assistant.index.lexical import tokenize
from assistant.retrieval.query import SearchQuery
from assistant.schema import DocumentInfo, Filters, Passage, SearchHit

# The constant of the method's authors.
RRF_K = 60
# Share of the query's distinct terms that the best lexical hits must hold for full weight.
_FULL_COVERAGE = 0.5
# How many ranks each list contributes: beyond, a passage found by one list alone has no chance.
_DEPTH = 60
# A search whose passages another process replaces before they are fetched is done again, but not for ever.
_TRIES = 3


class SearchableIndex(Protocol):
    """What retrieval needs of an index."""

    def dense_ids(
        self, vector: Sequence[float], k: int, filters: Filters | None = None
    ) -> list[tuple[str, float]]:
        """Ids of passages with cosine similarity, best first."""
        ...

    def lexical_ids(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Ids of passages with positive BM25 scores, best first."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Passages by id, in the order asked; those that are gone are left out."""
        ...

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """Documents in the index."""
        ...


def reciprocal_rank_fusion(
    rankings: Iterable[tuple[Sequence[str], float]], k: int = RRF_K
) -> dict[str, float]:
    """Scores of the fused ranking: the sum over lists of weight / (k + rank), ranks counted from 1.

    Args:
        rankings: Ids in order with the weight of the list.
        k: Flattens the difference between ranks.
    """
    scores: dict[str, float] = defaultdict(float)
    for ids, weight in rankings:
        for rank, passage_id in enumerate(ids, start=1):
            scores[passage_id] += weight / (k + rank)
    return scores


def lexical_weight(query: str, best: Sequence[Passage]) -> float:
    """Weight of a lexical ranking, 0 to 1: how much of the query its best passages hold.

    A Chinese question over English passages matches a number or a Latin name at most; its ranking then says
    little and must not outvote the dense one. In one language most terms match and the weight is 1.
    """
    terms = set(tokenize(query))
    if not terms or not best:
        return 0.0
    covered = max(len(terms & set(tokenize(passage.embedding_text()))) for passage in best)
    return min(1.0, covered / len(terms) / _FULL_COVERAGE)


class HybridRetriever:
    """Finds passages by meaning and by words.

    Args:
        index: Where to search.
        embeddings: The model that embedded the index.
    """

    def __init__(self, index: SearchableIndex, embeddings: Embeddings) -> None:
        self._index = index
        self._embeddings = embeddings

    def retrieve(
        self, queries: Sequence[SearchQuery | str], k: int = 20, filters: Filters | None = None
    ) -> list[SearchHit]:
        """The best passages for one or several formulations of a question.

        Args:
            queries: Formulations; their rankings are fused by weight.
            k: Most hits.
            filters: Which documents may be used.

        Returns:
            Hits with fused scores, best first.
        """
        asked = [
            (query.text, query.weight) if isinstance(query, SearchQuery) else (query, 1.0)
            for query in queries
        ]
        vectors = [self._embeddings.embed_query(text) for text, _ in asked]
        hits: list[SearchHit] = []
        for _ in range(_TRIES):
            scores = self._scores(asked, vectors, max(k, _DEPTH), filters)
            best = sorted(scores, key=lambda passage_id: (-scores[passage_id], passage_id))[:k]
            # Texts are fetched for these alone: that takes longer than to find them.
            hits = [SearchHit(passage=p, score=scores[p.id]) for p in self._index.passages(best)]
            if len(hits) == len(best):
                break
        return hits

    def _scores(
        self,
        asked: Sequence[tuple[str, float]],
        vectors: Sequence[Sequence[float]],
        depth: int,
        filters: Filters | None,
    ) -> dict[str, float]:
        """Fused scores by passage id."""
        rankings: list[tuple[Sequence[str], float]] = []
        for (text, weight), vector in zip(asked, vectors, strict=True):
            rankings.append(([i for i, _ in self._index.dense_ids(vector, depth, filters)], weight))
            lexical = [i for i, _ in self._index.lexical_ids(text, depth, filters)]
            share = lexical_weight(text, self._index.passages(lexical[:3]))
            rankings.append((lexical, weight * share))
        return reciprocal_rank_fusion(rankings)
