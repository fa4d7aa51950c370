"""`Index`: the one door for searching what is indexed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assistant.errors import IndexingError
from assistant.index.builds import Build, client_id, current_fingerprint, make_current, write_lock
from assistant.index.catalog import Snapshot
from assistant.index.catch_up import catch_up, is_gone
from assistant.index.check import check_build, lexical_of, missing_passages, sample_vectors
from assistant.index.dense import Selection, nearest_passages
from assistant.index.failures import broken, index_errors
from assistant.index.fingerprint import Fingerprint
from assistant.index.lease import Lease
from assistant.index.lexical import LexicalIndex
from assistant.index.presence import Presence
from assistant.index.server import ChromaServer
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document, DocumentInfo, Filters, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Found = TypeVar("_Found")
# A search that a writer overtakes is done again; somebody who publishes all the time must not stop it for ever.
_TRIES = 5
# Filters whose documents are remembered.
_SELECTIONS = 16
_GONE = "The documents must be indexed again, because the Chroma server no longer has them."


class Index:
    """A consistent view of the documents, their vectors and the lexical index.

    Searches see one published state at a time: what a running sync writes becomes visible as a whole when it
    is published, also to other processes, at their next search. Safe to use from several threads.

    Use `Index.open`.
    """

    def __init__(
        self,
        root: Path,
        wanted: Build,
        serving: Build,
        rebuild_reason: str,
        server: ChromaServer | None = None,
    ) -> None:
        self.root = root
        self.server = server
        self.wanted = wanted
        """The build that a sync writes to."""
        self.rebuild_reason = rebuild_reason
        """Why the documents must be indexed anew, in words; empty when they need not be."""
        self._serving = serving
        self._lock = threading.RLock()
        self._snapshot = serving.catalog.snapshot()
        self._lexical: LexicalIndex | None = None
        self._selections: dict[Filters, Selection] = {}
        self._own_stamp = ""
        self._has_vectors = False
        self._is_gone = rebuild_reason == _GONE
        self._retired: list[Build] = []

    @classmethod
    def open(
        cls,
        home: Path,
        embeddings: EmbeddingModel,
        *,
        chunker: str | int | None = None,
        server: ChromaServer | None = None,
    ) -> Index:
        """Open the index of a home folder; an empty one is made when there is none.

        When the embedding model or the chunker changed, `rebuild_reason` says so and the next sync builds a
        new index beside the old one. Until then searches use the old one if its vectors still fit.

        Args:
            home: Folder of all that is kept.
            embeddings: The embedding model in use.
            chunker: Version of the chunker; that of `assistant.ingest` when None.
            server: A Chroma server that keeps the index for several machines; this machine alone when None.

        Raises:
            IndexingError: The index cannot be opened.
        """
        root = home / "index" if server is None else home / "servers" / server.key
        if chunker is None:
            from assistant.ingest.chunking import CHUNKER_VERSION

            chunker = CHUNKER_VERSION
        wanted = Fingerprint.of(embeddings, chunker)
        with index_errors("opening the index", root, server):
            build = Build(root, wanted, server)
            state = build.replica.published() if build.replica is not None else None
            if state is not None and state.complete:
                catch_up(root, build)
                # Another machine has built it already: nothing is left to do here.
                _retire(server, current_fingerprint(root), wanted)
                make_current(root, wanted)
            old = current_fingerprint(root)
            reason, serving = "", build
            if state is not None and is_gone(build, state):
                reason = _GONE
            if old is not None and old != wanted:
                reason = f"The documents must be indexed again, because {old.difference(wanted)}."
                fits = (old.embedding, old.dimension, old.schema_version) == (
                    wanted.embedding,
                    wanted.dimension,
                    wanted.schema_version,
                )
                if fits and (root / old.key).exists():
                    serving = Build(root, old, server)
            index = cls(root, build, serving, reason, server)
            index._expect_all_passages()
            return index

    def _expect_all_passages(self) -> None:
        """Raises when Chroma lost passages: its searches would just find less."""
        if self.server is not None:
            return
        for _ in range(_TRIES):
            snapshot = self._snapshot
            missing = missing_passages(self._serving)
            # A writer may have deleted what it replaced meanwhile.
            if not missing or not self._has_left(snapshot):
                break
        if missing:
            self.close()
            raise broken(self.root, missing)

    def expect_vectors(self) -> None:
        """Makes sure once that Chroma has its graph.

        Raises:
            BrokenIndexError: It has not.
        """
        if self._has_vectors or self.server is not None:
            return
        with index_errors("searching", self.root):
            missing = sample_vectors(self._serving, self._snapshot)
            # Another state may have been published meanwhile.
            if missing and not self._has_left(self._snapshot):
                raise broken(self.root, missing)
        self._has_vectors = True

    def close(self) -> None:
        """Release all files."""
        with self._lock:
            for build in {id(b): b for b in (self.wanted, self._serving, *self._retired)}.values():
                build.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def generation(self) -> int:
        """Number of the state in use; grows with every published change, 0 before the first."""
        return self._snapshot.generation

    @property
    def stamp(self) -> str:
        """Names the state in use among all states of all builds; empty before the first."""
        return self._snapshot.stamp

    @property
    def fingerprint(self) -> Fingerprint:
        """What the index in use was built with."""
        return self._serving.fingerprint

    @property
    def collections(self) -> frozenset[str]:
        """Names of the sets of documents that it holds."""
        self.refresh()
        return self._snapshot.collections

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return not self._snapshot.documents

    @contextmanager
    def writing(self, timeout: float) -> Iterator[Callable[[], None]]:
        """Hold the right to write, on this machine and on the server.

        Yields:
            A check that it was not lost meanwhile; it raises `IndexingError`.

        Raises:
            IndexingError: Another process or machine kept it for longer than `timeout` seconds.
        """
        with write_lock(self.root, timeout):
            if self.server is None:
                yield lambda: None
                return
            lease = Lease(self.server, self.wanted.fingerprint.key, client_id(self.root))
            with lease.held(timeout):
                yield lease.check

    def expect(self, stamp: str) -> None:
        """Say that this object itself is about to publish a state: its Chroma connection has it already."""
        self._own_stamp = stamp

    def refresh(self) -> bool:
        """Notice what was published since; called by every search.

        Returns:
            Whether the state in use changed.
        """
        with self._lock:
            switched = False
            if self._serving.replica is not None:
                with index_errors("reading the index", self.root, self.server):
                    self._is_gone = catch_up(self.root, self._serving)
                if self._is_gone:
                    self.rebuild_reason = self.rebuild_reason or _GONE
                elif self.rebuild_reason == _GONE:
                    self.rebuild_reason = ""
            waits = self.rebuild_reason not in ("", _GONE)
            if waits and current_fingerprint(self.root) == self.wanted.fingerprint:
                self.rebuild_reason = ""
                switched = self._serving is not self.wanted
                if switched:
                    # Other threads may still be searching it.
                    self._retired.append(self._serving)
                    self._serving = self.wanted
            if not switched and self._serving.catalog.stamp()[1] == self._snapshot.stamp:
                return False
            self._snapshot = self._serving.catalog.snapshot()
            self._lexical = None
            self._selections = {}
            if self._snapshot.stamp != self._own_stamp:
                with index_errors("reading the index", self.root, self.server):
                    self._serving.store.reopen()
            return True

    def search_dense(
        self, query_vector: Sequence[float], k: int = 10, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """The nearest passages with their cosine, best first."""
        self.expect_vectors()
        return self._settled(
            "searching",
            lambda build, state: _whole(build, state, self._dense(build, query_vector, k, filters)),
        )

    def search_lexical(
        self, query: str, k: int = 10, filters: Filters | None = None
    ) -> list[tuple[Passage, float]]:
        """The passages that share words with the query, with their BM25 score, best first."""
        return self._settled(
            "searching", lambda build, state: _whole(build, state, self._matching(query, k, filters))
        )

    def dense_ids(
        self, query_vector: Sequence[float], k: int = 10, filters: Filters | None = None
    ) -> list[tuple[str, float]]:
        """Ids of the nearest passages with their cosine, best first; `passages` has their text."""
        self.expect_vectors()
        return self._settled("searching", lambda build, _: self._dense(build, query_vector, k, filters))

    def lexical_ids(self, query: str, k: int = 10, filters: Filters | None = None) -> list[tuple[str, float]]:
        """Ids of the passages that share words with the query, with their BM25 score, best first."""
        return self._settled("searching", lambda _, __: self._matching(query, k, filters))

    def _dense(
        self, build: Build, vector: Sequence[float], k: int, filters: Filters | None
    ) -> list[tuple[str, float]]:
        return nearest_passages(build, vector, k, self._selection(filters)) if k > 0 else []

    def _matching(self, query: str, k: int, filters: Filters | None) -> list[tuple[str, float]]:
        chosen = self._selection(filters)
        return chosen.lexical.search(query, k, chosen.passages)

    def _settled(self, action: str, look: Callable[[Build, Snapshot], _Found]) -> _Found:
        """What a look at one state finds: done again when another state was published meanwhile.

        A writer deletes what it replaced just after publishing; a look that began before would miss it.
        """
        for last in (*[False] * (_TRIES - 1), True):
            self.refresh()
            with self._lock:
                build, snapshot = self._serving, self._snapshot
            if self._is_gone and self.server is not None:
                raise IndexingError(
                    f"The Chroma server at {self.server.url} no longer has this index.",
                    "Run `assistant index`; what this machine keeps of it is not embedded again.",
                )
            try:
                with index_errors(action, self.root, self.server):
                    found = look(build, snapshot)
            except IndexingError:
                # What it read may be gone because the state is.
                if last or not self._has_left(snapshot):
                    raise
            else:
                if last or not self._has_left(snapshot):
                    return found
        raise AssertionError("the last try returns or raises")

    def _has_left(self, snapshot: Snapshot) -> bool:
        """Whether this state is no longer the published one."""
        self.refresh()
        return self._snapshot is not snapshot

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency of each distinct search term of a text."""
        with self._lock:
            return self._lexical_index().term_weights(text)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Passages by id, in the order asked; those that are gone are left out."""
        if not ids:
            return []
        with index_errors("reading passages", self.root, self.server):
            found = self._serving.store.get(ids)
        return [passage for passage in found if passage.document.id in self._snapshot.documents]

    def sentence_vectors(self, passages: Sequence[Passage]) -> list[NDArray[np.float16] | None]:
        """Unit vectors of the sentences of passages, one row a sentence; None where the index keeps none."""
        with index_errors("reading passages", self.root, self.server):
            return self._serving.catalog.sentence_vectors(passages)

    def neighbours(self, passage: Passage, reach: int = 1) -> list[Passage]:
        """The passages just before and after one, in the order of the document."""
        with index_errors("reading passages", self.root, self.server):
            return self._serving.store.around(passage, reach)

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """All documents that pass the filter, ordered by collection and path."""
        self.refresh()
        return list(self._selection(filters).documents)

    def document(self, path: str, collection: str = "corpus") -> Document | None:
        """A document with its text and blocks; None when there is none at this path."""
        with index_errors("reading a document", self.root, self.server):
            return self._serving.catalog.document(path, collection)

    def check(self) -> list[str]:
        """Compare catalogue, Chroma and lexical index; one line for every disagreement."""
        self.refresh()
        with index_errors("checking the index", self.root, self.server):
            return check_build(self._serving, self._snapshot)

    def _selection(self, filters: Filters | None) -> Selection:
        """What a filter leaves of the state in use; the filters that were used last are remembered."""
        wanted = filters or Filters()
        with self._lock:
            # Taken out and put in again: the oldest is the one that was not used for longest.
            chosen = self._selections.pop(wanted, None) or Selection(
                wanted, self._snapshot, self._lexical_index
            )
            self._selections[wanted] = chosen
            if len(self._selections) > _SELECTIONS:
                del self._selections[next(iter(self._selections))]
            return chosen

    def _lexical_index(self) -> LexicalIndex:
        with self._lock:
            if self._lexical is None:
                with index_errors("reading the lexical index", self.root, self.server):
                    self._lexical = lexical_of(self._serving, self._snapshot)
            return self._lexical


def _whole(
    build: Build, snapshot: Snapshot, found: Sequence[tuple[str, float]]
) -> list[tuple[Passage, float]]:
    """The passages of these ids, with the same scores in the same order."""
    scores = dict(found)
    passages = build.store.get(list(scores)) if scores else []
    return [
        (passage, scores[passage.id]) for passage in passages if passage.document.id in snapshot.documents
    ]


def _retire(server: ChromaServer | None, old: Fingerprint | None, wanted: Fingerprint) -> None:
    if server is not None and old is not None and old != wanted:
        with contextlib.closing(Presence(server, old.key)) as presence:
            presence.retire()
