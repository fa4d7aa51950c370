"""Events, threads and event loops."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import QuestionError
from assistant.schema import AnswerEvent, ClaimEvent, EvidenceEvent, StepEvent
from tests.doubles import WordEmbeddings

from .briefs import STOP_ORDER, UNKNOWN, kinds, same, settings

pytestmark = pytest.mark.usefixtures("steady")


def test_events_come_in_order(assistant: Assistant) -> None:
    events = list(assistant.stream(STOP_ORDER))
    order = [kind for n, kind in enumerate(kinds(events)) if n == 0 or kind != kinds(events)[n - 1]]
    assert order == ["step", "evidence", "step", "claim", "answer"]
    stages = [event.stage for event in events if isinstance(event, StepEvent)]
    assert stages == ["retrieve", "gate", "generate"]
    answer = events[-1].answer if isinstance(events[-1], AnswerEvent) else None
    assert answer is not None
    claims = [event for event in events if isinstance(event, ClaimEvent)]
    assert tuple(event.claim for event in claims) == answer.claims
    assert tuple(c for event in claims for c in event.new_citations) == answer.citations
    (evidence,) = [event for event in events if isinstance(event, EvidenceEvent)]
    assert evidence.text and {c.passage.id for c in answer.citations} <= {h.passage.id for h in evidence.hits}


def test_a_refusal_streams_evidence_and_no_claims(assistant: Assistant) -> None:
    assert set(kinds(list(assistant.stream(UNKNOWN)))) == {"step", "evidence", "answer"}


async def test_sync_and_async_do_the_same(assistant: Assistant) -> None:
    answer = assistant.ask(STOP_ORDER)
    assert same(await assistant.aask(STOP_ORDER)) == same(answer)
    events = list(assistant.stream(STOP_ORDER))
    others = [event async for event in assistant.astream(STOP_ORDER)]
    assert kinds(others) == kinds(events) and others[:-1] == events[:-1]
    assert isinstance(others[-1], AnswerEvent) and same(others[-1].answer) == same(answer)
    with pytest.raises(QuestionError):
        await assistant.aask("")
    with pytest.raises(QuestionError):
        _ = [event async for event in assistant.astream("")]


async def test_the_event_loop_stays_free(assistant: Assistant) -> None:
    answers = await asyncio.gather(*(assistant.aask(STOP_ORDER) for _ in range(3)))
    assert len({answer.text for answer in answers}) == 1


def test_many_threads_share_one_assistant(home: Path, corpus: Path) -> None:
    questions = [STOP_ORDER, "What revenue and profit did Cambricon report for 2025?"] * 4
    with (
        Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as fresh,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(fresh.ask, questions))
        assert len({answer.text for answer in answers}) == 2
        for question, answer in zip(questions, answers, strict=True):
            assert same(answer) == same(fresh.ask(question)) and answer.status == "answered"
