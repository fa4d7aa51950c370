"""Finds the documents of a folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from assistant.errors import DocumentError
from assistant.ingest.readers import SUPPORTED_SUFFIXES

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "__MACOSX", "venv"})
# Office and editors leave these beside a document that is open.
_SKIPPED_PREFIXES = (".", "~$")


def discover(root: Path, suffixes: Collection[str] = SUPPORTED_SUFFIXES) -> list[Path]:
    """Documents below a folder, sorted by path; of a file, the file itself.

    Hidden files and folders, caches, and links that lead out of the folder are skipped.

    Args:
        root: A folder or file.
        suffixes: Which files count, in lower case with their dot.

    Raises:
        DocumentError: It does not exist or cannot be listed.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise DocumentError(f"The folder {root} does not exist.", "Check the path, or set ASSISTANT_CORPUS.")
    top = root.resolve()
    found: list[Path] = []
    try:
        # Listing the top itself tells a folder that may not be read from an empty one.
        next(os.scandir(root), None)
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if _is_wanted(name) and name not in _SKIPPED_FOLDERS)
            for name in files:
                path = Path(folder) / name
                if _is_wanted(name) and path.suffix.lower() in suffixes and _is_within(path, top):
                    found.append(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(
            f"The folder {root} cannot be read: {reason}.", "Check its permissions."
        ) from error
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def _is_wanted(name: str) -> bool:
    return not name.startswith(_SKIPPED_PREFIXES)


def _is_within(path: Path, top: Path) -> bool:
    """Whether a path is a regular file of the folder, also when it is a link."""
    try:
        return path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(top))
    except (OSError, RuntimeError):
        return False
