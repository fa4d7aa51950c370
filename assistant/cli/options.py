"""What the verbs share: their options, and how they open the engine."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import QuestionError
from assistant.schema import Filters

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.assistant import Assistant
    from assistant.index.sync import SyncReport
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
_Topics = Annotated[
    list[str] | None, typer.Option("--topic", help="Only documents of this topic; may be repeated.")
]
_Entities = Annotated[
    list[str] | None, typer.Option("--entity", help="Only documents that name this; may be repeated.")
]
_Since = Annotated[
    dt.date | None, typer.Option(parser=_date, metavar="DATE", help="Only documents of this day or later.")
]
_Until = Annotated[
    dt.date | None, typer.Option(parser=_date, metavar="DATE", help="Only documents of this day or earlier.")
]
_Languages = Annotated[
    list[str] | None,
    typer.Option("--language", help="Only documents in this language, `en` or `zh`; may be repeated."),
]
_FILTERS = {"topic": _Topics, "entity": _Entities, "since": _Since, "until": _Until, "language": _Languages}
Passages = Annotated[
    int | None, typer.Option("--k", min=1, max=100, help="Passages that retrieval hands on.")
]
AnswerLanguage = Annotated[
    str | None, typer.Option(help="Language of the answer: `en`, `zh`, or `auto` for that of the question.")
]
AllowedHosts = Annotated[
    list[str] | None, typer.Option(help="Name under which the server may be addressed; may be repeated.")
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


def filtered(verb: Callable[..., None]) -> Callable[..., None]:
    """Gives a verb the options that narrow the documents; it takes them as one argument, `filters`."""
    return unfolded(verb, "filters", {name: (kind, None) for name, kind in _FILTERS.items()}, _filters)


def unfolded(
    verb: Callable[..., None],
    argument: str,
    given_by: Mapping[str, tuple[Any, Any]],
    fold: Callable[..., Any],
) -> Callable[..., None]:
    """Gives a verb options that it takes as one argument.

    Args:
        verb: The verb.
        argument: The name of that argument.
        given_by: The options by name, each with its type and default; they stand where the argument stood.
        fold: Makes the argument of them.
    """

    @wraps(verb)
    def unfolding(**given: Any) -> None:
        verb(**{argument: fold(**{name: given.pop(name) for name in given_by})}, **given)

    signature = inspect.signature(verb, eval_str=True)
    parameters = []
    for parameter in signature.parameters.values():
        if parameter.name == argument:
            # Typer reads the options from the signature.
            parameters += [
                parameter.replace(name=name, annotation=kind, default=default)
                for name, (kind, default) in given_by.items()
            ]
        else:
            parameters.append(parameter)
    unfolding.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    unfolding.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return unfolding


def _filters(
    topic: list[str] | None,
    entity: list[str] | None,
    since: dt.date | None,
    until: dt.date | None,
    language: list[str] | None,
) -> Filters | None:
    """The documents that the options allow; None when they allow all."""
    try:
        chosen = Filters(
            topics=tuple(topic or ()),
            entities=tuple(entity or ()),
            since=since,
            until=until,
            languages=tuple(language or ()),
        )
    except QuestionError as error:
        raise typer.BadParameter(str(error)) from None
    return chosen if chosen != Filters() else None


def sync(assistant: Assistant, **given: Any) -> SyncReport:
    """Bring the index up to date; a bar shows only when there is something to do."""
    from assistant.cli import terminal

    with terminal.progress_bar(console(stderr=True), "Indexing", tell=True) as progress:
        return assistant.sync(progress, **given)


def sync_if_possible(assistant: Assistant) -> None:
    """As `sync`; an index that cannot be written is searched as it is."""
    from assistant.cli import terminal
    from assistant.errors import ReadOnlyIndexError

    try:
        sync(assistant)
    except ReadOnlyIndexError as error:
        terminal.line(console(stderr=True), f"{error.what} It is searched as it is.")
