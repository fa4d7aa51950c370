"""Low-level failures of disk, SQLite and Chroma as errors that a user can act on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError, BrokenIndexError, IndexingError, ReadOnlyIndexError
from assistant.index.server import ChromaServer, is_unreachable

_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
_DAMAGE_ERRNOS = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}
# These are mistakes of this program.
_OURS = (TypeError, AssertionError, NameError, NotImplementedError, MemoryError)
# What only reads files of the index: when it fails, they are at fault.
_READING = (
    "opening the index",
    "searching",
    "reading the index",
    "reading passages",
    "reading a document",
    "reading the lexical index",
    "checking the index",
)
_FULL_WORDS = ("disk is full", "no space left", "disk quota", "not enough space")


@contextmanager
def index_errors(action: str, place: Path, server: ChromaServer | None = None) -> Iterator[None]:
    """Turn any failure inside into an `IndexingError` that names the action and the place.

    Chroma's engine is written in Rust: it raises errors of its own kinds, and its panics are not even
    `Exception`s.
    """
    try:
        yield
    except (AssistantError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if server is not None and is_unreachable(error):
            raise server.explain(error) from error
        raise _explain(action, place, error) from error


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one that caused it, says that the disk is full."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _FULL_ERRNOS:
            return True
        if any(words in str(seen).lower() for words in _FULL_WORDS):
            return True
        seen = seen.__cause__
    return False


def is_writable(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it that is there, can be written."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    return os.access(there, os.W_OK)


def _explain(action: str, place: Path, error: BaseException) -> IndexingError:
    reason = (str(error).strip() or type(error).__name__).partition("\n")[0][:300]
    if is_disk_full(error):
        return IndexingError(
            f"The disk is full: {action} in {place} stopped.",
            "Free some space and run it again; what was finished is kept.",
        )
    if isinstance(error, PermissionError) or "readonly database" in reason or _errno(error) == errno.EROFS:
        return ReadOnlyIndexError(
            f"The index in {place} cannot be written: {action} needs a folder that you may write to.",
            "Change its rights, or set ASSISTANT_HOME to a folder of yours.",
        )
    if "database is locked" in reason:
        return IndexingError(
            f"Another process keeps the index in {place}.", "Wait until it has finished, then run it again."
        )
    # Damage is what SQLite, Chroma and the file system say is wrong with the files; anything else is a failure of ours.
    from_below = type(error).__module__.partition(".")[0] in ("sqlite3", "chromadb", "pyo3_runtime")
    if _errno(error) in (errno.EMFILE, errno.ENFILE):
        return IndexingError(f"Too many files are open: {action} in {place} stopped.", "Close some programs.")
    if from_below or (action in _READING and not isinstance(error, _OURS)) or _errno(error) in _DAMAGE_ERRNOS:
        return broken(place, reason)
    return IndexingError(f"The index in {place} failed while {action}: {reason}.", "Run it again.")


def broken(place: Path, reason: str) -> BrokenIndexError:
    """The error of a damaged index."""
    return BrokenIndexError(
        f"The index in {place} is damaged: {reason.rstrip('.')}.",
        "Run `assistant index`: it moves the index aside and builds it again from the documents.",
    )


def _errno(error: BaseException) -> int | None:
    return error.errno if isinstance(error, OSError) else None
