"""Who reads a build on a Chroma server, so that an old build is deleted only when nobody can be reading it.

Every process that opens a build notes itself in the collection `readers-<key>`, again now and then while it
searches, and takes the note back when it closes. A machine that switched to another build notes there that the old
one is retired; whoever writes next and finds a retired build without readers deletes it. A note that was not renewed
for `STALE_SECONDS` counts no more: its process has died, or has not searched since. When such a process wakes up, it
finds its build gone and says so; nothing is lost, because its machine's catalogue holds the vectors too.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from typing import Any

from assistant.errors import IndexingError
from assistant.index.lease import Lease
from assistant.index.server import ChromaServer

NOTE_SECONDS = 600.0
STALE_SECONDS = 24 * 3600.0
"""Long against the time between two searches of a process that is in use, and against differences of clocks."""
_PREFIX = "readers-"
_RETIRED = "retired"
_PAGE = 100
# Chroma wants a vector for everything; nobody searches these.
_PLACE = [1.0, 0.0]


class Presence:
    """That this process reads a build, among others that do.

    Args:
        server: Where the build is.
        key: The build's key.
    """

    def __init__(self, server: ChromaServer, key: str) -> None:
        self._server = server
        self._name = _PREFIX + key
        self._me = uuid.uuid4().hex
        self._noted: float | None = None
        self._client: Any = server.connect()

    def note(self) -> None:
        """Say that this process reads the build; asks the server only now and then.

        Raises:
            IndexingError: The server does not answer.
        """
        now = time.monotonic()
        if self._noted is None or now - self._noted >= NOTE_SECONDS:
            self._put(self._me)
            self._noted = now

    def close(self) -> None:
        """Take the note back and release the connection."""
        try:
            # A server that is away forgets the note by itself.
            with contextlib.suppress(Exception):
                self._drop(self._me)
        finally:
            self._client.close()

    def retire(self) -> None:
        """Say that this build is no longer wanted where it was in use."""
        if self._server.find(self._client, self._name) is None:
            # An earlier version of this program notes no readers: there may be some.
            self._put("unknown")
        self._put(_RETIRED)

    def want(self) -> None:
        """Take back that it is retired."""
        self._drop(_RETIRED)

    def _put(self, name: str) -> None:
        try:
            collection = self._client.get_or_create_collection(self._name, embedding_function=None)
            collection.upsert(ids=[name], embeddings=[_PLACE], metadatas=[{"seen": time.time()}])
        except Exception as error:
            raise self._server.explain(error) from error

    def _drop(self, name: str) -> None:
        collection = self._server.find(self._client, self._name)
        if collection is not None:
            try:
                collection.delete(ids=[name])
            except Exception as error:
                raise self._server.explain(error) from error


def drop_retired(server: ChromaServer, owner: str) -> list[str]:
    """Delete the retired builds that nobody reads or writes; what is left of one by a kill goes with the next run.

    Args:
        server: Where they are.
        owner: Names this home folder, for the lock.

    Returns:
        Their keys.

    Raises:
        IndexingError: The server does not answer.
    """
    client = server.connect()
    dropped = []
    try:
        for name in [each for each in _names(client) if each.startswith(_PREFIX)]:
            key = name.removeprefix(_PREFIX)
            if not _is_deserted(server, client, name):
                continue
            # Somebody may be writing it, or deleting it too: then another time.
            with contextlib.suppress(IndexingError), Lease(server, key, owner).held(0):
                if _is_deserted(server, client, name):
                    # The documents first: without them a build is gone for everybody. The note that it is
                    # retired last: as long as it is there, the next run goes on.
                    for part in (f"documents-{key}", f"passages-{key}", name):
                        if server.find(client, part) is not None:
                            client.delete_collection(part)
                    dropped.append(key)
        return dropped
    except IndexingError:
        raise
    except Exception as error:
        raise server.explain(error) from error
    finally:
        client.close()


def _names(client: Any) -> list[str]:
    found: list[str] = []
    for offset in itertools.count(0, _PAGE):
        page = client.list_collections(limit=_PAGE, offset=offset)
        found += [each.name for each in page]
        if len(page) < _PAGE:
            break
    return found


def _is_deserted(server: ChromaServer, client: Any, name: str) -> bool:
    collection = server.find(client, name)
    if collection is None:
        return False
    notes = collection.get(include=["metadatas"])
    seen = {i: float(m.get("seen", 0)) for i, m in zip(notes["ids"], notes["metadatas"], strict=True)}
    if seen.pop(_RETIRED, None) is None:
        return False
    return all(time.time() - at > STALE_SECONDS for at in seen.values())
