"""Adds documents of the web: fetched, kept like uploads, and made searchable; a failure leaves all as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from assistant.errors import DocumentError
from assistant.fetch import Fetcher
from assistant.fetch.addresses import shown
from assistant.fetch.keep import fetch_into
from assistant.index.reader import Index
from assistant.index.sync import FileReport, Ingest, SyncReport, sync_folder
from assistant.models.embeddings import EmbeddingModel

Progress = Callable[[int, int, str], None]


def add_pages(
    index: Index,
    embeddings: EmbeddingModel,
    root: Path,
    collection: str,
    addresses: Sequence[str],
    fetcher: Fetcher,
    *,
    ignore_robots: bool = False,
    progress: Progress | None = None,
    ingest: Ingest | None = None,
) -> SyncReport:
    """Fetches documents, keeps them in the folder of a collection, and indexes them.

    Args:
        index: Where they become searchable.
        embeddings: The model that the index was opened with.
        root: Folder of the collection.
        collection: Its name.
        addresses: http or https.
        fetcher: Fetches them.
        ignore_robots: Fetch also what `robots.txt` forbids.
        progress: Told about every address.
        ingest: Readers and chunker; those of `assistant.ingest` when None.

    Returns:
        One entry for each address: its file, or the address itself with the reason of a failure.
    """
    reports = []
    for number, address in enumerate(addresses, start=1):
        try:
            report = _add_one(index, embeddings, root, collection, address, fetcher, ignore_robots, ingest)
        except DocumentError as error:
            failed = FileReport(path=shown(address), status="failed", reason=str(error))
            report = SyncReport(files=(failed,))
        reports.append(report)
        if progress is not None:
            progress(number, len(addresses), shown(address))
    return merged(reports)


def merged(reports: Iterable[SyncReport]) -> SyncReport:
    """Several reports of one collection as one."""
    found = list(reports)
    return SyncReport(
        files=tuple(file for report in found for file in report.files),
        passages=max((report.passages for report in found), default=0),
        seconds=sum(report.seconds for report in found),
        rebuilt=next((report.rebuilt for report in found if report.rebuilt), ""),
    )


def _add_one(
    index: Index,
    embeddings: EmbeddingModel,
    root: Path,
    collection: str,
    address: str,
    fetcher: Fetcher,
    ignore_robots: bool,
    ingest: Ingest | None,
) -> SyncReport:
    root.mkdir(parents=True, exist_ok=True)
    kept = fetch_into(root, address, fetcher, ignore_robots=ignore_robots)

    def sync(*files: Path) -> SyncReport:
        return sync_folder(index, embeddings, root, collection, paths=list(files), ingest=ingest)

    try:
        report = sync(kept.file)
    except BaseException:
        # Also Ctrl-C: what was searchable before must stay so.
        kept.undo()
        raise
    if report.count("failed"):
        kept.undo()
        reason = next(file.reason for file in report.files if file.status == "failed")
        return SyncReport(files=(FileReport(path=shown(address), status="failed", reason=reason),))
    if kept.replaces:
        kept.drop_replaced()
        return merged([report, sync(*kept.replaces)])
    return report
