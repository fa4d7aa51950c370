"""What `index` and `ingest` share: their options, their reports, and going on while files change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli import options
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.index.sync import SyncReport

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done; nothing is written.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Go on, and do it again whenever files change, until Ctrl-C.")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes that read files at once.")]
Ray = Annotated[
    str | None,
    typer.Option(help="Address of a Ray cluster that reads and embeds; `local` starts one on this machine."),
]


def bulk(dry_run: bool, workers: int, ray: str | None) -> dict[str, Any]:
    """The arguments for the engine that differ from its defaults."""
    given: dict[str, Any] = {}
    if dry_run:
        given["dry_run"] = True
    if workers > 1:
        given["workers"] = workers
    if ray is not None:
        given["ray"] = ray
    return given


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
