"""Compares files with the manifest: what is new, changed, moved, gone or already done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.errors import AssistantError, IndexingError
from assistant.index.catalog import Row
from assistant.ingest.archive import Archive, member_path
from assistant.ingest.readers.source import Refusal


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
    unreadable: list[tuple[str, Exception]] = field(default_factory=list)
    """Files and archives that cannot be opened."""
    refused: list[Refusal] = field(default_factory=list)
    """Files in the folder and in its archives that are not read."""
    kept: set[str] = field(default_factory=set)
    """Paths of what cannot be opened now, but was read earlier and stays."""

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
    unpack: Callable[[Path, Path], Archive | None] = lambda file, root: None,
    refused: Callable[[Path], Iterable[Refusal]] = lambda folder: (),
    paths: Sequence[Path] | None = None,
    remove_missing: bool = True,
) -> Plan:
    """Compare the files of a folder with the manifest of its collection.

    Args:
        root: Folder that document paths are relative to.
        rows: Live and staged documents of the collection.
        discover: Finds the files of a folder.
        unpack: Lists the files in an archive, from its path and the root; None for other files.
        refused: Finds what in a folder is not read.
        paths: Only these files and folders; all of `root` when None.
        remove_missing: Whether a document without its file is to be removed.
    """
    live = {row.path: row for row in rows if row.state == "live"}
    staged = {row.path: row for row in rows if row.state == "staged"}
    plan = Plan()
    files = _files(root, paths, discover)
    plan.refused = list(_refused(root, paths, refused))
    digests: dict[str, str] = {}
    # Paths that begin with these are in an archive: of one that was opened, all that is in it is known.
    opened: list[str] = []
    closed: list[str] = []
    for path, file in list(files.items()):
        try:
            archive = unpack(file, root)
            if archive is None:
                with file.open("rb") as data:
                    digests[path] = hashlib.file_digest(data, "sha256").hexdigest()
                continue
            opened.append(f"{path}!/")
            del files[path]
            for member in archive.members:
                digests[f"{path}!/{member.name}"] = member.sha256
                files[f"{path}!/{member.name}"] = member_path(file, member.name)
            plan.refused += [replace(each, name=f"{path}!/{each.name}") for each in archive.refused]
        except (OSError, AssistantError) as error:
            plan.unreadable.append((path, error))
            closed.append(f"{path}!/")
    inside = _scope(root, paths)
    failing = {each.name for each in plan.refused if each.is_failure} | {path for path, _ in plan.unreadable}
    plan.kept = {path for path in live if path in failing or path.startswith(tuple(closed))}
    plan.removed = [
        row
        for path, row in live.items()
        if path not in files
        and path not in plan.kept
        and ((remove_missing and inside(path)) or path.startswith(tuple(opened)))
    ]
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
    # What a call wrote that did not end is not taken along by another that names other files.
    plan.stale += staged.values()
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


def _refused(
    root: Path, paths: Sequence[Path] | None, refused: Callable[[Path], Iterable[Refusal]]
) -> Iterable[Refusal]:
    for start in [root] if paths is None else [root / path for path in paths]:
        if start.is_dir():
            inside = _relative(root, start)
            for each in refused(start):
                yield each if inside in ("", ".") else replace(each, name=f"{inside}/{each.name}")


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
