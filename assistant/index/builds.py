"""Where an index lies on disk: one folder a fingerprint, and a pointer to the one in use.

<home>/index/write.lock             held by the one process that writes
<home>/index/current.json           names the folder in use
<home>/index/<key>/catalog.sqlite3  documents, passages, vectors: the durable record
<home>/index/<key>/chroma/          Chroma's files
<home>/index/<key>/lexical-<stamp>/ BM25 of one published state

With a Chroma server, <home>/servers/<server>/ takes the place of <home>/index/, without Chroma's files.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import IndexingError
from assistant.index.catalog import Catalog
from assistant.index.failures import is_writable
from assistant.index.fingerprint import Fingerprint
from assistant.index.lexical import LexicalIndex
from assistant.index.presence import Presence
from assistant.index.replica import Replica
from assistant.index.server import ChromaServer
from assistant.index.store import PassageStore, spoil

_CURRENT = "current.json"
_LOCK = "write.lock"
_FINGERPRINT = "fingerprint"


class Build:
    """Catalogue, Chroma collection and lexical index of one fingerprint."""

    def __init__(
        self,
        root: Path,
        fingerprint: Fingerprint,
        server: ChromaServer | None = None,
        *,
        untouched: bool = False,
    ) -> None:
        self.root = root
        self.fingerprint = fingerprint
        self.folder = root / fingerprint.key
        # SQLite and Chroma cannot even read without writing: a read-only index is searched in a copy.
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        if self.folder.is_dir() and (untouched or not is_writable(self.folder)):
            self._copy = tempfile.TemporaryDirectory(prefix="assistant-index-", ignore_cleanup_errors=True)
            self.folder = Path(shutil.copytree(self.folder, Path(self._copy.name, fingerprint.key)))
        self.catalog = Catalog(self.folder / "catalog.sqlite3")
        self.replica: Replica | None = None
        self.presence: Presence | None = None
        try:
            if not self.catalog.get_meta(_FINGERPRINT):
                self.catalog.set_meta(_FINGERPRINT, fingerprint.model_dump_json())
            self.store = PassageStore(self.folder / "chroma", f"passages-{fingerprint.key}", server)
            if server is not None:
                self.presence = Presence(server, fingerprint.key)
                self.presence.note()
                self.replica = Replica(server, fingerprint.key)
        except BaseException:
            if self.presence is not None:
                self.presence.close()
            self.catalog.close()
            raise

    def close(self) -> None:
        """Release its files."""
        self.store.close()
        if self.replica is not None:
            self.replica.close()
        if self.presence is not None:
            self.presence.close()
        self.catalog.close()
        if self._copy is not None:
            self._copy.cleanup()

    @property
    def is_there(self) -> bool:
        """Whether its folder was not removed by another process, which built a newer one."""
        return self.catalog.path.exists()

    def load_lexical(self, stamp: str) -> LexicalIndex | None:
        """The saved lexical index of a state, when it is there and sound."""
        return LexicalIndex.load(self._lexical(stamp), stamp)

    def save_lexical(self, lexical: LexicalIndex) -> None:
        """Save the lexical index of a state beside those of others."""
        lexical.save(self._lexical(lexical.stamp))

    def drop_lexical_except(self, stamp: str) -> None:
        """Remove the lexical indexes of other states."""
        keep = self._lexical(stamp)
        for folder in self.folder.glob("lexical-*"):
            if folder != keep:
                shutil.rmtree(folder, ignore_errors=True)

    def _lexical(self, stamp: str) -> Path:
        return self.folder / f"lexical-{stamp[:16] or 'empty'}"


def current_fingerprint(root: Path) -> Fingerprint | None:
    """The fingerprint of the build in use; None when there is none or its record is damaged."""
    try:
        return Fingerprint.model_validate_json((root / _CURRENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def make_current(root: Path, fingerprint: Fingerprint) -> None:
    """Switch to a build, at once or not at all."""
    scratch = root / (_CURRENT + ".tmp")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(json.dumps(fingerprint.model_dump(), indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(root / _CURRENT)


def set_aside(root: Path, timeout: float) -> Path:
    """Moves a damaged index out of the way, in place of one that was moved before; returns where it is now.

    Raises:
        IndexingError: Another process kept it for longer than `timeout` seconds.
    """
    aside = root.with_name(f"{root.name}.broken")
    shutil.rmtree(aside, ignore_errors=True)
    if not root.is_dir():
        return root.replace(aside)
    with write_lock(root, timeout):
        aside.mkdir()
        for part in root.iterdir():
            spoil(part / "chroma")
            if part.name != _LOCK:
                part.rename(aside / part.name)
    return aside


def drop_builds_except(root: Path, keep: set[str]) -> None:
    """Remove the folders of builds that are no longer wanted; what is still open elsewhere may stay."""
    for folder in root.iterdir():
        if folder.is_dir() and folder.name not in keep and (folder / "catalog.sqlite3").exists():
            shutil.rmtree(folder, ignore_errors=True)


def client_id(root: Path) -> str:
    """A random name of this home folder, for the locks of servers."""
    path = root / "client-id"
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        pass
    scratch = root / f"client-id.{uuid.uuid4().hex[:8]}.tmp"
    scratch.write_text(uuid.uuid4().hex, encoding="ascii")
    scratch.replace(path)
    return path.read_text(encoding="ascii")


@contextmanager
def write_lock(root: Path, timeout: float) -> Iterator[None]:
    """Hold the right to write.

    Raises:
        IndexingError: Another process kept it for longer than `timeout` seconds.
    """
    from filelock import FileLock, Timeout

    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / _LOCK, timeout=timeout)
    try:
        lock.acquire()
    except Timeout as error:
        raise IndexingError(
            f"Another process is writing the index in {root}.",
            "Wait until it has finished, then run it again.",
        ) from error
    try:
        yield
    finally:
        lock.release()
