"""Verbs about documents of the web: `add` and `corpus fetch`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import options
from assistant.cli.options import Corpus, Embedding, Home
from assistant.errors import DocumentError
from assistant.privacy import SOURCES

if TYPE_CHECKING:
    from assistant.fetch.collect import SourceReport

IgnoreRobots = Annotated[
    bool, typer.Option("--ignore-robots", help="Fetch also what the site's robots.txt forbids.")
]


def add(
    urls: Annotated[list[str], typer.Argument(help="Addresses of HTML pages and PDFs, http or https.")],
    collection: Annotated[str, typer.Option(help="Name of the set of documents that they join.")] = "user",
    ignore_robots: IgnoreRobots = False,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Fetch pages from the web and add them to what is searched; the same address updates its document."""
    from assistant.cli import terminal

    bar = terminal.progress_bar(options.console(stderr=True), "Fetching")
    with options.open_assistant(home=home, corpus=corpus, embedding=embedding) as assistant, bar as progress:
        report = assistant.add_urls(
            urls, collection=collection, ignore_robots=ignore_robots, progress=progress
        )
    out = options.console()
    for file in report.files:
        if file.status != "failed":
            terminal.line(out, f"{file.status} ", (file.path, "bold"))
    terminal.print_report(out, report)
    failed = sum(file.status == "failed" for file in report.files)
    if failed:
        raise DocumentError(f"{failed} of {len(urls)} addresses failed.", "The lines above tell why.")


def corpus_fetch(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only sources on this topic; may be repeated.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder to keep them in; one of the data folder when left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be fetched.")] = False,
    ingest: Annotated[bool, typer.Option("--ingest", help="Add them to what is searched.")] = False,
    catalogue: Annotated[
        Path | None, typer.Option(help="Another catalogue than that of the package.")
    ] = None,
    ignore_robots: IgnoreRobots = False,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Fetch the primary documents that the catalogue lists; run it again to resume or update."""
    from assistant.cli import terminal
    from assistant.fetch import Fetcher, FetchRules
    from assistant.fetch.catalogue import load_catalogue
    from assistant.fetch.collect import collect
    from assistant.resources import corpus_folder
    from assistant.uploads import collection_folder

    settings = options.read_settings(home=home, corpus=corpus, embedding=embedding)
    entries = load_catalogue(catalogue or corpus_folder() / "sources.yaml").only(only or ())
    folder = into or collection_folder(settings.home, SOURCES)
    out = options.console()

    def tell(report: SourceReport) -> None:
        place = f" {report.path} ({report.size / 1000:,.0f} kB)" if report.path else ""
        style = "red" if report.outcome == "failed" else "bold"
        terminal.line(out, (f"{report.outcome:<11} ", style), report.id, place, f" {report.reason}".rstrip())

    reports = collect(
        entries,
        folder,
        Fetcher(FetchRules.of(settings)),
        dry_run=dry_run,
        ignore_robots=ignore_robots,
        report=tell,
    )
    terminal.line(out, _summary(reports, folder))
    if ingest and not dry_run and any(report.path for report in reports):
        _ingest(folder, own=into is None, home=home, corpus=corpus, embedding=embedding)
    failed = sum(report.outcome == "failed" for report in reports)
    if failed:
        raise DocumentError(
            f"{failed} of {len(reports)} sources could not be fetched.",
            "The lines above tell why; run it again for these.",
        )


def _summary(reports: Sequence[SourceReport], folder: Path) -> str:
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.outcome] = counts.get(report.outcome, 0) + 1
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing listed"
    return f"{told}; folder {folder}"


def _ingest(
    folder: Path, *, own: bool, home: Path | None, corpus: Path | None, embedding: str | None
) -> None:
    from assistant.cli import terminal
    from assistant.schema import Filters

    bar = terminal.progress_bar(options.console(stderr=True), "Reading")
    with options.open_assistant(home=home, corpus=corpus, embedding=embedding) as assistant, bar as progress:
        # The folders of the topics, so that their files keep their names; those of the data folder stay where they are.
        topics = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        report = assistant.add_documents(topics, collection=SOURCES, progress=progress)
        if own:
            # A page that became a PDF leaves a document without its file.
            known = assistant.documents(Filters(collections=(SOURCES,)))
            gone = [document.path for document in known if not (folder / document.path).is_file()]
            if gone:
                assistant.remove(gone, collection=SOURCES)
    terminal.print_report(options.console(), report)
