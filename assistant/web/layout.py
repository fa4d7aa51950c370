"""Where things are on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from assistant.web.i18n import gradio_i18n

LISTEN = """
const events = %s;
const send = (name, data) => { if (events.includes(name)) trigger(name, data); };
element.addEventListener('click', (event) => window.desk.click(event, send));
element.addEventListener('submit', (event) => window.desk.submit(event, send));
element.addEventListener('input', (event) => window.desk.input(event, send));
window.desk.rendered(element, watch);
"""


def panel(elem_id: str, events: Sequence[str] = (), value: str = "") -> Any:
    """An HTML part whose `data-event` elements trigger the named events."""
    return gr.HTML(
        value,
        elem_id=elem_id,
        js_on_load=LISTEN % list(events),
        apply_default_css=False,
        padding=False,
    )


@dataclass(frozen=True)
class Parts:
    """The components that handlers read and write."""

    blocks: Any
    header: Any
    conversation: Any
    address: Any
    pending: Any
    new: Any
    search: Any
    rail: Any
    scope: dict[str, Any]
    scope_box: Any
    clear_scope: Any
    scope_line: Any
    thread: Any
    live: Any
    composer: Any
    send: Any
    stop: Any
    evidence: Any
    tab_bar: Any
    tabs: dict[str, Any]
    timeline: Any
    timeline_source: Any
    corpus: Any
    upload: Any
    upload_who: Any
    address_box: Any
    fetch: Any
    upload_report: Any
    settings: Any
    download: Any
    clock: Any
    knows: Any


def build_layout(title: str, suffixes: Sequence[str]) -> tuple[Parts, Any]:
    """Build the page; returns its parts and the `gr.I18n` to launch it with."""
    i18n = gradio_i18n()
    with gr.Blocks(title=title, fill_width=True, fill_height=True, analytics_enabled=False) as blocks:
        conversation = gr.State("")
        pending = gr.State({})
        # Whether this page has been told which documents there are.
        knows = gr.State(False)
        header = panel("header")
        # The server keeps `gr.State` to itself: the page tells its conversation through this one.
        address = gr.Textbox(visible=False)
        clock = gr.Timer(1.5)
        download = gr.File(visible="hidden", elem_id="download")
        with gr.Row(elem_id="shell", equal_height=False):
            with gr.Column(elem_id="rail", scale=0, min_width=0):
                new = gr.Button(i18n("new_conversation"), elem_id="new", size="sm")
                search = gr.Textbox(
                    placeholder=i18n("search_conversations"),
                    label=i18n("search_conversations"),
                    show_label=False,
                    container=False,
                    elem_id="search",
                )
                rail = panel("conversations", ("open_conversation", "rename", "remove"))
                scope, scope_box, clear_scope = _scope(i18n)
            with gr.Column(elem_id="main", scale=1, min_width=0), gr.Tabs(elem_id="tabs") as tab_bar:
                tabs = {}
                with gr.Tab(i18n("tab_ask"), id="ask") as tabs["ask"], gr.Column(elem_id="chat"):
                    with gr.Column(elem_id="scroll"):
                        thread = panel(
                            "thread",
                            ("ask", "cite", "read", "redo", "undo_turn", "revise", "rate", "export"),
                        )
                        live = panel("live", ("cite", "read"))
                    scope_line = panel("scope-line", ("unscope",))
                    composer, send, stop = _composer(i18n)
                with gr.Tab(i18n("tab_timeline"), id="timeline") as tabs["timeline"]:
                    timeline_source = gr.Radio(
                        [(i18n("timeline_of_answer"), "answer"), (i18n("timeline_of_scope"), "scope")],
                        value="answer",
                        label=i18n("timeline_source"),
                        elem_id="timeline-source",
                    )
                    timeline = panel("timeline", ("read", "cite"))
                with gr.Tab(i18n("tab_corpus"), id="corpus") as tabs["corpus"]:
                    corpus = panel(
                        "corpus", ("read", "ask", "only", "pick_topic", "pick_entity", "pick_month")
                    )
                with gr.Tab(i18n("tab_sources"), id="sources") as tabs["sources"]:
                    upload_who = gr.Radio(
                        [(i18n("collection_private"), "private"), (i18n("collection_shared"), "shared")],
                        value="private",
                        label=i18n("upload_who"),
                        elem_id="upload-who",
                    )
                    upload = gr.File(
                        file_count="multiple",
                        label=i18n("upload"),
                        elem_id="upload",
                        file_types=list(suffixes),
                        height=150,
                    )
                    with gr.Row(elem_id="web-address", equal_height=True):
                        address_box = gr.Textbox(
                            label=i18n("web_address"),
                            placeholder="https://",
                            lines=1,
                            max_lines=4,
                            scale=1,
                            elem_id="address",
                        )
                        fetch = gr.Button(i18n("web_add"), scale=0, min_width=72, elem_id="fetch")
                    upload_report = panel("uploads", ("forget", "read", "only"))
                with gr.Tab(i18n("tab_settings"), id="settings") as tabs["settings"]:
                    settings = panel("settings", ("choose", "export_feedback"))
            with gr.Column(elem_id="side", scale=0, min_width=0):
                evidence = panel("evidence", ("read", "only", "back"))
    return (
        Parts(
            blocks=blocks,
            header=header,
            conversation=conversation,
            address=address,
            pending=pending,
            new=new,
            search=search,
            rail=rail,
            scope=scope,
            scope_box=scope_box,
            clear_scope=clear_scope,
            scope_line=scope_line,
            thread=thread,
            live=live,
            composer=composer,
            send=send,
            stop=stop,
            evidence=evidence,
            tab_bar=tab_bar,
            tabs=tabs,
            timeline=timeline,
            timeline_source=timeline_source,
            corpus=corpus,
            upload=upload,
            upload_who=upload_who,
            address_box=address_box,
            fetch=fetch,
            upload_report=upload_report,
            settings=settings,
            download=download,
            clock=clock,
            knows=knows,
        ),
        i18n,
    )


def _scope(i18n: Any) -> tuple[dict[str, Any], Any, Any]:
    with gr.Accordion(i18n("scope"), open=False, elem_id="scope") as box:
        controls: dict[str, Any] = {
            "topics": gr.CheckboxGroup([], label=i18n("topics"), elem_id="scope-topics"),
            "entities": gr.Dropdown([], label=i18n("entities"), multiselect=True, elem_id="scope-entities"),
            "documents": gr.Dropdown(
                [], label=i18n("only_documents"), multiselect=True, elem_id="scope-documents"
            ),
        }
        # The page makes these the browser's own date fields: Gradio's calendar speaks English alone.
        with gr.Row(elem_id="scope-dates"):
            for name in ("since", "until"):
                controls[name] = gr.Textbox(
                    label=i18n(name), elem_id=f"scope-{name}", max_lines=1, min_width=100
                )
        controls["collections"] = gr.CheckboxGroup([], label=i18n("collections"), elem_id="scope-collections")
        clear = gr.Button(i18n("scope_clear"), size="sm", elem_id="scope-clear")
    return controls, box, clear


def _composer(i18n: Any) -> tuple[Any, Any, Any]:
    with gr.Row(elem_id="composer", equal_height=False):
        box = gr.Textbox(
            placeholder=i18n("ask_placeholder"),
            label=i18n("ask_label"),
            show_label=False,
            container=False,
            lines=1,
            max_lines=8,
            scale=1,
            elem_id="question",
            autofocus=True,
        )
        send = gr.Button(i18n("ask_button"), variant="primary", scale=0, min_width=72, elem_id="send")
        stop = gr.Button(
            i18n("stop_button"), variant="stop", scale=0, min_width=72, visible=False, elem_id="stop"
        )
    return box, send, stop
