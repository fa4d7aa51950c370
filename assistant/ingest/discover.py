"""Finds the documents of a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import DocumentError
from assistant.ingest.archive import SUFFIX as _ARCHIVE
from assistant.ingest.readers import SUPPORTED_SUFFIXES
from assistant.ingest.readers.source import Refusal, is_text_name, shown_name
from assistant.ingest.translations import FILE_NAME as _TRANSLATIONS

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "__MACOSX", "venv"})
# Office and editors leave these beside a document that is open.
_SKIPPED_PREFIXES = (".", "~$")
_CATALOGUE_SUFFIXES = frozenset({".yaml", ".yml"})
CATALOGUE_BYTES = 2_000_000
"""The most that a catalogue of sources may have."""
# What each entry of a catalogue has, whatever else it says.
_ENTRY_KEYS = frozenset({"id", "title", "publisher", "url"})


@dataclass(frozen=True)
class Survey:
    """What a folder holds."""

    files: tuple[Path, ...] = ()
    """Files that can be read, ordered by path."""
    refused: tuple[Refusal, ...] = ()
    """What is not read, and why, ordered by name; hidden files, caches, catalogues and
    translations are not told."""


def discover(root: Path, suffixes: Collection[str] = (*SUPPORTED_SUFFIXES, _ARCHIVE)) -> list[Path]:
    """Documents below a folder, sorted by path; of a file, the file itself.

    Hidden files and folders, caches, special files, and links that lead out of the folder are skipped.

    Args:
        root: A folder or file.
        suffixes: Which files count, in lower case with their dot.

    Raises:
        DocumentError: It does not exist or cannot be listed.
    """
    return list(survey(root, suffixes).files)


def survey(root: Path, suffixes: Collection[str] = (*SUPPORTED_SUFFIXES, _ARCHIVE)) -> Survey:
    """Documents below a folder, and what in it is not read; see `discover`.

    Raises:
        DocumentError: It does not exist or cannot be listed.
    """
    if root.is_file():
        return Survey((root,))
    if not root.is_dir():
        raise DocumentError(f"The folder {root} does not exist.", "Check the path, or set ASSISTANT_CORPUS.")
    top = root.resolve()
    found: list[Path] = []
    refused: list[Refusal] = []
    try:
        # Listing the top itself tells a folder that may not be read from an empty one.
        next(os.scandir(root), None)
        for folder, folders, files in os.walk(
            root, onerror=lambda error: refused.append(_closed(root, error))
        ):
            folders[:] = sorted(name for name in folders if _is_wanted(name) and name not in _SKIPPED_FOLDERS)
            linked = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in [*filter(_is_wanted, files), *linked]:
                path = Path(folder) / name
                reason = _refusal(path, path.relative_to(root).as_posix(), top, suffixes)
                if reason is None:
                    found.append(path)
                elif reason.is_failure or not (path.name == _TRANSLATIONS or is_catalogue(path)):
                    refused.append(reason)
    except OSError as error:
        reason_words = error.strerror or type(error).__name__
        raise DocumentError(
            f"The folder {root} cannot be read: {reason_words}.", "Check its permissions."
        ) from error
    return Survey(
        tuple(sorted(found, key=lambda path: path.relative_to(root).as_posix())),
        tuple(sorted(refused, key=lambda refusal: refusal.name)),
    )


def is_catalogue(path: Path) -> bool:
    """Whether a file is a catalogue of sources for `assistant corpus fetch`: it lists documents and is none.

    A catalogue with a mistake in an entry is one too: fetching names the mistake.
    """
    if path.suffix.lower() not in _CATALOGUE_SUFFIXES:
        return False
    import yaml

    try:
        if path.stat().st_size > CATALOGUE_BYTES:
            return False
        text = path.read_text("utf-8")
        # Other YAML may be long, and parsing it slow.
        if re.search(r"^sources:", text, re.MULTILINE) is None:
            return False
        data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        return False
    entries = data.get("sources") if isinstance(data, dict) else None
    return (
        isinstance(entries, list)
        and bool(entries)
        and all(isinstance(entry, dict) and entry.keys() >= _ENTRY_KEYS for entry in entries)
    )


def _is_wanted(name: str) -> bool:
    return not name.startswith(_SKIPPED_PREFIXES)


def _refusal(path: Path, name: str, top: Path, suffixes: Collection[str]) -> Refusal | None:
    """Why a file of the folder is not read; None for one that is."""
    shown = shown_name(name)
    if not is_text_name(name):
        return Refusal(shown, f"{shown}: has a name that is not text.", "Rename it.")
    try:
        if path.is_symlink():
            if not path.exists():
                return Refusal(shown, f"{shown}: is a link to nothing.", "Remove it.")
            if path.is_dir():
                return Refusal(shown, f"{shown}: is a link to a folder.", "Add that folder itself.", False)
            if not path.resolve().is_relative_to(top):
                what = f"{shown}: is a link that leads out of the folder."
                return Refusal(shown, what, "Put the file itself into the folder.")
        if not stat.S_ISREG(path.stat().st_mode):
            return Refusal(shown, f"{shown}: is no regular file.", "Put a regular file in its place.")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "the link leads in a circle"
        return Refusal(shown, f"{shown}: cannot be read: {reason}.", "Check it and its permissions.")
    if path.suffix.lower() not in suffixes:
        hint = "Save it in one that is, such as PDF."
        return Refusal(shown, f"{shown}: is of a format that is not read.", hint, False)
    return None


def _closed(root: Path, error: OSError) -> Refusal:
    path = Path(error.filename or root)
    name = shown_name(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name)
    return Refusal(name, f"{name}: cannot be read: {error.strerror}.", "Check its permissions.")
