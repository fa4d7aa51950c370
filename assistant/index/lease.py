"""The right to write to a Chroma server: one machine at a time, also when the holder dies.

Chroma has no locks, but creating a collection of a name that exists fails, and a collection can be renamed by
its id. So the lock is a collection: who creates it holds it, and changes its `beat` every few seconds. Who
waits takes it over when the beat has stood still for `STALE_SECONDS` of his own clock: he renames the old
collection by its id, which cannot hit a newer one, and then creates his own, which only one can.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assistant.errors import IndexingError
from assistant.index.server import ChromaServer

BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
_POLL_SECONDS = 0.5


class Lease:
    """The right to write to the collections of one key.

    Args:
        server: Where the collections are.
        key: The build's key.
        owner: Names this home folder. Whoever asks holds the folder's own lock, so a lease of the same owner
            was left by a process that died, and is taken over at once.
    """

    def __init__(self, server: ChromaServer, key: str, owner: str) -> None:
        self._server = server
        self._name = f"write-lock-{key}"
        self._owner = owner
        self._holder = uuid.uuid4().hex
        self._client: Any = None
        self._collection: Any = None

    @contextmanager
    def held(self, timeout: float) -> Iterator[Lease]:
        """Hold it.

        Raises:
            IndexingError: Another machine kept it for longer than `timeout` seconds.
        """
        self._client = self._server.connect()
        stop = threading.Event()
        try:
            self._acquire(timeout)
            beating = threading.Thread(target=self._beat, args=(stop,), daemon=True, name="write-lease")
            beating.start()
            try:
                yield self
            finally:
                stop.set()
                beating.join()
                # By id: the name may belong to another machine by now.
                with contextlib.suppress(Exception):
                    self._set_aside(self._collection)
        finally:
            self._client.close()

    def check(self) -> None:
        """Make sure that it was not taken over while this process slept.

        Raises:
            IndexingError: It was.
        """
        metadata = self._read()
        if metadata is None or metadata.metadata.get("holder") != self._holder:
            raise IndexingError(
                f"Another machine took over writing to the Chroma server at {self._server.url}.",
                "Run it again; what was finished is kept.",
            )

    def _acquire(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        seen, since = "", time.monotonic()
        while True:
            if self._create():
                return
            current = self._read()
            if current is None:
                continue
            metadata = current.metadata or {}
            state = f"{metadata.get('holder')} {metadata.get('beat')}"
            if state != seen:
                seen, since = state, time.monotonic()
            stale = time.monotonic() - since > STALE_SECONDS
            if stale or metadata.get("owner") == self._owner:
                with contextlib.suppress(Exception):
                    self._set_aside(current)
                continue
            if time.monotonic() >= deadline:
                raise IndexingError(
                    f"Another machine is writing to the Chroma server at {self._server.url}.",
                    "Wait until it has finished, then run it again.",
                )
            time.sleep(_POLL_SECONDS)

    def _create(self) -> bool:
        metadata = {"owner": self._owner, "holder": self._holder, "beat": 0}
        try:
            self._collection = self._client.create_collection(
                self._name, metadata=metadata, embedding_function=None
            )
        except Exception as error:
            if "already exists" in str(error):
                return False
            raise self._server.explain(error) from error
        return True

    def _read(self) -> Any:
        return self._server.find(self._client, self._name)

    def _set_aside(self, collection: Any) -> None:
        aside = f"released-{uuid.uuid4().hex}"
        collection.modify(name=aside)
        self._client.delete_collection(aside)

    def _beat(self, stop: threading.Event) -> None:
        beat = 0
        while not stop.wait(BEAT_SECONDS):
            beat += 1
            # A server that is away for a moment must not end the run; `check` decides before publishing.
            with contextlib.suppress(Exception):
                self._collection.modify(metadata={"owner": self._owner, "holder": self._holder, "beat": beat})
