"""Low-level failures of disk, SQLite and Chroma as errors that a user can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError, IndexingError
from assistant.index.server import ChromaServer, is_unreachable

_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
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


def _explain(action: str, place: Path, error: BaseException) -> IndexingError:
    if is_disk_full(error):
        return IndexingError(
            f"The disk is full: {action} in {place} stopped.",
            "Free some space and run it again; what was finished is kept.",
        )
    if isinstance(error, PermissionError):
        return IndexingError(
            f"No permission for {action} in {place}.", "Set ASSISTANT_HOME to a folder that you may write to."
        )
    reason = (str(error).strip() or type(error).__name__).partition("\n")[0][:300]
    return IndexingError(
        f"The index in {place} failed while {action}: {reason}.",
        "Run `assistant ingest` to repair it; if that fails too, delete the folder and run it again.",
    )
