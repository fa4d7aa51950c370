"""The durable record of what is indexed: one SQLite file with documents, passages and vectors.

Chroma and the lexical index are derived from it and can be rebuilt from it without reading or embedding
anything again. A document goes through the states

    writing -> staged -> live -> dead -> (gone)

`writing`: recorded here, perhaps partly in Chroma. `staged`: complete in Chroma, not yet visible. `live`:
visible. `dead`: replaced or removed, perhaps still in Chroma. Publishing is one transaction that makes staged
documents live, replaced ones dead, and stamps the new state; a process killed at any moment leaves rows that
say what remains to be done.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from assistant.index.packing import (
    pack_document,
    pack_passages,
    pack_vectors,
    unpack_passages,
    unpack_vectors,
)
from assistant.models.embedding_model import PassageVectors
from assistant.schema import Document, DocumentInfo, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

State = Literal["writing", "staged", "live", "dead"]
# Documents that one statement names.
_BATCH = 500

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY,
    collection TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'staged', 'live', 'dead')),
    passage_count INTEGER NOT NULL,
    info TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_live ON documents (collection, path) WHERE state = 'live';
CREATE INDEX IF NOT EXISTS by_state ON documents (state);
CREATE TABLE IF NOT EXISTS contents (
    id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    document BLOB NOT NULL,
    passages BLOB NOT NULL,
    vectors BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS sentences (
    document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    vectors BLOB NOT NULL,
    PRIMARY KEY (document, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incoming (id TEXT PRIMARY KEY, data BLOB NOT NULL);
"""


class Row(NamedTuple):
    """A document's line in the manifest."""

    id: str
    collection: str
    path: str
    sha256: str
    state: State
    passage_count: int


class IndexedDocument(NamedTuple):
    """A document with its passages and their vectors, in the same order."""

    document: Document
    passages: Sequence[Passage]
    vectors: Sequence[PassageVectors]


class Snapshot(NamedTuple):
    """The live documents of one published state."""

    generation: int
    stamp: str
    documents: dict[str, DocumentInfo]
    """By id, ordered by collection and path."""
    collections: frozenset[str]
    """Names of the sets that they belong to."""


