"""Downloads what the catalogue lists; what is there and unchanged is not sent again, so that a run resumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.errors import DocumentError
from assistant.fetch.addresses import WebAddress
from assistant.fetch.catalogue import CatalogueEntry
from assistant.fetch.content import SUFFIXES
from assistant.fetch.download import Fetcher
from assistant.fetch.keep import drop_file, intact_origin, keep_page
from assistant.ingest.cleaning import calendar_date
from assistant.ingest.origin import Origin, write_origin

Outcome = Literal["new", "changed", "unchanged", "failed", "would fetch", "would check"]


class SourceReport(BaseModel):
    """What became of one source."""

    model_config = ConfigDict(frozen=True)

    id: str
    outcome: Outcome
    path: str = ""
    """Its file, relative to the folder; empty while there is none."""
    size: int = 0
    """Bytes of the file."""
    reason: str = ""
    """Why it failed."""


def collect(
    entries: Sequence[CatalogueEntry],
    folder: Path,
    fetcher: Fetcher,
    *,
    dry_run: bool = False,
    ignore_robots: bool = False,
    report: Callable[[SourceReport], None] | None = None,
) -> list[SourceReport]:
    """Fetches sources into a folder, one after the other, each under `TOPIC/ID.html` or `.pdf`.

    A source that fails is reported, its earlier file stays, and the others go on.

    Args:
        entries: What to fetch.
        folder: Where to keep it.
        fetcher: Fetches it.
        dry_run: Only tell what would be asked for.
        ignore_robots: Fetch also what `robots.txt` forbids.
        report: Told about each source at once.
    """
    reports = []
    for entry in entries:
        try:
            found = _plan(entry, folder) if dry_run else _collect_one(entry, folder, fetcher, ignore_robots)
        except DocumentError as error:
            found = SourceReport(id=entry.id, outcome="failed", reason=str(error))
        reports.append(found)
        if report is not None:
            report(found)
    return reports


def _files(entry: CatalogueEntry, folder: Path) -> dict[str, Path]:
    """The file of a source by media type, whether it is there or not."""
    return {kind: folder / entry.topics[0] / f"{entry.id}{suffix}" for kind, suffix in SUFFIXES.items()}


def _plan(entry: CatalogueEntry, folder: Path) -> SourceReport:
    there = next((file for file in _files(entry, folder).values() if file.is_file()), None)
    if there is None:
        return SourceReport(id=entry.id, outcome="would fetch")
    path = there.relative_to(folder).as_posix()
    return SourceReport(id=entry.id, outcome="would check", path=path, size=there.stat().st_size)


def _collect_one(entry: CatalogueEntry, folder: Path, fetcher: Fetcher, ignore_robots: bool) -> SourceReport:
    files = _files(entry, folder)
    there = next((file for file in files.values() if file.is_file()), None)
    before = intact_origin(there) if there is not None else None
    if before is not None and before.requested != entry.url:
        before = None
    page = fetcher.fetch(
        entry.url,
        etag=before.etag if before else "",
        last_modified=before.last_modified if before else "",
        ignore_robots=ignore_robots,
    )
    known = Origin(
        url=entry.url,
        requested=WebAddress.parse(entry.url).url,
        fetched=page.fetched,
        title=entry.title,
        publisher=entry.publisher,
        date=calendar_date(entry.date),
        language=entry.language,
        topic=entry.topics[0],
        licence=entry.licence,
    )
    if page.unchanged and before is not None and there is not None:
        # The catalogue may say more of it than before.
        kept_facts = {"fetched": before.fetched, "sha256": before.sha256}
        kept_facts |= {"etag": before.etag, "last_modified": before.last_modified}
        write_origin(there, known.model_copy(update=kept_facts))
        return _told(entry, folder, there, "unchanged")
    kept = keep_page(files[page.media_type], page, known)
    for kind, file in files.items():
        if kind != page.media_type and file.is_file():
            drop_file(file)
    if not kept.changed:
        return _told(entry, folder, kept.file, "unchanged")
    return _told(entry, folder, kept.file, "new" if there is None else "changed")


def _told(entry: CatalogueEntry, folder: Path, file: Path, outcome: Outcome) -> SourceReport:
    path = file.relative_to(folder).as_posix()
    return SourceReport(id=entry.id, outcome=outcome, path=path, size=file.stat().st_size)
