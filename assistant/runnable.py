"""The assistant as a LangChain `Runnable`: one generator of events becomes every way to ask.

A subclass gives `_events`. From it come `ask`, `stream`, `invoke` and their async twins, which therefore
cannot differ. Callbacks, tags and metadata of a `RunnableConfig` reach the models that the generator calls.
"""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextvars import Context
from typing import Any

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    get_config_list,
    patch_config,
    set_config_context,
)
from langchain_core.tools import BaseTool
from pydantic import BaseModel

from assistant.errors import AssistantError
from assistant.request import AnswerLanguage, AssistantInput, History, Request, inputs_of, read_input
from assistant.retriever import AssistantRetriever
from assistant.schema import Answer, AnswerEvent, Event, Filters
from assistant.work import listen


class AssistantRunnable(Runnable[AssistantInput, Answer]):
    """Every way to ask, over one generator of events."""

    @abstractmethod
    def _events(self, request: Request) -> Iterator[Event]:
        """Answers one question; the last event is an `AnswerEvent`. Called from several threads."""

    def _prepare(self, request: Request) -> Request:
        """Checks a request before anything is done for it, and may tidy it; raises `QuestionError`."""
        return request

    @property
    def default_concurrency(self) -> int | None:
        """Questions of a `batch` that are asked at once unless the config says otherwise; None: no limit."""
        return None

    @property
    def InputType(self) -> Any:
        """A question, a dict or messages."""
        return AssistantInput

    @property
    def OutputType(self) -> type[Answer]:
        """Always an `Answer`."""
        return Answer

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: AnswerLanguage | None = None,
    ) -> Answer:
        """Answers one question; every sentence of the answer is cited and checked.

        Args:
            question: In English or Chinese.
            history: Earlier exchanges, oldest first, for follow-up questions.
            filters: Which documents may be used; all when None.
            model: Another model for this question.
            passages: How many passages retrieval hands on, 1 to 100; as the settings say when None.
            language: Of the answer: `en`, `zh`, or `auto` for that of the question; as the settings say when
                None.

        Raises:
            AssistantError: The question cannot be asked or the model fails.
        """
        return self.invoke(
            question, history=history, filters=filters, model=model, passages=passages, language=language
        )

    async def aask(
        self,
        question: str,
        *,
        history: History = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: AnswerLanguage | None = None,
    ) -> Answer:
        """As `ask`, without blocking the event loop."""
        return await self.ainvoke(
            question, history=history, filters=filters, model=model, passages=passages, language=language
        )

    def invoke(self, input: AssistantInput, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """Answers one question.

        Args:
            input: A question, messages, or a dict with `question` and perhaps the arguments below.
            config: Callbacks, tags, metadata and the like.
            **kwargs: `history`, `filters`, `model`, `passages` and `language`, as in `ask`.
        """
        return _last(list(self.stream(input, config, **kwargs)))

    async def ainvoke(
        self, input: AssistantInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """As `invoke`, without blocking the event loop."""
        return _last([event async for event in self.astream(input, config, **kwargs)])

    def stream(  # type: ignore[override]  # events tell more than pieces of an answer; see `transform`
        self, input: AssistantInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Event]:
        """Answers one question step by step: steps, evidence, sentences as they are checked, the answer.

        Each event is also a custom event for callbacks, named `assistant_step`, `assistant_evidence`,
        `assistant_claim` or `assistant_answer`. Arguments are those of `invoke`.

        Raises:
            QuestionError: At once, not at the first event, when the question cannot be asked.
        """
        return self._stream(self._prepare(read_input(input, **kwargs)), ensure_config(config))

    def _stream(self, request: Request, settled: RunnableConfig) -> Iterator[Event]:
        run = get_callback_manager_for_config(settled).on_chain_start(
            None, inputs_of(request), name=self._run_name(settled), run_id=settled.pop("run_id", None)
        )
        child = patch_config(settled, callbacks=run.get_child())
        answer: Answer | None = None
        try:
            with set_config_context(child) as context:
                events = self._events(request)
                while (event := context.run(next, events, None)) is not None:
                    dispatch_custom_event(f"assistant_{event.type}", event, config=child)
                    answer = event.answer if isinstance(event, AnswerEvent) else None
                    yield event
        except GeneratorExit:
            run.on_chain_end(answer)
            raise
        except BaseException as error:
            run.on_chain_error(error)
            raise
        run.on_chain_end(answer)

    def astream(  # type: ignore[override]
        self, input: AssistantInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Event]:
        """As `stream`, without blocking the event loop."""
        return self._astream(self._prepare(read_input(input, **kwargs)), ensure_config(config))

    async def _astream(self, request: Request, settled: RunnableConfig) -> AsyncIterator[Event]:
        run = await get_async_callback_manager_for_config(settled).on_chain_start(
            None, inputs_of(request), name=self._run_name(settled), run_id=settled.pop("run_id", None)
        )
        child = patch_config(settled, callbacks=run.get_child())
        answer: Answer | None = None
        try:
            with set_config_context(child) as context:
                # A copy: the thread may still be leaving its context when this one is reset.
                events = _ThreadedEvents(self._events(request), context.copy())
                try:
                    async for event in events:
                        await adispatch_custom_event(f"assistant_{event.type}", event, config=child)
                        answer = event.answer if isinstance(event, AnswerEvent) else None
                        yield event
                finally:
                    await events.aclose()
        except GeneratorExit:
            await run.on_chain_end(answer)
            raise
        except BaseException as error:
            await run.on_chain_error(error)
            raise
        await run.on_chain_end(answer)

    def transform(
        self, input: Iterator[AssistantInput], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Answer]:
        """Within a chain the next step gets the answer, not its events."""
        yield self.invoke(_joined(list(input)), config, **kwargs)

    async def atransform(
        self, input: AsyncIterator[AssistantInput], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Answer]:
        """As `transform`, without blocking the event loop."""
        yield await self.ainvoke(_joined([part async for part in input]), config, **kwargs)

    def batch(
        self,
        inputs: list[AssistantInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[Answer]:
        """Answers several questions at once, in their order.

        Args:
            inputs: As for `invoke`.
            config: One for all or one each; `max_concurrency` limits how many are asked at once.
            return_exceptions: Put an error in the place of its answer instead of raising it.
            **kwargs: `history`, `filters`, `model`, `passages` and `language` for all.
        """
        inputs = _questions(inputs)
        return super().batch(
            inputs, self._limited(config, len(inputs)), return_exceptions=return_exceptions, **kwargs
        )

    async def abatch(
        self,
        inputs: list[AssistantInput],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any | None,
    ) -> list[Answer]:
        """As `batch`, without blocking the event loop."""
        inputs = _questions(inputs)
        return await super().abatch(
            inputs, self._limited(config, len(inputs)), return_exceptions=return_exceptions, **kwargs
        )

    def as_retriever(self, *, k: int = 10, filters: Filters | None = None) -> AssistantRetriever:
        """The search as a LangChain retriever.

        Args:
            k: Passages to return.
            filters: Which documents are searched.
        """
        return AssistantRetriever(assistant=self, k=k, filters=filters)

    def as_tool(
        self,
        args_schema: type[BaseModel] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        arg_types: dict[str, type] | None = None,
    ) -> BaseTool:
        """A tool for agents: `question`, and perhaps `topics`, `since` and `until`; see `assistant.tool`.

        Args:
            args_schema: Not used: what may be asked is fixed.
            name: Of the tool; `ask_documents` when None.
            description: What the model reads about it; one that fits when None.
            arg_types: Not used.
        """
        from assistant.tool import make_tool

        return make_tool(self, name, description)

    def _limited(
        self, config: RunnableConfig | list[RunnableConfig] | None, count: int
    ) -> RunnableConfig | list[RunnableConfig] | None:
        limit = self.default_concurrency
        if limit is None or not count:
            return config
        configs = get_config_list(config, count)
        for item in configs:
            if item.get("max_concurrency") is None:
                item["max_concurrency"] = limit
        return configs

    def _run_name(self, config: RunnableConfig) -> str:
        return config.get("run_name") or self.get_name()


def _questions(inputs: Any) -> list[AssistantInput]:
    """A text is one question, not a list of letters."""
    return [inputs] if isinstance(inputs, str | dict) else list(inputs)


def _last(events: list[Event]) -> Answer:
    if not events or not isinstance(events[-1], AnswerEvent):
        raise AssistantError("The answer ended before it was complete.", "Ask again.")
    return events[-1].answer


def _joined(parts: list[AssistantInput]) -> AssistantInput:
    """The whole input of a step of a chain, of which it may come in pieces."""
    whole: Any = parts[0] if parts else ""
    for part in parts[1:]:
        whole = {**whole, **part} if isinstance(whole, dict) and isinstance(part, dict) else whole + part
    return whole  # type: ignore[no-any-return]


class _ThreadedEvents:
    """A generator run in a thread of its own, read from an event loop.

    Args:
        events: The generator.
        context: Context variables of its calls.
    """

    def __init__(self, events: Iterator[Event], context: Context) -> None:
        self._events, self._context = events, context
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        self._abandoned = threading.Event()
        context.run(listen, self._abandoned)
        threading.Thread(target=context.run, args=(self._work,), name="assistant-ask", daemon=True).start()

    def _work(self) -> None:
        try:
            for event in self._events:
                if self._abandoned.is_set() or not self._put(event):
                    return
            self._put(None)
        except BaseException as error:  # raised again where the events are read
            self._put(error)
        finally:
            close = getattr(self._events, "close", None)
            if close is not None:
                close()

    def _put(self, item: Event | BaseException | None) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody reads any more
            return False
        return True

    def __aiter__(self) -> _ThreadedEvents:
        return self

    async def __anext__(self) -> Event:
        item = await self._queue.get()
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, BaseException):
            raise item
        return item

    async def aclose(self) -> None:
        """Lets the generator end at its next step."""
        self._abandoned.set()
