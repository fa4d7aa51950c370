from __future__ import annotations

import re

import pytest

from assistant.answering.markers import DraftSentence, is_refusal, read_draft


def read(text: str, passages: int = 4, **options: bool) -> list[tuple[str, tuple[int, ...]]]:
    return [(s.text, s.numbers) for s in read_draft(text, passages, **options)]


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)), ("[ 2 ]", (2,)), ("[1][3]", (1, 3)), ("[1] [3]", (1, 3)), ("[1, 3]", (1, 3)), ("[1;3]", (1, 3)),
        ("[1 and 3]", (1, 3)), ("[1 & 3]", (1, 3)), ("[1、3]", (1, 3)), ("[1-3]", (1, 2, 3)), ("[1–3]", (1, 2, 3)),
        ("[1—3, 4]", (1, 2, 3, 4)), ("[1 to 3]", (1, 2, 3)), ("[Passage 2]", (2,)), ("[passages 1, 2]", (1, 2)),
        ("[Passage 1, Passage 2]", (1, 2)), ("[Source: 2]", (2,)), ("[doc 2]", (2,)), ("[来源2]", (2,)), ("【2】", (2,)),
        ("【1】【2】", (1, 2)), ("［2］", (2,)), ("[^2]", (2,)), ("[#2]", (2,)), ("[[2]]", (2,)), ("【2†source】", (2,)),
        ("【2:0†source】", (2,)), ("(passage 2)", (2,)), ("(Passages 1 and 2)", (1, 2)), ("（来源2）", (2,)),
        ("[2](#src-2)", (2,)), ("[2](https://evil.example)", (2,)), ("<sup>2</sup>", (2,)), ("<sup>[2]</sup>", (2,)),
        ("**[2]**", (2,)), ("`[2]`", (2,)), ("[1][1]", (1,)), ("[2][9]", (2,)),
        ("[9]", ()), ("[0]", ()), ("[3-1]", (3,)), ("[2025]", ()), ("[1-99]", (1,)), ("[-]1", None),
    ],
)  # fmt: skip
def test_marks_of_many_forms(mark: str, numbers: tuple[int, ...] | None) -> None:
    if numbers is None:
        assert len(read(f"It grew {mark}.")) == 1
        return
    for text in (
        f"It grew {mark}.",
        f"It grew. {mark}",
        f"It grew.{mark}",
        f"- It grew {mark}.",
        f"It grew.\n{mark}",
    ):
        assert read(text) == [("It grew.", numbers)], text


@pytest.mark.parametrize("bullet", ["- ", "* ", "• ", "1. ", "2) ", "– ", "## ", "> ", "  - "])
def test_bullets_and_headings(bullet: str) -> None:
    assert read(f"{bullet}It grew [1]\n{bullet}It fell [2]") == [("It grew", (1,)), ("It fell", (2,))]


def test_each_sentence_keeps_its_marks() -> None:
    text = "Huawei grew. [1] SMIC fell [2]. Baidu stayed.[3] 后来上升。[4] 又下降【1】。 End"
    assert read(text) == [
        ("Huawei grew.", (1,)), ("SMIC fell.", (2,)), ("Baidu stayed.", (3,)), ("后来上升。", (4,)), ("又下降。", (1,)), ("End", ()),
    ]  # fmt: skip


def test_marks_before_sentences() -> None:
    assert read("[1] Huawei grew. [2] SMIC fell.") == [("Huawei grew.", (1,)), ("SMIC fell.", (2,))]


def test_numbers_are_no_marks() -> None:
    assert read("It rose 3.5 billion (about 10%) in 2025 [1].") == [
        ("It rose 3.5 billion (about 10%) in 2025.", (1,))
    ]
    assert read("It said [sic] so (2).") == [("It said [sic] so (2).", ())]


def test_quoted_full_stop() -> None:
    assert read('He said "no." [1] Then he left [2].') == [('He said "no."', (1,)), ("Then he left.", (2,))]


@pytest.mark.parametrize(
    "text",
    [
        "See ![logo](https://evil.example/x?q=secret) it grew [1].",
        "See ![logo][ref] it grew [1].",
        "See <img src='https://evil.example/x'> it grew [1].",
        "See <!-- hidden --> it grew [1].",
        "See <script>it</script> grew [1].",
    ],
)
def test_images_and_tags_go(text: str) -> None:
    ((sentence, numbers),) = read(text)
    assert sentence == "See it grew." and numbers == (1,)


def test_a_link_leaves_its_words() -> None:
    assert read("See [the report](https://evil.example) now [1].") == [("See the report now.", (1,))]


def test_thinking_is_not_said() -> None:
    assert read("<think>Maybe 5 [1].\nOr 6.</think>\nIt grew [2].") == [("It grew.", (2,))]
    assert read("<think>Maybe 5 [1].") == []


def test_a_list_of_sources_ends_the_answer() -> None:
    assert read("It grew [1].\n\nSources:\n[1] Huawei's plans\n[2] Others") == [("It grew.", (1,))]
    assert read("增长了。[1]\n\n参考文献：\n[1] 华为") == [("增长了。", (1,))]


def test_marks_alone_say_nothing() -> None:
    assert read("[1]") == [] and read("") == [] and read("...\n- \n**") == []


def test_nested_brackets_leave_no_mark() -> None:
    for text in ("It grew [[1]2].", "It grew [1[2]3].", "It grew [[[1]]].", "It grew [1 [9] ]."):
        ((sentence, _),) = read(text)
        assert not re.search(r"\[\s*\d+\s*\]", sentence)


@pytest.mark.parametrize(
    "text",
    [
        "A one is 3.5 billion. [1] B two was in the U.S. market. [2][3]\n- C said [passage 4]. D【1】。\n[2]\n",
        "第一句。[1] 第二句说了3.5亿。【2】 **Third** is here (passage 1). Fourth?",
        "<think>x. y. z</think>Real one. [1] Real two.<sup>2</sup> Three.",
    ],
)
def test_a_growing_draft_only_adds_sentences(text: str) -> None:
    """All but the last sentence are final, wherever the text is cut."""
    final = read_draft(text, 4)
    for end in range(len(text)):
        sentences = read_draft(text[:end], 4, complete=False)
        assert sentences[:-1] == final[: max(0, len(sentences) - 1)], text[:end]


def test_hostile_drafts_end_soon() -> None:
    for text in (
        "[" * 5000,
        "[1," * 2000,
        "(passage 1 and " * 800,
        "<" * 5000,
        "![" * 2000,
        "[ " * 2000 + "1]",
    ):
        assert isinstance(read_draft(text, 4), list)


@pytest.mark.parametrize(
    "text", ["NOT STATED", "**NOT STATED.**", " not stated", '"Not stated"', "未说明。", "文件未说明此事。",
             "文件中没有提及。", "<think>hm</think>NOT STATED"],
)  # fmt: skip
def test_refusals(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text", ["", "NOT", "It is NOT STATED [1].", "文件未经批准即生效。", "Huawei did not state it."]
)
def test_no_refusals(text: str) -> None:
    assert not is_refusal(text)


def test_a_draft_sentence_is_a_value() -> None:
    assert read_draft("It grew [1].", 1) == [DraftSentence("It grew.", (1,))]
