"""What the thread shows of a turn: one on its way, or one that was kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Event,
    EvidenceEvent,
    Filters,
    SearchHit,
    StepEvent,
)
from assistant.web.examples import Welcome
from assistant.web.history import TurnRecord
from assistant.web.i18n import words
from assistant.web.render import render
from assistant.web.scope import scope_label

LIVE = "live"
# What the engine says of its steps, and the words for it in the language of the page; an empty key: the name
# of the stage says it already.
_STEPS = (
    (re.compile(r"Understood as:\s*(.+)", re.S), "step_understood"),
    (re.compile(r"Also searched as:\s*(.+)", re.S), "step_english"),
    (re.compile(r"Searched (\d+) documents"), "step_searched"),
    (re.compile(r"(Checking whether the documents answer|Writing and checking sentences).*"), ""),
)


@dataclass
class LiveTurn:
    """An answer while its events arrive."""

    question: str
    filters: Filters = field(default_factory=Filters)
    replaces: str = ""
    """Id of the turn that gives way once this answer is complete."""
    steps: list[tuple[str, str]] = field(default_factory=list)
    hits: tuple[SearchHit, ...] = ()
    claims: list[Claim] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    answer: Answer | None = None
    error: str = ""

    def take(self, event: Event) -> None:
        """Add what an event tells."""
        if isinstance(event, StepEvent):
            self.steps.append((event.stage, event.message))
        elif isinstance(event, EvidenceEvent):
            self.hits = event.hits
        elif isinstance(event, ClaimEvent):
            self.claims.append(event.claim)
            self.citations.extend(event.new_citations)
        elif isinstance(event, AnswerEvent):
            self.answer = event.answer

    def stopped_answer(self) -> Answer:
        """The sentences that were checked before the user stopped, as an answer."""
        used = {n for claim in self.claims for n in claim.citations}
        dates = [c.passage.document.date for c in self.citations if c.passage.document.date]
        return Answer(
            question=self.question,
            standalone_question=self.question,
            status="partial",
            text=" ".join(claim.text + "".join(f" [{n}]" for n in claim.citations) for claim in self.claims),
            claims=tuple(self.claims),
            citations=tuple(c for c in self.citations if c.number in used),
            newest=max(dates, default=None),
            oldest=min(dates, default=None),
        )


@dataclass(frozen=True)
class TurnView:
    """What the template of a turn reads."""

    id: str
    question: str
    scope: str
    steps: list[tuple[str, str]]
    claims: Sequence[Claim]
    citations: Sequence[Citation]
    answer: Answer | None = None
    live: bool = False
    last: bool = False
    replaced: bool = False
    stopped: bool = False
    error: str = ""
    seconds: str = ""
    markdown: str = ""
    rating: str = ""
    wrong_source: bool = False
    comment: str = ""
    followups: Sequence[str] = ()

    def citation(self, number: int) -> Citation | None:
        """The citation of a number."""
        return next((c for c in self.citations if c.number == number), None)

    @property
    def weak(self) -> bool:
        """Whether a sentence is less than fully supported, so that the marks need a legend."""
        return any(claim.verdict != "supported" for claim in self.claims)


def _labelled(language: str, steps: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(words(language, f"stage_{stage}"), _step(language, message)) for stage, message in steps]


def _step(language: str, message: str) -> str:
    """The message in the language of the page, or as it is when it is not a known one."""
    for pattern, key in _STEPS:
        if match := pattern.fullmatch(message):
            return words(language, key, what=match[1]) if key else ""
    return message


def live_html(language: str, turn: LiveTurn | None, waiting: str = "") -> str:
    """HTML of the answer on its way, or why it has not begun; empty when there is none."""
    if turn is None:
        return ""
    view = TurnView(
        id=LIVE,
        question=turn.question,
        scope=scope_label(language, turn.filters),
        steps=_labelled(language, turn.steps or [("waiting", waiting)]),
        claims=turn.claims,
        citations=turn.citations,
        live=not turn.error,
        error=turn.error,
    )
    return render("thread", language, conversation="", turns=[view], welcome=None)


def thread_html(
    language: str,
    conversation: str,
    turns: Sequence[TurnRecord],
    *,
    welcome: Welcome | None = None,
    followups: Sequence[str] = (),
    replaced: str = "",
) -> str:
    """HTML of a conversation's finished turns, or of the welcome when there are none.

    Args:
        language: Of the page.
        conversation: Its id.
        turns: What was asked and answered.
        welcome: What an empty conversation shows.
        followups: Questions to go on with.
        replaced: Turn that is being asked again: it and those after it are shown as on their way out.
    """
    out = next((i for i, turn in enumerate(turns) if turn.id == replaced), len(turns))
    views = [
        _kept(language, turn, turn is turns[-1], followups, replaced=i >= out) for i, turn in enumerate(turns)
    ]
    shown: Any = welcome if not turns else None
    return render("thread", language, conversation=conversation, turns=views, welcome=shown)


def _kept(
    language: str, turn: TurnRecord, last: bool, followups: Sequence[str], *, replaced: bool
) -> TurnView:
    from assistant.web.export import answer_markdown

    answer = turn.answer
    seconds = answer.timings.get("total", sum(answer.timings.values()))
    stages = [step.partition("\t") for step in turn.steps]
    return TurnView(
        id=turn.id,
        question=turn.question,
        scope=scope_label(language, turn.filters),
        steps=_labelled(language, [(stage, message) for stage, _, message in stages]),
        claims=answer.claims,
        citations=answer.citations,
        answer=answer,
        last=last,
        replaced=replaced,
        stopped=turn.stopped,
        seconds=f"{seconds:.1f}" if seconds >= 0.05 else "",
        markdown=answer_markdown(answer, language=language),
        rating=turn.feedback.rating if turn.feedback else "",
        wrong_source=bool(turn.feedback and turn.feedback.wrong_source),
        comment=turn.feedback.comment if turn.feedback else "",
        followups=followups if last else (),
    )
