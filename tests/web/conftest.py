from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_browser import CHROMIUM, FLAGS
from web_fake import FakeAssistant

from assistant.web.desk import Desk
from assistant.web.history import History
from assistant.web.transfers import Transfers


@pytest.fixture
def engine(tmp_path: Path) -> FakeAssistant:
    return FakeAssistant(tmp_path / "home")


@pytest.fixture
def desk(engine: FakeAssistant) -> Iterator[Desk]:
    home = engine.settings.home
    desk = Desk(engine, History(home / "web.sqlite3"), home / "uploads", Transfers(home / "transfers"))
    desk.prepare()
    yield desk
    desk.history.close()


# Closed with its module: while Playwright's synchronous driver runs, no other test can start an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
