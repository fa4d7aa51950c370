"""A few threads that ask questions and never hold up the end of the process (`concurrent.futures` would)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class Workers(Generic[J, R]):
    """Runs jobs in daemon threads and hands back results as they come.

    Args:
        work: Does one job; must not raise.
        count: Threads.
    """

    def __init__(self, work: Callable[[J], R], count: int) -> None:
        self._work = work
        self._jobs: queue.SimpleQueue[J | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[J, R]] = queue.SimpleQueue()
        self.running = 0
        self._count = count
        for number in range(count):
            threading.Thread(target=self._loop, name=f"batch-{number}", daemon=True).start()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._results.put((job, self._work(job)))

    def submit(self, job: J) -> None:
        """Queues a job."""
        self.running += 1
        self._jobs.put(job)

    def next(self) -> tuple[J, R]:
        """Waits for the next result. Call it only while `running` is positive."""
        # A wait without limit cannot be interrupted by Ctrl-C on Windows.
        while True:
            try:
                result = self._results.get(timeout=0.5)
            except queue.Empty:
                continue
            self.running -= 1
            return result

    def close(self) -> None:
        """Lets the threads end after their present job."""
        for _ in range(self._count):
            self._jobs.put(None)
