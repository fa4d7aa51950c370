"""Hostile documents, sign-in, a slow start, and accessibility, in Debian's Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_browser import Server, ask, open_page, run_server
from web_fake import FakeAssistant, SyncReport
from web_hostile import SENTENCE, TITLE, write_hostile_brief

from assistant.web.auth import set_user

pytestmark = pytest.mark.browser


@pytest.fixture
def serve() -> Iterator[Callable[[FakeAssistant], Server]]:
    running: list[Server] = []

    def start(engine: FakeAssistant) -> Server:
        running.append(run_server(engine))
        return running[-1]

    yield start
    for server in running:
        server.close()


def test_hostile_documents_stay_text(
    chromium: Any, serve: Callable[[FakeAssistant], Server], tmp_path: Path
) -> None:
    write_hostile_brief(tmp_path / "corpus")
    server = serve(FakeAssistant(tmp_path / "home", corpus=tmp_path / "corpus"))
    page = open_page(chromium, server.url)
    page.wait_for_selector(".welcome")
    ask(page, f"zorblatt accelerator {SENTENCE[-320:]}")
    assert SENTENCE in page.inner_text("#thread .claim >> nth=0")
    page.hover("#thread .chip >> nth=0")
    assert "<script>" in page.inner_text("#tip")
    page.click("#thread .chip >> nth=0")
    assert page.inner_text("#evidence .card.focus h3") == " ".join(TITLE.split())
    page.click("#evidence .card.focus [data-event=read]")
    page.wait_for_selector("#evidence .reader mark")
    assert SENTENCE in page.inner_text("#evidence .reader")
    page.click("#scope button >> nth=0")
    page.click("#scope-documents input")
    page.wait_for_selector("[role=listbox] [role=option]")
    page.keyboard.press("Escape")
    page.click("#evidence [data-event=back]")
    page.click("#evidence [data-event=only] >> nth=0")
    page.wait_for_selector("#scope-line b")
    ask(page, "weather zorblatt <img src=x onerror=window.hacked=12>")
    page.wait_for_selector("#thread .refusal")
    for name, shown in (("Timeline", ".timeline .facts"), ("Corpus", ".corpus .all")):
        page.click(f"#tabs [role=tab]:has-text('{name}')")
        page.wait_for_selector(shown)
    page.click("#new")
    page.hover(".conversations li >> nth=0")
    assert page.evaluate("window.hacked") is None
    inside = "#thread, #evidence, #rail, #timeline, #corpus, #tip, #scope-line"
    assert (
        page.evaluate(
            "(s) => [...document.querySelectorAll(s)].flatMap((e) => [...e.querySelectorAll("
            "'script, img, [onerror], [onload], [onmouseover], a[href^=\"javascript:\" i]')]).length",
            inside,
        )
        == 0
    )
    page.context.close()


def test_users_sign_in_and_see_only_their_own(
    chromium: Any, serve: Callable[[FakeAssistant], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "users.txt"
    set_user(users, "alice", "alice password")
    set_user(users, "bob", "bob's password")
    monkeypatch.setenv("ASSISTANT_AUTH", str(users))
    server = serve(FakeAssistant(tmp_path / "home"))

    def sign_in(name: str, password: str) -> Any:
        page = open_page(chromium, server.url)
        page.fill("input[type=text], input:not([type=password]) >> nth=0", name)
        page.fill("input[type=password]", password)
        page.click("button:has-text('Login')")
        return page

    alice = sign_in("alice", "alice password")
    alice.wait_for_selector(".welcome")
    ask(alice, "Tencent secrets")
    bob = sign_in("bob", "bob's password")
    bob.wait_for_selector(".welcome")
    assert bob.locator(".conversations li").count() == 0
    bob.goto(alice.url)
    bob.wait_for_selector(".welcome")
    eve = sign_in("alice", "guess")
    eve.wait_for_selector("text=/incorrect|failed|wrong/i")
    assert eve.locator(".welcome").count() == 0
    for page in (alice, bob, eve):
        page.context.close()


class SlowStart(FakeAssistant):
    """Its index is not built until the gate opens."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.gate = threading.Event()

    def sync(self, progress: Any = None) -> SyncReport:
        progress(7, 98, "x.md")
        self.gate.wait(60)
        return SyncReport(files=())


def test_the_page_is_there_while_the_index_is_built(
    chromium: Any, serve: Callable[[FakeAssistant], Server], tmp_path: Path
) -> None:
    engine = SlowStart(tmp_path)
    server = serve(engine)
    page = open_page(chromium, server.url)
    page.wait_for_selector(".status.warming:has-text('7 of 98')")
    page.wait_for_selector(".welcome .reading")
    assert page.locator(".welcome .examples button").count() >= 6
    page.fill("#question textarea", "Tencent capital expenditure")
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#live .steps:has-text('Reading documents, 7 of 98')")
    engine.gate.set()
    page.wait_for_selector("#thread .provenance")
    page.wait_for_selector(".status.ready")
    page.context.close()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"viewport": {"width": 1440, "height": 900}}),
        ("dark", {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "locale": "zh-CN"}),
    ],
)
def test_no_serious_barrier(
    chromium: Any,
    serve: Callable[[FakeAssistant], Server],
    tmp_path: Path,
    name: str,
    options: dict[str, Any],
) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python"
    )
    server = serve(FakeAssistant(tmp_path))
    page = open_page(chromium, server.url, **options)
    page.wait_for_selector(".welcome")
    found: dict[str, list[str]] = {}

    def examine(screen: str) -> None:
        for v in axe.Axe().run(page).response["violations"]:
            if v["impact"] in ("serious", "critical"):
                found[f"{screen}: {v['id']}"] = [n["html"][:160] for n in v["nodes"]][:4]

    examine("welcome")
    ask(page, "Tencent capital expenditure: do sources disagree?")
    examine("answer")
    page.click("#thread .chip >> nth=0")
    page.click("#evidence .card.focus [data-event=read]")
    page.wait_for_selector(".reader mark")
    examine("document")
    page.keyboard.press("Escape")
    ask(page, "weather")
    examine("refusal")
    if name == "phone":
        page.click("[data-ui=menu]")
    page.click("#scope button >> nth=0")
    examine("scope")
    page.keyboard.press("Escape")
    for number, shown in enumerate((".timeline", ".corpus", ".uploads", ".settings"), start=1):
        page.evaluate(f"document.querySelectorAll('#tabs [role=tab]')[{number}]?.click()")
        if page.locator(shown).count() or name != "phone":
            page.wait_for_selector(shown)
            examine(shown)
    assert found == {}
    page.context.close()
