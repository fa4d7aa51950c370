"""Events of the chat, the conversation list and the evidence panel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.web.desk import Desk, Frame
from assistant.web.export import write_export
from assistant.web.failures import failure_words
from assistant.web.i18n import words
from assistant.web.layout import Parts
from assistant.web.request import sent, text_of, visitor
from assistant.web.scope import chosen_filters

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
SAVE_FILE = """(file) => { if (file) window.desk.save(file); }"""


def number(value: object) -> int | None:
    """A whole number from an event's data, None when it is none."""
    try:
        return int(str(value))
    except ValueError:
        return None


def wire_chat(desk: Desk, parts: Parts) -> None:
    """Connect the chat's components."""
    shown = [parts.thread, parts.live, parts.evidence, parts.rail, parts.composer, parts.send, parts.stop]

    def update(frame: Frame, *, busy: bool) -> list[Any]:
        keep = gr.skip()
        return [
            frame.thread if frame.thread is not None else keep,
            frame.live,
            frame.evidence if frame.evidence is not None else keep,
            frame.rail if frame.rail is not None else keep,
            frame.question if frame.question is not None else keep,
            gr.update(visible=not busy),
            gr.update(visible=busy),
        ]

    def begin(question: str, conversation: str, request: gr.Request, replaces: str = "") -> list[Any]:
        who = visitor(request)
        text = text_of(question).strip()
        unchanged = [gr.skip()] * len(shown)
        if not text:
            return [conversation, {}, *unchanged]
        started = desk.begin(who.owner, who.language, conversation, text, replaces)
        if started is None:
            gr.Warning(words(who.language, "error_busy"))
            return [conversation, {}, *unchanged]
        opened, frame = started
        out = update(frame, busy=True)
        if not replaces:
            out[4] = ""
        return [opened, {"conversation": opened, "question": text, "replaces": replaces}, *out]

    async def answer(values: dict[Any, Any], request: gr.Request) -> AsyncIterator[list[Any]]:
        who, pending = visitor(request), values[parts.pending]
        if not pending:
            yield [{}, *[gr.skip()] * len(shown)]
            return
        frames = desk.answer(
            who.owner,
            who.language,
            pending["conversation"],
            pending["question"],
            chosen_filters(who.owner, parts.scope, values),
            pending["replaces"],
        )
        async for frame in frames:
            yield [{}, *update(frame, busy=frame.thread is None and frame.question is None)]

    opened = [parts.conversation, parts.pending, *shown]
    running = []

    def then_answer(event: Any) -> None:
        running.append(
            event.success(
                answer,
                {parts.pending, *parts.scope.values()},
                [parts.pending, *shown],
                concurrency_limit=desk.engine.settings.parallel,
                concurrency_id="answer",
                **_QUIET,
            )
        )

    for trigger in (parts.send.click, parts.composer.submit):
        then_answer(trigger(begin, [parts.composer, parts.conversation], opened, **_QUIET))

    def asked(conversation: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        return begin(sent(event, "question"), conversation, request)

    for source in (parts.thread, parts.corpus):
        then_answer(source.ask(asked, [parts.conversation], opened, **_QUIET))

    def again(conversation: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        kept = desk.turn(visitor(request).owner, conversation, sent(event, "turn"))
        question = sent(event, "question") or (kept.question if kept else "")
        return begin(question, conversation, request, kept.id if kept else "")

    then_answer(parts.thread.redo(again, [parts.conversation], opened, **_QUIET))
    then_answer(parts.thread.revise(again, [parts.conversation], opened, **_QUIET))

    def undo(conversation: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        who = visitor(request)
        question = desk.history.drop_from(who.owner, conversation, sent(event, "turn"))
        frame = desk.stop(who.owner, who.language, conversation)
        return update(Frame(frame.live, frame.evidence, frame.thread, frame.rail, question or ""), busy=False)

    parts.thread.undo_turn(undo, [parts.conversation], shown, **_QUIET)

    def stop(conversation: str, pending: dict[str, str], request: gr.Request) -> list[Any]:
        who = visitor(request)
        frame = desk.stop(who.owner, who.language, conversation)
        if pending and not pending["replaces"]:
            # It had not left the queue yet.
            frame = replace(frame, question=pending["question"])
        return [{}, *update(frame, busy=False)]

    parts.stop.click(
        stop, [parts.conversation, parts.pending], [parts.pending, *shown], cancels=running, **_QUIET
    )

    def rate(conversation: str, event: gr.EventData, request: gr.Request) -> str:
        who = visitor(request)
        desk.rate(
            who.owner,
            sent(event, "turn"),
            sent(event, "rating"),
            bool(sent(event, "wrong_source")),
            sent(event, "comment"),
        )
        gr.Info(words(who.language, "feedback_thanks"), duration=3)
        return desk.thread(who.owner, who.language, conversation, follow=True)

    parts.thread.rate(rate, [parts.conversation], [parts.thread], trigger_mode="multiple", **_QUIET)

    def export(conversation: str, event: gr.EventData, request: gr.Request) -> str | None:
        who = visitor(request)
        title = desk.history.title(who.owner, conversation) or ""
        turns = desk.history.turns(who.owner, conversation)
        if sent(event, "scope") == "answer":
            turns = [t for t in turns if t.id == sent(event, "turn")]
            title = turns[0].question if turns else title
        try:
            folder = desk.transfers.export_folder(who.owner)
            return str(write_export(title, turns, sent(event, "kind"), folder, language=who.language))
        except AssistantError as error:
            gr.Warning(failure_words(who.language, error))
            return None

    parts.thread.export(export, [parts.conversation], [parts.download], **_QUIET).then(
        None, [parts.download], None, js=SAVE_FILE, api_visibility="private"
    )
    _wire_evidence(desk, parts)
    _wire_rail(desk, parts, running)


def _wire_evidence(desk: Desk, parts: Parts) -> None:
    def cite(conversation: str, event: gr.EventData, request: gr.Request) -> str:
        who = visitor(request)
        return desk.evidence(
            who.owner, who.language, conversation, sent(event, "turn"), number(sent(event, "number"))
        )

    for source in (parts.thread, parts.live, parts.timeline):
        source.cite(cite, [parts.conversation], [parts.evidence], **_QUIET)
    parts.evidence.back(cite, [parts.conversation], [parts.evidence], **_QUIET)

    def read(conversation: str, event: gr.EventData, request: gr.Request) -> str:
        who = visitor(request)
        start, end = number(sent(event, "start")), number(sent(event, "end"))
        try:
            return desk.read(
                who.owner,
                who.language,
                sent(event, "file"),
                sent(event, "collection") or "corpus",
                conversation=conversation,
                turn=sent(event, "turn"),
                number=number(sent(event, "number")),
                passage=(start, end) if start is not None and end is not None else None,
                page=number(sent(event, "page")),
            )
        except AssistantError as error:
            gr.Warning(failure_words(who.language, error))
            return desk.evidence(who.owner, who.language, conversation)

    for source in (
        parts.thread,
        parts.live,
        parts.evidence,
        parts.timeline,
        parts.corpus,
        parts.upload_report,
    ):
        source.read(read, [parts.conversation], [parts.evidence], **_QUIET)

    def only(event: gr.EventData) -> Any:
        return gr.update(value=[sent(event, "file")])

    for source in (parts.evidence, parts.corpus, parts.upload_report):
        source.only(only, None, [parts.scope["documents"]], **_QUIET)


def _wire_rail(desk: Desk, parts: Parts, running: list[Any]) -> None:
    view = [
        parts.conversation, parts.thread, parts.live, parts.evidence, parts.rail, parts.send, parts.stop,
    ]  # fmt: skip

    def show(conversation: str, search: str, request: gr.Request) -> list[Any]:
        who, search = visitor(request), text_of(search)
        if desk.history.title(who.owner, conversation) is None:
            conversation = ""
        return [
            conversation,
            desk.thread(who.owner, who.language, conversation, follow=True),
            "",
            desk.evidence(who.owner, who.language, conversation),
            desk.rail(who.owner, who.language, conversation, search),
            gr.update(visible=True),
            gr.update(visible=False),
        ]

    def fresh(search: str, request: gr.Request) -> list[Any]:
        return show("", search, request)

    # Leaving a conversation ends its answer; what was checked is kept there.
    parts.new.click(fresh, [parts.search], view, cancels=running, **_QUIET)

    def open_conversation(search: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        return show(sent(event, "id"), search, request)

    parts.rail.open_conversation(open_conversation, [parts.search], view, cancels=running, **_QUIET)

    def remove(conversation: str, search: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        who, gone = visitor(request), sent(event, "id")
        desk.history.delete(who.owner, gone)
        return show("" if gone == conversation else conversation, search, request)

    parts.rail.remove(remove, [parts.conversation, parts.search], view, trigger_mode="multiple", **_QUIET)

    def rename(conversation: str, search: str, event: gr.EventData, request: gr.Request) -> str:
        who = visitor(request)
        desk.history.rename(who.owner, sent(event, "id"), sent(event, "title"))
        return desk.rail(who.owner, who.language, conversation, text_of(search))

    parts.rail.rename(
        rename, [parts.conversation, parts.search], [parts.rail], trigger_mode="multiple", **_QUIET
    )

    def find(conversation: str, search: str, request: gr.Request) -> str:
        who = visitor(request)
        return desk.rail(who.owner, who.language, conversation, text_of(search))

    # Not `input`: that misses text which is pasted.
    parts.search.change(
        find, [parts.conversation, parts.search], [parts.rail], trigger_mode="always_last", **_QUIET
    )
