"""Events around the chat: loading the page, scope, timeline, corpus, uploads, settings."""

from __future__ import annotations

from collections import Counter
from typing import Any

import gradio as gr

from assistant.web.desk import Desk
from assistant.web.i18n import topic_label, words
from assistant.web.layout import Parts
from assistant.web.request import visitor
from assistant.web.scope import SHARED, private_collection

SUFFIXES = (".pdf", ".html", ".htm", ".md", ".txt", ".docx")
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
CONVERSATION_OF_PAGE = "() => [new URLSearchParams(location.search).get('c') || '']"


def wire_side(desk: Desk, parts: Parts) -> None:
    """Connect everything but the chat."""
    _wire_load(desk, parts)


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
    def load(conversation: str, request: gr.Request) -> list[Any]:
        who = visitor(request)
        if conversation and desk.history.title(who.owner, conversation) is None:
            conversation = ""
        prepared = desk.prepared.is_set()
        return [
            conversation,
            desk.header(who.language),
            desk.thread(who.owner, who.language, conversation, follow=True),
            desk.evidence(who.owner, who.language, conversation),
            desk.rail(who.owner, who.language, conversation),
            *scope_choices(desk, who.owner, who.language),
            gr.Timer(active=not (prepared and desk.engine.ready)),
        ]

    outputs = [
        parts.conversation, parts.header, parts.thread, parts.evidence, parts.rail, *parts.scope.values(),
        parts.clock,
    ]  # fmt: skip
    parts.blocks.load(
        load, [parts.conversation], outputs, js=CONVERSATION_OF_PAGE, **_QUIET
    )

    def tick(conversation: str, request: gr.Request) -> list[Any]:
        who = visitor(request)
        done = (desk.prepared.is_set() and desk.engine.ready) or bool(desk.failure)
        welcome = desk.thread(who.owner, who.language, "") if done and not conversation else gr.skip()
        choices = scope_choices(desk, who.owner, who.language) if done else [gr.skip()] * len(parts.scope)
        return [desk.header(who.language), welcome, *choices, gr.Timer(active=not done)]

    parts.clock.tick(
        tick, [parts.conversation], [parts.header, parts.thread, *parts.scope.values(), parts.clock], **_QUIET
    )
    controls = list(parts.scope.values())
    parts.clear_scope.click(
        lambda: [[], [], [], "", "", []], None, controls, **_QUIET
    )
