"""Verbs about documents: `index`, `ingest`, `documents`, `remove` and `corpus check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import options
from assistant.cli.options import AsJson, Corpus, Home
from assistant.cli.watching import Bulk, bulk
from assistant.errors import DocumentError
from assistant.schema import Filters

if TYPE_CHECKING:
    from assistant.index.sync import SyncReport


@bulk
def index(how: Bulk) -> None:
    """Build the index of the corpus, or bring it up to date; unchanged files are skipped."""
    with how.open_assistant() as assistant:
        how.carry_out(lambda: [assistant.corpus], lambda: options.sync(assistant, mend=True, **how.given))


@bulk
def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders: PDF, Markdown, text, HTML and more.")
    ],
    collection: Annotated[str, typer.Option(help="Name of the set of documents that they join.")] = "user",
    *,
    how: Bulk,
) -> None:
    """Add your own documents to what is searched; a folder that was added before is brought up to date."""
    from assistant.cli import terminal

    for path in paths:
        if not path.exists():
            raise DocumentError(f"There is no file or folder {path}.", "Correct the path.")
    with how.open_assistant() as assistant:

        def run() -> SyncReport:
            with terminal.progress_bar(options.console(stderr=True), "Reading") as progress:
                there = [path for path in paths if path.exists()]
                return assistant.add_documents(there, collection=collection, progress=progress, **how.given)

        how.carry_out(lambda: paths, run)


@options.filtered
def documents(
    as_json: AsJson = False,
    filters: Filters | None = None,
    home: Home = None,
    corpus: Corpus = None,
) -> None:
    """List the indexed documents."""
    from assistant.cli import terminal

    with options.open_assistant(home=home, corpus=corpus) as assistant:
        options.sync_if_possible(assistant)
        found = assistant.documents(filters)
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in found], ensure_ascii=False, indent=2))
        return
    out = options.console()
    for each in found:
        terminal.line(
            out, f"{each.date or '          '}  {each.collection}  {each.path}  ", (each.title, "bold")
        )


def remove(
    paths: Annotated[list[str], typer.Argument(help="Paths as `assistant documents` lists them.")],
    collection: Annotated[str, typer.Option(help="The set that they are in.")] = "user",
    home: Home = None,
    corpus: Corpus = None,
) -> None:
    """Take your own documents out of the index; the files stay."""
    with options.open_assistant(home=home, corpus=corpus) as assistant:
        count = assistant.remove(paths, collection=collection)
    if not count:
        raise DocumentError(
            f"None of these is in the collection '{collection}'.", "See `assistant documents`."
        )
    typer.echo(f"{count} removed")


def corpus_check(
    path: Annotated[
        Path | None, typer.Argument(help="Folder; the corpus that comes with the package when left out.")
    ] = None,
) -> None:
    """Lint every document: front matter, dates, footnotes, addresses, titles."""
    from assistant.ingest.lint import check_corpus
    from assistant.resources import corpus_folder

    folder = path or options.read_settings().corpus or corpus_folder()
    if not folder.is_dir():
        raise DocumentError(f"There is no folder {folder}.", "Name the folder of a corpus.")
    problems = check_corpus(folder)
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        raise DocumentError(f"{errors} errors in {folder}.", "Correct the documents named above.")
    typer.echo(f"{len(problems)} warnings, no errors in {folder}")
