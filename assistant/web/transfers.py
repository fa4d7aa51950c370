"""Files on their way between the page and the server: uploads until they are read, exports until they are fetched.

All lie in one folder, the one that Gradio uploads to, and each belongs to the user who sent it or for whom it was
written. Nothing else on this machine's disks is ever read or sent because a page names it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from assistant.errors import DocumentError

# Longer than anybody takes from choosing a file to adding it, or from an export to its download.
KEPT_SECONDS = 3600


class Transfers:
    """Who may read which file of the folder; serves many threads.

    Args:
        folder: Where Gradio puts uploads.
        clock: Seconds that never go back.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self._clock = clock
        self._lock = Lock()
        # A file by its place; uploads of the same content share one, so it may have several owners.
        self._uploads: dict[Path, dict[str, float]] = {}
        self._exports: dict[Path, tuple[str, float]] = {}

    def received(self, owner: str, paths: Iterable[object]) -> None:
        """Note files that a user has just uploaded."""
        now = self._clock()
        with self._lock:
            for path in paths:
                if (file := self._inside(path)) is not None:
                    self._uploads.setdefault(file, {})[owner] = now
        self.sweep()

    def upload(self, owner: str, path: object) -> Path | None:
        """The file that a page names, when this user has uploaded it and it was not read yet."""
        file = self._inside(path)
        with self._lock:
            mine = file is not None and owner in self._uploads.get(file, {})
        return file if mine else None

    def take(self, owner: str, path: object) -> Path:
        """As `upload`.

        Raises:
            DocumentError: It is no upload of this user.
        """
        file = self.upload(owner, path)
        if file is None:
            raise DocumentError("This file was not uploaded here.", "Add it again.")
        return file

    def done(self, owner: str, file: Path) -> None:
        """Forget an upload that was read; it is deleted unless another user has sent the same one."""
        with self._lock:
            owners = self._uploads.get(file, {})
            owners.pop(owner, None)
            if not owners:
                self._uploads.pop(file, None)
                self._delete(file)

    def export_folder(self, owner: str) -> Path:
        """A new folder for a file that only this user may fetch."""
        self.sweep()
        folder = self.folder / f"export-{secrets.token_hex(16)}"
        folder.mkdir(mode=0o700)
        with self._lock:
            self._exports[folder] = (owner, self._clock())
        return folder

    def export(self, owner: str, path: object) -> Path | None:
        """The file that a page names, when it was written for this user."""
        file = self._inside(path)
        with self._lock:
            found = self._exports.get(file.parent) if file is not None else None
        return file if found is not None and found[0] == owner else None

    def sweep(self) -> None:
        """Delete what nobody came back for."""
        oldest = self._clock() - KEPT_SECONDS
        with self._lock:
            for file, owners in list(self._uploads.items()):
                kept = {owner: since for owner, since in owners.items() if since > oldest}
                if kept:
                    self._uploads[file] = kept
                else:
                    del self._uploads[file]
                    self._delete(file)
            for folder, (_, since) in list(self._exports.items()):
                if since <= oldest:
                    del self._exports[folder]
                    shutil.rmtree(folder, ignore_errors=True)

    def _inside(self, path: object) -> Path | None:
        """The regular file of the folder that a path leads to, links and dots resolved; None for any other."""
        if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
            return None
        try:
            file = Path(path).resolve()
            return file if file.is_relative_to(self.folder) and file.is_file() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def _delete(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        # Gradio makes a folder for each content; another name of the same may be in it.
        with contextlib.suppress(OSError):
            if file.parent != self.folder:
                file.parent.rmdir()
