"""Passages in a Chroma collection: whole passages in, whole passages out."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.index.filters import filter_metadata, number_date
from assistant.index.server import ChromaServer
from assistant.schema import DocumentInfo, Passage

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

_INFO_FIELDS = ("title", "topic", "publisher", "media_type", "sha256", "page_count", "url")
_BATCH = 500
# Chroma keeps one engine a path spelling and process; another spelling gives a fresh one.
_spelling = itertools.count(1)
_spoilt: set[Path] = set()


class PassageStore:
    """One Chroma collection of passages with their vectors, compared by cosine.

    Every passage round-trips: what filters need is flat metadata, the rest is JSON, the text is Chroma's
    document, so that LangChain's own `Chroma` can read the collection too (`vectorstore`).

    Args:
        folder: Folder of Chroma's files; made when missing. Unused with `server`.
        name: Collection name, at least 3 characters.
        server: A Chroma server; Chroma's files are in `folder` when None.
    """

    def __init__(self, folder: Path, name: str = "passages", server: ChromaServer | None = None) -> None:
        self.folder = folder
        self.name = name
        self.server = server
        self._lock = threading.Lock()
        self._connection = _Connection(_open_client(folder, server), name)

    def close(self) -> None:
        """Release Chroma's files once the last running query is done."""
        with self._lock:
            self._connection.retire()

    def reopen(self) -> None:
        """See what other processes wrote; running queries finish on the old connection."""
        fresh = _Connection(_open_client(self.folder, self.server, next(_spelling)), self.name)
        with self._lock:
            old, self._connection = self._connection, fresh
        old.retire()

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        with self._lock:
            connection = self._connection
            connection.acquire()
        try:
            yield connection.collection
        finally:
            connection.release()

    def vector_count(self, ids: Sequence[str]) -> int:
        """How many of these passages have vectors; raises Chroma's error when it cannot tell."""
        with self._collection() as collection:
            found = collection.get(ids=list(ids), include=["embeddings"])["embeddings"]
        return 0 if found is None else len(found)

    def add(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        """Add passages with their vectors, or replace those with the same id."""
        pairs = list(zip(passages, vectors, strict=True))
        with self._collection() as collection:
            for start in range(0, len(pairs), _BATCH):
                batch = pairs[start : start + _BATCH]
                collection.upsert(
                    ids=[passage.id for passage, _ in batch],
                    embeddings=[list(vector) for _, vector in batch],
                    metadatas=[_metadata(passage) for passage, _ in batch],
                    documents=[passage.text for passage, _ in batch],
                )

    def delete(self, document_ids: Sequence[str]) -> None:
        """Delete all passages of documents."""
        with self._collection() as collection:
            for start in range(0, len(document_ids), _BATCH):
                batch = list(document_ids[start : start + _BATCH])
                found = collection.get(where={"document_id": {"$in": batch}}, include=[])["ids"]
                for at in range(0, len(found), _BATCH):
                    collection.delete(ids=found[at : at + _BATCH])

    def delete_ids(self, ids: Sequence[str]) -> None:
        """Delete single passages."""
        with self._collection() as collection:
            for start in range(0, len(ids), _BATCH):
                collection.delete(ids=list(ids[start : start + _BATCH]))

    def reset(self) -> None:
        """Throw away everything in the collection, damaged files included."""
        with self._lock:
            old = self._connection
            with contextlib.suppress(Exception):
                old.client.delete_collection(self.name)
            old.retire()
            if self.server is None:
                shutil.rmtree(self.folder, ignore_errors=True)
            self._connection = _Connection(_open_client(self.folder, self.server, next(_spelling)), self.name)

    def get(self, ids: Sequence[str]) -> list[Passage]:
        """Passages by id, in the order asked; ids that are not there are left out."""
        found: dict[str, Passage] = {}
        wanted = list(dict.fromkeys(ids))
        with self._collection() as collection:
            for start in range(0, len(wanted), _BATCH):
                result = collection.get(
                    ids=wanted[start : start + _BATCH], include=["metadatas", "documents"]
                )
                found |= {passage.id: passage for passage in _passages(result)}
        return [found[i] for i in wanted if i in found]

    def around(self, passage: Passage, reach: int = 1) -> list[Passage]:
        """The passages of the same document before and after, in order, without itself."""
        ordinals = [o for o in range(passage.ordinal - reach, passage.ordinal + reach + 1) if o >= 0]
        where = {"$and": [{"document_id": passage.document.id}, {"ordinal": {"$in": ordinals}}]}
        with self._collection() as collection:
            found = _passages(collection.get(where=where, include=["metadatas", "documents"]))
        return sorted((p for p in found if p.id != passage.id), key=lambda p: p.ordinal)

    def all(self) -> Iterator[Passage]:
        """Every passage, in batches, in no particular order."""
        with self._collection() as collection:
            for offset in itertools.count(0, _BATCH):
                result = collection.get(limit=_BATCH, offset=offset, include=["metadatas", "documents"])
                yield from _passages(result)
                if len(result["ids"]) < _BATCH:
                    return

    def contents(self) -> dict[str, tuple[str, Sequence[float]]]:
        """Document id and vector of every passage, by passage id; to compare with the catalogue."""
        contents: dict[str, tuple[str, Sequence[float]]] = {}
        with self._collection() as collection:
            for offset in itertools.count(0, _BATCH):
                result = collection.get(limit=_BATCH, offset=offset, include=["metadatas", "embeddings"])
                for i, meta, vector in zip(
                    result["ids"], result["metadatas"], result["embeddings"], strict=True
                ):
                    contents[i] = (str((meta or {}).get("document_id", "")), vector)
                if len(result["ids"]) < _BATCH:
                    return contents
        raise AssertionError

    def count(self) -> int:
        """How many passages there are."""
        with self._collection() as collection:
            return int(collection.count())

    def nearest(self, vector: Sequence[float], k: int) -> list[tuple[str, float]]:
        """Ids of the nearest passages with their cosine, best first.

        Their text is not fetched: it takes four times as long as finding them.

        Args:
            vector: A vector of the collection's embedding model.
            k: Most results.
        """
        with self._collection() as collection:
            result = collection.query(query_embeddings=[list(vector)], n_results=k, include=["distances"])
        return [
            (i, 1 - float(distance))
            for i, distance in zip(result["ids"][0], result["distances"][0], strict=True)
        ]

    def vectorstore(self, embeddings: Embeddings) -> Chroma:
        """The same collection as LangChain's `Chroma`, for reading."""
        from langchain_chroma import Chroma

        return Chroma(
            collection_name=self.name,
            embedding_function=embeddings,
            client=self._connection.client,
            create_collection_if_not_exists=False,
        )


class _Connection:
    """A client that is closed when it is retired and no query uses it any more."""

    def __init__(self, client: Any, name: str) -> None:
        self.client = client
        try:
            self.collection = self.client.get_or_create_collection(
                name,
                configuration={
                    "hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 24}
                },
                embedding_function=None,
            )
        except BaseException:
            self.client.close()
            raise
        self._users = 0
        self._retired = False
        self._lock = threading.Lock()

    def acquire(self) -> None:
        with self._lock:
            self._users += 1

    def release(self) -> None:
        with self._lock:
            self._users -= 1
        self._close_if_idle()

    def retire(self) -> None:
        with self._lock:
            self._retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        with self._lock:
            if not self._retired or self._users:
                return
            self.client.close()


def spoil(folder: Path) -> None:
    """Keeps this process from being given Chroma's engine of a folder again: it may have failed, or the folder moved."""
    _spoilt.add(folder)


def _open_client(folder: Path, server: ChromaServer | None, spelling: int = 0) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    if server is not None:
        return server.connect()
    settings = ChromaSettings(anonymized_telemetry=False)
    folder.mkdir(parents=True, exist_ok=True)
    if folder in _spoilt:
        spelling = next(_spelling)
    try:
        return chromadb.PersistentClient(path=str(folder) + "/." * spelling, settings=settings)
    except BaseException:
        # Chroma would give out the engine that failed again.
        _spoilt.add(folder)
        raise


def _metadata(passage: Passage) -> dict[str, Any]:
    document = passage.document
    metadata: dict[str, Any] = {
        **filter_metadata(document),
        "document_id": document.id,
        "ordinal": passage.ordinal,
        "passage": passage.model_dump_json(exclude={"id", "document", "text", "ordinal"}),
        "entities": json.dumps(document.entities, ensure_ascii=False),
    }
    for field in _INFO_FIELDS:
        if (value := getattr(document, field)) not in (None, ""):
            metadata[field] = value
    if document.fetched is not None:
        metadata["fetched"] = document.fetched.isoformat()
    if document.language != document.language.casefold():
        metadata["language_written"] = document.language
    return metadata


def _passages(result: Any) -> list[Passage]:
    rows = zip(result["ids"], result["metadatas"], result["documents"], strict=True)
    return [_passage(i, meta, text or "") for i, meta, text in rows if meta]


def _passage(passage_id: str, metadata: Any, text: str) -> Passage:
    info = DocumentInfo(
        id=metadata["document_id"],
        path=metadata["path"],
        collection=metadata["collection"],
        language=metadata.get("language_written", metadata["language"]),
        date=number_date(metadata["date"]) if "date" in metadata else None,
        fetched=dt.date.fromisoformat(metadata["fetched"]) if "fetched" in metadata else None,
        entities=tuple(json.loads(metadata["entities"])),
        **{"title": "", **{field: metadata[field] for field in _INFO_FIELDS if field in metadata}},
    )
    rest = json.loads(metadata["passage"])
    return Passage.model_validate(
        {**rest, "id": passage_id, "document": info, "text": text, "ordinal": metadata["ordinal"]}
    )
