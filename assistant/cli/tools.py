"""Verbs about the installation and its quality: `settings`, `doctor`, `ui` and `eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from assistant.cli import options
from assistant.cli.options import AllowedHosts, AsJson, Corpus, Embedding, Home, Model
from assistant.errors import BatchError


def settings(as_json: AsJson = False) -> None:
    """List every setting: its value, where it differs from the default, and what it does."""
    from assistant.cli import terminal
    from assistant.doctor import describe_settings

    rows = describe_settings(options.read_settings())
    if as_json:
        typer.echo(json.dumps([row.model_dump() for row in rows], ensure_ascii=False, indent=2))
        return
    out = options.console()
    for row in rows:
        terminal.line(out, (row.variable, "bold"), f" = {row.value}", "" if row.is_default else "  (set)")
        terminal.line(out, (row.description, "dim"), indent=4)


def doctor(
    as_json: AsJson = False,
    verify: Annotated[bool, typer.Option(help="Compute the digests of the model weights again.")] = False,
    model: Model = None,
    home: Home = None,
    corpus: Corpus = None,
) -> None:
    """Tell what is installed and in use, what is missing, and the command that mends it."""
    from assistant.cli import terminal
    from assistant.doctor import examine

    report = examine(options.read_settings(model=model, home=home, corpus=corpus), verify=verify)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        terminal.print_examination(options.console(), report)
    if not report.can_answer:
        raise typer.Exit(1)


def ui(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; this machine only when left out.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The first free one from 7860 when left out.")
    ] = None,
    allowed_host: AllowedHosts = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the default browser.")] = True,
    model: Model = None,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Open the chat in the browser; the same as `python app.py`."""
    from assistant.web.app import has_screen, launch

    with options.open_assistant(model=model, home=home, corpus=corpus, embedding=embedding) as assistant:
        launch(
            assistant,
            host=host,
            port=port,
            allowed_hosts=allowed_host or (),
            open_browser=browser and has_screen(),
        )


def evaluate(
    gold: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders of questions; tests/gold when left out.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the reports.")] = Path("evaluation"),
    model: Model = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Two models, or settings such as `embedding=e5` and `embedding=minilm`."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Ask at most so many questions.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only questions in `en` or `zh`.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--type", help="Only questions of this type.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an earlier run.")] = False,
    retrieval_only: Annotated[bool, typer.Option(help="Measure retrieval, ask no model.")] = False,
) -> None:
    """Measure answers against questions whose answers are known, and write a report."""
    from assistant.evaluation.run import run_eval
    from assistant.resources import repository_folder

    root = repository_folder()
    sets = gold or ([root / "tests" / "gold"] if root else [])
    if not sets:
        raise BatchError(
            "No questions are named.", "Name files; the project's own lie in its repository, in tests/gold."
        )
    run_eval(
        sets,
        out,
        model=model,
        compare=compare,
        limit=limit,
        languages=language or (),
        types=kind or (),
        resume=resume,
        retrieval_only=retrieval_only,
        console=options.console(),
    )
