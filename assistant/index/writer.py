"""The only code that changes an index, in an order that survives being killed between any two steps."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence

from assistant.errors import AssistantError, IndexingError
from assistant.index.builds import (
    Build,
    client_id,
    current_fingerprint,
    drop_builds_except,
    make_current,
)
from assistant.index.catalog import Catalog, IndexedDocument, new_stamp
from assistant.index.failures import is_disk_full
from assistant.index.fingerprint import Fingerprint
from assistant.index.lexical import LexicalIndex
from assistant.index.presence import Presence, drop_retired
from assistant.index.reader import Index
from assistant.index.replica import Replica
from assistant.index.server import ChromaServer
from assistant.models.embedding_model import PassageVectors
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document, Passage

Chunk = Callable[[Document, EmbeddingModel], list[Passage]]
_UNFINISHED = "unfinished"
_GROUP = 64
# Two encodings of the same vector may differ in the last bits.
_TOLERANCE = 1e-5


class Writer:
    """Writes documents to the build that an index wants; the caller holds the write lock.

    Args:
        index: The index to write to.
        embeddings: The model that it was opened with.
        chunk: Divides a document into passages.
        on_write: Called with the name of every step just before it; tests stop the process there.
        check: Raises when the right to write was lost; called before anything becomes visible.
    """

    def __init__(
        self,
        index: Index,
        embeddings: EmbeddingModel,
        chunk: Chunk,
        on_write: Callable[[str], None] | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self._index = index
        self._build: Build = index.wanted
        self._catalog: Catalog = index.wanted.catalog
        self._embeddings = embeddings
        self._chunk = chunk
        self._step = on_write or (lambda name: None)
        self._check = check or (lambda: None)

    def begin(self) -> None:
        """Finish or undo what an interrupted run left, and mend what it damaged."""
        if self._build.replica is not None and self._build.replica.pull(self._catalog, unfinished=True):
            self._index.refresh()
        unfinished = bool(self._catalog.get_meta(_UNFINISHED))
        if unfinished or self._index.rebuild_reason:
            # Another process may have written through its own Chroma engine since this one was opened.
            self._build.store.reopen()
        expected = sum(r.passage_count for r in self._catalog.rows("writing", "staged", "live", "dead"))
        if unfinished or not self._has(expected):
            self._repair()
        self._step("mark unfinished")
        self._catalog.set_meta(_UNFINISHED, "1")
        self.discard([row.id for row in self._catalog.rows("dead")])

    def end(self) -> None:
        """Switch to the build and note that the run came to its end."""
        self._step("switch")
        if self._build.replica is not None:
            self._build.replica.tidy(self._catalog)
            self._build.replica.mark_complete()
        root, fingerprint = self._index.root, self._build.fingerprint
        previous = current_fingerprint(root)
        if previous != fingerprint:
            make_current(root, fingerprint)
        self._index.refresh()
        if previous is not None and previous != fingerprint:
            drop_builds_except(root, {fingerprint.key})
        if self._index.server is not None:
            # It is only space: the next run tries again.
            with contextlib.suppress(IndexingError):
                self._tidy_server(self._index.server, previous)
        self._step("mark finished")
        self._catalog.set_meta(_UNFINISHED, "")

    def write(
        self,
        documents: Sequence[tuple[Document, Sequence[Passage]]],
        reuse: Sequence[str] = (),
        vectors: Sequence[Sequence[PassageVectors] | None] = (),
    ) -> list[Exception | None]:
        """Embed documents and write them, not yet visible.

        Args:
            documents: Documents with their passages.
            reuse: Ids of documents whose vectors may serve again for passages of the same text.
            vectors: Of each document the vectors of its passages, where it was embedded already.

        Returns:
            For every document None, or why it could not be embedded.
        """
        known = self._known_vectors(reuse)
        for (_, passages), found in zip(documents, vectors, strict=False):
            if found is not None:
                known.update((_key(p), v) for p, v in zip(passages, found, strict=True))
        indexed: list[IndexedDocument] = []
        errors: list[Exception | None] = []
        try:
            indexed = self._embed(documents, known)
            errors = [None] * len(documents)
        except AssistantError:
            raise
        except Exception:
            # One text that the model cannot take must not keep the others out.
            for document in documents:
                try:
                    indexed += self._embed([document], known)
                    errors.append(None)
                except AssistantError:
                    raise
                except Exception as error:
                    if is_disk_full(error):
                        raise
                    errors.append(error)
        self._step("record")
        self._catalog.record(indexed)
        self._fill(indexed)
        self._step("stage")
        self._catalog.set_state([item.document.id for item in indexed], "staged")
        return errors

    def publish(self, collection: str, removed: Sequence[str]) -> None:
        """Make what was written visible at once, and what it replaces invisible; then clean up."""
        staged = self._catalog.rows("staged", collection=collection)
        if staged or removed or not self._catalog.stamp()[1] or self._is_unshared():
            replaced = {row.path for row in staged}
            gone = set(removed)
            ids = [
                row.id
                for row in self._catalog.rows("live")
                if row.id not in gone and (row.collection != collection or row.path not in replaced)
            ]
            stamp = new_stamp()
            self._index.expect(stamp)
            lexical = LexicalIndex.build(self._catalog.passages([*ids, *(r.id for r in staged)]), stamp)
            self._step("lexical")
            self._build.save_lexical(lexical)
            self._check()
            if self._build.replica is not None:
                self._step("share")
                shown = [*ids, *(row.id for row in staged)]
                self._build.replica.push(self._catalog, shown, self._catalog.stamp()[0] + 1, stamp)
            self._step("publish")
            self._catalog.publish(collection, removed, stamp)
        self._step("clean")
        self._build.drop_lexical_except(self._catalog.stamp()[1])
        self.discard([row.id for row in self._catalog.rows("dead")])

    def discard(self, ids: Sequence[str]) -> None:
        """Drop documents that are not visible, or no longer."""
        if not ids:
            return
        self._step("mark dead")
        self._catalog.set_state(ids, "dead")
        self._step("delete passages")
        self._build.store.delete(ids)
        self._step("forget")
        self._catalog.forget(ids)

    def carry_over(self, except_collection: str | None = None) -> None:
        """Take the documents of other collections over from the build in use, from their stored text.

        Nothing happens when this build is the one in use.
        """
        root, fingerprint = self._index.root, self._build.fingerprint
        old = current_fingerprint(root)
        if old is None or old == fingerprint or not (root / old.key / "catalog.sqlite3").exists():
            return
        source = Catalog(root / old.key / "catalog.sqlite3")
        try:
            if self._index.server is not None:
                replica = Replica(self._index.server, old.key)
                try:
                    replica.pull(source)
                finally:
                    replica.close()
            kept = {row.id for row in source.rows("live")}
            ready = {row.id for row in self._catalog.rows("live", "staged")}
            collections = {row.collection for row in [*source.rows("live"), *self._catalog.rows("live")]}
            for collection in sorted(collections - {except_collection}):
                group: list[tuple[Document, Sequence[Passage]]] = []
                for row in source.rows("live", collection=collection):
                    stored = source.load(row.id) if row.id not in ready else None
                    if stored is None:
                        continue
                    group.append((stored.document, self._chunk(stored.document, self._embeddings)))
                    if sum(len(passages) for _, passages in group) >= _GROUP:
                        self.write(group)
                        group = []
                if group:
                    self.write(group)
                lost = [r.id for r in self._catalog.rows("live", collection=collection) if r.id not in kept]
                self.publish(collection, lost)
        finally:
            source.close()

    def _is_unshared(self) -> bool:
        """Whether the server has lost what this machine keeps of it."""
        return self._build.replica is not None and not self._build.replica.published().stamp

    def _tidy_server(self, server: ChromaServer, previous: Fingerprint | None) -> None:
        if self._build.presence is not None:
            self._build.presence.want()
        if previous is not None and previous != self._build.fingerprint:
            with contextlib.closing(Presence(server, previous.key)) as presence:
                presence.retire()
        drop_retired(server, client_id(self._index.root))

    def _embed(
        self, documents: Sequence[tuple[Document, Sequence[Passage]]], known: dict[str, PassageVectors]
    ) -> list[IndexedDocument]:
        new = {_key(p): p for _, passages in documents for p in passages if _key(p) not in known}
        if new:
            known.update(zip(new, self._embeddings.embed_passages(list(new.values())), strict=True))
        return [
            IndexedDocument(document, passages, [known[_key(p)] for p in passages])
            for document, passages in documents
        ]

    def _known_vectors(self, document_ids: Sequence[str]) -> dict[str, PassageVectors]:
        known: dict[str, PassageVectors] = {}
        for document_id in document_ids:
            stored = self._catalog.load(document_id)
            if stored is not None:
                known.update({_key(p): v for p, v in zip(stored.passages, stored.vectors, strict=True)})
        return known

    def _fill(self, documents: Sequence[IndexedDocument]) -> None:
        passages = [passage for item in documents for passage in item.passages]
        vectors = [vector.whole for item in documents for vector in item.vectors]
        self._step("add passages")
        self._build.store.add(passages, vectors)

    def _has(self, expected: int) -> bool:
        try:
            return self._build.store.count() == expected
        except Exception:
            return False

    def _repair(self) -> None:
        """Make Chroma hold what the catalogue says, without embedding anything again."""
        self._step("repair")
        try:
            self._mend()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            if is_disk_full(error):
                raise
            # Chroma's own files are damaged: start them afresh from the catalogue.
            self._build.store.reset()
            self._mend()
        unfinished = [row.id for row in self._catalog.rows("writing")]
        self._catalog.set_state(unfinished, "staged")

    def _mend(self) -> None:
        stored = self._build.store.contents()
        for row in self._catalog.rows("writing", "staged", "live"):
            item = self._catalog.load(row.id)
            if item is None:
                continue
            missing = []
            for passage, (vector, _) in zip(item.passages, item.vectors, strict=True):
                found = stored.pop(passage.id, None)
                if found is None or found[0] != row.id or not _same(found[1], vector):
                    missing.append((passage, vector))
            if missing:
                self._build.store.add([p for p, _ in missing], [v for _, v in missing])
        dead = {row.id for row in self._catalog.rows("dead")}
        self._build.store.delete_ids([i for i, (document, _) in stored.items() if document not in dead])


def _key(passage: Passage) -> str:
    """Names what is embedded of a passage: its text, and where its sentences begin and end."""
    cuts = [(s.char_start - passage.char_start, s.char_end - passage.char_start) for s in passage.sentences]
    return hashlib.sha256(f"{cuts}\n{passage.embedding_text()}".encode("utf-8", "replace")).hexdigest()


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    import numpy as np

    return len(one) == len(other) and bool(np.allclose(one, other, rtol=0, atol=_TOLERANCE))
