"""Work that is under way: it can be told to end, and is waited for.

A thread that is inside a model, a database or PyTorch when the interpreter ends aborts the process. So whoever closes an
assistant, and the interpreter's exit, tell all work to end and wait for it, within a bound.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from assistant.errors import QuestionError

P = ParamSpec("P")
T = TypeVar("T")
JOIN_SECONDS = 10.0
"""How long closing and exit wait for work that was told to end."""

# Each may be set by another thread, when nobody waits any longer for what this one does.
_signals: ContextVar[tuple[threading.Event, ...]] = ContextVar("signals", default=())
_all: weakref.WeakSet[Work] = weakref.WeakSet()


def listen(signal: threading.Event) -> None:
    """From now on, what runs in this context ends when the signal is set."""
    _signals.set((*_signals.get(), signal))


def check() -> None:
    """Called before each longer piece of work.

    Raises:
        QuestionError: Nobody waits for it any more.
    """
    if given_up():
        raise QuestionError("This was given up: its assistant was closed, or nobody waits for it.")


def given_up() -> bool:
    """Whether nobody waits any more for what runs in this context."""
    return any(signal.is_set() for signal in _signals.get())


class Work:
    """What is under way for one assistant; counts pieces of work in any number of threads.

    Args:
        release: Called once when it is closed and nothing is under way any more.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._closed = threading.Event()
        self._idle = threading.Condition()
        self._under_way = 0
        self._released = False
        _all.add(self)

    @property
    def closed(self) -> bool:
        """Whether no work may begin any more."""
        return self._closed.is_set()

    @contextmanager
    def piece(self) -> Iterator[None]:
        """A piece of work; within it `check` raises once this is closed.

        Raises:
            QuestionError: It is closed.
        """
        with self._idle:
            if self.closed:
                raise QuestionError("This assistant is closed.", "Open another one.")
            self._under_way += 1
        # The exit handlers run last registered first: before those of the libraries that are in use by now.
        atexit.unregister(_end_all)
        atexit.register(_end_all)
        token = _signals.set((*_signals.get(), self._closed))
        try:
            yield
        finally:
            _signals.reset(token)
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()
            self._release_once()

    def close(self, seconds: float = JOIN_SECONDS) -> bool:
        """Tells all work to end and waits for it; what needs longer is released when it ends.

        Returns:
            Whether all of it ended in time.
        """
        self._closed.set()
        until = time.monotonic() + seconds
        with self._idle:
            ended = self._idle.wait_for(lambda: not self._under_way, until - time.monotonic())
        self._release_once()
        return ended

    def _release_once(self) -> None:
        with self._idle:
            if self._under_way or self._released or not self.closed:
                return
            self._released = True
        self._release()


class _Works(Protocol):
    work: Work


Self = TypeVar("Self", bound=_Works)


def counted(method: Callable[Concatenate[Self, P], T]) -> Callable[Concatenate[Self, P], T]:
    """A method of an object with `work`, as a piece of it."""

    @wraps(method)
    def piece(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.work.piece():
            return method(self, *args, **kwargs)

    return piece


def _end_all() -> None:
    everything = list(_all)
    for work in everything:
        work._closed.set()
    until = time.monotonic() + JOIN_SECONDS
    for work in everything:
        work.close(max(0.0, until - time.monotonic()))
