"""Copies of the documents that users add, kept in the home folder so that the index can be rebuilt."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from assistant.errors import DocumentError
from assistant.ingest.discover import discover
from assistant.ingest.origin import origin_file, replace_bytes
from assistant.ingest.readers.source import Limits, Refusal, oversize

_FOLDERS = ".folders.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class Kept(NamedTuple):
    """What was copied."""

    root: Path
    """The folder of the collection."""
    paths: list[Path]
    """In it the copies of files, and the folders that were added."""
    refused: list[Refusal]
    """Files that were not copied, because they are larger than allowed; an earlier copy of one stays."""


def keep_files(home: Path, paths: Sequence[Path], collection: str, limits: Limits | None = None) -> Kept:
    """Copies files, and the files in folders, under `uploads/<collection>` of the home folder.

    A file of a name that is there already replaces it, so that adding a file again updates it. A folder that
    was added before is mirrored: copies whose file is gone from it are deleted. Another folder of the same name
    gets a name of its own, such as `reports-2`.

    A file beyond the limit on its size is not copied.

    Raises:
        DocumentError: A path does not exist, the collection's name is not allowed, or a copy fails.
    """
    root = collection_folder(home, collection)
    kept = Kept(root, [], [])
    for path in paths:
        if path.is_dir():
            kept.paths.append(_keep_folder(root, path, limits or Limits(), kept.refused))
        elif not path.is_file():
            raise DocumentError(f"The file {path} does not exist.", "Check the path.")
        elif (refusal := _too_large(path, path.name, limits or Limits())) is not None:
            kept.refused.append(refusal)
        else:
            _keep(path, root / path.name)
            kept.paths.append(root / path.name)
    return kept


def _too_large(file: Path, name: str, limits: Limits) -> Refusal | None:
    error = oversize(name, file.stat().st_size, limits)
    return None if error is None else Refusal(name, error.what, error.hint)


def left_over(home: Path, collection: str, known: Collection[str]) -> list[Path]:
    """Copies that an interrupted run made and did not index.

    Args:
        home: The home folder.
        collection: The set of documents.
        known: Paths of the documents in the index.
    """
    root = collection_folder(home, collection)
    if not root.is_dir():
        return []
    archives = {path.partition("!/")[0] for path in known if "!/" in path}
    names = {file: file.relative_to(root).as_posix() for file in discover(root)}
    return [file for file, name in names.items() if name not in known and name not in archives]


def kept_collections(home: Path) -> list[str]:
    """Names of the sets of documents that have copies in the home folder."""
    folder = home / "uploads"
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and _is_own(each.name))


def _keep_folder(root: Path, path: Path, limits: Limits, refused: list[Refusal]) -> Path:
    origins = _folders(root)
    source = str(path.resolve())
    name = next((n for n, known in origins.items() if known == source), None)
    mirrored = name is not None
    if name is None:
        base = path.resolve().name or "documents"
        names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
        name = next(n for n in names if n not in origins)
    folder = root / name
    if folder.resolve() == path.resolve():
        return folder
    targets = {folder / file.relative_to(path): file for file in discover(path)}
    for target, file in targets.items():
        refusal = _too_large(file, target.relative_to(root).as_posix(), limits)
        if refusal is None:
            _keep(file, target)
        else:
            refused.append(refusal)
    for old in discover(folder) if mirrored and folder.is_dir() else ():
        if old not in targets:
            old.unlink(missing_ok=True)
            origin_file(old).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    replace_bytes(root / _FOLDERS, json.dumps({**origins, name: source}, ensure_ascii=False).encode())
    return folder


def _folders(root: Path) -> dict[str, str]:
    """Where the folders of a set were added from, by their name in it."""
    try:
        found = json.loads((root / _FOLDERS).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(n): str(s) for n, s in found.items()} if isinstance(found, dict) else {}


def _keep(file: Path, target: Path) -> None:
    if file.resolve() != target.resolve():
        # Where a fetched file came from goes with it.
        if origin_file(file).is_file():
            _copy(origin_file(file), origin_file(target))
        _copy(file, target)


def collection_folder(home: Path, collection: str) -> Path:
    """Where the copies of a set of documents are.

    Raises:
        DocumentError: The name is not allowed.
    """
    if not _is_own(collection):
        raise DocumentError(
            f"'{collection}' cannot be the name of a set of documents.",
            "Use letters, digits, dot, dash and underscore; 'corpus' is taken.",
        )
    return home / "uploads" / collection


def drop_files(home: Path, paths: Sequence[str], collection: str) -> None:
    """Deletes copies that `keep_files` made; anything else, and what lies outside their folder, is left alone.

    Raises:
        DocumentError: A copy cannot be deleted.
    """
    if not _is_own(collection):
        return
    folder = (home / "uploads" / collection).resolve()
    for path in paths:
        file = (folder / path).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            continue
        try:
            file.unlink(missing_ok=True)
            origin_file(file).unlink(missing_ok=True)
        except OSError as error:
            raise DocumentError(
                f"The copy {file} cannot be deleted: {error.strerror or error}.",
                "Check the rights of its folder.",
            ) from error


def _is_own(collection: str) -> bool:
    return collection != "corpus" and _NAME.fullmatch(collection) is not None


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".copy-")
        try:
            with os.fdopen(handle, "wb") as out, source.open("rb") as data:
                shutil.copyfileobj(data, out)
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise DocumentError(
            f"The file {source} cannot be copied to {target}: {error.strerror or error}.",
            "Check rights and free space.",
        ) from error
