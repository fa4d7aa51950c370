from __future__ import annotations

import asyncio

import pytest
from web_fake import FakeAssistant

from assistant.errors import AssistantError
from assistant.schema import Filters, Turn
from assistant.web.choices import Choices, choices_of, keep_choice, settings_html
from assistant.web.desk import Desk, Frame


async def frames(desk: Desk, talk: str, question: str, owner: str = "") -> list[Frame]:
    return [f async for f in desk.answer(owner, "en", talk, question, Filters())]


def begun(desk: Desk, question: str, talk: str = "", owner: str = "") -> str:
    started = desk.begin(owner, "en", talk, question)
    assert started is not None
    return started[0]


async def test_sentences_arrive_one_by_one_and_the_answer_is_kept(desk: Desk) -> None:
    talk = begun(desk, "Tencent capital expenditure")
    shown = await frames(desk, talk, "Tencent capital expenditure")
    counts = [f.live.count('class="claim ') for f in shown[:-1]]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 4
    assert shown[-1].live == "" and "Answered from 4 of 98 documents" in (shown[-1].thread or "")
    assert (shown[-1].evidence or "").count('id="card-') == 4
    assert (shown[-1].thread or "").count('class="together"') == 4
    assert len(desk.history.turns("", talk)) == 1


async def test_a_refusal_shows_what_was_searched_and_the_nearest_passages(desk: Desk) -> None:
    talk = begun(desk, "weather in Beijing")
    last = (await frames(desk, talk, "weather in Beijing"))[-1]
    assert last.thread is not None
    assert "98 documents were searched" in last.thread and last.thread.count("<li><button") >= 3
    assert "Answered from" not in last.thread


async def test_the_engine_is_told_the_turns_before(desk: Desk, engine: FakeAssistant) -> None:
    talk = begun(desk, "Tencent")
    await frames(desk, talk, "Tencent")
    await frames(desk, talk, "And Alibaba?")
    history = engine.asked[1][1]
    assert [t.question for t in history if isinstance(t, Turn)] == ["Tencent"]


async def test_stopping_keeps_what_was_checked(desk: Desk) -> None:
    talk = begun(desk, "slow Tencent capital expenditure")
    shown = []

    async def go() -> None:
        async for frame in desk.answer("", "en", talk, "slow Tencent capital expenditure", Filters()):
            shown.append(frame)

    task = asyncio.create_task(go())
    while not any('class="claim ' in f.live for f in shown):
        await asyncio.sleep(0)
    frame = desk.stop("", "en", talk)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (turn,) = desk.history.turns("", talk)
    assert turn.stopped and len(turn.answer.claims) == 1 and len(turn.answer.citations) == 1
    assert "Stopped by you" in (frame.thread or "")


async def test_a_page_that_closes_keeps_the_turn(desk: Desk) -> None:
    talk = begun(desk, "slow Tencent")
    stream = desk.answer("", "en", talk, "slow Tencent", Filters())
    async for frame in stream:
        if 'class="claim ' in frame.live:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    assert [t.stopped for t in desk.history.turns("", talk)] == [True]


async def test_a_conversation_takes_one_question_at_a_time(desk: Desk) -> None:
    talk = begun(desk, "slow Tencent")
    stream = desk.answer("", "en", talk, "slow Tencent", Filters())
    await anext(aiter(stream))
    assert desk.begin("", "en", talk, "another") is None
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_second_question_that_waited_does_not_disturb_the_first(
    desk: Desk, engine: FakeAssistant
) -> None:
    talk = begun(desk, "slow Tencent")
    stream = desk.answer("", "en", talk, "slow Tencent", Filters())
    await anext(aiter(stream))
    (second,) = await frames(desk, talk, "Alibaba")
    assert second.question == "Alibaba" and "still being answered" in second.live
    engine.release.set()
    last = [frame async for frame in stream][-1]
    assert "Answered from" in (last.thread or "")
    assert [t.question for t in desk.history.turns("", talk)] == ["slow Tencent"]


