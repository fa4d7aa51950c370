"""Brings the index in step with files: adds what is new, replaces what changed, removes what is gone.

A run that is killed at any moment loses nothing that it finished: the next run takes up the rest. Only one
process writes at a time; others go on reading the state that was published last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.errors import AssistantError, DocumentError, IndexingError
from assistant.index.failures import index_errors
from assistant.index.plan import Plan, Task, make_plan
from assistant.index.reader import Index
from assistant.index.reading import Prepared, Reading, prepare
from assistant.index.writer import Writer
from assistant.ingest.archive import Archive
from assistant.ingest.readers.source import Limits, Refusal
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document, Passage
from assistant.work import check as check_waited_for

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the path of the file just finished."""
Status = Literal["added", "updated", "unchanged", "removed", "failed", "skipped"]
"""`skipped` is a file of a kind that is not read, `failed` one that should be."""
_LOCK_SECONDS = 600.0
# Passages embedded and written together: enough to fill batches, few enough that little is lost.
_GROUP = 64


class FileReport(BaseModel):
    """What became of one file."""

    model_config = ConfigDict(frozen=True)

    path: str
    status: Status
    passages: int = 0
    reason: str = ""
    """Why it failed, was skipped or holds nothing, or where it was moved from; empty otherwise."""
    reader: str = ""
    """Which reader read it in this run."""
    remarks: tuple[str, ...] = ()
    """What of it could not be read, and which readers failed before one succeeded."""


class SyncReport(BaseModel):
    """What became of all files."""

    model_config = ConfigDict(frozen=True)

    files: tuple[FileReport, ...] = ()
    """Ordered by path."""
    passages: int = 0
    """Passages of the collection after the run."""
    seconds: float = 0.0
    rebuilt: str = ""
    """Why everything was indexed anew, in words; empty when it was not."""

    def count(self, status: Status) -> int:
        """How many files have this status."""
        return sum(file.status == status for file in self.files)

    @property
    def changed(self) -> bool:
        """Whether the index changed."""
        return any(file.status in {"added", "updated", "removed"} for file in self.files)


@dataclass(frozen=True)
class Ingest:
    """The functions that turn files into passages."""

    discover: Callable[[Path], Iterable[Path]]
    """The files of a folder that can be read."""
    read: Callable[[Path, Path, str], Document]
    """A document, from its file, the root folder and the collection."""
    chunk: Callable[[Document, EmbeddingModel], list[Passage]]
    unpack: Callable[[Path, Path], Archive | None] = lambda file, root: None
    """The files in an archive, from its path and the root folder; None for other files."""
    refused: Callable[[Path], Iterable[Refusal]] = lambda folder: ()
    """What in a folder is not read."""

    @classmethod
    def default(cls, limits: Limits | None = None) -> Ingest:
        """The readers and the chunker of `assistant.ingest`, with its usual limits when None are given."""
        from assistant.ingest.chunking import chunk_document
        from assistant.ingest.discover import discover, survey
        from assistant.ingest.reading import read_file, unpack_file

        return cls(
            discover=discover,
            unpack=lambda file, root: unpack_file(file, root=root, limits=limits),
            refused=lambda folder: survey(folder).refused,
            read=lambda path, root, collection: read_file(
                path, root=root, collection=collection, limits=limits
            ),
            chunk=lambda document, embeddings: chunk_document(
                document,
                count_tokens=embeddings.count_tokens,
                max_tokens=min(250, embeddings.max_tokens - 6),
            ),
        )


