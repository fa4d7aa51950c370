"""The progress bar: rows done, rate, remaining time, tokens."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from assistant.batch.journal import Outcome
from assistant.batch.summary import duration


class ProgressReporter(Protocol):
    """Is told how a run goes."""

    def start(self, done: int, total: int) -> None:
        """The run begins with `done` of `total` rows finished earlier."""
        ...

    def advance(self, outcome: Outcome) -> None:
        """A row is finished."""
        ...

    def message(self, text: str) -> None:
        """Something a user should see, for example that a provider asks to wait."""
        ...

    def stop(self) -> None:
        """The run is over."""
        ...


def printable(text: str) -> str:
    """The text in one line without characters that steer a terminal: ids, questions and errors come from others."""
    return "".join(c if c.isprintable() else " " for c in text)


class Silent:
    """Reports nothing."""

    def start(self, done: int, total: int) -> None:
        """Does nothing."""

    def advance(self, outcome: Outcome) -> None:
        """Does nothing."""

    def message(self, text: str) -> None:
        """Does nothing."""

    def stop(self) -> None:
        """Does nothing."""


class Bar:
    """A bar on a terminal; in a log file, a line every tenth of the rows.

    Args:
        console: Where it is shown; standard error when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("Answering"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[counts]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("answer", rate="", counts="")
        self._started = 0.0
        self._now = self._left = self._failed = self._tokens = self._total = 0

    def start(self, done: int, total: int) -> None:
        """Shows the bar; rows of earlier runs count as done but not for the rate."""
        self._total, self._left = total, total - done
        self._started = time.monotonic()
        self._progress.update(self._task, completed=done, total=total)
        self._progress.start()
        if done:
            self.message(f"{done} of {total} rows were done before.")

    def advance(self, outcome: Outcome) -> None:
        """Moves on by one row."""
        self._now += 1
        self._left -= 1
        self._failed += outcome.status == "failed"
        if outcome.answer is not None:
            self._tokens += outcome.answer.usage.input_tokens + outcome.answer.usage.output_tokens
        rate, counts = self.rate(), f"{self._failed} failed, {self._tokens:,} tokens"
        self._progress.update(self._task, advance=1, rate=rate, counts=counts)
        done = self._total - self._left
        if not self._console.is_terminal and done * 10 // self._total > (done - 1) * 10 // self._total:
            self._console.print(f"{done} of {self._total} rows, {rate}, {counts}", highlight=False)

    def rate(self) -> str:
        """Questions a minute of this run and the time that the rest will take at that rate."""
        elapsed = max(time.monotonic() - self._started, 1e-6)
        return f"{60 * self._now / elapsed:.1f} a minute, {duration(elapsed / self._now * self._left)} left"

    def message(self, text: str) -> None:
        """Prints a line above the bar."""
        self._console.print(printable(text), highlight=False, markup=False)

    def stop(self) -> None:
        """Takes the bar down."""
        self._progress.stop()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
