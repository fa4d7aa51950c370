"""Asks all questions of a list and keeps every answer, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.batch.fingerprint import fingerprint
from assistant.batch.journal import Journal, Outcome, RowResult
from assistant.batch.plan import Chain, Task, chains_of, tasks_of
from assistant.batch.progress import ProgressReporter, Silent
from assistant.batch.questions import ColumnMap, QuestionRow
from assistant.batch.readers import InputFormat, read_questions
from assistant.batch.retry import is_fatal, retrying
from assistant.batch.summary import BatchSummary, summarize
from assistant.batch.workers import Workers
from assistant.batch.writers import check_writable, remove_leftovers, write_output, writer_of
from assistant.engine import Engine
from assistant.errors import AssistantError, BatchError
from assistant.request import MOST_PASSAGES, AnswerLanguage
from assistant.schema import Answer, Filters, Turn


class BatchOptions(BaseModel):
    """How a list is read and asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: ColumnMap = ColumnMap()
    input_format: InputFormat | None = None
    encoding: str | None = None
    sheet: str | None = None
    filters: Filters | None = None
    """For all rows; what a row sets itself wins."""
    model: str | None = None
    passages: int | None = Field(default=None, ge=1, le=MOST_PASSAGES)
    """How many passages retrieval hands on; as the settings say when None."""
    language: AnswerLanguage | None = None
    """Of the answers; what a row sets itself wins."""
    max_concurrency: int | None = Field(default=None, ge=1, le=256)
    """Questions asked at once; the parallel slots of the engine when None."""
    attempts: int = Field(default=5, ge=1, le=100)
    """Calls of a question whose failure may pass, the first included."""
    budget: int | None = Field(default=None, ge=1)
    """Tokens, read and written, that this run may use. Checked before each question is asked."""
    retry_failed: bool = False
    on_change: Literal["stop", "continue", "restart"] = "stop"
    """What to do when settings, model or documents differ from those of the rows done before."""
    overwrite: bool = False
    """Replace outputs that no earlier run wrote, and begin anew."""


def run_batch(
    assistant: Engine,
    source: Path | str | BinaryIO,
    outputs: Path | str | Iterable[Path | str],
    options: BatchOptions | None = None,
    *,
    progress: ProgressReporter | None = None,
    prepare: Callable[[], object] | None = None,
) -> BatchSummary:
    """Answers a question list; the same call continues a run that was stopped.

    Finished rows are kept in a journal beside the first output (`answers.jsonl.journal`).

    Args:
        assistant: Answers the questions.
        source: The list: a file, `-` for standard input, or an open binary stream.
        outputs: Files to write; the suffix tells the format.
        options: How the list is read and asked.
        progress: Is told how it goes.
        prepare: Called once the list and the outputs are known to be usable, before anything is asked: a misspelt
            column should not cost the time of an indexing.

    Raises:
        BatchError: The list or an output cannot be used, or the settings changed since the run began.
    """
    chosen = options or BatchOptions()
    paths = _outputs(outputs, source)
    rows = read_questions(
        source,
        columns=chosen.columns,
        format=chosen.input_format,
        encoding=chosen.encoding,
        sheet=chosen.sheet,
    )
    _refuse_foreign(paths, chosen)
    if prepare is not None:
        prepare()
    if chosen.filters is not None:
        # A topic that there is none of fails here, and not in every row.
        assistant.documents(chosen.filters)
    with _open_journal(paths, fingerprint_of(assistant, chosen), chosen) as journal:
        remove_leftovers(paths)
        return _Run(
            assistant, [_with_filters(r, chosen.filters) for r in rows], paths, chosen, journal, progress
        ).run()


def fingerprint_of(assistant: Engine, options: BatchOptions) -> dict[str, str]:
    """What shapes the answers of a run, by name."""
    own = {"passages": options.passages, "answer_language": options.language}
    settings = assistant.settings.model_copy(update={k: v for k, v in own.items() if v is not None})
    return fingerprint(
        settings, options.model or assistant.model_name, assistant.documents(), options.filters
    )


