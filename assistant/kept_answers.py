"""Answers that were given already: the same question over the same documents is not worked out twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from assistant.request import Request
from assistant.schema import AnswerEvent, Event, Filters, TokenUsage


class KeptAnswers:
    """The events of the answers that were asked for last, in memory; serves many threads.

    Args:
        most: How many are kept; 0 keeps none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Event, ...]] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def key(request: Request, scope: Filters | None, state: str, model: str) -> Hashable:
        """All that an answer depends on, within one object with its settings.

        Args:
            request: What is asked.
            scope: The documents that may be used.
            state: Of the index.
            model: Name of the language model.
        """
        # "Last month" is another month tomorrow.
        return request._replace(filters=scope), state, model, dt.date.today()

    def get(self, key: Hashable) -> tuple[Event, ...] | None:
        """The events of a kept answer, which took no time and no tokens; None if there is none."""
        with self._lock:
            events = self._kept.get(key)
            if events is None:
                return None
            self._kept.move_to_end(key)
        last = events[-1]
        assert isinstance(last, AnswerEvent)
        answer = last.answer.model_copy(update={"timings": {"total": 0.0}, "usage": TokenUsage()})
        return (*events[:-1], AnswerEvent(answer=answer))

    def put(self, key: Hashable, events: Sequence[Event]) -> None:
        """Keep an answer; the one that was not asked for longest goes."""
        if not self._most or not events or not isinstance(events[-1], AnswerEvent):
            return
        with self._lock:
            self._kept[key] = tuple(events)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
