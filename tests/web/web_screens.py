"""Draw the screens of the documentation with the assistant itself, quoting without a language model.

`python tests/web/web_screens.py docs/images` draws all of them; names after the folder draw only these.
`--home` names a folder whose index is used and whose path the settings page shows; `--model` another model.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from web_browser import CHROMIUM, FLAGS, ask, run_server
from web_pdf import write_memo

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
QUESTION = "How much AI chip revenue does Huawei expect in 2026, and how does that compare with 2025?"
UNANSWERED = "Who coached the winning team of the 2026 World Cup?"
CHINESE = "华为预计2026年人工智能芯片收入是多少？"


@dataclass
class Screens:
    """A browser before a running desk; each page is a fresh reader."""

    browser: Any
    url: str
    folder: Path
    work: Path
    addresses: dict[str, str] = field(default_factory=dict)

    def page(self, **options: Any) -> Any:
        context = self.browser.new_context(
            locale=options.pop("locale", "en-GB"), **{"viewport": DESKTOP, **options}
        )
        context.set_default_timeout(600_000)
        opened = context.new_page()
        opened.goto(self.url)
        opened.wait_for_selector(".welcome, .turn")
        return opened

    def answered(self, question: str, **options: Any) -> Any:
        """A page with the conversation of a question, which is asked once."""
        opened = self.page(**options)
        if question not in self.addresses:
            ask(opened, question)
            self.addresses[question] = opened.url
        opened.goto(self.addresses[question])
        opened.wait_for_selector("#thread .turn")
        return opened

    def shot(self, page: Any, name: str, *, still: bool = True) -> None:
        from PIL import Image

        if still:
            page.mouse.move(5, 300)
        page.wait_for_timeout(400)
        file = self.folder / f"{name}.png"
        page.screenshot(path=file)
        with Image.open(file) as picture:
            small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        small.save(file, optimize=True)
        page.context.close()


def tab(page: Any, name: str) -> None:
    page.click(f"[role=tab]:has-text('{name}')")


def welcome(s: Screens, **options: Any) -> Any:
    return s.page(**options)


def answer(s: Screens) -> Any:
    page = s.answered(QUESTION)
    page.click("#thread .chip >> nth=0")
    return page


def document(s: Screens) -> Any:
    page = answer(s)
    page.click(".card.focus [data-event=read]")
    page.wait_for_selector(".reader mark")
    return page


def timeline(s: Screens) -> Any:
    page = s.answered(QUESTION)
    tab(page, "Timeline")
    page.check("#timeline-source label:has-text('Documents in scope') input")
    page.wait_for_selector(".timeline svg")
    return page


def corpus(s: Screens) -> Any:
    page = s.page()
    tab(page, "Corpus")
    page.wait_for_selector(".corpus .heat")
    return page


def documents(s: Screens) -> Any:
    page = s.page()
    tab(page, "Your documents")
    broken = s.work / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 this is no PDF")
    memo = write_memo(s.work / "lingxi-memo.pdf")
    page.set_input_files("#upload input[type=file]", [str(memo), str(broken)])
    page.wait_for_selector("#uploads .report tr.refused")
    page.wait_for_selector("#uploads .added")
    return page


def pdf_page(s: Screens) -> Any:
    documents(s).context.close()
    page = s.answered("What do Lingxi modules cost in the pilot run?")
    page.click("#thread .turn:last-child .chip >> nth=0")
    page.click(".card.focus [data-event=read]")
    page.wait_for_selector(".sheet .box")
    return page


def settings(s: Screens) -> Any:
    page = s.page()
    tab(page, "Settings")
    page.wait_for_selector(".settings dl")
    return page


def scope(s: Screens) -> Any:
    page = s.page()
    page.click("#scope button >> nth=0")
    page.check("#scope-topics label:has-text('Chips') input")
    page.fill("#scope-since input", "2026-01-01")
    page.wait_for_selector("#scope-line b")
    return page


def phone_evidence(s: Screens) -> Any:
    page = s.answered(QUESTION, **_phone())
    page.click("#thread .chip >> nth=0")
    page.wait_for_selector(".card.focus")
    return page


def phone_rail(s: Screens) -> Any:
    page = s.answered(QUESTION, **_phone())
    page.click("[data-ui=menu]")
    page.click("#scope button >> nth=0")
    return page


def _phone() -> dict[str, Any]:
    return {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 1}


def at_top(page: Any) -> Any:
    page.evaluate("document.querySelector('#scroll').scrollTop = 0")
    return page


SCREENS: dict[str, Callable[[Screens], Any]] = {
    "welcome": welcome,
    "answer": answer,
    "document": document,
    "refusal": lambda s: s.answered(UNANSWERED),
    "timeline": timeline,
    "corpus": corpus,
    "scope": scope,
    "documents": documents,
    "pdf-page": pdf_page,
    "settings": settings,
    "answer-dark": lambda s: s.answered(QUESTION, color_scheme="dark"),
    "welcome-chinese": lambda s: s.page(locale="zh-CN"),
    "answer-chinese": lambda s: s.answered(CHINESE, locale="zh-CN"),
    "phone-welcome": lambda s: s.page(**_phone()),
    "phone-answer": lambda s: at_top(s.answered(QUESTION, **_phone())),
    "phone-evidence": phone_evidence,
    "phone-rail": phone_rail,
}


def main() -> None:
    from playwright.sync_api import sync_playwright

    from assistant import Assistant

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", choices=[*SCREENS, []])
    parser.add_argument("--home", type=Path)
    parser.add_argument("--model", default="extractive")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as play:
        home = arguments.home or Path(work) / "home"
        server = run_server(Assistant(model=arguments.model, home=home))
        server.desk.startup.warm.wait()
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        screens = Screens(browser, server.url, arguments.folder, Path(work))
        for name in arguments.names or SCREENS:
            try:
                screens.shot(SCREENS[name](screens), name)
                print(name, flush=True)
            except Exception as error:
                print(f"{name}: {str(error).splitlines()[0]}", flush=True)
        browser.close()
        server.close()


if __name__ == "__main__":
    main()
