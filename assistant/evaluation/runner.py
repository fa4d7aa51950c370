"""Asks every question of a set and keeps what was observed, row by row, so that a broken run can go on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import AssistantError, BatchError, ConfigurationError, IndexingError
from assistant.evaluation.gold import GoldQuestion
from assistant.evaluation.records import EvalRow, Evaluation, RankedPassage
from assistant.schema import AnswerEvent, ClaimEvent, Event, EvidenceEvent, Filters, SearchHit, Turn

Progress = Callable[[int, int, EvalRow], None]
"""Called after each question with how many are done, of how many, and the row."""

SEARCH_DEPTH = 20
_OTHER_FOLDER = "Choose another folder."


class Evaluable(Protocol):
    """What is asked of an assistant to be evaluated; `assistant.Assistant` has it."""

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        model: str | None = None,
    ) -> Iterator[Event]:
        """Events of one answer; the last is an AnswerEvent."""
        ...

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The best passages for a query."""
        ...

    @property
    def model_name(self) -> str:
        """Which model answers."""
        ...


class _StoredRow(BaseModel):
    """A line of the rows file: the fingerprint tells whether the row still belongs to the run."""

    model_config = ConfigDict(extra="forbid")

    fingerprint: str
    row: EvalRow


def evaluate(
    assistant: Evaluable,
    questions: Sequence[GoldQuestion],
    progress: Progress | None = None,
    *,
    name: str = "",
    settings: dict[str, str] | None = None,
    rows_path: Path | None = None,
    resume: bool = False,
    retrieval_only: bool = False,
    search_depth: int = SEARCH_DEPTH,
) -> Evaluation:
    """Ask every question, one after the other.

    Args:
        assistant: What answers.
        questions: The question sets, read by `load_gold`.
        progress: Called after each question.
        name: How reports call this configuration; the model's name when empty.
        settings: What was set for this run; kept with the result and part of the fingerprint of its rows.
        rows_path: JSON Lines file that gets each row as soon as it is there; None keeps them in memory.
        resume: Use the rows that the file already has for the same questions and settings. Failed rows are
            asked again.
        retrieval_only: Search but do not answer.
        search_depth: How many passages to search for; 0 searches nothing.

    Raises:
        ConfigurationError, IndexingError: Nothing can be answered at all. Other failures are kept in the row.
        BatchError: The rows file cannot be written or belongs to something else.
    """
    name = name or assistant.model_name
    settings = settings or {}
    conditions = repr((name, assistant.model_name, sorted(settings.items()), retrieval_only, search_depth))
    kept = _read_rows(rows_path) if rows_path and resume else {}
    store = _RowsFile(rows_path, kept.values()) if rows_path else None
    rows: list[EvalRow] = []
    try:
        for question in questions:
            fingerprint = hashlib.sha256((conditions + question.model_dump_json()).encode()).hexdigest()[:16]
            earlier = kept.get(fingerprint)
            if earlier is not None and not earlier.row.error:
                rows.append(earlier.row)
            else:
                row = _ask(assistant, question, retrieval_only, search_depth)
                if store:
                    store.append(_StoredRow(fingerprint=fingerprint, row=row))
                rows.append(row)
            if progress:
                progress(len(rows), len(questions), rows[-1])
    finally:
        if store:
            store.close()
    return Evaluation(name=name, model=assistant.model_name, settings=settings, rows=tuple(rows))


def _ask(assistant: Evaluable, question: GoldQuestion, retrieval_only: bool, search_depth: int) -> EvalRow:
    answer, evidence, first_claim, seconds = None, None, None, None
    retrieved: tuple[RankedPassage, ...] | None = None
    error = ""
    try:
        if not retrieval_only:
            start = time.perf_counter()
            for event in assistant.stream(question.question, history=question.history):
                if isinstance(event, EvidenceEvent):
                    # Passages stand for themselves where an assistant reads them whole.
                    evidence = event.text or "\n".join(hit.passage.text for hit in event.hits)
                elif isinstance(event, ClaimEvent) and first_claim is None:
                    first_claim = time.perf_counter() - start
                elif isinstance(event, AnswerEvent):
                    answer = event.answer
            seconds = time.perf_counter() - start
            if answer is None:
                error = "The stream ended without an answer."
        if search_depth:
            query = answer.standalone_question if answer else question.question
            retrieved = tuple(RankedPassage.of(hit) for hit in assistant.search(query, k=search_depth))
    except (ConfigurationError, IndexingError):
        raise
    except AssistantError as problem:
        error = str(problem)
    except Exception as problem:
        # One broken question must not end a run of hundreds; the report shows it as failed.
        error = f"{type(problem).__name__}: {problem}"
    return EvalRow(
        question=question,
        answer=answer,
        evidence=evidence,
        retrieved=retrieved,
        seconds=seconds,
        first_claim_seconds=first_claim,
        error=error,
    )


def _read_rows(path: Path) -> dict[str, _StoredRow]:
    """Rows of an earlier run; a last line that was cut off in writing is left out."""
    if not path.exists():
        return {}
    rows: dict[str, _StoredRow] = {}
    try:
        # Only line feeds part rows: other separators may stand within a text.
        lines = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
    except OSError as error:
        raise BatchError(f"{path}: cannot be read ({error.strerror}).") from error
    for number, line in enumerate(lines, start=1):
        try:
            stored = _StoredRow.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):
                continue
            raise BatchError(
                f"{path}: line {number} is no row of an evaluation.",
                "Choose another folder, or do not resume.",
            ) from error
        rows[stored.fingerprint] = stored
    return rows


class _RowsFile:
    """Appends rows; each is on disk before the next question is asked."""

    def __init__(self, path: Path, kept: Iterable[_StoredRow]) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Earlier rows are written anew, which drops a line that was cut off.
            partial = path.with_suffix(path.suffix + ".partial")
            partial.write_bytes(b"".join(_line(row) for row in kept))
            partial.replace(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise BatchError(f"{path}: cannot be written ({error.strerror}).", _OTHER_FOLDER) from error

    def append(self, row: _StoredRow) -> None:
        """Write one row and wait until it is on disk."""
        data = _line(row)
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise BatchError(f"{self._path}: cannot be written ({error.strerror}).", _OTHER_FOLDER) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _line(stored: _StoredRow) -> bytes:
    return f'{{"fingerprint":"{stored.fingerprint}","row":{stored.row.to_json()}}}\n'.encode()
