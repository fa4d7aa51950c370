"""The catalogue's copy on a Chroma server, from which every machine makes its own.

Beside the passages, the server keeps a collection `documents-<key>` with every document as the catalogue
packs it, and lists of the documents that are visible. Publishing writes the documents and the list first and
then changes the collection's metadata, one operation, to name the new state: other machines see the old state
or the new one, never a mixture. A reader compares that name with his own at every search.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from assistant.errors import IndexingError
from assistant.index.catalog import Catalog
from assistant.index.server import ChromaServer

# Characters of one record; the server refuses requests beyond 40 MB and is slow with large records.
_PIECE = 100_000
_REQUEST = 2_000_000
_LIST = 1_000
_PAGE = 5_000
_GROUP = 50


class Published(NamedTuple):
    """What the server says about the state that is visible."""

    generation: int = 0
    stamp: str = ""
    complete: bool = False
    """False until the first build has come to its end."""
    lists: int = 0


class Replica:
    """The documents of one build on a server.

    Args:
        server: Where it is.
        key: The build's key.
    """

    def __init__(self, server: ChromaServer, key: str) -> None:
        self._server = server
        self._name = f"documents-{key}"
        self._client: Any = server.connect()

    def close(self) -> None:
        """Release the connection."""
        self._client.close()

    def published(self) -> Published:
        """The state that is visible; generation 0 when nothing was published.

        Raises:
            IndexingError: The server does not answer.
        """
        collection = self._find()
        return Published() if collection is None else _state(collection.metadata)

    def push(self, catalog: Catalog, ids: Sequence[str], generation: int, stamp: str) -> None:
        """Publish a state: the documents of the catalogue with these ids, and no others."""
        try:
            collection = self._client.get_or_create_collection(self._name, embedding_function=None)
            before = _state(collection.metadata)
            present = _first_pieces(collection)
            self._add(collection, _document_records(catalog, [i for i in ids if i not in present]))
            lists = [list(ids[at : at + _LIST]) for at in range(0, len(ids), _LIST)]
            records = (
                (f"list-{stamp}-{n}", {"kind": "list", "stamp": stamp, "data": " ".join(each)})
                for n, each in enumerate(lists)
            )
            self._add(collection, records)
            collection.modify(metadata=_metadata(Published(generation, stamp, before.complete, len(lists))))
        except Exception as error:
            raise self._server.explain(error) from error

    def tidy(self, catalog: Catalog) -> None:
        """Drop documents and lists that are no longer visible."""
        collection = self._find()
        if collection is None:
            return
        state = _state(collection.metadata)
        if state.stamp != catalog.stamp()[1]:
            return
        live = {row.id for row in catalog.rows("live")}
        try:
            gone = sorted(_first_pieces(collection) - live)
            for at in range(0, len(gone), _GROUP):
                _delete(collection, {"document": {"$in": gone[at : at + _GROUP]}})
            _delete(collection, {"$and": [{"kind": "list"}, {"stamp": {"$ne": state.stamp}}]})
        except Exception as error:
            raise self._server.explain(error) from error

    def mark_complete(self) -> None:
        """Say that the first build has come to its end, so that other machines may read it."""
        collection = self._find()
        state = _state(collection.metadata) if collection is not None else Published()
        if state.stamp and not state.complete:
            collection.modify(metadata=_metadata(state._replace(complete=True)))

    def pull(self, catalog: Catalog, *, unfinished: bool = False) -> bool:
        """Bring a catalogue to the state that is visible on the server.

        Args:
            catalog: Where to.
            unfinished: Also take a first build that has not come to its end.

        Returns:
            Whether the catalogue changed.

        Raises:
            IndexingError: The server does not answer, or keeps changing.
        """
        for _ in range(10):
            state = self.published()
            if not state.stamp or not (state.complete or unfinished) or state.stamp == catalog.stamp()[1]:
                return False
            try:
                ids = self._visible(state)
                if ids is not None and self._fetch(catalog, ids):
                    catalog.adopt(ids, state.generation, state.stamp)
                    return True
            except Exception as error:
                raise self._server.explain(error) from error
            # Somebody published and tidied meanwhile: take the newer state.
        raise IndexingError(
            f"The index on the Chroma server at {self._server.url} is incomplete or changes all the time.",
            "Run `assistant index` to mend it.",
        )

    def _visible(self, state: Published) -> list[str] | None:
        collection = self._find()
        names = [f"list-{state.stamp}-{n}" for n in range(state.lists)]
        if collection is None:
            return None
        found = collection.get(ids=names, include=["metadatas"]) if names else {"ids": [], "metadatas": []}
        lists = dict(zip(found["ids"], found["metadatas"], strict=True))
        if len(lists) != len(names):
            return None
        return [i for name in names for i in str(lists[name]["data"]).split()]

    def _fetch(self, catalog: Catalog, ids: Sequence[str]) -> bool:
        """Bring what the catalogue lacks; False when something is gone from the server."""
        known = catalog.known()
        missing = [i for i in ids if i not in known]
        collection = self._find()
        for at in range(0, len(missing), _GROUP):
            group = missing[at : at + _GROUP]
            documents = _assembled(
                collection.get(where={"document": {"$in": group}}, include=["metadatas"])["metadatas"]
            )
            catalog.receive(list(documents.values()))
            if len(documents) < len(group):
                return False
        return True

    def _find(self) -> Any:
        return self._server.find(self._client, self._name)

    def _add(self, collection: Any, records: Iterable[tuple[str, dict[str, Any]]]) -> None:
        batch: list[tuple[str, dict[str, Any]]] = []
        size = 0
        for record in records:
            batch.append(record)
            size += len(record[1]["data"])
            if size >= _REQUEST:
                _upsert(collection, batch)
                batch, size = [], 0
        _upsert(collection, batch)


def _upsert(collection: Any, batch: Sequence[tuple[str, dict[str, Any]]]) -> None:
    if batch:
        collection.upsert(
            ids=[name for name, _ in batch],
            # Chroma wants a vector for everything; nobody searches these.
            embeddings=[_place(name) for name, _ in batch],
            metadatas=[metadata for _, metadata in batch],
        )


def _document_records(catalog: Catalog, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document_id in ids:
        data = base64.b85encode(catalog.export(document_id)).decode("ascii")
        pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)] or [""]
        # The first piece comes last: where it is, all are.
        for number in range(len(pieces) - 1, -1, -1):
            yield (
                f"{document_id}-{number}",
                {
                    "kind": "document",
                    "document": document_id,
                    "piece": number,
                    "pieces": len(pieces),
                    "data": pieces[number],
                },
            )


def _assembled(records: Iterable[Any]) -> dict[str, bytes]:
    pieces: dict[str, dict[int, str]] = {}
    counts: dict[str, int] = {}
    for record in records:
        pieces.setdefault(record["document"], {})[int(record["piece"])] = record["data"]
        counts[record["document"]] = int(record["pieces"])
    return {
        document: base64.b85decode("".join(found[n] for n in range(counts[document])))
        for document, found in pieces.items()
        if len(found) == counts[document]
    }


def _first_pieces(collection: Any) -> set[str]:
    found: set[str] = set()
    for offset in itertools.count(0, _PAGE):
        names = collection.get(where={"piece": 0}, limit=_PAGE, offset=offset, include=[])["ids"]
        found.update(name.removesuffix("-0") for name in names)
        if len(names) < _PAGE:
            break
    return found


def _delete(collection: Any, where: dict[str, Any]) -> None:
    names = collection.get(where=where, include=[])["ids"]
    for at in range(0, len(names), _PAGE):
        collection.delete(ids=names[at : at + _PAGE])


def _state(metadata: Any) -> Published:
    values = metadata or {}
    return Published(
        int(values.get("generation", 0)),
        str(values.get("stamp", "")),
        bool(values.get("complete", False)),
        int(values.get("lists", 0)),
    )


def _metadata(state: Published) -> dict[str, Any]:
    return state._asdict()


def _place(name: str) -> list[float]:
    digest = hashlib.sha256(name.encode()).digest()
    return [digest[0] / 255, digest[1] / 255 + 0.01]
