"""Getting ready in the background: the documents are read, then the models are loaded; the page says which."""

from __future__ import annotations

import logging
import threading
from typing import Literal

from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.privacy import SHARED, SOURCES
from assistant.schema import DocumentInfo, Filters
from assistant.uploads import kept_collections
from assistant.web.i18n import words

log = logging.getLogger(__name__)
Stage = Literal["opening", "reading", "loading", "ready", "failed"]


class Startup:
    """How far an engine is with its index and its models.

    Args:
        engine: What is prepared.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.stage: Stage = "opening"
        self.done = 0
        self.total = 0
        """Documents read, and all of them, while the stage is `reading`."""
        self.failure = ""
        """Why it failed, in one line."""
        self.documents: list[DocumentInfo] = []
        """What the index held when it became searchable."""
        self.prepared = threading.Event()
        """Set when the index can be searched, or preparing failed."""
        self.warm = threading.Event()
        """Set when the models are loaded, or preparing failed."""

    def run(self) -> None:
        """Bring the index up to date and load the models; for a thread in the background."""
        try:
            self._engine.sync(self.report)
            self.documents = self._engine.documents(Filters(collections=self._collections()))
            self.stage = "loading"
            self.prepared.set()
            self._engine.warm_up()
            self.stage = "ready"
        except AssistantError as error:
            self._fail(str(error))
            log.error("%s", error)
        except Exception:
            self._fail("The assistant could not be prepared; its log says why.")
            log.exception("preparing failed")
        finally:
            self.prepared.set()
            self.warm.set()

    def report(self, done: int, total: int, _name: str) -> None:
        """Note how many documents are read."""
        self.stage, self.done, self.total = "reading", done, total

    def status(self, language: str) -> str:
        """What is being done, in words; empty when all is ready."""
        if self.stage == "reading":
            return words(language, "indexing", done=self.done, total=self.total)
        keys = {"opening": "opening_index", "loading": "loading_model", "failed": "failed_start"}
        return words(language, keys[self.stage]) if self.stage in keys else ""

    def _collections(self) -> tuple[str, ...]:
        """All that there are, also those of single users: the desk shows each what is theirs."""
        return ("corpus", SOURCES, SHARED, *kept_collections(self._engine.settings.home))

    def _fail(self, why: str) -> None:
        self.stage, self.failure = "failed", why
