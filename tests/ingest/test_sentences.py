from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ingest.sentences import language_of, split_sentences, word_count


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["The U.S. Commerce Department acted.", "Huawei replied."],
        ["Applications would be refused under No. 61.", "The rule took effect."],
        ["Decree No. 837 covers Nos. 55 and 56.", "See Art. 4, Sec. 2 and Fig. 3."],
        ["Apple Inc. and Foo Co., Ltd. said so.", "It fell 3.5 percent to 2.97 billion."],
        ["Baidu Inc.", "The firm grew."],
        ["Mr. J. Huang met Dr. Li (e.g. in May).", "They agreed."],
        ["It was introduced as H.R. 8170 in the House and as S. 4281 in the Senate.", "It passed."],
        ["The deal closed in Sept. 2025 at 5 p.m. on Friday.", "Nothing followed."],
        ["It is made in the U.S.", "The end came."],
        ["DeepSeek blocked its app.", "Italy had asked for it."],
        ['He said "It works. It is fast."', "Then he left."],
        ["“Is it true?” he asked.", "Nobody knew!", "iFlytek did."],
        ['A 12" wafer costs more.', 'An 8" wafer costs less.'],
        ["Wait... what happened?", "Well… nothing.", "Next."],
        ["One analyst (see below. He was wrong.) disagreed.", "Others agreed."],
        ["Version 2.0.1 of Node.js is at https://example.com/a.html?x=1.", "Get it."],
        ["It cost $5.6bn (2024).", "(A second note.)", "2025 was dearer."],
    ],
)
def test_english(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["华为于2025年9月18日发布芯片。", "性能提高2.5倍！", "是真的吗？"],
        ["他说：“我们准备好了。”", "随后离开。"],
        ["“是吗？”她问。", "没有回答。"],
        ["《计划》提出“十五五”目标；要求加快发展。", "各地响应……至今。"],
        ["DeepSeek发布V3.1。", "寒武纪上涨。"],
        ["监管部门表示（见第1.2节。此处从略。）将继续审查。", "完。"],
    ],
)
def test_chinese(expected: list[str]) -> None:
    assert sentences("".join(expected)) == expected


def test_list_items_and_blank_lines_end_sentences() -> None:
    assert sentences("First\n\nSecond\n- third item\n2. fourth item. 3. fifth") == [
        "First",
        "Second",
        "- third item",
        "2. fourth item.",
        "3. fifth",
    ]


def test_a_single_line_break_does_not_end_a_sentence() -> None:
    assert sentences("Huawei said\nthat it works. Yes.") == ["Huawei said\nthat it works.", "Yes."]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Huawei (华为) published its road map for the Ascend (昇腾) chips.", "en"),
        ("华为发布昇腾芯片路线图。", "zh"),
        ("DeepSeek发布V3.1模型，使用UE8M0 FP8格式。", "zh"),
        ("", "en"),
        ("12.5", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_words_count_chinese_by_characters() -> None:
    assert word_count("T-Head's 810E chip - fast") == 4
    assert word_count("华" * 17) == pytest.approx(10)


_PIECES = st.sampled_from(
    [
        "a",
        "B",
        " ",
        "\n",
        ".",
        "!",
        "?",
        "。",
        "！",
        "…",
        '"',
        "“",
        "”",
        "(",
        ")",
        "1",
        "U.S.",
        "No.",
        "华",
        "- ",
        "\n\n",
    ]
)


@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)))
def test_every_visible_character_is_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = [i for start, end in spans for i in range(start, end)]
    assert covered == sorted(set(covered))
    assert {i for i, c in enumerate(text) if not c.isspace()} <= set(covered)
    for start, end in spans:
        assert text[start:end] == text[start:end].strip() != ""


@pytest.mark.parametrize(
    "make", [lambda n: "(" * n, lambda n: '"a ' * n, lambda n: "A. " * n, lambda n: "." * n]
)
def test_strange_text_stays_whole_or_splits_in_order(make: Callable[[int], str]) -> None:
    text = make(50_000)
    spans = split_sentences(text)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text.rstrip())
