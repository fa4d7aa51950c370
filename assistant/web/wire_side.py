"""Events around the chat: loading the page, scope, timeline, corpus, uploads, settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.errors import AssistantError
from assistant.privacy import SHARED, private_collection
from assistant.web.choices import keep_choice, settings_html
from assistant.web.desk import Desk
from assistant.web.export import feedback_questions
from assistant.web.failures import failure_words
from assistant.web.i18n import topic_label, words
from assistant.web.layout import Parts
from assistant.web.library import corpus_html
from assistant.web.render import render
from assistant.web.request import sent, text_of, visitor
from assistant.web.scope import chosen_filters, scope_label
from assistant.web.timeline import answer_facts, document_facts, info_facts, timeline_html
from assistant.web.uploads import (
    Line,
    add_address,
    add_files,
    added,
    collection_of,
    forget,
    split_addresses,
    uploads_html,
)
from assistant.web.wire_chat import SAVE_FILE

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
CONVERSATION_OF_PAGE = "() => [new URLSearchParams(location.search).get('c') || '']"
# Reading more documents than this sentence by sentence would keep the page waiting.
MOST_READ = 30


def wire_side(desk: Desk, parts: Parts) -> None:
    """Connect everything but the chat."""
    _wire_load(desk, parts)
    _wire_timeline(desk, parts)
    _wire_corpus(desk, parts)
    _wire_uploads(desk, parts)
    _wire_settings(desk, parts)


def scope_choices(desk: Desk, owner: str, language: str) -> list[Any]:
    """Choices of the scope controls, in their order."""
    documents = desk.documents(owner)
    topics = sorted({d.topic for d in documents if d.topic})
    entities = [name for name, _ in Counter(e for d in documents for e in d.entities).most_common(400)]
    newest = sorted(documents, key=lambda d: str(d.date or ""), reverse=True)
    names = {
        "corpus": "collection_corpus",
        SHARED: "collection_shared",
        private_collection(owner): "collection_private",
    }
    return [
        gr.update(choices=[(topic_label(language, topic), topic) for topic in topics]),
        gr.update(choices=entities),
        gr.update(choices=[(f"{d.title} ({d.date or '–'})", d.path) for d in newest]),
        gr.skip(),
        gr.skip(),
        gr.update(choices=[(words(language, key), name) for name, key in names.items()]),
    ]


def _wire_load(desk: Desk, parts: Parts) -> None:
    controls = list(parts.scope.values())

    def load(conversation: str, request: gr.Request) -> list[Any]:
        who = visitor(request)
        if conversation and desk.history.title(who.owner, conversation) is None:
            conversation = ""
        return [
            conversation,
            desk.header(who.owner, who.language),
            desk.thread(who.owner, who.language, conversation, follow=desk.startup.warm.is_set()),
            desk.evidence(who.owner, who.language, conversation),
            desk.rail(who.owner, who.language, conversation),
            *scope_choices(desk, who.owner, who.language),
            gr.Timer(active=not desk.startup.warm.is_set()),
            known(),
        ]

    def known() -> bool:
        return desk.startup.prepared.is_set()

    shown = [parts.conversation, parts.header, parts.thread, parts.evidence, parts.rail]
    parts.blocks.load(
        load,
        [parts.address],
        [*shown, *controls, parts.clock, parts.knows],
        js=CONVERSATION_OF_PAGE,
        **_QUIET,
    )

    def tick(conversation: str, knew: bool, request: gr.Request) -> list[Any]:
        who, now = visitor(request), known()
        # Once only: what is written again under a reader's hands loses the focus.
        news = now and not knew
        welcome = desk.thread(who.owner, who.language, "") if news and not conversation else gr.skip()
        choices = scope_choices(desk, who.owner, who.language) if news else [gr.skip()] * len(controls)
        going = gr.Timer(active=not desk.startup.warm.is_set())
        return [desk.header(who.owner, who.language), welcome, *choices, going, now]

    parts.clock.tick(
        tick,
        [parts.conversation, parts.knows],
        [parts.header, parts.thread, *controls, parts.clock, parts.knows],
        **_QUIET,
    )
    for clear in (parts.clear_scope.click, parts.scope_line.unscope):
        clear(lambda: [[], [], [], "", "", []], None, controls, **_QUIET)

    gr.on([control.change for control in controls] + [parts.thread.change], **_describing(desk, parts))


def _describing(desk: Desk, parts: Parts) -> dict[str, Any]:
    """What an event is wired with that says in one line what is searched."""

    def describe(values: dict[Any, Any], request: gr.Request) -> str:
        who = visitor(request)
        filters = chosen_filters(who.owner, parts.scope, values)
        label = scope_label(who.language, filters)
        total = len(desk.documents(who.owner))
        count = len(desk.documents(who.owner, filters)) if label else total
        return render("scope_line", who.language, label=label, count=count, total=total)

    controls = set(parts.scope.values())
    return {
        "fn": describe,
        "inputs": controls,
        "outputs": [parts.scope_line],
        # One after the other, and once more when controls changed meanwhile: an older state must not be written last.
        "trigger_mode": "always_last",
        "concurrency_id": "scope-line",
        "concurrency_limit": 1,
        **_QUIET,
    }


def _wire_timeline(desk: Desk, parts: Parts) -> None:
    def show(values: dict[Any, Any], request: gr.Request) -> str:
        who, conversation = visitor(request), values[parts.conversation]
        if values[parts.timeline_source] == "answer":
            turns = desk.history.turns(who.owner, conversation) if conversation else []
            return timeline_html(who.language, answer_facts((t.id, t.answer) for t in turns))
        try:
            infos = desk.engine.documents(chosen_filters(who.owner, parts.scope, values))
            if len(infos) > MOST_READ:
                return timeline_html(who.language, info_facts(infos))
            texts = [desk.engine.document(info.path, info.collection) for info in infos]
        except AssistantError as error:
            gr.Warning(failure_words(who.language, error))
            return timeline_html(who.language, [])
        return timeline_html(who.language, document_facts(texts))

    inputs = {parts.timeline_source, parts.conversation, *parts.scope.values()}
    for trigger in (parts.tabs["timeline"].select, parts.timeline_source.input):
        trigger(show, inputs, [parts.timeline], **_QUIET)


def _wire_corpus(desk: Desk, parts: Parts) -> None:
    def show(request: gr.Request) -> str:
        who = visitor(request)
        return corpus_html(who.language, desk.documents(who.owner))

    parts.tabs["corpus"].select(show, None, [parts.corpus], **_QUIET)

    def pick_topic(event: gr.EventData) -> list[Any]:
        return [gr.update(value=[sent(event, "topic")]), gr.Accordion(open=True)]

    def pick_entity(event: gr.EventData) -> list[Any]:
        return [gr.update(value=[sent(event, "entity")]), gr.Accordion(open=True)]

    def pick_month(event: gr.EventData) -> list[Any]:
        topic, since, until = (sent(event, k) for k in ("topic", "since", "until"))
        return [[topic] if topic else [], since, until, gr.Accordion(open=True)]

    scope = parts.scope
    parts.corpus.pick_month(
        pick_month,
        None,
        [scope["topics"], scope["since"], scope["until"], parts.scope_box],
        trigger_mode="always_last",
        **_QUIET,
        # Each of the controls that change tells of itself, at times before the others have: so once more at the end.
    ).then(**_describing(desk, parts))
    parts.corpus.pick_topic(pick_topic, None, [parts.scope["topics"], parts.scope_box], **_QUIET)
    parts.corpus.pick_entity(pick_entity, None, [parts.scope["entities"], parts.scope_box], **_QUIET)


def _wire_uploads(desk: Desk, parts: Parts) -> None:
    def show(request: gr.Request) -> str:
        who = visitor(request)
        return uploads_html(who.language, added(desk.engine, who.owner))

    parts.tabs["sources"].select(show, None, [parts.upload_report], **_QUIET)

    def adding(
        request: gr.Request, items: Sequence[tuple[str, Callable[[], list[Line]]]], key: str
    ) -> Iterator[list[Any]]:
        """Add one item after the other; each step shows what became of those before."""
        who, lines = visitor(request), list[Line]()
        for number, (name, add) in enumerate(items, start=1):
            busy = words(who.language, key, n=number, total=len(items), name=name)
            shown = uploads_html(who.language, added(desk.engine, who.owner), lines, busy)
            yield [shown, gr.skip(), *[gr.skip()] * len(parts.scope)]
            lines += add()
        shown = uploads_html(who.language, added(desk.engine, who.owner), lines)
        yield [shown, None, *scope_choices(desk, who.owner, who.language)]

    def upload(files: list[dict[str, Any]] | None, group: str, request: gr.Request) -> Iterator[list[Any]]:
        who = visitor(request)
        collection = collection_of(who.owner, group)

        def add(record: dict[str, Any]) -> list[Line]:
            try:
                file = desk.transfers.take(who.owner, record["path"])
            except AssistantError as error:
                return [Line(Path(record["path"]).name, False, failure_words(who.language, error))]
            try:
                return add_files(desk.engine, desk.uploads, who.language, collection, [(file, file.name)])
            finally:
                desk.transfers.done(who.owner, file)

        items = [(Path(record["path"]).name, partial(add, record)) for record in files or ()]
        yield from adding(request, items, "upload_reading")

    def fetch(text: str, group: str, request: gr.Request) -> Iterator[list[Any]]:
        who = visitor(request)
        collection = collection_of(who.owner, group)

        def add(address: str) -> list[Line]:
            return [add_address(desk.engine, who.language, collection, address)]

        addresses = split_addresses(text_of(text))
        yield from adding(request, [(a, partial(add, a)) for a in addresses], "upload_fetching")

    one_at_a_time: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "upload", **_QUIET}
    choices = parts.scope.values()
    parts.upload.upload(
        upload,
        [parts.upload, parts.upload_who],
        [parts.upload_report, parts.upload, *choices],
        # The records as they were sent: Gradio would leave an empty file behind for each.
        preprocess=False,
        **one_at_a_time,
    )
    for trigger in (parts.fetch.click, parts.address_box.submit):
        trigger(
            fetch,
            [parts.address_box, parts.upload_who],
            [parts.upload_report, parts.address_box, *choices],
            **one_at_a_time,
        )

    def remove(event: gr.EventData, request: gr.Request) -> list[Any]:
        who = visitor(request)
        try:
            forget(
                desk.engine,
                desk.uploads,
                who.owner,
                sent(event, "file"),
                sent(event, "collection"),
            )
        except AssistantError as error:
            gr.Warning(failure_words(who.language, error))
        return [
            uploads_html(who.language, added(desk.engine, who.owner)),
            *scope_choices(desk, who.owner, who.language),
        ]

    parts.upload_report.forget(
        remove, None, [parts.upload_report, *parts.scope.values()], trigger_mode="multiple", **_QUIET
    )


def _wire_settings(desk: Desk, parts: Parts) -> None:
    def show(request: gr.Request) -> str:
        who = visitor(request)
        return settings_html(who.language, desk.engine, desk.history, who.owner)

    parts.tabs["settings"].select(show, None, [parts.settings], **_QUIET)

    def choose(event: gr.EventData, request: gr.Request) -> str:
        who = visitor(request)
        name, value = sent(event, "name"), sent(event, "value")
        if keep_choice(desk.history, desk.engine, who.owner, name, value):
            gr.Info(words(who.language, "settings_saved"), duration=2)
        return desk.header(who.owner, who.language)

    # By default Gradio drops what is chosen while the choice before is being kept.
    parts.settings.choose(choose, None, [parts.header], trigger_mode="multiple", **_QUIET)

    def export_feedback(request: gr.Request) -> str:
        who = visitor(request)
        target = desk.transfers.export_folder(who.owner) / "feedback-questions.jsonl"
        target.write_text(feedback_questions(desk.history.rated(who.owner)), "utf-8")
        return str(target)

    parts.settings.export_feedback(export_feedback, None, [parts.download], **_QUIET).then(
        None, [parts.download], None, js=SAVE_FILE, api_visibility="private"
    )
