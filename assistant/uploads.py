"""Copies of the documents that users add, kept in the home folder so that the index can be rebuilt."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import DocumentError
from assistant.ingest.discover import discover
from assistant.ingest.origin import origin_file

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def keep_files(home: Path, paths: Sequence[Path], collection: str) -> tuple[Path, list[Path]]:
    """Copies files, and the files in folders, under `uploads/<collection>` of the home folder.

    A file of a name that is there already replaces it, so that adding a file again updates it.

    Returns:
        The collection's folder and the copies.

    Raises:
        DocumentError: A path does not exist, the collection's name is not allowed, or a copy fails.
    """
    root = collection_folder(home, collection)
    kept: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = [(file, file.relative_to(path.parent)) for file in discover(path)]
        elif path.is_file():
            files = [(path, Path(path.name))]
        else:
            raise DocumentError(f"The file {path} does not exist.", "Check the path.")
        for file, relative in files:
            target = root / relative
            if file.resolve() != target.resolve():
                # Where a fetched file came from goes with it.
                if origin_file(file).is_file():
                    _copy(origin_file(file), origin_file(target))
                _copy(file, target)
            kept.append(target)
    return root, kept


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
