"""Starting the UI and driving it with Debian's Chromium."""

from __future__ import annotations

import os
import random
import shutil
import socket
from dataclasses import dataclass
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--force-prefers-reduced-motion",
]


@dataclass
class Server:
    url: str
    desk: Any
    blocks: Any
    engine: Any

    def close(self) -> None:
        self.blocks.close(verbose=False)
        self.desk.history.close()


def free_port() -> int:
    """A port that nobody listens on, below those that systems hand out: such a one may be gone a moment later."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def run_server(engine: Any, **options: Any) -> Server:
    """Start the UI on a free port of this machine."""
    from assistant.web.app import launch

    port = free_port()
    desk = launch(engine, host="127.0.0.1", port=port, block=False, **options)
    return Server(f"http://127.0.0.1:{port}/", desk, desk.blocks, engine)


def ask(page: Any, question: str) -> None:
    """Type a question and wait until its answer is kept."""
    before = page.locator("#thread .turn").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.wait_for_function(
        "(n) => document.querySelectorAll('#thread .turn').length > n"
        " && !document.querySelector('#live .turn')",
        arg=before,
    )


def open_page(chromium: Any, url: str = "", **options: Any) -> Any:
    """A page in a fresh context; patient, because machines that run tests are often busy."""
    context = chromium.new_context(
        **{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options}
    )
    context.set_default_timeout(int(os.environ.get("BROWSER_TIMEOUT_S", "90")) * 1000)
    page = context.new_page()
    if url:
        page.goto(url)
    return page
