"""`assistant batch`: plain arguments in, an exit code out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from assistant.batch.progress import Bar, Silent, printable
from assistant.batch.questions import ColumnMap
from assistant.batch.runner import BatchOptions, run_batch
from assistant.batch.summary import BatchSummary
from assistant.engine import Engine
from assistant.errors import BatchError
from assistant.schema import Filters

# Where the command line says it in other words.
_OPTIONS = {"language": "answer-language", "passages": "k"}


def make_options(
    *,
    question_column: str | None = None,
    id_column: str | None = None,
    conversation_column: str | None = None,
    topic_column: str | None = None,
    since_column: str | None = None,
    until_column: str | None = None,
    language_column: str | None = None,
    answer_language_column: str | None = None,
    **options: Any,
) -> BatchOptions:
    """Options from plain values; names and meanings are those of `BatchOptions`.

    Raises:
        BatchError: An option is unknown or has a wrong value; names it.
    """
    columns = ColumnMap(
        question=question_column,
        id=id_column,
        conversation=conversation_column,
        topic=topic_column,
        since=since_column,
        until=until_column,
        language=language_column,
        answer_language=answer_language_column,
    )
    try:
        return BatchOptions(columns=columns, **options)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else "options"
        name = _OPTIONS.get(field, field).replace("_", "-")
        raise BatchError(
            f"Option {name} does not fit: {first['msg']}.", "See `assistant batch --help`."
        ) from None


def run(
    assistant: Engine,
    source: Path | str,
    outputs: Sequence[Path | str],
    *,
    show_progress: bool = True,
    console: Console | None = None,
    prepare: Callable[[], object] | None = None,
    filters: Filters | None = None,
    **options: Any,
) -> int:
    """Runs a list and prints the summary.

    Args:
        assistant: Answers the questions.
        source: The list, `-` for standard input.
        outputs: Files to write.
        show_progress: Whether a bar is shown.
        console: Where bar and summary go; standard error when None.
        prepare: Called once the list and the outputs are known to be usable.
        filters: For all rows.
        **options: As in `make_options`.

    Returns:
        0 when every row has an answer or a refusal, 1 when rows failed, 3 when rows are pending, 130 when
        interrupted.

    Raises:
        BatchError: The run cannot begin; the command line prints it and exits with 2.
    """
    chosen = make_options(filters=filters, **options)
    screen = console or Console(stderr=True)
    bar = Bar(screen) if show_progress else Silent()
    try:
        summary = run_batch(assistant, source, outputs, chosen, progress=bar, prepare=prepare)
    finally:
        bar.stop()
    print_summary(summary, screen)
    return summary.exit_code


def print_summary(summary: BatchSummary, console: Console) -> None:
    """Prints the summary and what to do about failed or pending rows."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for label, value in summary.lines():
        table.add_row(label, _literal(value))
    console.print(table)
    for output in summary.outputs:
        console.print(printable(f"Written: {output}"), highlight=False, markup=False)
    if summary.pending:
        console.print("Run the same command again to ask the rest.")
    elif summary.failed:
        console.print("Add --retry-failed to the same command to ask failed rows again.")


def _literal(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))