def sync_folder(
    index: Index,
    embeddings: EmbeddingModel,
    root: Path,
    collection: str = "corpus",
    *,
    paths: Sequence[Path] | None = None,
    remove_missing: bool = True,
    progress: Progress | None = None,
    dry_run: bool = False,
    ingest: Ingest | None = None,
    reading: Reading | None = None,
    lock_seconds: float = _LOCK_SECONDS,
    on_write: Callable[[str], None] | None = None,
) -> SyncReport:
    """Bring a collection in step with the files of a folder.

    A file that cannot be read is reported as failed, its earlier version stays searchable, and the rest goes
    on. Passages whose text did not change, also those of moved files, keep their vectors.

    Args:
        index: Where to write.
        embeddings: The model that the index was opened with.
        root: Folder that document paths are relative to.
        collection: Name of the set of documents.
        paths: Only these files and folders of `root`; all of it when None.
        remove_missing: Remove documents whose file is gone.
        progress: Told about every file.
        dry_run: Only report what would be done; passages of new files are not counted.
        ingest: Readers and chunker; those of `assistant.ingest` when None.
        reading: Reads files in other processes; this process reads them, with `ingest`, when None.
        lock_seconds: How long to wait for another process that writes.
        on_write: Called with the name of every step just before it is taken, for tests.

    Raises:
        IndexingError: The folder is missing, the disk is full, another process keeps writing, or the index
            is damaged beyond repair.
        ModelError: The embedding model fails.
    """
    started = time.perf_counter()
    ingest = ingest or Ingest.default()
    root = root.expanduser().absolute()
    if not root.is_dir():
        raise IndexingError(
            f"The folder of documents {root} does not exist.", "Check the path, or set ASSISTANT_CORPUS."
        )

    def plan_now() -> Plan:
        rows = index.wanted.catalog.rows("live", "staged", collection=collection)
        return make_plan(
            root,
            rows,
            discover=ingest.discover,
            unpack=ingest.unpack,
            refused=ingest.refused,
            paths=paths,
            remove_missing=remove_missing,
        )

    if dry_run:
        with index_errors("comparing files", index.root):
            plan = plan_now()
        reports = [*_settled(plan), *(_written(task, 0) for task in plan.tasks), *_removed(plan)]
        return _report(reports, index, collection, started, index.rebuild_reason)
    with index_errors("indexing", index.root, index.server), index.writing(lock_seconds) as check:
        index.refresh()
        rebuilt = index.rebuild_reason
        writer = Writer(index, embeddings, ingest.chunk, on_write, check)
        writer.begin()
        writer.carry_over(except_collection=collection)
        plan = plan_now()
        writer.discard([row.id for row in plan.stale])
        reports = _settled(plan)
        total = len(reports) + len(plan.tasks)
        files = [task.file for task in plan.tasks]
        if reading is None:
            prepared = prepare(files, root, collection, ingest, embeddings)
        else:
            prepared = reading(files, root, collection)
        for report in _run(plan.tasks, prepared, index, writer):
            check_waited_for()
            reports.append(report)
            if progress is not None:
                progress(len(reports), total, report.path)
        writer.publish(collection, [row.id for row in plan.removed])
        writer.end()
        return _report([*reports, *_removed(plan)], index, collection, started, rebuilt)


def refused_files(folder: Path, ingest: Ingest | None = None) -> SyncReport:
    """What in a folder is not read: for one whose other files are copied before they are indexed."""
    found = (ingest or Ingest.default()).refused(folder)
    return refusals(replace(each, name=f"{folder.name}/{each.name}") for each in found)


def refusals(found: Iterable[Refusal]) -> SyncReport:
    """What was not even copied, as a report."""
    return SyncReport(files=tuple(_refused(each.name, each) for each in found))


def unread(report: SyncReport) -> list[str]:
    """Files of which nothing was read; of an archive that is when all of its files failed."""
    read: dict[str, bool] = {}
    for file in report.files:
        whole = file.path.partition("!/")[0]
        read[whole] = read.get(whole, False) or file.status != "failed"
    return [path for path, any_of_it in read.items() if not any_of_it]


def remove_documents(
    index: Index,
    embeddings: EmbeddingModel,
    paths: Sequence[str],
    collection: str = "user",
    *,
    ingest: Ingest | None = None,
    lock_seconds: float = _LOCK_SECONDS,
) -> int:
    """Remove documents from a collection by path; their files are left alone.

    A corpus folder that still holds the file brings it back at the next sync.

    Returns:
        How many documents were removed.

    Raises:
        IndexingError: The index cannot be written.
    """
    with index_errors("removing documents", index.root, index.server), index.writing(lock_seconds) as check:
        index.refresh()
        writer = Writer(index, embeddings, (ingest or Ingest.default()).chunk, check=check)
        writer.begin()
        writer.carry_over()
        wanted = set(paths)
        # The name of an archive stands for all that is in it.
        within = tuple(f"{path}!/" for path in wanted)
        live = index.wanted.catalog.rows("live", collection=collection)
        rows = [row for row in live if row.path in wanted or row.path.startswith(within)]
        # What an add that did not end has written is not made visible by this.
        writer.discard([row.id for row in index.wanted.catalog.rows("staged", collection=collection)])
        writer.publish(collection, [row.id for row in rows])
        writer.end()
        return len(rows)


