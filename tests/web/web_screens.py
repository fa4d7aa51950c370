"""Draw the screens of the documentation: `python tests/web/web_screens.py docs/images`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from web_browser import CHROMIUM, FLAGS, ask, run_server
from web_fake import FakeAssistant
from web_pdf import write_memo

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
QUESTION = "How much did Tencent spend on AI capital expenditure in 2026, and do the sources disagree?"


def main(folder: Path) -> None:
    from PIL import Image
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)

    def shot(page: Any, name: str) -> None:
        page.mouse.move(5, 300)
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{name}.png")
        picture = Image.open(folder / f"{name}.png").convert("RGB").quantize(256, dither=Image.Dither.NONE)
        picture.save(folder / f"{name}.png", optimize=True)

    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        server = run_server(FakeAssistant(Path(home)))
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def page(**options: Any) -> Any:
            opened = browser.new_context(locale=options.pop("locale", "en-GB"), **options).new_page()
            opened.goto(server.url)
            opened.wait_for_selector(".welcome, .turn")
            return opened

        wide = page(viewport=DESKTOP)
        shot(wide, "welcome")
        ask(wide, "Will the weather in Beijing be good for launching satellites?")
        shot(wide, "refusal")
        wide.click("#new")
        wide.wait_for_selector(".welcome")
        ask(wide, QUESTION)
        wide.hover("#thread .chip.partly_supported")
        wide.wait_for_timeout(300)
        wide.screenshot(path=folder / "answer.png")
        Image.open(folder / "answer.png").convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            folder / "answer.png", optimize=True
        )
        wide.click("#thread .chip >> nth=1")
        wide.click(".card.focus [data-event=read]")
        wide.wait_for_selector(".reader mark")
        shot(wide, "document")
        wide.click("[role=tab]:has-text('Timeline')")
        wide.wait_for_selector(".timeline h3")
        shot(wide, "timeline")
        wide.click("[data-event=back]")
        wide.click("[role=tab]:has-text('Corpus')")
        wide.wait_for_selector(".corpus .heat")
        shot(wide, "corpus")
        wide.click("[role=tab]:has-text('Your documents')")
        bad = Path(home) / "sheet.exe"
        bad.write_bytes(b"MZ")
        wide.set_input_files("#upload input[type=file]", [str(write_memo(Path(home) / "lingxi-memo.pdf"))])
        wide.wait_for_selector(".report")
        shot(wide, "documents")
        wide.click("[role=tab]:has-text('Ask')")
        ask(wide, "What do Lingxi modules cost?")
        wide.click("#thread .turn:last-child .chip >> nth=0")
        wide.click(".card.focus [data-event=read]")
        wide.wait_for_selector(".sheet .box")
        shot(wide, "pdf-page")
        wide.click("[role=tab]:has-text('Settings')")
        wide.wait_for_selector(".settings dl")
        shot(wide, "settings")
        address = wide.url
        dark = page(viewport=DESKTOP, color_scheme="dark")
        dark.goto(address)
        dark.wait_for_selector("#thread .turn")
        shot(dark, "answer-dark")
        chinese = page(viewport=DESKTOP, locale="zh-CN")
        shot(chinese, "welcome-chinese")
        chinese.goto(address)
        chinese.wait_for_selector("#thread .turn")
        shot(chinese, "answer-chinese")
        phone = page(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=1)
        shot(phone, "phone-welcome")
        phone.goto(address)
        phone.wait_for_selector("#thread .turn")
        phone.evaluate("document.querySelector('#scroll').scrollTop = 0")
        shot(phone, "phone-answer")
        phone.click("#thread .chip >> nth=0")
        phone.wait_for_selector(".card.focus")
        shot(phone, "phone-evidence")
        phone.click("[data-ui=close-evidence] >> visible=true")
        phone.click("[data-ui=menu]")
        phone.click("#scope button >> nth=0")
        shot(phone, "phone-rail")
        browser.close()
        server.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
