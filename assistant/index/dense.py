"""Search by vector within what a filter leaves of one state of the index.

Chroma finds the nearest of all passages in 2 ms, but a condition of its own (`where`) costs it a look at the metadata
of every passage that meets it: 0.4 s among 100,000. So conditions stay out of Chroma: where many passages meet them,
more neighbours are asked for and the others dropped; where few do, these are compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from assistant.index.builds import Build
from assistant.index.catalog import Snapshot
from assistant.index.filters import selected
from assistant.index.lexical import LexicalIndex, PassageSet
from assistant.schema import DocumentInfo, Filters

# Neighbours that are asked for, as a multiple of what the share of the selection needs on average: the passages of a
# document pass or fail together, and a second look costs four times the first.
_MARGIN = 2


class Selection:
    """What a filter leaves of one state.

    Args:
        filters: The conditions.
        snapshot: The state.
        lexical: Gives its lexical index, which knows its passages.
    """

    def __init__(self, filters: Filters, snapshot: Snapshot, lexical: Callable[[], LexicalIndex]) -> None:
        self.documents: list[DocumentInfo] = selected(filters, snapshot.documents.values())
        self.is_all = len(self.documents) == len(snapshot.documents)
        self._lexical = lexical

    @cached_property
    def lexical(self) -> LexicalIndex:
        """The lexical index of the state."""
        return self._lexical()

    @cached_property
    def passages(self) -> PassageSet:
        """The passages of the documents."""
        return self.lexical.among(None if self.is_all else [document.id for document in self.documents])


def nearest_passages(
    build: Build, vector: Sequence[float], k: int, selection: Selection
) -> list[tuple[str, float]]:
    """Ids of the passages of a selection nearest to a vector with their cosine, best first.

    Args:
        build: Where they are.
        vector: A vector of the index's embedding model.
        k: Most results.
        selection: Those that may be found.
    """
    passages = selection.passages
    size = passages.size
    if not size:
        return []
    wanted = k if selection.is_all else int(k * _MARGIN * len(passages.ids) / size) or 1
    # To find a neighbour takes about as long as to compare a passage: what is fewer is done.
    while selection.is_all or wanted < size:
        found = _nearest(build, vector, wanted)
        # What a running sync has written, but not published, is no passage of the state either.
        best = [(i, cosine) for i, cosine in found if i in passages]
        if len(best) >= k or len(found) < wanted:
            return best[:k]
        wanted *= 4
    return _compared(build, vector, k, selection)


def _compared(build: Build, vector: Sequence[float], k: int, selection: Selection) -> list[tuple[str, float]]:
    """The nearest of all passages of the selection, by the vectors of the catalogue."""
    query = np.asarray(vector, np.float32)
    query = query / (np.linalg.norm(query) or 1)
    best: list[tuple[str, float]] = []
    for batch in build.catalog.vectors([document.id for document in selection.documents]):
        rows = np.concatenate([selection.lexical.rows_of(document_id) for document_id, _ in batch])
        matrix = np.concatenate([vectors for _, vectors in batch])
        if len(rows) != len(matrix):
            # Another state was published meanwhile: the search is done again.
            raise RuntimeError("the catalogue holds other passages than the state that is searched")
        cosines = matrix @ query / np.maximum(np.linalg.norm(matrix, axis=1), 1e-12)
        top = np.argpartition(-cosines, k - 1)[:k] if k < len(rows) else np.arange(len(rows))
        best += [(selection.passages.ids[rows[at]], float(cosines[at])) for at in top]
    return sorted(best, key=lambda found: (-found[1], found[0]))[:k]


def _nearest(build: Build, vector: Sequence[float], k: int) -> list[tuple[str, float]]:
    try:
        return build.store.nearest(vector, k)
    except Exception:
        if not build.is_there:
            raise
        # Chroma's graph in memory may be older than the rows that another process writes right now.
        build.store.reopen()
        return build.store.nearest(vector, k)