def _run(
    tasks: Sequence[Task], found: Iterable[Prepared], index: Index, writer: Writer
) -> Iterable[FileReport]:
    # Files of the same content, such as copies, share their vectors where their passages read the same.
    twins = {row.sha256: row.id for row in index.wanted.catalog.rows("live", "staged")}
    group: list[tuple[Task, Document, Prepared]] = []
    for task, prepared in zip(tasks, found, strict=True):
        if prepared.document is None:
            error = prepared.error or DocumentError(f"{task.path} was not read.")
            yield _failed(task.path, error, kept=task.replaces is not None and not task.moved_from)
            continue
        group.append((task, prepared.document, prepared))
        if sum(len(each.passages) for _, _, each in group) >= _GROUP:
            yield from _write(group, twins, writer)
            group = []
    yield from _write(group, twins, writer)


def _write(
    group: list[tuple[Task, Document, Prepared]], twins: dict[str, str], writer: Writer
) -> Iterable[FileReport]:
    if not group:
        return
    reuse = [task.replaces.id for task, _, _ in group if task.replaces is not None]
    reuse += [twins[document.sha256] for _, document, _ in group if document.sha256 in twins]
    vectors = [prepared.vectors for _, _, prepared in group]
    errors = writer.write([(document, each.passages) for _, document, each in group], reuse, vectors)
    for (task, document, (_, passages, _, _)), error in zip(group, errors, strict=True):
        if error is None:
            report = _written(task, len(passages), empty=not passages)
            yield report.model_copy(update={"reader": document.reader, "remarks": document.remarks})
        else:
            yield _failed(task.path, error, kept=task.replaces is not None and not task.moved_from)


def _settled(plan: Plan) -> list[FileReport]:
    return [
        *(FileReport(path=r.path, status="unchanged", passages=r.passage_count) for r in plan.unchanged),
        *(_written(task, row.passage_count) for row, task in plan.resumed),
        *(_failed(path, error, kept=_is_kept(plan, path)) for path, error in plan.unreadable),
        *(_refused(each.name, each) for each in plan.refused),
    ]


def _refused(path: str, refusal: Refusal) -> FileReport:
    reason = _bare(refusal.name, f"{refusal.what} {refusal.hint}".strip())
    return FileReport(
        path=path, status="failed" if refusal.is_failure else "skipped", reason=_bare(path, reason)
    )


def _is_kept(plan: Plan, path: str) -> bool:
    return any(kept == path or kept.startswith(f"{path}!/") for kept in plan.kept)


def _removed(plan: Plan) -> list[FileReport]:
    moved = plan.moved
    return [
        FileReport(path=row.path, status="removed", passages=row.passage_count)
        for row in plan.removed
        if row.path not in moved
    ]


def _written(task: Task, passages: int, *, empty: bool = False) -> FileReport:
    reason = f"moved from {task.moved_from}" if task.moved_from else "no text found" if empty else ""
    status: Status = "added" if task.replaces is None else "updated"
    return FileReport(path=task.path, status=status, passages=passages, reason=reason)


def _failed(path: str, error: Exception, *, kept: bool) -> FileReport:
    if isinstance(error, AssistantError):
        reason = str(error)
    elif isinstance(error, OSError) and error.strerror:
        reason = f"{error.strerror}."
    else:
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
    return FileReport(
        path=path,
        status="failed",
        reason=_bare(path, reason) + (" The earlier version stays." if kept else ""),
    )


def _bare(path: str, reason: str) -> str:
    """The reason without the name that the report gives anyway."""
    return reason.removeprefix(f"{path}: ").removeprefix(f"{path} ")


def _report(
    reports: Sequence[FileReport], index: Index, collection: str, started: float, rebuilt: str
) -> SyncReport:
    rows = index.wanted.catalog.rows("live", collection=collection)
    return SyncReport(
        files=tuple(sorted(reports, key=lambda report: report.path)),
        passages=sum(row.passage_count for row in rows),
        seconds=time.perf_counter() - started,
        rebuilt=rebuilt,
    )