class Catalog:
    """One SQLite file; safe to use from several threads, and by one writer and many readers at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        # Readers go on while one writes, and a commit survives a power cut.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def get_meta(self, key: str) -> str:
        """A value kept with the index; empty when it is not set."""
        with self._lock:
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value with the index."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def stamp(self) -> tuple[int, str]:
        """Generation number and random mark of the published state; (0, "") before the first."""
        with self._lock:
            rows = dict(
                self._db.execute(
                    "SELECT key, value FROM meta WHERE key IN ('generation', 'stamp')"
                ).fetchall()
            )
        return int(rows.get("generation", 0)), rows.get("stamp", "")

    def snapshot(self) -> Snapshot:
        """The published state as a whole."""
        with self._lock:
            self._db.execute("BEGIN")
            try:
                generation, stamp = self.stamp()
                found = self._db.execute(
                    "SELECT info FROM documents WHERE state = 'live' ORDER BY collection, path"
                ).fetchall()
            finally:
                self._db.execute("COMMIT")
        documents = [DocumentInfo.model_validate_json(row[0]) for row in found]
        return Snapshot(
            generation,
            stamp,
            {document.id: document for document in documents},
            frozenset(document.collection for document in documents),
        )

    def rows(self, *states: State, collection: str | None = None) -> list[Row]:
        """Manifest lines in the given states, of one collection or of all."""
        marks = ",".join("?" * len(states))
        columns = ", ".join(Row._fields)
        query = f"SELECT {columns} FROM documents WHERE state IN ({marks})"
        values: list[str] = list(states)
        if collection is not None:
            query += " AND collection = ?"
            values.append(collection)
        with self._lock:
            return [Row(*row) for row in self._db.execute(query + " ORDER BY collection, path", values)]

    def record(self, documents: Sequence[IndexedDocument]) -> None:
        """Note documents that are about to be written to Chroma, with all that a repeat would need."""
        with self._transaction() as db:
            for document, passages, vectors in documents:
                info = document.info()
                values = (info.id, info.collection, info.path, info.sha256, "writing", len(passages))
                db.execute("DELETE FROM documents WHERE id = ?", (info.id,))
                db.execute(
                    "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, info.model_dump_json())
                )
                db.execute(
                    "INSERT INTO contents VALUES (?, ?, ?, ?)",
                    (info.id, pack_document(document), pack_passages(passages), pack_vectors(vectors)),
                )
                rows = [
                    (info.id, n, v.sentences.tobytes())
                    for n, v in enumerate(vectors)
                    if v.sentences is not None
                ]
                db.executemany("INSERT INTO sentences VALUES (?, ?, ?)", rows)

    def set_state(self, ids: Sequence[str], state: State) -> None:
        """Move documents to another state."""
        with self._transaction() as db:
            db.executemany("UPDATE documents SET state = ? WHERE id = ?", [(state, i) for i in ids])

    def forget(self, ids: Sequence[str]) -> None:
        """Drop documents whose passages are gone from Chroma."""
        with self._transaction() as db:
            db.executemany("DELETE FROM documents WHERE id = ?", [(i,) for i in ids])

    def publish(self, collection: str, removed: Sequence[str], stamp: str) -> int:
        """Make the staged documents of a collection live and the replaced and removed ones dead.

        Returns:
            The new generation number.
        """
        with self._transaction() as db:
            db.executemany("UPDATE documents SET state = 'dead' WHERE id = ?", [(i,) for i in removed])
            db.execute(
                "UPDATE documents SET state = 'dead' WHERE state = 'live' AND collection = ?1 AND path IN"
                " (SELECT path FROM documents WHERE state = 'staged' AND collection = ?1)",
                (collection,),
            )
            db.execute(
                "UPDATE documents SET state = 'live' WHERE state = 'staged' AND collection = ?", (collection,)
            )
            generation = self.stamp()[0] + 1
            db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("generation", str(generation)), ("stamp", stamp)],
            )
        return generation

    def passage_count(self) -> int:
        """How many passages the live documents have."""
        with self._lock:
            row = self._db.execute("SELECT SUM(passage_count) FROM documents WHERE state = 'live'").fetchone()
        return int(row[0] or 0)

    def load(self, document_id: str) -> IndexedDocument | None:
        """A document with passages and vectors; None when it is not there."""
        with self._lock:
            row = self._db.execute(
                "SELECT document, passages, vectors FROM contents WHERE id = ?", (document_id,)
            ).fetchone()
        if row is None:
            return None
        document = Document.model_validate_json(zlib.decompress(row[0]))
        passages = unpack_passages(row[1], document.info())
        wholes = unpack_vectors(row[2], len(passages))
        vectors = zip(wholes, self.sentence_vectors(passages), strict=True)
        return IndexedDocument(document, passages, [PassageVectors(*each) for each in vectors])

    def sentence_vectors(self, passages: Sequence[Passage]) -> list[NDArray[np.float16] | None]:
        """Unit vectors of the sentences of passages, one row a sentence; None where none are kept."""
        import numpy as np

        found: list[NDArray[np.float16] | None] = []
        with self._lock:
            for passage in passages:
                row = self._db.execute(
                    "SELECT vectors FROM sentences WHERE document = ? AND ordinal = ?",
                    (passage.document.id, passage.ordinal),
                ).fetchone()
                count = len(passage.sentences)
                vectors = np.frombuffer(row[0], np.float16) if row is not None else None
                # Of a passage that is not the one indexed, such as one that a caller made, nothing is known.
                fits = vectors is not None and (len(vectors) % count == 0 if count else not len(vectors))
                width = len(vectors) // count if vectors is not None and count else 0
                found.append(vectors.reshape(count, width) if vectors is not None and fits else None)
        return found

    def passages(self, document_ids: Sequence[str]) -> Iterator[Passage]:
        """The passages of documents, in order."""
        for document_id in document_ids:
            with self._lock:
                row = self._db.execute(
                    "SELECT info, passages FROM documents JOIN contents USING (id) WHERE id = ?",
                    (document_id,),
                ).fetchone()
            if row is not None:
                yield from unpack_passages(row[1], DocumentInfo.model_validate_json(row[0]))

    def vectors(self, document_ids: Sequence[str]) -> Iterator[list[tuple[str, NDArray[np.float32]]]]:
        """The vectors of documents' passages in batches, by document: a row a passage, in its order.

        Documents without passages are left out.
        """
        import numpy as np

        for start in range(0, len(document_ids), _BATCH):
            batch = document_ids[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            query = f"SELECT id, passage_count, vectors FROM documents JOIN contents USING (id) WHERE id IN ({marks})"
            with self._lock:
                rows = self._db.execute(query, batch).fetchall()
            if found := [(i, np.frombuffer(packed, np.float32).reshape(n, -1)) for i, n, packed in rows if n]:
                yield found

    def export(self, document_id: str) -> bytes:
        """A document with all that belongs to it, for the catalogue of another machine.

        Raises:
            KeyError: It is not there.
        """
        with self._lock:
            row = self._db.execute(
                "SELECT collection, path, sha256, passage_count, info, document, passages, vectors"
                " FROM documents JOIN contents USING (id) WHERE id = ?",
                (document_id,),
            ).fetchone()
            sentences = self._db.execute(
                "SELECT ordinal, vectors FROM sentences WHERE document = ? ORDER BY ordinal", (document_id,)
            ).fetchall()
        if row is None:
            raise KeyError(document_id)
        blobs = [*row[5:], *(vectors for _, vectors in sentences)]
        ordinals = [ordinal for ordinal, _ in sentences]
        head = json.dumps(
            [document_id, *row[:5], ordinals, [len(blob) for blob in blobs]], ensure_ascii=False
        )
        return head.encode("utf-8", "surrogatepass") + b"\n" + b"".join(blobs)

    def known(self) -> set[str]:
        """Ids of all documents that are here in any state, received ones included."""
        with self._lock:
            return {
                row[0] for row in self._db.execute("SELECT id FROM documents UNION SELECT id FROM incoming")
            }

    def receive(self, exported: Sequence[bytes]) -> None:
        """Keep documents of another catalogue until `adopt` makes them visible."""
        rows = [(json.loads(data.partition(b"\n")[0])[0], data) for data in exported]
        with self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO incoming VALUES (?, ?)", rows)

    def adopt(self, ids: Sequence[str], generation: int, stamp: str) -> None:
        """Make exactly these documents live: a state that was published elsewhere.

        Unfinished work of this machine stays, but for documents that are part of the state.
        """
        with self._transaction() as db:
            db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (id TEXT PRIMARY KEY) WITHOUT ROWID")
            db.execute("DELETE FROM wanted")
            db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", [(i,) for i in ids])
            db.execute("DELETE FROM documents WHERE state = 'live' AND id NOT IN (SELECT id FROM wanted)")
            db.execute("UPDATE documents SET state = 'live' WHERE id IN (SELECT id FROM wanted)")
            fresh = db.execute(
                "SELECT data FROM incoming WHERE id IN (SELECT id FROM wanted)"
                " AND id NOT IN (SELECT id FROM documents)"
            )
            for (data,) in fresh.fetchall():
                _insert(db, data)
            db.execute("DELETE FROM incoming")
            db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("generation", str(generation)), ("stamp", stamp)],
            )

    def document(self, path: str, collection: str) -> Document | None:
        """A live document with its text; None when there is none at this path."""
        with self._lock:
            row = self._db.execute(
                "SELECT document FROM documents JOIN contents USING (id)"
                " WHERE state = 'live' AND collection = ? AND path = ?",
                (collection, path),
            ).fetchone()
        return Document.model_validate_json(zlib.decompress(row[0])) if row else None


def _insert(db: sqlite3.Connection, data: bytes) -> None:
    head, _, blobs = data.partition(b"\n")
    document_id, collection, path, sha256, count, info, ordinals, lengths = json.loads(head)
    db.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, 'live', ?, ?)",
        (document_id, collection, path, sha256, count, info),
    )
    cuts = itertools.pairwise(itertools.accumulate(lengths, initial=0))
    document, passages, vectors, *sentences = [blobs[start:end] for start, end in cuts]
    db.execute("INSERT INTO contents VALUES (?, ?, ?, ?)", (document_id, document, passages, vectors))
    rows = zip(itertools.repeat(document_id), ordinals, sentences, strict=False)
    db.executemany("INSERT INTO sentences VALUES (?, ?, ?)", rows)


def new_stamp() -> str:
    """A mark for a state that is about to be published."""
    return uuid.uuid4().hex
