"""Output files of a run: one writer a format, each file written whole and then put in its place."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary
from assistant.batch.writers.html import write_html
from assistant.batch.writers.jsonl import write_jsonl
from assistant.batch.writers.markdown import write_markdown
from assistant.batch.writers.table import write_csv, write_tsv
from assistant.batch.writers.workbook import write_workbook
from assistant.errors import BatchError

Writer = Callable[[Path, Callable[[], Iterable[RowResult]], BatchSummary], None]
"""Writes all results to a new file; the results may be gone through more than once."""

WRITERS: dict[str, Writer] = {
    ".jsonl": write_jsonl,
    ".csv": write_csv,
    ".tsv": write_tsv,
    ".xlsx": write_workbook,
    ".md": write_markdown,
    ".html": write_html,
}
"""By suffix of the output file."""


def writer_of(path: Path) -> Writer:
    """The writer for a file.

    Raises:
        BatchError: No writer has this suffix.
    """
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError:
        raise BatchError(
            f"{path.name}: '{path.suffix}' is not an output format.", f"Use one of {', '.join(WRITERS)}."
        ) from None


def check_writable(path: Path) -> None:
    """Creates the folder of an output and tries to write there, before any question is asked.

    Raises:
        BatchError: The output cannot be written; names it.
    """
    try:
        if path.is_dir():
            raise BatchError(f"{path} is a folder.", "Name a file, for example answers.jsonl.")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(".tmp", _prefix(path), path.parent)
        os.close(handle)
        Path(probe).unlink()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise BatchError(f"{path} cannot be written: {error.strerror}.", "Choose another output.") from None


def _temporary(path: Path, mark: object) -> Path:
    return path.with_name(f"{_prefix(path)}{mark}.tmp")


def _prefix(path: Path) -> str:
    return f".{path.name[:80]}."


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Removes the half-written files that a killed run left beside its outputs."""
    for path in paths:
        for file in path.parent.iterdir():
            if file.name.startswith(_prefix(path)) and file.suffix == ".tmp":
                file.unlink(missing_ok=True)


def write_output(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes one output file atomically: readers see the old file or the new one, never half of it.

    Raises:
        BatchError: The file cannot be written; the answers are in the journal.
    """
    temporary = _temporary(path, os.getpid())
    try:
        writer_of(path)(temporary, results, summary)
        temporary.replace(path)
    except OSError as error:
        raise BatchError(
            f"{path} cannot be written: {error.strerror}.",
            "All answers are kept: make room or close the file, and run the same command again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
