"""Compares files with the manifest: what is new, changed, moved, gone or already done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import IndexingError
from assistant.index.catalog import Row


@dataclass(frozen=True)
class Task:
    """A file that must be read."""

    path: str
    file: Path
    replaces: Row | None = None
    """The document that its passages replace: an older version, or the same file at another path."""

    @property
    def moved_from(self) -> str:
        """The path that the file had before; empty when it was not moved."""
        return self.replaces.path if self.replaces is not None and self.replaces.path != self.path else ""


@dataclass
class Plan:
    """What a sync has to do."""

    tasks: list[Task] = field(default_factory=list)
    unchanged: list[Row] = field(default_factory=list)
    resumed: list[tuple[Row, Task]] = field(default_factory=list)
    """Documents that an interrupted run has finished, but not published."""
    removed: list[Row] = field(default_factory=list)
    """Documents without a file, those that moved included."""
    stale: list[Row] = field(default_factory=list)
    """Unpublished documents of an interrupted run whose file has changed since."""
    unreadable: list[tuple[str, OSError]] = field(default_factory=list)

    @property
    def moved(self) -> set[str]:
        """Old paths of files that moved."""
        tasks = [*self.tasks, *(task for _, task in self.resumed)]
        return {task.moved_from for task in tasks if task.moved_from}


def make_plan(
    root: Path,
    rows: Sequence[Row],
    *,
    discover: Callable[[Path], Iterable[Path]],
    paths: Sequence[Path] | None = None,
    remove_missing: bool = True,
) -> Plan:
    """Compare the files of a folder with the manifest of its collection.

    Args:
        root: Folder that document paths are relative to.
        rows: Live and staged documents of the collection.
        discover: Finds the files of a folder.
        paths: Only these files and folders; all of `root` when None.
        remove_missing: Whether a document without its file is to be removed.
    """
    live = {row.path: row for row in rows if row.state == "live"}
    staged = {row.path: row for row in rows if row.state == "staged"}
    plan = Plan()
    files = _files(root, paths, discover)
    digests: dict[str, str] = {}
    for path, file in files.items():
        try:
            with file.open("rb") as opened:
                digests[path] = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            plan.unreadable.append((path, error))
    inside = _scope(root, paths)
    if remove_missing:
        plan.removed = [row for path, row in live.items() if path not in files and inside(path)]
    homeless = {row.sha256: row for row in plan.removed}
    for path, digest in digests.items():
        row, ready = live.get(path), staged.pop(path, None)
        if row is not None and row.sha256 == digest:
            plan.unchanged.append(row)
            if ready is not None:
                plan.stale.append(ready)
            continue
        task = Task(path, files[path], row or homeless.pop(digest, None))
        if ready is not None and ready.sha256 == digest:
            plan.resumed.append((ready, task))
            continue
        if ready is not None:
            plan.stale.append(ready)
        plan.tasks.append(task)
    plan.stale += [row for path, row in staged.items() if inside(path)]
    return plan


def _files(
    root: Path, paths: Sequence[Path] | None, discover: Callable[[Path], Iterable[Path]]
) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for start in [root] if paths is None else [root / path for path in paths]:
        if start.is_dir():
            files = list(discover(start))
        elif start.exists() or start.is_symlink():
            files = [start]
        else:
            continue
        for file in files:
            found[_relative(root, file)] = file
    return dict(sorted(found.items()))


def _scope(root: Path, paths: Sequence[Path] | None) -> Callable[[str], bool]:
    if paths is None:
        return lambda path: True
    starts = [_relative(root, root / path) for path in paths]
    return lambda path: any(s in ("", ".", path) or path.startswith(s + "/") for s in starts)


def _relative(root: Path, file: Path) -> str:
    try:
        return file.relative_to(root).as_posix()
    except ValueError as error:
        raise IndexingError(
            f"{file} is not inside the folder {root}.", "Give paths inside the folder of the collection."
        ) from error
