"""Runs a sync again whenever files change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import ConfigurationError, IndexingError

_QUIET_MS = 400
# After this long a sync runs although files still change.
_LONGEST_MS = 3_000
_HIDDEN = (".", "~$")


def watch(
    paths: Sequence[Path],
    run: Callable[[], None],
    *,
    stop: threading.Event | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Call `run` after every burst of changes, until Ctrl-C or `stop`.

    Hidden files and the lock files of office programs do not count. On network drives, which tell no changes,
    set `WATCHFILES_FORCE_POLLING=1`.

    Args:
        paths: Files and folders; a file may be replaced by its editor.
        run: What to do; its errors end the watching.
        stop: Ends the watching when set.
        ready: Called once when nothing can be missed any more.

    Raises:
        ConfigurationError: watchfiles is not installed.
        IndexingError: A path cannot be watched.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise ConfigurationError(
            "Watching needs the package watchfiles.", "Run `pip install 'china-ai-chip-assistant[watch]'`."
        ) from error
    folders = [path.resolve() for path in paths if path.is_dir()]
    files = {path.resolve() for path in paths if not path.is_dir()}
    # An editor replaces a file by another of its name: its folder has to be watched.
    watched = {*folders, *(file.parent for file in files)}

    def wanted(change: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        if path in files:
            return True
        inside = [path.relative_to(folder) for folder in folders if path.is_relative_to(folder)]
        return any(not any(part.startswith(_HIDDEN) for part in relative.parts) for relative in inside)

    try:
        changes = watchfiles.watch(
            *sorted(watched),
            watch_filter=wanted,
            debounce=_LONGEST_MS,
            step=_QUIET_MS,
            stop_event=stop or threading.Event(),
            yield_on_timeout=True,
            rust_timeout=_QUIET_MS,
            raise_interrupt=False,
        )
        told = False
        for change in changes:
            if not told and ready is not None:
                ready()
            told = True
            if change:
                run()
    except OSError as error:
        raise IndexingError(
            f"The folders cannot be watched: {error.strerror or error}.",
            "Raise the system's limit of watched files, or run the command without --watch.",
        ) from error
