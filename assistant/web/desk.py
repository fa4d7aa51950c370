"""What the UI does, without Gradio: questions, conversations, evidence; every method names its owner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.schema import Citation, DocumentInfo, Filters, Turn
from assistant.web.choices import choices_of, model_label
from assistant.web.evidence import Range, evidence_panel, opened_document, quote_range
from assistant.web.examples import followups, welcome
from assistant.web.failures import failure_words
from assistant.web.history import Feedback, History, TurnRecord
from assistant.web.i18n import words
from assistant.web.pages import draw_page
from assistant.web.render import render
from assistant.web.scope import readable_collections
from assistant.web.startup import Startup
from assistant.web.transfers import Transfers
from assistant.web.turns import LIVE, LiveTurn, live_html, thread_html

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """What the page shows at one moment of an answer; None leaves a part as it is."""

    live: str
    evidence: str | None = None
    thread: str | None = None
    rail: str | None = None
    question: str | None = None
    """Put back into the question box when the answer failed."""


class Desk:
    """The UI's actions over one engine and one history file.

    Args:
        engine: What answers.
        history: What is kept of conversations.
        uploads: Folder of the documents that users add.
        transfers: Files that pages have sent and may fetch.
    """

    def __init__(self, engine: Engine, history: History, uploads: Path, transfers: Transfers) -> None:
        self.engine = engine
        self.history = history
        self.uploads = uploads
        self.transfers = transfers
        self.startup = Startup(engine)
        self.blocks: Any = None
        """The running page, once it is launched."""
        # By owner, too: the id of a conversation comes from the page.
        self._live: dict[tuple[str, str], LiveTurn] = {}

    # Preparing -------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Build the index and load the models; runs in the background, the page says how far it is."""
        self.startup.run()

    def documents(self, owner: str, filters: Filters | None = None) -> list[DocumentInfo]:
        """Documents that a user may read, and that match; none while the index is not there."""
        if not self.startup.warm.is_set() and filters is None:
            # The engine may be held by the loading of its models; the page must not wait for that.
            return [d for d in self.startup.documents if d.collection in readable_collections(owner)]
        try:
            return self.engine.documents(filters or Filters(collections=readable_collections(owner)))
        except AssistantError as error:
            log.warning("%s", error)
            return []

    def header(self, owner: str, language: str) -> str:
        """HTML of the top bar."""
        now = self.startup
        status = now.status(language)
        if now.stage == "ready":
            chosen = choices_of(self.history, self.engine, owner).model
            status = model_label(self.engine, language, chosen)
        return render(
            "header",
            language,
            state=now.stage if now.stage in ("ready", "failed") else "warming",
            status=status,
            detail=now.failure,
            done=now.done if now.stage == "reading" else 0,
            total=now.total if now.stage == "reading" else 0,
        )

    def waiting(self, language: str) -> str:
        """Why a question is not answered at once; empty when nothing holds it up."""
        if not self.startup.warm.is_set():
            return self.startup.status(language)
        return words(language, "busy") if len(self._live) >= self.engine.settings.parallel else ""

    # Conversations ---------------------------------------------------------------------------------

    def rail(self, owner: str, language: str, current: str = "", search: str = "") -> str:
        """HTML of the conversation list."""
        return render(
            "rail",
            language,
            conversations=self.history.conversations(owner, search),
            current=current,
            searching=bool(search.strip()),
        )

    def thread(self, owner: str, language: str, conversation: str, *, follow: bool = False) -> str:
        """HTML of a conversation, or of the welcome when it has no turns."""
        turns = self.history.turns(owner, conversation) if conversation else []
        if not turns:
            shown = welcome(language, self.documents(owner), reading=not self.startup.prepared.is_set())
            return thread_html(language, conversation, [], welcome=shown)
        more: Sequence[str] = ()
        if follow and not turns[-1].stopped:
            more = followups(self.engine, language, turns[-1].answer, [t.question for t in turns])
        return thread_html(language, conversation, turns, followups=more)

    def turn(self, owner: str, conversation: str, turn: str) -> TurnRecord | None:
        """A kept turn of the owner's conversation; the last one when no turn is named."""
        turns = self.history.turns(owner, conversation) if conversation else []
        if not turn:
            return turns[-1] if turns else None
        return next((t for t in turns if t.id == turn), None)

    def rate(self, owner: str, turn: str, rating: str, wrong_source: bool, comment: str) -> None:
        """Keep feedback; the same thumb up again takes it back."""
        if rating not in ("up", "down"):
            return
        before = next((t.feedback for t in self.history.rated(owner) if t.id == turn), None)
        if rating == "up" and before is not None and before.rating == "up":
            self.history.rate(owner, turn, None)
            return
        self.history.rate(
            owner,
            turn,
            Feedback(rating=rating, wrong_source=wrong_source, comment=comment.strip()[:2000]),
        )

    # Answering -------------------------------------------------------------------------------------

    def begin(
        self, owner: str, language: str, conversation: str, question: str, replaces: str = ""
    ) -> tuple[str, Frame] | None:
        """Open the turn of a question at once, before the model is free.

        Args:
            owner: The user.
            language: Of the page.
            conversation: Its id; empty for a new one.
            question: What is asked.
            replaces: Turn that gives way, with all after it, once the new answer is complete.

        Returns:
            Id of its conversation (a new one when there was none) and what to show;
            None when the conversation is still being answered.
        """
        if self.busy(owner, conversation):
            return None
        if not conversation or self.history.title(owner, conversation) is None:
            conversation = self.history.create(owner, question)
        turns = self.history.turns(owner, conversation)
        return conversation, Frame(
            live=live_html(language, LiveTurn(question), self.waiting(language)),
            evidence=evidence_panel(language, turn=LIVE, live=True),
            thread=thread_html(language, conversation, turns, replaced=replaces),
        )

    async def answer(
        self,
        owner: str,
        language: str,
        conversation: str,
        question: str,
        filters: Filters,
        replaces: str = "",
    ) -> AsyncIterator[Frame]:
        """Answer a question; each frame shows more of the answer, the last one the kept turn."""
        live = LiveTurn(question, filters, replaces)
        if self.busy(owner, conversation):
            # Two questions that waited in the queue together: the second goes back to its box.
            live.error = words(language, "error_busy")
            yield Frame(live=live_html(language, live), question=question)
            return
        self._live[owner, conversation] = live
        events = None
        try:
            while not await asyncio.to_thread(self.startup.prepared.wait, 1.0):
                yield Frame(live=live_html(language, live, self.waiting(language)))
            if waiting := self.startup.status(language):
                yield Frame(live=live_html(language, live, waiting))
            chosen = choices_of(self.history, self.engine, owner)
            events = self.engine.astream(
                question,
                history=self._before(owner, conversation, replaces),
                filters=filters,
                model=chosen.model,
                passages=chosen.passages,
                language=chosen.language,
            )
            async for event in events:
                live.take(event)
                if live.answer is None:
                    yield Frame(
                        live=live_html(language, live),
                        evidence=evidence_panel(
                            language, turn=LIVE, citations=live.citations, hits=live.hits, live=True
                        ),
                    )
            kept = self._keep(owner, conversation, live)
            if kept is None:
                return
            yield Frame(
                live="",
                evidence=evidence_panel(language, turn=kept.id, answer=kept.answer),
                thread=await asyncio.to_thread(self.thread, owner, language, conversation, follow=True),
                rail=self.rail(owner, language, conversation),
            )
        except AssistantError as error:
            yield self._failed(owner, language, conversation, live, failure_words(language, error))
        except Exception:
            log.exception("answering failed")
            yield self._failed(owner, language, conversation, live, words(language, "error_unknown"))
        finally:
            # A closed page ends the generator here: what was checked until then is kept.
            self._keep(owner, conversation, live)
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()

    def stop(self, owner: str, language: str, conversation: str) -> Frame:
        """Keep what was checked so far and show it as stopped; nothing yet: the question goes back to its box."""
        live = self._live.get((owner, conversation))
        kept = self._keep(owner, conversation, live)
        return Frame(
            live="",
            evidence=self.evidence(owner, language, conversation),
            thread=self.thread(owner, language, conversation),
            rail=self.rail(owner, language, conversation),
            question=live.question if live and kept is None and not live.replaces else None,
        )

    def _before(self, owner: str, conversation: str, replaces: str) -> list[Turn]:
        """What was said before a question; the turn that it replaces and those after it do not count."""
        turns = self.history.turns(owner, conversation)
        last = next((i for i, t in enumerate(turns) if t.id == replaces), len(turns))
        return [Turn(question=t.question, answer=t.answer.text) for t in turns[:last]]

    def _failed(self, owner: str, language: str, conversation: str, live: LiveTurn, error: str) -> Frame:
        self._live.pop((owner, conversation), None)
        live.error = error
        return Frame(
            live=live_html(language, live),
            evidence=evidence_panel(language),
            thread=self.thread(owner, language, conversation) if live.replaces else None,
            question=live.question,
        )

    def busy(self, owner: str, conversation: str) -> bool:
        """Whether a question of the conversation is being answered."""
        return (owner, conversation) in self._live

    def _keep(self, owner: str, conversation: str, live: LiveTurn | None) -> TurnRecord | None:
        if live is None or self._live.get((owner, conversation)) is not live:
            return None
        del self._live[owner, conversation]
        if live.answer is None and (live.replaces or not live.claims):
            return None  # an old answer stands until there is a whole new one
        try:
            return self.history.append(
                owner,
                conversation,
                live.question,
                live.answer or live.stopped_answer(),
                filters=live.filters,
                steps=[f"{stage}\t{message}" for stage, message in live.steps],
                stopped=live.answer is None,
                replaces=live.replaces,
            )
        except AssistantError:
            return None  # the conversation was deleted meanwhile

    # Evidence --------------------------------------------------------------------------------------

    def evidence(
        self, owner: str, language: str, conversation: str, turn: str = "", focus: int | None = None
    ) -> str:
        """HTML of the panel for a turn, the last one when none is named."""
        live = self._live.get((owner, conversation))
        if live is not None and turn == LIVE:
            return evidence_panel(
                language, turn=LIVE, citations=live.citations, hits=live.hits, focus=focus, live=True
            )
        kept = self.turn(owner, conversation, turn)
        if kept is None:
            return evidence_panel(language)
        return evidence_panel(language, turn=kept.id, answer=kept.answer, focus=focus)

    def read(
        self,
        owner: str,
        language: str,
        path: str,
        collection: str,
        *,
        conversation: str = "",
        turn: str = "",
        number: int | None = None,
        passage: Range | None = None,
        page: int | None = None,
    ) -> str:
        """HTML of a document opened at a citation, a passage or a page.

        Raises:
            AssistantError: The document does not exist or the user may not read it.
        """
        if collection not in readable_collections(owner):
            raise AssistantError(f"There is no document {path}.")
        document = self.engine.document(path, collection)
        cited = self._citations(owner, conversation, turn)
        chosen = [c for c in cited if c.number == number and c.passage.document.path == path]
        passages = [(c.passage.char_start, c.passage.char_end) for c in chosen]
        if passage and not chosen:
            passages = [passage]
        quotes = [found for c in chosen if (found := quote_range(c))]
        paged = document.page_count is not None or any(b.page for b in document.blocks)
        if paged and page is None:
            page = next((c.passage.page for c in chosen if c.passage.page), 1)
        picture = None
        file = self.file_of(document)
        if paged and page and file is not None:
            on_page = next((c.quote for c in chosen if c.passage.page in (page, None)), "")
            picture = draw_page(file, page, on_page)
        return opened_document(
            language,
            document,
            quotes=quotes,
            passages=passages,
            turn=turn,
            number=number,
            page=page if paged else None,
            picture=picture,
        )

    def _citations(self, owner: str, conversation: str, turn: str) -> Sequence[Citation]:
        if turn == LIVE and (live := self._live.get((owner, conversation))) is not None:
            return live.citations
        kept = self.turn(owner, conversation, turn) if turn else None
        return kept.answer.citations if kept else ()

    def file_of(self, document: DocumentInfo) -> Path | None:
        """The PDF of a document on disk, when it is where it was read from."""
        if document.media_type != "application/pdf":
            return None
        root = self.uploads / document.collection
        if document.collection == "corpus":
            root = self.engine.corpus
        file = (root / document.path).resolve()
        return file if file.is_relative_to(root.resolve()) and file.is_file() else None
