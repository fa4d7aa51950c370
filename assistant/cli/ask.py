"""`assistant ask` and `assistant search`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.cli import options
from assistant.cli.options import AnswerLanguage, AsJson, Corpus, Embedding, Home, Model, Passages
from assistant.errors import AssistantError, QuestionError
from assistant.schema import Filters, Turn


@options.filtered
def ask(
    question: Annotated[str, typer.Argument(help="The question; `-` reads it from standard input.")],
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown with footnotes.")] = False,
    model: Model = None,
    filters: Filters | None = None,
    k: Passages = None,
    answer_language: AnswerLanguage = None,
    history: Annotated[
        Path | None,
        typer.Option(help="JSON file of a conversation: its turns are read and this one is added."),
    ] = None,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Answer a question; each sentence carries its citations and what checking it found."""
    from assistant.cli import terminal

    if as_json and markdown:
        raise typer.BadParameter("Choose one of --json and --markdown.")
    text = sys.stdin.read() if question == "-" else question
    if not any(character.isalnum() for character in text):
        raise QuestionError(
            "The question is empty.", 'Ask something: `assistant ask "Who makes the Ascend chips?"`.'
        )
    turns = _read_history(history) if history else []
    arguments: dict[str, Any] = {
        "history": turns,
        "filters": filters,
        "passages": k,
        "language": answer_language,
    }
    out = options.console()
    with options.open_assistant(model=model, home=home, corpus=corpus, embedding=embedding) as assistant:
        # A wrong model must show before minutes of indexing.
        _ = assistant.model_name
        options.sync_if_possible(assistant)
        if as_json or markdown or not out.is_terminal:
            answer = assistant.ask(text, **arguments)
            if as_json:
                typer.echo(answer.model_dump_json(indent=2))
            elif markdown:
                typer.echo(terminal.clean(answer.to_markdown()))
            else:
                terminal.print_answer(out, answer)
        else:
            streamed = terminal.print_stream(out, assistant.stream(text, **arguments))
            if streamed is None:
                raise AssistantError("The answer broke off.", "Ask again.")
            answer = streamed
    if history:
        turns.append(Turn(question=text.strip(), answer=answer.text))
        _write_atomically(
            history, json.dumps([turn.model_dump() for turn in turns], ensure_ascii=False, indent=2)
        )


@options.filtered
def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="How many passages.")] = 10,
    as_json: AsJson = False,
    filters: Filters | None = None,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Find the passages nearest to a query, without a language model."""
    from assistant.cli import terminal

    if not query.strip():
        raise QuestionError("The query is empty.", "Give some words to search for.")
    with options.open_assistant(home=home, corpus=corpus, embedding=embedding) as assistant:
        options.sync_if_possible(assistant)
        hits = assistant.search(query, k=k, filters=filters)
    if as_json:
        typer.echo(json.dumps([hit.model_dump(mode="json") for hit in hits], ensure_ascii=False, indent=2))
    else:
        terminal.print_hits(options.console(), hits)


def _read_history(file: Path) -> list[Any]:
    from pydantic import TypeAdapter, ValidationError

    if not file.exists():
        return []
    try:
        return TypeAdapter(list[Turn]).validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise QuestionError(
            f"{file} is no conversation that can be read.",
            'It must be a JSON list of {"question": …, "answer": …}.',
        ) from error


def _write_atomically(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise QuestionError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error