async def test_the_same_thumb_up_again_takes_it_back(desk: Desk) -> None:
    talk = begun(desk, "Tencent")
    await frames(desk, talk, "Tencent")
    (turn,) = desk.history.turns("", talk)
    for expected in (1, 0):
        desk.rate("", turn.id, "up", False, "")
        assert len(desk.history.rated("")) == expected
    desk.rate("", turn.id, "sideways", False, "")
    assert desk.history.rated("") == []


async def test_an_error_is_one_line_and_gives_the_question_back(desk: Desk) -> None:
    talk = begun(desk, "broken question")
    last = (await frames(desk, talk, "broken question"))[-1]
    assert "The index is damaged. Run `assistant index`." in last.live
    assert last.question == "broken question" and desk.history.turns("", talk) == []
    assert desk.begin("", "en", talk, "again") is not None


async def test_an_unexpected_error_shows_no_traceback(
    desk: Desk, engine: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr(engine, "astream", broken)
    last = (await frames(desk, begun(desk, "q"), "q"))[-1]
    assert "went wrong" in last.live and "secret" not in last.live


async def test_a_reader_opens_only_what_the_user_may_read(desk: Desk, engine: FakeAssistant) -> None:
    path = "companies/2026-05-13-tencent-ai-spending.md"
    assert "Tencent" in desk.read("", "en", path, "corpus")
    engine._documents["user-0123456789abcdef", "x.md"] = engine.document(path)
    with pytest.raises(AssistantError):
        desk.read("alice", "en", "x.md", "user-0123456789abcdef")


async def test_the_document_opens_at_the_quote_of_a_kept_turn(desk: Desk) -> None:
    talk = begun(desk, "Tencent capital expenditure")
    await frames(desk, talk, "Tencent capital expenditure")
    (turn,) = desk.history.turns("", talk)
    citation = turn.answer.citations[1]
    info = citation.passage.document
    html = desk.read("", "en", info.path, info.collection, conversation=talk, turn=turn.id, number=2)
    assert html.count('<mark class="quote">') == 1 and f'data-turn="{turn.id}"' in html


def test_the_page_tells_how_far_preparing_is(engine: FakeAssistant, desk: Desk) -> None:
    fresh = Desk(engine, desk.history, desk.uploads, desk.transfers)
    assert "Opening the index" in fresh.header("", "en")
    fresh.startup.report(12, 98, "x.md")
    header = fresh.header("", "en")
    assert "Reading documents, 12 of 98" in header and '<progress max="98" value="12"' in header
    assert "正在读取文献 12 / 98" in fresh.waiting("zh")
    welcome = fresh.thread("", "en", "")
    assert fresh.documents("") == [] and "for the first time" in welcome and "Ascend 950" in welcome
    fresh.prepare()
    assert "extractive" in fresh.header("", "en") and len(fresh.documents("")) == 98
    assert fresh.waiting("en") == "" and "for the first time" not in fresh.thread("", "en", "")


def test_loading_models_is_not_called_reading(
    engine: FakeAssistant, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Desk(engine, desk.history, desk.uploads, desk.transfers)
    told: list[str] = []
    monkeypatch.setattr(engine, "warm_up", lambda: told.append(fresh.header("", "en")))
    fresh.prepare()
    assert "Loading the models" in told[0] and "<progress" not in told[0]


async def test_a_question_asked_too_early_is_told_why_it_waits(engine: FakeAssistant, desk: Desk) -> None:
    fresh = Desk(engine, desk.history, desk.uploads, desk.transfers)
    fresh.startup.report(3, 98, "x.md")
    talk = begun(fresh, "Tencent")
    shown = []
    async for frame in fresh.answer("", "en", talk, "Tencent", Filters()):
        shown.append(frame)
        fresh.startup.stage = "ready"
        fresh.startup.prepared.set()
        fresh.startup.warm.set()
    assert "Reading documents, 3 of 98" in shown[0].live and "Answered from" in (shown[-1].thread or "")


async def test_the_choices_of_a_user_reach_the_engine(desk: Desk, engine: FakeAssistant) -> None:
    kept = [
        keep_choice(desk.history, engine, "alice", name, value)
        for name, value in (("passages", "40"), ("answer_language", "zh"), ("passages", "7"), ("home", "/"))
    ]
    assert kept == [True, True, False, False]
    for owner, given in (("alice", (None, 40, "zh")), ("bob", (None, None, None))):
        await frames(desk, begun(desk, "Tencent", owner=owner), "Tencent", owner)
        assert engine.given[-1] == given
    page = settings_html("en", engine, desk.history, "alice")
    assert '<option value="40" selected>' in page and '<option value="zh" selected>' in page


def test_a_model_that_is_gone_is_not_asked_for(desk: Desk, engine: FakeAssistant) -> None:
    desk.history.prefer("", "model", "local-2023")
    desk.history.prefer("", "passages", "many")
    assert choices_of(desk.history, engine, "") == Choices()


async def test_the_old_answer_stands_until_the_new_one_is_there(desk: Desk, engine: FakeAssistant) -> None:
    talk = begun(desk, "Tencent")
    await frames(desk, talk, "Tencent")
    await frames(desk, talk, "And Alibaba?")
    first, second = desk.history.turns("", talk)

    async def again(question: str, turn: str) -> list[Frame]:
        started = desk.begin("", "en", talk, question, turn)
        assert started is not None and "Stays until the new answer" in (started[1].thread or "")
        return [f async for f in desk.answer("", "en", talk, question, Filters(), turn)]

    failed = await again("broken Alibaba", second.id)
    assert "index is damaged" in failed[-1].live and second.question in (failed[-1].thread or "")
    assert [t.id for t in desk.history.turns("", talk)] == [first.id, second.id]
    stopped = desk.answer("", "en", talk, "slow Tencent capital expenditure", Filters(), second.id)
    async for frame in stopped:
        if 'class="claim ' in frame.live:
            desk.stop("", "en", talk)
            break
    await stopped.aclose()  # type: ignore[attr-defined]
    assert [t.id for t in desk.history.turns("", talk)] == [first.id, second.id]
    await again("And ByteDance?", second.id)
    assert [t.question for t in desk.history.turns("", talk)] == ["Tencent", "And ByteDance?"]
    history = engine.asked[-1][1]
    assert [t.question for t in history if isinstance(t, Turn)] == ["Tencent"]
    await again("Huawei", first.id)
    assert [t.question for t in desk.history.turns("", talk)] == ["Huawei"]


async def test_stopping_before_the_first_sentence_gives_the_question_back(desk: Desk) -> None:
    talk = begun(desk, "slow Tencent")
    stream = desk.answer("", "en", talk, "slow Tencent", Filters())
    await anext(aiter(stream))
    frame = desk.stop("", "en", talk)
    await stream.aclose()  # type: ignore[attr-defined]
    assert frame.question == "slow Tencent" and desk.history.turns("", talk) == []


async def test_steps_are_told_in_the_language_of_the_page(desk: Desk) -> None:
    talk = begun(desk, "Tencent")
    await frames(desk, talk, "Tencent")
    page = desk.thread("", "zh", talk)
    assert "理解为：Tencent" in page and "Understood as" not in page


def test_a_failed_start_is_told(engine: FakeAssistant, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(progress: object = None) -> None:
        raise AssistantError("The disk is full.", "Free some space.")

    fresh = Desk(engine, desk.history, desk.uploads, desk.transfers)
    monkeypatch.setattr(engine, "sync", full)
    fresh.prepare()
    assert fresh.startup.prepared.is_set() and "The disk is full. Free some space." in fresh.header("", "en")