def _outputs(outputs: Path | str | Iterable[Path | str], source: Path | str | BinaryIO) -> list[Path]:
    paths = [Path(outputs)] if isinstance(outputs, (str, Path)) else [Path(output) for output in outputs]
    if not paths:
        raise BatchError("No output is named.", "Name a file, for example -o answers.jsonl.")
    places = [path.resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        writer_of(path)
        if places.count(place) > 1:
            raise BatchError(f"{path} is named twice as output.", "Name each output once.")
        if isinstance(source, (str, Path)) and str(source) != "-" and Path(source).resolve() == place:
            raise BatchError(f"{path} is both the question list and an output.", "Name another output.")
        check_writable(path)
    return paths


def journal_path(output: Path) -> Path:
    """Where the journal of a run with this first output lies."""
    return output.with_name(output.name + ".journal")


def _begun(paths: Sequence[Path]) -> Path | None:
    """The journal of the run that these outputs belong to; they may be named in another order, or be more."""
    return next((place for path in paths if (place := journal_path(path)).exists()), None)


def _refuse_foreign(paths: Sequence[Path], options: BatchOptions) -> None:
    existing = [path.name for path in paths if path.exists()]
    if existing and not options.overwrite and _begun(paths) is None:
        raise BatchError(
            f"{existing[0]} exists and was not written by a run that can be continued.",
            "Name another output, or allow to replace it (--overwrite).",
        )


def _open_journal(paths: Sequence[Path], settings: dict[str, str], options: BatchOptions) -> Journal:
    place = _begun(paths)
    if place is None:
        place = journal_path(paths[0])
    elif options.overwrite:
        Journal(place, settings).close()  # fails when another run holds it
        place.unlink()
    journal = Journal(place, settings)
    changes = journal.changes() if len(journal) else []
    if changes and options.on_change == "restart":
        journal.close()
        place.unlink()
        return Journal(place, settings)
    if changes and options.on_change == "stop":
        journal.close()
        raise BatchError(
            f"The settings changed since {len(journal)} rows were answered: {'; '.join(changes)}.",
            "Answer all rows anew (--on-change restart), keep the finished rows (--on-change continue), "
            "or set them back.",
        )
    journal.adopt()
    return journal


def _with_filters(row: QuestionRow, shared: Filters | None) -> QuestionRow:
    if shared is None:
        return row
    own = row.filters.model_dump(exclude_defaults=True) if row.filters else {}
    return row.model_copy(update={"filters": Filters(**{**shared.model_dump(exclude_defaults=True), **own})})


class _Run:
    """One run over a list, from its plan to its summary."""

    def __init__(
        self,
        assistant: Engine,
        rows: list[QuestionRow],
        paths: Sequence[Path],
        options: BatchOptions,
        journal: Journal,
        progress: ProgressReporter | None,
    ) -> None:
        self._assistant, self._paths, self._options, self._journal = assistant, paths, options, journal
        self._progress = progress or Silent()
        self._tasks = tasks_of(rows)
        self._stop = threading.Event()
        self._stopped = ""
        self._fatal: BaseException | None = None
        self._asked = self._spent = self._measured = 0
        self._started = time.monotonic()
        self._outputs_due = 0.0

    def run(self) -> BatchSummary:
        """Asks what is left, and writes the outputs also when it is stopped."""
        ready = chains_of(self._tasks, self._journal, self._options.retry_failed)
        left = sum(len(chain.tasks) for chain in ready)
        self._progress.start(len(self._tasks) - left, len(self._tasks))
        count = min(self._options.max_concurrency or self._assistant.settings.parallel, max(len(ready), 1))
        workers: Workers[Chain, Outcome | BaseException] = Workers(self._answer, count)
        try:
            self._loop(ready, workers, count)
        except KeyboardInterrupt:
            self._stopped = "interrupted"
            self._finish_running(workers)
        finally:
            self._stop.set()
            workers.close()
            self._progress.stop()
        summary = self._summary()
        for path in self._paths:
            write_output(path, self._results, summary)
        return summary

    def _loop(
        self, ready: deque[Chain], workers: Workers[Chain, Outcome | BaseException], count: int
    ) -> None:
        while ready or workers.running:
            while (
                ready and workers.running < count and not self._stopped and self._affordable(workers.running)
            ):
                workers.submit(ready.popleft())
            if not workers.running:
                return
            chain, outcome = workers.next()
            if self._record(chain, outcome) and chain.tasks:
                # First in line: conversations are finished before new ones begin.
                ready.appendleft(chain)
            self._write_outputs_now_and_then()

    def _finish_running(self, workers: Workers[Chain, Outcome | BaseException]) -> None:
        """Keeps the answers that are under way; a second Ctrl-C gives them up."""
        self._stop.set()
        try:
            if workers.running:
                count = workers.running
                ending = "1 question ends" if count == 1 else f"{count} questions end"
                self._progress.message(f"Stopping: {ending} first. Ctrl-C stops at once.")
            while workers.running:
                self._record(*workers.next())
        except KeyboardInterrupt:
            return

    def _affordable(self, running: int) -> bool:
        budget = self._options.budget
        if budget is None:
            return True
        mean = self._spent / self._measured if self._measured else 0.0
        # Until a first answer shows what one costs, one at a time.
        if not self._measured and running:
            return False
        if self._spent + mean * (running + 1) <= budget:
            return True
        if not running:
            self._stopped = f"budget of {budget:,} tokens"
        return False

    def _answer(self, chain: Chain) -> Outcome | BaseException:
        """Asks the first question of a chain, in a worker; an exception comes back when it ends the run."""
        row = chain.tasks[0].row
        started, attempts = time.monotonic(), 0
        problem = row.problem or (
            f"Row {chain.broken} of its conversation failed, and this question builds on it."
            if chain.broken
            else ""
        )

        def on_retry(error: BaseException, seconds: float) -> None:
            self._progress.message(f"Row {row.id}: {reason_of(error)} Asking again in {seconds:.0f} s.")

        def ask() -> Answer:
            nonlocal attempts
            attempts += 1
            return self._assistant.ask(
                row.question,
                history=tuple(chain.history),
                filters=row.filters,
                model=self._options.model,
                passages=self._options.passages,
                language=row.answer_language or self._options.language,
            )

        try:
            answer = None if problem else retrying(self._options.attempts, self._stop, on_retry)(ask)
        except Exception as error:  # any failure of one row is a result of that row
            if is_fatal(error) or (self._stop.is_set() and attempts < self._options.attempts):
                return error
            answer, problem = None, reason_of(error)
        except BaseException as error:
            return error
        return Outcome(
            status=answer.status if answer is not None else "failed",
            error=problem,
            attempts=attempts,
            seconds=round(time.monotonic() - started, 3),
            finished=dt.datetime.now(dt.UTC).replace(microsecond=0),
            answer=answer,
        )

    def _record(self, chain: Chain, outcome: Outcome | BaseException) -> bool:
        if isinstance(outcome, BaseException):
            # The row stays pending: the same command asks it again once the cause is mended.
            self._stopped = self._stopped or reason_of(outcome)
            return False
        task: Task = chain.tasks.popleft()
        self._journal.add(task.key, task.digest, outcome)
        self._asked += 1
        if outcome.answer is not None:
            usage = outcome.answer.usage
            self._spent += usage.input_tokens + usage.output_tokens
            self._measured += 1
            chain.history.append(Turn(question=task.row.question, answer=outcome.answer.text))
        else:
            chain.broken = chain.broken or task.row.id
        self._progress.advance(outcome)
        return True

    def _results(self) -> Iterable[RowResult]:
        return self._journal.results([task.entry for task in self._tasks])

    def _write_outputs_now_and_then(self) -> None:
        """After every row, unless writing all of it again would take more than a tenth of the time."""
        now = time.monotonic()
        if now < self._outputs_due:
            return
        summary = self._summary()
        for path in self._paths:
            try:
                write_output(path, self._results, summary)
            except BatchError as error:
                # Somebody may have it open; the journal has the answers, and the end of the run tries again.
                self._progress.message(error.what)
        self._outputs_due = time.monotonic() + 9 * (time.monotonic() - now)

    def _summary(self) -> BatchSummary:
        notes = []
        if self._journal.mixed([task.key for task in self._tasks]):
            notes.append("Rows were answered under different settings.")
        base = BatchSummary(
            total=len(self._tasks),
            asked_now=self._asked,
            run_seconds=time.monotonic() - self._started,
            stopped=self._stopped or "still running",
            notes=tuple(notes),
            outputs=tuple(str(path) for path in self._paths),
        )
        summary = summarize(self._results(), base)
        return summary if summary.pending else summary.model_copy(update={"stopped": self._interrupted()})

    def _interrupted(self) -> str:
        return self._stopped if self._stopped == "interrupted" else ""


def reason_of(error: BaseException) -> str:
    """What went wrong, in one line without the names of Python's classes where there is a better text."""
    if isinstance(error, AssistantError):
        text = str(error)
    else:
        detail = " ".join(str(error).split())
        text = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
    return " ".join(text.split())[:1000]
