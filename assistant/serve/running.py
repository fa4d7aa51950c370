"""Questions under way through all doors of a server: counted, and turned away beyond a limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from assistant.schema import AnswerEvent, Event
from assistant.serve.errors import BusyError
from assistant.serve.metrics import Metrics

MOST = 16


class Running:
    """One limit for HTTP and MCP together; used from one event loop.

    Args:
        metrics: Counts what is answered.
        limit: Questions answered at once.
    """

    def __init__(self, metrics: Metrics, limit: int = MOST) -> None:
        self._metrics, self._limit = metrics, limit

    async def watch(self, events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
        """The same events; the question counts as running until they end or are given up.

        Raises:
            BusyError: As many questions as may be are running; before anything is asked.
        """
        if self._metrics.questions >= self._limit:
            raise BusyError("The server is busy.", "Try again soon.")
        with self._metrics.answering():
            try:
                async for event in events:
                    if isinstance(event, AnswerEvent):
                        self._metrics.count(event.answer)
                    yield event
            finally:
                close = getattr(events, "aclose", None)
                if close is not None:
                    await close()
