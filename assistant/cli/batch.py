"""`assistant batch`: many questions from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.cli import options
from assistant.cli.options import AnswerLanguage, Corpus, Embedding, Home, Model, Passages
from assistant.errors import AssistantError
from assistant.schema import Filters


@options.filtered
def batch(
    source: Annotated[
        str,
        typer.Argument(
            help="Question list: CSV, TSV, XLSX, JSONL, JSON, YAML, text; `-` for standard input."
        ),
    ],
    out: Annotated[
        list[Path],
        typer.Option("--out", "-o", help="File to write; the suffix tells the format; may be repeated."),
    ],
    model: Model = None,
    filters: Filters | None = None,
    k: Passages = None,
    answer_language: AnswerLanguage = None,
    question_column: Annotated[str | None, typer.Option(help="Column of the questions.")] = None,
    id_column: Annotated[str | None, typer.Option(help="Column that names each row.")] = None,
    conversation_column: Annotated[
        str | None, typer.Option(help="Column whose equal values make rows one conversation.")
    ] = None,
    topic_column: Annotated[str | None, typer.Option(help="Column of topics to search.")] = None,
    since_column: Annotated[str | None, typer.Option(help="Column of earliest dates.")] = None,
    until_column: Annotated[str | None, typer.Option(help="Column of latest dates.")] = None,
    language_column: Annotated[str | None, typer.Option(help="Column of document languages.")] = None,
    answer_language_column: Annotated[
        str | None, typer.Option(help="Column of the answers' languages.")
    ] = None,
    input_format: Annotated[
        str | None, typer.Option(help="Format of the list, where no suffix tells it.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the list, where it is not UTF-8.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file.")] = None,
    max_concurrency: Annotated[
        int | None, typer.Option("--max-concurrency", "--concurrency", help="Questions asked at once.")
    ] = None,
    attempts: Annotated[int, typer.Option(help="Calls of a question whose failure may pass.")] = 5,
    budget: Annotated[int | None, typer.Option(help="Tokens that this run may use.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Ask failed rows again.")] = False,
    on_change: Annotated[
        str, typer.Option(help="When settings or documents changed since: `stop`, `continue` or `restart`.")
    ] = "stop",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs and begin anew.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Answer a list of questions; the same command goes on with a run that was stopped.

    Exit codes: 0 every row is answered or refused, 1 rows failed, 2 the run cannot begin or its files cannot be
    written, 3 rows are pending, 130 interrupted.
    """
    from assistant.batch.command import run
    from assistant.cli import terminal

    try:
        with options.open_assistant(model=model, home=home, corpus=corpus, embedding=embedding) as assistant:
            code = run(
                assistant,
                source,
                out,
                show_progress=not quiet,
                prepare=lambda: options.sync_if_possible(assistant),
                filters=filters,
                passages=k,
                language=answer_language,
                question_column=question_column,
                id_column=id_column,
                conversation_column=conversation_column,
                topic_column=topic_column,
                since_column=since_column,
                until_column=until_column,
                language_column=language_column,
                answer_language_column=answer_language_column,
                input_format=input_format,
                encoding=encoding,
                sheet=sheet,
                max_concurrency=max_concurrency,
                attempts=attempts,
                budget=budget,
                retry_failed=retry_failed,
                on_change=on_change,
                overwrite=overwrite,
            )
    except KeyboardInterrupt:
        # While indexing or writing the outputs; the run itself ends with a summary.
        print("Interrupted. The same command goes on, and finished rows are kept.", file=sys.stderr)
        raise typer.Exit(130) from None
    except AssistantError as error:
        # Other verbs end with 1 on an error; here 1 tells that rows failed.
        print(terminal.error_line(str(error)), file=sys.stderr)
        raise typer.Exit(2) from error
    raise typer.Exit(code)
