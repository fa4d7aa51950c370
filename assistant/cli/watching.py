"""What `index` and `ingest` share: their options, their reports, and going on while files change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import AssistantError, DocumentError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.index.sync import SyncReport

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "dry_run": (
        Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done; nothing is written.")],
        False,
    ),
    "watch": (
        Annotated[
            bool, typer.Option("--watch", help="Go on, and do it again whenever files change, until Ctrl-C.")
        ],
        False,
    ),
    "workers": (Annotated[int, typer.Option(min=1, help="Processes that read files at once.")], 1),
    "ray": (
        Annotated[
            str | None,
            typer.Option(
                help="Address of a Ray cluster that reads and embeds; `local` starts one on this machine."
            ),
        ],
        None,
    ),
    "home": (options.Home, None),
    "corpus": (options.Corpus, None),
    "embedding": (options.Embedding, None),
}


@dataclass(frozen=True)
class Bulk:
    """How many files are brought into the index at once.

    Attributes:
        dry_run: Whether only to tell what would be done.
        watch: Whether to go on while files change.
        given: The arguments for the engine that differ from its defaults.
        settings: The settings that were given.
    """

    dry_run: bool
    watch: bool
    given: dict[str, Any]
    settings: dict[str, Any]

    def open_assistant(self) -> Assistant:
        """The engine; use it as a context manager."""
        return options.open_assistant(**self.settings)

    def carry_out(self, watched: Callable[[], Sequence[Path]], run: Callable[[], SyncReport]) -> None:
        """Do it, tell what became of the files, and go on while they change if asked to.

        Raises:
            DocumentError: No file could be read.
        """
        from assistant.cli import terminal

        report = run()
        if not report.files:
            raise DocumentError(
                f"There are no documents in {', '.join(map(str, watched()))}.",
                "Put files there, or name another folder.",
            )
        if self.dry_run:
            print_plan(report)
            return
        terminal.print_report(options.console(), report)
        if self.watch:
            keep_watching(watched(), run)
        elif all(file.status in ("failed", "skipped") for file in report.files):
            raise DocumentError("No file could be read.", "The lines above tell why.")


def bulk(verb: Callable[..., None]) -> Callable[..., None]:
    """Gives a verb the options of `index` and `ingest`; it takes them as one argument, `how`."""
    return options.unfolded(verb, "how", _OPTIONS, _bulk)


def _bulk(dry_run: bool, watch: bool, workers: int, ray: str | None, **settings: Any) -> Bulk:
    if dry_run and watch:
        raise typer.BadParameter("--dry-run and --watch exclude each other.")
    given: dict[str, Any] = {}
    if dry_run:
        given["dry_run"] = True
    if workers > 1:
        given["workers"] = workers
    if ray is not None:
        given["ray"] = ray
    return Bulk(dry_run, watch, given, settings)


def print_plan(report: SyncReport) -> None:
    """What a run would do, file by file."""
    from assistant.cli import terminal

    out = options.console()
    if report.rebuilt:
        terminal.line(out, report.rebuilt)
    for file in report.files:
        if file.status != "unchanged":
            reason = f": {file.reason}" if file.reason else ""
            terminal.line(out, f"{file.status}  {file.path}{reason}")
    counts = {status: report.count(status) for status in ("added", "updated", "removed", "unchanged")}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no files"
    terminal.line(out, f"Would be done: {told}. Nothing was written.")


def keep_watching(paths: Sequence[Path], run: Callable[[], SyncReport]) -> None:
    """Do it again after every burst of changes; an error is told and does not end it, Ctrl-C does."""
    from assistant.cli import terminal
    from assistant.index.watch import watch

    errors = options.console(stderr=True)

    def again() -> None:
        try:
            report = run()
        except AssistantError as error:
            terminal.line(errors, str(error))
            return
        if report.changed or report.count("failed"):
            terminal.print_report(options.console(), report)

    terminal.line(errors, f"Watching {', '.join(map(str, paths))}; Ctrl-C ends it.")
    watch(paths, again)
    terminal.line(errors, "No longer watching.")
