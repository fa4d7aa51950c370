"""What the verbs share: their options, and how they open the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.assistant import Assistant
    from assistant.index.sync import SyncReport
    from assistant.schema import Filters
    from assistant.settings import Settings


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no date of the form 2026-05-31.") from None


Model = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="`local`, `extractive`, or a provider's model such as `openai:gpt-5-mini`."
    ),
]
Home = Annotated[Path | None, typer.Option(help="Folder of the index and of all that is kept.")]
Corpus = Annotated[Path | None, typer.Option(help="Folder of documents to answer from.")]
Embedding = Annotated[str | None, typer.Option(help="`e5`, `minilm`, or another embedding model.")]
Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only documents of this topic; may be repeated.")
]
Entities = Annotated[
    list[str] | None, typer.Option("--entity", help="Only documents that name this; may be repeated.")
]
Since = Annotated[
    dt.date | None, typer.Option(parser=_date, metavar="DATE", help="Only documents of this day or later.")
]
Until = Annotated[
    dt.date | None, typer.Option(parser=_date, metavar="DATE", help="Only documents of this day or earlier.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_assistant(**overrides: Any) -> Assistant:
    """The engine with the settings of `read_settings`; use it as a context manager."""
    return make_assistant(read_settings(**overrides))


def make_assistant(settings: Settings) -> Assistant:
    """The engine with these settings; the tests put a double in its place."""
    from assistant.assistant import Assistant

    return Assistant(settings=settings)


def read_settings(**overrides: Any) -> Settings:
    """Settings of environment and files, with what the command line gives on top."""
    from assistant.settings import load_settings

    return load_settings(**overrides)


def console(*, stderr: bool = False) -> Console:
    """Where text is printed."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def filters(
    topics: Sequence[str] | None, entities: Sequence[str] | None, since: dt.date | None, until: dt.date | None
) -> Filters | None:
    """The documents that the options allow; None when they allow all."""
    from assistant.schema import Filters

    if since and until and since > until:
        raise typer.BadParameter(f"--since {since} is after --until {until}.")
    if not (topics or entities or since or until):
        return None
    return Filters(topics=tuple(topics or ()), entities=tuple(entities or ()), since=since, until=until)


def sync(assistant: Assistant) -> SyncReport:
    """Bring the index up to date; a bar shows only when there is something to do."""
    from assistant.cli import terminal

    with terminal.progress_bar(console(stderr=True), "Indexing") as progress:
        return assistant.sync(progress)
