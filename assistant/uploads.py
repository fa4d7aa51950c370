"""Copies of the documents that users add, kept in the home folder so that the index can be rebuilt.

All files of a call are copied aside first, then put in place, then indexed. Whatever goes wrong, also a kill, leaves or
brings back what was there before.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from assistant.errors import DocumentError
from assistant.ingest.discover import discover
from assistant.ingest.origin import origin_file, replace_bytes
from assistant.ingest.readers.source import Limits, Refusal, oversize

_Path = TypeVar("_Path", str, Path, Path | str)

_FOLDERS = ".folders.json"
_LOCK = ".adding.lock"
_WORK = ".adding-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class Kept:
    """The copies of one call, in the folder of their collection.

    Attributes:
        root: The folder of the collection.
        paths: In it the copies of files, and the folders that were added.
        refused: Files that were not copied, because they are too large or cannot be read; an earlier copy stays.
    """

    def __init__(self, root: Path, work: Path) -> None:
        self.root, self.paths, self.refused = root, list[Path](), list[Refusal]()
        self._new, self._old, self._journal = work / "new", work / "old", work / "journal.json"
        self._placed: list[str] = []

    def add(self, source: Path, name: str, limits: Limits) -> None:
        """Copy a file aside, and where it was fetched from."""
        error = oversize(name, source.stat().st_size, limits)
        if error is not None:
            self.refused.append(Refusal(name, error.what, error.hint))
            return
        # Where a fetched file came from goes with it.
        for file, target in (
            (origin_file(source), origin_file(self._new / name)),
            (source, self._new / name),
        ):
            if file.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)

    def place(self, gone: Iterable[Path], folders: Mapping[str, str]) -> None:
        """Put the copies in place of what was there.

        Args:
            gone: Copies whose file is no longer in a folder that is mirrored.
            folders: Where each folder of the collection was added from.
        """
        self._new.mkdir(exist_ok=True)
        (self._new / _FOLDERS).write_text(json.dumps(folders, ensure_ascii=False), "utf-8")
        new = [file.relative_to(self._new).as_posix() for file in self._new.rglob("*") if file.is_file()]
        old = [file.relative_to(self.root).as_posix() for file in gone if file.is_file()]
        self._placed = [*new, *old]
        # Before anything is moved: who finds this folder after a kill must know what to undo.
        replace_bytes(self._journal, json.dumps(self._placed).encode())
        for name in self._placed:
            if (self.root / name).exists():
                _move(self.root / name, self._old / name)
            if (self._new / name).exists():
                _move(self._new / name, self.root / name)
        for name in folders:
            (self.root / name).mkdir(exist_ok=True)

    def revert(self, names: Iterable[str] | None = None) -> None:
        """Bring back what was there before: all of it, or for these files only."""
        chosen = (
            None
            if names is None
            else {each for name in names for each in (name, origin_file(Path(name)).as_posix())}
        )
        for name in self._placed:
            if chosen is None or name in chosen:
                (self.root / name).unlink(missing_ok=True)
                if (self._old / name).exists():
                    _move(self._old / name, self.root / name)
        for folder in sorted({(self.root / name).parent for name in self._placed}, reverse=True):
            with suppress(OSError):
                if folder != self.root:
                    folder.rmdir()

    def undo_killed(self) -> None:
        """Bring back what was there before a call that was killed."""
        with suppress(OSError, ValueError):
            self._placed = [str(name) for name in json.loads(self._journal.read_bytes())]
        self.revert()


@contextmanager
def keeping(
    home: Path, paths: Sequence[Path], collection: str, limits: Limits | None = None
) -> Iterator[Kept]:
    """Copies files, and the files in folders, under `uploads/<collection>` of the home folder.

    A file of a name that is there already replaces it, so that adding a file again updates it. A folder that was added
    before is mirrored: copies whose file is gone from it are deleted. Another folder of the same name gets a name of
    its own, such as `reports-2`. A file beyond the limit on its size is not copied.

    Nothing is copied before all paths are looked at, and if the block raises, nothing stays.

    Raises:
        DocumentError: A path does not exist or cannot be added, the collection's name is not allowed, or a copy fails.
    """
    root = collection_folder(home, collection)
    _check(home, root, paths)
    with ExitStack() as stack:
        with _writing(root):
            root.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_alone(root))
            work = Path(tempfile.mkdtemp(dir=root, prefix=_WORK))
            stack.callback(shutil.rmtree, work, ignore_errors=True)
        kept = Kept(root, work)
        try:
            with _writing(root):
                _copy_all(kept, paths, limits or Limits())
            yield kept
        except BaseException:
            kept.revert()
            raise


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Holds the folder of a collection, as it was before any call that was killed."""
    with FileLock(root / _LOCK):
        for work in [path for path in root.glob(f"{_WORK}*") if path.is_dir()]:
            Kept(root, work).undo_killed()
            shutil.rmtree(work, ignore_errors=True)
        yield


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise DocumentError(
            f"The files cannot be copied to {root}: {name}{error.strerror or error}.",
            "Check rights and free space.",
        ) from error


