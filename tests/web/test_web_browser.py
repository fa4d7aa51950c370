"""The page in Debian's Chromium, over an engine that answers at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_browser import Server, ask, open_page, run_server
from web_fake import FakeAssistant
from web_pdf import write_memo

pytestmark = pytest.mark.browser
QUESTION = "How much did Tencent spend on AI capital expenditure, and do sources disagree?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = run_server(FakeAssistant(tmp_path_factory.mktemp("home")))
    yield running
    running.close()


@pytest.fixture
def page(chromium: Any, server: Server) -> Iterator[Any]:
    opened = open_page(chromium)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(server.url)
    opened.wait_for_selector(".welcome")
    yield opened
    opened.context.close()
    assert errors == []


def tab(page: Any, name: str) -> None:
    page.click(f"#tabs [role=tab]:has-text('{name}')")


def test_a_citation_opens_its_passage_in_the_document(page: Any) -> None:
    ask(page, QUESTION)
    assert "Answered from 4 of 98 documents" in page.inner_text("#thread .provenance")
    assert page.locator("#thread .claim").count() == 4
    page.click("#thread .chip >> nth=1")
    page.wait_for_selector("#evidence .card.focus .num:text-is('2')")
    quote = page.inner_text("#evidence .card.focus mark")
    page.click("#evidence .card.focus [data-event=read]")
    mark = page.wait_for_selector("#evidence .reader mark.quote")
    assert mark.inner_text() == quote and mark.is_visible()
    top = mark.bounding_box()["y"]
    assert 48 < top < 900
    assert page.locator("#evidence .reader .notes a[rel~=noopener][target=_blank]").count() > 3
    page.click("#evidence [data-event=back]")
    page.wait_for_selector("#evidence .card.focus .num:text-is('2')")


def test_a_citation_tells_its_source_on_hover_and_on_focus(page: Any) -> None:
    ask(page, QUESTION)
    chip = page.locator("#thread .answer .chip.partly_supported")
    chip.hover()
    hint = page.inner_text("#tip")
    for name in ("publisher", "title", "date", "reasons"):
        assert chip.get_attribute(f"data-{name}") in hint
    page.mouse.move(0, 0)
    page.wait_for_selector("#tip", state="hidden")
    chip.focus()
    page.wait_for_selector("#tip", state="visible")


def test_a_refusal_is_a_card_with_what_was_searched(page: Any) -> None:
    ask(page, "Will the weather in Beijing be fine?")
    card = page.inner_text("#thread .refusal")
    assert "98 documents were searched" in card and "weather in Beijing" in card
    assert page.locator("#thread .answer, #thread .provenance").count() == 0
    page.click("#thread .nearest button >> nth=0")
    page.wait_for_selector("#evidence .reader .cited")


def test_examples_and_followups_ask(page: Any) -> None:
    page.click(".examples button >> nth=2")
    page.wait_for_selector("#thread .provenance")
    first = page.inner_text("#thread .question h2")
    page.click("#thread .followups button >> nth=0")
    page.wait_for_function("document.querySelectorAll('#thread .turn').length == 2")
    assert page.inner_text("#thread .question h2 >> nth=0") == first


def test_the_scope_limits_what_is_searched(page: Any, server: Server) -> None:
    page.click("#scope button >> nth=0")
    page.check("#scope-topics label:has-text('Trade') input")
    page.fill("#scope-since input[type=date]", "2026-01-01")
    page.wait_for_selector("#scope-line b:text-is('Trade · ≥ 2026-01-01')")
    shown = re.search(r"(\d+) of 98", page.inner_text("#scope-line"))
    ask(page, "tariffs of 2026")
    filters = server.engine.asked[-1][2]
    assert (filters.topics, str(filters.since)) == (("trade",), "2026-01-01")
    assert shown and f"of {shown[1]} documents" in page.inner_text("#thread .provenance")
    page.click("#evidence [data-event=only] >> nth=0")
    page.wait_for_selector("#scope-line b:has-text('trade/')")
    page.click("#scope-line [data-event=unscope]")
    page.wait_for_selector("#scope-line :text('All 98 documents')")


def test_an_added_pdf_answers_with_its_page(page: Any, tmp_path: Path) -> None:
    tab(page, "Your documents")
    note = tmp_path / "note.txt"
    note.write_text("Plain.")
    page.set_input_files("#upload input[type=file]", [str(write_memo(tmp_path / "lingxi.pdf")), str(note)])
    page.wait_for_selector("#uploads .report tr.ok >> nth=1")
    tab(page, "Ask")
    ask(page, "What do Lingxi modules cost?")
    page.click("#thread .answer .chip >> nth=0")
    card = page.inner_text("#evidence .card.focus")
    assert "lingxi" in card and "page 2" in card and "4,200 yuan" in card
    page.click("#evidence .card.focus [data-event=read]")
    page.wait_for_selector("#evidence .sheet .box")
    assert page.evaluate("document.querySelector('.sheet img').naturalWidth") == 1000
    page.click("#evidence .pager button >> nth=0")
    page.wait_for_selector("#evidence .pager :text('Page 1 of 2')")
    tab(page, "Your documents")
    page.on("dialog", lambda dialog: dialog.accept())
    for left in (1, 0):
        page.click("#uploads [data-event=forget] >> nth=0")
        page.wait_for_function("n => document.querySelectorAll('#uploads .added').length == n", arg=left)


def test_the_language_switches_and_stays(page: Any) -> None:
    page.click("[data-ui=language]")
    page.wait_for_selector("#tabs [role=tab]:has-text('提问')")
    assert page.get_attribute("#question textarea", "placeholder").startswith("就中国")
    assert page.inner_text("#send") == "提问" and page.get_attribute("html", "lang") == "zh-CN"
    page.reload()
    page.wait_for_selector(".welcome h2:text-is('您想了解什么？')")
    page.click("[data-ui=language]")
    page.wait_for_selector("#tabs [role=tab]:has-text('Ask')")


def test_a_conversation_is_found_renamed_and_deleted(page: Any) -> None:
    ask(page, "Which photoresist does China make, walrus?")
    page.reload()
    page.wait_for_selector("#thread .question h2:has-text('walrus')")
    page.goto(page.url.partition("?")[0])
    page.wait_for_selector(".welcome")
    page.fill("#search textarea, #search input", "walrus")
    page.wait_for_function("document.querySelectorAll('.conversations li').length == 1")
    page.hover(".conversations li")
    page.click(".conversations [data-ui=rename]")
    page.fill(".conversations input", "Resist")
    page.press(".conversations input", "Enter")
    page.click(".conversations .open:has-text('Resist')")
    page.wait_for_selector("#thread .question h2:has-text('walrus')")
    page.on("dialog", lambda dialog: dialog.accept())
    page.hover(".conversations li")
    page.click(".conversations [data-event=remove]")
    page.wait_for_selector(".welcome")
    assert page.locator(".conversations li").count() == 0


def test_a_conversation_survives_a_restart(chromium: Any, tmp_path: Path) -> None:
    first = run_server(FakeAssistant(tmp_path))
    opened = open_page(chromium, first.url)
    opened.wait_for_selector(".welcome")
    ask(opened, QUESTION)
    query = opened.url.partition("?")[2]
    first.close()
    second = run_server(FakeAssistant(tmp_path))
    opened.goto(f"{second.url}?{query}")
    opened.wait_for_selector("#thread .provenance")
    assert opened.locator("#evidence .card mark").count() == 4
    opened.context.close()
    second.close()


@pytest.mark.parametrize(
    ("scope", "kind", "magic"),
    [("answer", "md", b"# How much"), ("conversation", "docx", b"PK"), ("conversation", "json", b"{")],
)
def test_an_answer_is_exported(page: Any, tmp_path: Path, scope: str, kind: str, magic: bytes) -> None:
    ask(page, QUESTION)
    page.click("#thread .menu summary")
    with page.expect_download() as download:
        page.click(f"#thread .menu [data-scope={scope}][data-kind={kind}]")
    file = tmp_path / "file"
    download.value.save_as(file)
    assert file.read_bytes().startswith(magic)
    assert download.value.suggested_filename.endswith(f".{kind}")


def test_stop_edit_undo_and_retry(page: Any, server: Server) -> None:
    page.fill("#question textarea", "slow Tencent capital expenditure")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#live .claim")
    page.click("#stop")
    page.wait_for_selector("#thread .provenance:has-text('Stopped by you')")
    assert page.locator("#thread .claim").count() == 1
    page.click("#thread [data-ui=edit]")
    page.fill("#thread .edit-form textarea", "Tencent capital expenditure")
    page.click("#thread .edit-form [type=submit]")
    page.wait_for_selector("#thread .provenance:has-text('Answered')")
    asked, turn = len(server.engine.asked), page.get_attribute("#thread .turn", "id")
    page.click("#thread [data-event=redo]")
    page.wait_for_function(
        "n => !document.querySelector('.replaced, #live .turn')"
        " && document.querySelector('#thread .turn').id != n",
        arg=turn,
    )
    assert len(server.engine.asked) == asked + 1 and page.locator("#thread .turn").count() == 1
    page.click("#thread [data-event=undo_turn]")
    page.wait_for_selector(".welcome")
    assert page.input_value("#question textarea") == "Tencent capital expenditure"


def test_feedback_is_kept_and_exported(page: Any) -> None:
    ask(page, QUESTION)
    page.click("#thread [data-ui=bad]")
    page.check("#thread [name=wrong_source]")
    page.fill("#thread .feedback-form textarea", "Second source is old")
    page.click("#thread .feedback-form [type=submit]")
    page.wait_for_selector("#thread [data-ui=bad][aria-pressed=true]")
    tab(page, "Settings")
    with page.expect_download() as download:
        page.click("[data-event=export_feedback]")
    assert "Second source is old" in download.value.path().read_text("utf-8")


def test_the_timeline_and_the_corpus_lead_back_to_documents(page: Any) -> None:
    ask(page, QUESTION)
    tab(page, "Timeline")
    page.wait_for_selector("#timeline svg circle")
    page.click("#timeline .facts [data-event=read] >> nth=0")
    page.wait_for_selector("#evidence .reader mark.quote")
    tab(page, "Corpus")
    page.wait_for_selector("#corpus .heat")
    page.fill("#corpus .find", "photoresist")
    page.wait_for_function("document.querySelectorAll('#corpus tr[data-text]:not([hidden])').length < 5")
    page.click("#corpus tr[data-text]:not([hidden]) [data-event=ask]")
    page.wait_for_function("document.querySelectorAll('#thread .turn').length == 2")
    tab(page, "Corpus")
    page.click("#corpus .heat [data-topic=chips][data-since='2026-05-01']")
    tab(page, "Ask")
    page.wait_for_selector("#scope-line b:text-is('Chips · ≥ 2026-05-01 · ≤ 2026-05-31')")


def test_choices_of_the_settings_hold_for_the_next_question(page: Any, server: Server) -> None:
    tab(page, "Settings")
    page.select_option("#choose-passages", "40")
    # At once, while the first choice is being kept: neither is lost.
    page.select_option("#choose-language", "zh")
    page.wait_for_function("[...document.body.innerText.matchAll(/Kept\\.(?!\\w)/g)].length >= 2")
    page.reload()
    page.wait_for_selector(".welcome")
    ask(page, "Tencent capital expenditure")
    assert server.engine.given[-1] == (None, 40, "zh")
    tab(page, "Settings")
    page.wait_for_selector("#choose-passages")
    assert page.input_value("#choose-passages") == "40"
    page.select_option("#choose-passages", "20")
    page.select_option("#choose-language", "auto")


def test_everything_is_reached_with_the_keyboard(page: Any) -> None:
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector("#thread .provenance")
    page.focus("#thread .question .edit-button")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.answer .chip')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence .card.focus")
    assert page.evaluate("document.activeElement.matches('.card.focus')")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#evidence .reader mark.quote")


def test_on_a_phone_the_evidence_is_a_drawer(chromium: Any, server: Server) -> None:
    opened = open_page(
        chromium, server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    opened.wait_for_selector(".welcome")
    ask(opened, QUESTION)
    assert not opened.is_visible("#evidence .card >> nth=0")
    opened.tap("#thread .chip >> nth=0")
    opened.wait_for_selector("#evidence .card.focus", state="visible")
    opened.tap("#evidence [data-ui=close-evidence]")
    opened.wait_for_selector("#evidence .card >> nth=0", state="hidden")
    opened.tap("[data-ui=menu]")
    opened.wait_for_selector("#new", state="visible")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.context.close()


def test_nothing_is_fetched_from_elsewhere(chromium: Any, server: Server) -> None:
    opened = open_page(chromium)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(server.url)
    opened.wait_for_selector(".welcome")
    ask(opened, QUESTION)
    for name in ("Timeline", "Corpus", "Your documents", "Settings"):
        tab(opened, name)
    opened.wait_for_selector(".settings dl")
    assert len(asked) > 10
    assert [u for u in asked if not u.startswith((server.url, "data:", "blob:"))] == []
    opened.context.close()
