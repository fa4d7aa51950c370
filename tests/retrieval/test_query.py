from __future__ import annotations

import datetime as dt

import pytest

from assistant.retrieval.query import (
    Query,
    SearchQuery,
    kinds_of,
    names_in,
    read_question,
    split_parts,
    time_filters,
    wants_latest,
)
from assistant.schema import Filters


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many Ascend 910C chips did Huawei make?", "number"),
        ("What share of the market does Nvidia have?", "number"),
        ("When did the stop order arrive?", "date"),
        ("Who leads SMIC?", "name"),
        ("Why was the H20 banned?", "reason"),
        ("Which companies were told to stop buying?", "list"),
        ("Compare the Ascend 910C with the H20.", "compare"),
        ("Give a timeline of the H20 rules.", "timeline"),
        ("华为2025年生产了多少芯片？", "number"),
        ("大基金三期何时成立？", "date"),
        ("谁领导中芯国际？", "name"),
        ("为什么禁止H20？", "reason"),
        ("哪些公司收到通知？", "list"),
        ("910C与H20相比如何？", "compare"),
        ("请列出出口管制的时间线。", "timeline"),
    ],
)
def test_kind_of_answer(question: str, kind: str) -> None:
    assert kind in kinds_of(question)


def test_names_end_with_their_sentence() -> None:
    assert names_in("They say the Atlas 950 beats Nvidia's NVL144. By how much?") == [
        "Atlas 950",
        "Nvidia's NVL144",
    ]
    assert "St. Louis" in names_in("Who bought steel in St. Louis?")


def test_a_chinese_clause_that_asks_nothing_stays_with_its_question() -> None:
    assert split_parts("当美国在2024年12月收紧规则时，谁首先提出抗议？") == ()
    assert split_parts("华为在2025年发布了路线图，950PR何时上市，内存有多少？") == (
        "华为在2025年发布了路线图，950PR何时上市",
        "内存有多少 (950PR)",
    )


def test_a_comparison_with_what_was_just_asked_is_not_a_part() -> None:
    assert split_parts("How much did SMIC earn in 2025, and how does that compare with 2024?") == ()
    assert len(split_parts("How much did SMIC earn, and how does its margin compare with that of TSMC?")) == 2


def test_what_did_one_and_the_other_is_not_two_things_asked() -> None:
    parts = split_parts("What did Washington and Beijing each say about rare earths?")
    assert len(parts) == 2
    assert all("say about rare earths" in part for part in parts)


def test_a_question_of_no_known_kind() -> None:
    assert kinds_of("Tell me about SMIC.") == ("other",)


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("How much did SMIC earn in 2025, and what does it expect for 2026?", (("SMIC", "earn"), ("2026", "SMIC"))),
        ("Compare Huawei's Ascend 910C with Nvidia's H20: which is faster?", (("910C",), ("H20",))),
        ("What is the difference between CXMT and YMTC in memory?", (("CXMT",), ("YMTC",))),
        ("When did Alibaba, Tencent and Baidu announce chips?", (("Alibaba",), ("Tencent",), ("Baidu",))),
        ("中芯国际2025年收入是多少？2026年预期如何？", (("2025",), ("2026",))),
        ("谁批准了H20，条件是什么？", (("谁",), ("条件",))),
        ("How large is the fund and for how many years does it run?", (("large",), ("for how many years",))),
        ("How many tools did Japan restrict, and from which date?", (("tools",), ("from which date", "Japan"))),
        ("What growth rate and energy share does the plan set?",
         (("What growth rate does the plan",), ("What energy share does the plan",))),
    ],
)  # fmt: skip
def test_parts(question: str, holds: tuple[tuple[str, ...], ...]) -> None:
    parts = split_parts(question)
    assert len(parts) == len(holds)
    for part, words in zip(parts, holds, strict=True):
        assert all(word in part for word in words), part


@pytest.mark.parametrize(
    "question",
    [
        "How much did SMIC earn in 2025?",
        "Who leads research and development at Huawei?",
        "华为2025年生产了多少芯片？",
        "?",
        "",
    ],
)
def test_one_part(question: str) -> None:
    assert split_parts(question) == ()


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("What do reports since March 2026 say about H200?", dt.date(2026, 3, 1), None),
        ("According to articles from 2026-02-14 on, who won?", dt.date(2026, 2, 14), None),
        ("What did documents before 2025 say?", None, dt.date(2025, 1, 1)),
        ("In coverage after 5 May 2026, what changed?", dt.date(2026, 5, 5), None),
        ("2026年3月以来的报道怎么说？", dt.date(2026, 3, 1), None),
        ("2025年以前的文件怎么说？", None, dt.date(2025, 1, 1)),
    ],
)
def test_dates_of_documents(question: str, since: dt.date | None, until: dt.date | None) -> None:
    assert time_filters(question) == Filters(since=since, until=until)


@pytest.mark.parametrize(
    "question",
    [
        "How have sales grown since 2024?",
        "What happened before May 2025?",
        "2024年以来销量增长多少？",
        "no date",
    ],
)
def test_dates_of_events_filter_nothing(question: str) -> None:
    assert time_filters(question) is None


def test_the_callers_dates_win_and_other_filters_stay() -> None:
    given = Filters(topics=("chips",), since=dt.date(2020, 1, 1))
    assert time_filters("What do reports since March 2026 say?", given) == given
    assert time_filters("What do documents before 2025 say?", given) == Filters(
        topics=("chips",), since=dt.date(2020, 1, 1), until=dt.date(2025, 1, 1)
    )


def test_an_impossible_date_filters_nothing() -> None:
    assert time_filters("What do reports since 31 February 2026 say?") is None
    assert time_filters("2026年13月以来的报道怎么说？") is None


@pytest.mark.parametrize(
    "question", ["What is the latest on H200?", "H200的最新情况是什么？", "目前谁领先？"]
)
def test_asks_for_the_newest(question: str) -> None:
    assert wants_latest(question)


def test_does_not_ask_for_the_newest() -> None:
    assert not wants_latest("What happened in 2025?") and not wants_latest("2025年发生了什么？")


def test_names() -> None:
    assert names_in("When did Huawei's Ascend 910C ship to ByteDance?") == [
        "Huawei's Ascend 910C",
        "ByteDance",
    ]
    assert names_in("SMIC grew", skip_first=False) == ["SMIC"] and names_in("SMIC grew") == []


def test_what_is_searched_with() -> None:
    query = read_question("How much did SMIC earn in 2025, and what does it expect for 2026?")
    assert query.searches[0] == SearchQuery(query.question)
    assert [(s.text, s.weight) for s in query.searches[1:]] == [(part, 0.5) for part in query.parts]
    chinese = Query("问", "问题", "zh", "question", extra=(SearchQuery("other", 0.3),))
    assert [s.text for s in chinese.searches] == ["问题", "question", "other"]


def test_reads_language_and_kinds_at_once() -> None:
    query = read_question("目前华为芯片产量是多少？")
    assert (query.language, query.prefer_recent, query.kinds) == ("zh", True, ("number",))
