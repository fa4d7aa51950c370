"""The command `assistant`, put together from its verbs.

Exit codes: 0 done, 1 an error told in one line, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from assistant.cli import ask, batch, documents, serve, tools, web
from assistant.errors import AssistantError

app = typer.Typer(
    name="assistant",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Answers questions about China's AI and chip strategy from a document collection, every sentence "
    "cited and checked.",
    epilog="Every setting is also an environment variable: `assistant settings` lists them.",
)
corpus_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Work on the documents of a corpus."
)
app.add_typer(corpus_app, name="corpus")

app.command()(ask.ask)
app.command()(ask.search)
app.command()(documents.index)
app.command()(documents.ingest)
app.command()(web.add)
app.command()(documents.documents)
app.command()(documents.remove)
app.command()(batch.batch)
app.command()(tools.ui)
app.command()(serve.serve)
app.command()(serve.mcp)
app.command()(tools.doctor)
app.command()(tools.settings)
app.command("eval")(tools.evaluate)
corpus_app.command("check")(documents.corpus_check)
corpus_app.command("fetch")(web.corpus_fetch)


def _version(asked: bool) -> None:
    if asked:
        from assistant.resources import version

        typer.echo(version())
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version and exit."),
    ] = False,
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every error becomes one line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character shows `?` instead of failing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="assistant")
    except AssistantError as error:
        _stop(str(error), 1)
    except KeyboardInterrupt:
        _stop("Interrupted.", 130)
    except Exception as error:
        if os.environ.get("ASSISTANT_TRACEBACK"):
            raise
        told = " ".join(str(error).split())[:300]
        _stop(
            f"Unexpected error ({type(error).__name__}: {told}). "
            "Please report it with the output of the same command under ASSISTANT_TRACEBACK=1.",
            1,
        )


def _stop(message: str, code: int) -> None:
    from assistant.cli.terminal import clean, error_line

    print(error_line(message) if code == 1 else clean(message), file=sys.stderr)
    raise SystemExit(code)
