"""Which failures pass by themselves, and how long to wait for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, sleep_using_event, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from assistant.errors import ConfigurationError

T = TypeVar("T")

_TRANSIENT_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_FATAL_STATUS = frozenset({401, 403})
# Providers' own classes, known by name: their packages need not be installed.
_TRANSIENT_NAMES = frozenset(
    {
        "RateLimitError", "APITimeoutError", "APIConnectionError", "InternalServerError", "OverloadedError",
        "ServiceUnavailableError", "ResourceExhausted", "ServiceUnavailable", "DeadlineExceeded",
        "TransportError", "TimeoutException", "ConnectError", "ReadError", "RemoteProtocolError",
    }
)  # fmt: skip
# A server may ask for hours; a batch goes on with other rows instead.
_LONGEST_WAIT = 120.0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it: the engine wraps a provider's error in its own."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _status(error: BaseException) -> int | None:
    value: Any = getattr(error, "status_code", None)
    if value is None:
        value = getattr(getattr(error, "response", None), "status_code", None)
    return value if isinstance(value, int) else None


def is_transient(error: BaseException) -> bool:
    """Whether asking again may help: rate limits, time-outs, broken connections, overloaded servers."""
    for item in _chain(error):
        status = _status(item)
        if status is not None:
            return status in _TRANSIENT_STATUS
        names = {cls.__name__ for cls in type(item).__mro__}
        if isinstance(item, (TimeoutError, ConnectionError)) or names & _TRANSIENT_NAMES:
            return True
    return False


def is_fatal(error: BaseException) -> bool:
    """Whether every further row would fail the same way: a refused key or a wrong setting."""
    return any(
        isinstance(item, ConfigurationError) or _status(item) in _FATAL_STATUS for item in _chain(error)
    )


def _retry_after(error: BaseException | None) -> float | None:
    """Seconds that the server asked to wait, from its `Retry-After` header."""
    for item in _chain(error) if error is not None else ():
        headers: Any = getattr(getattr(item, "response", None), "headers", None)
        if headers is None:
            continue
        try:
            return min(max(float(headers.get("retry-after")), 0.0), _LONGEST_WAIT)
        except (TypeError, ValueError):
            continue
    return None


def retrying(
    attempts: int, stop: threading.Event, on_retry: Callable[[BaseException, float], None]
) -> Retrying:
    """Retries transient failures with exponential back-off and jitter, or as long as the server asks.

    Args:
        attempts: Calls in all.
        stop: Ends a wait at once when set.
        on_retry: Told the failure and the seconds until the next attempt.
    """
    backoff = wait_exponential_jitter(initial=1, max=60)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = _retry_after(error)
        return backoff(state) if asked is None else asked

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None and state.next_action is not None:
            on_retry(error, state.next_action.sleep)

    def exhausted(state: RetryCallState) -> bool:
        return stop.is_set() or stop_after_attempt(attempts)(state)

    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=exhausted,
        wait=wait,
        sleep=sleep_using_event(stop),
        before_sleep=tell,
        reraise=True,
    )
