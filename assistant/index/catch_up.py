"""Takes over what other machines published on a Chroma server."""

from __future__ import annotations

import contextlib
from pathlib import Path

from assistant.errors import IndexingError
from assistant.index.builds import Build, write_lock
from assistant.index.replica import Published


def catch_up(root: Path, build: Build) -> bool:
    """Take over what other machines published, unless a process of this home folder is writing.

    Returns:
        Whether the server no longer has what this machine has seen there.
    """
    replica = build.replica
    if replica is None:
        return False
    if build.presence is not None:
        build.presence.note()
    state = replica.published()
    if not state.complete or state.stamp == build.catalog.stamp()[1]:
        return is_gone(build, state)
    # A writer here brings the catalogue up to date itself, and must not find it changed meanwhile.
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(write_lock(root, 0))
        except IndexingError:
            return False
        replica.pull(build.catalog)
    return False


def is_gone(build: Build, state: Published) -> bool:
    """Whether the server no longer has what this machine has seen there."""
    return bool(build.catalog.stamp()[1]) and not state.stamp