def _check(home: Path, root: Path, paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise DocumentError(f"The file {path} does not exist.", "Check the path.")
        if not path.is_dir() and not path.is_file():
            raise DocumentError(f"{path} is neither a file nor a folder.", "Leave it out.")
        if not os.access(path, os.R_OK):
            raise DocumentError(f"{path} cannot be read.", "Check its permissions.")
        if path.is_dir() and any(own.resolve().is_relative_to(path.resolve()) for own in (home, root)):
            raise DocumentError(
                f"The folder {path} contains the assistant's own folder {home}.",
                "Name the folders inside it.",
            )
        if path.is_file() and path.resolve() != (root / path.name).resolve():
            other = seen.setdefault(path.name, path)
            if other.resolve() != path.resolve():
                raise DocumentError(
                    f"{other} and {path} have the same name, and one would replace the other.",
                    "Rename one, or add the folders that they are in.",
                )


def _copy_all(kept: Kept, paths: Sequence[Path], limits: Limits) -> None:
    folders = _folders(kept.root)
    gone: list[Path] = []
    for path in paths:
        if path.is_dir():
            kept.paths.append(_copy_folder(kept, path, folders, gone, limits))
        else:
            target = kept.root / path.name
            if path.resolve() != target.resolve():
                kept.add(path, path.name, limits)
            if not any(refusal.name == path.name for refusal in kept.refused):
                kept.paths.append(target)
    kept.place(gone, folders)


def _copy_folder(kept: Kept, path: Path, folders: dict[str, str], gone: list[Path], limits: Limits) -> Path:
    source = str(path.resolve())
    name = next((n for n, known in folders.items() if known == source), None)
    if name is None:
        base = path.resolve().name or "documents"
        names = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
        name = next(n for n in names if n not in folders)
    folder = kept.root / name
    if folder.resolve() == path.resolve():
        return folder
    wanted = set()
    for file in discover(path):
        inside = file.relative_to(path)
        wanted.add(folder / inside)
        try:
            kept.add(file, Path(name, inside).as_posix(), limits)
        except PermissionError as error:
            shown = Path(name, inside).as_posix()
            kept.refused.append(
                Refusal(shown, f"{shown}: cannot be read: {error.strerror}.", "Check its permissions.")
            )
    if name in folders and folder.is_dir():
        for old in discover(folder):
            if old not in wanted:
                gone += [old, origin_file(old)]
    folders[name] = source
    return folder


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _folders(root: Path) -> dict[str, str]:
    """Where the folders of a set were added from, by their name in it."""
    try:
        found = json.loads((root / _FOLDERS).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(n): str(s) for n, s in found.items()} if isinstance(found, dict) else {}


def left_over(home: Path, collection: str, known: Collection[str]) -> list[Path]:
    """Copies that the index does not have.

    Args:
        home: The home folder.
        collection: The set of documents.
        known: Paths of the documents in the index.
    """
    root = collection_folder(home, collection)
    if not root.is_dir():
        return []
    with _alone(root):
        pass
    archives = {path.partition("!/")[0] for path in known if "!/" in path}
    names = {file: file.relative_to(root).as_posix() for file in discover(root)}
    return [file for file, name in names.items() if name not in known and name not in archives]


def listed(paths: _Path | Iterable[_Path]) -> list[_Path]:
    """One or several paths as a list: a text is one path, not a list of letters."""
    return [paths] if isinstance(paths, str | os.PathLike) else list(paths)


def kept_collections(home: Path) -> list[str]:
    """Names of the sets of documents that have copies in the home folder."""
    folder = home / "uploads"
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and _is_own(each.name))


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
    """Deletes copies of documents; anything else, and what lies outside their folder, is left alone.

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
