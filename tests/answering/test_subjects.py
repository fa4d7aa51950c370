"""Names that a question sets side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering.evidence import choose_sentences
from assistant.answering.name_table import NameTable
from assistant.answering.subjects import missing_subjects, speaks_of, subjects_of
from assistant.retrieval.query import read_question
from tests.doubles import make_passage, rank_all

TABLE = NameTable(
    [("Tencent", "腾讯"), ("Alibaba", "阿里巴巴"), ("ByteDance", "字节跳动"), ("Hua Hong", "华虹")]
)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("How much did Tencent, Alibaba and ByteDance plan to spend?", ["Tencent", "Alibaba", "ByteDance"]),
        ("What did Qilin, Jinhe, and Luoshui report?", ["Qilin", "Jinhe", "Luoshui"]),
        ("How do Tencent and Alibaba differ?", ["Tencent", "Alibaba"]),
        ("Compare Tencent's spending with that of Alibaba.", ["Tencent", "Alibaba"]),
        ("Tencent's and Alibaba's plans?", ["Tencent", "Alibaba"]),
        ("Compare Tencent and Hua Hong.", ["Tencent", "Hua Hong"]),
        ("腾讯、阿里巴巴和字节跳动计划花多少钱？", ["腾讯", "阿里巴巴", "字节跳动"]),
        ("腾讯与阿里巴巴相比如何？", ["腾讯", "阿里巴巴"]),
        # One name, and two that the question does not set side by side.
        ("What did the National Development and Reform Commission say?", []),
        ("Did Tencent buy chips from Alibaba?", []),
        ("腾讯买了阿里巴巴的芯片吗？", []),
        ("How much did Tencent spend?", []),
    ],
)
def test_they_are_found_as_written(question: str, names: list[str]) -> None:
    assert [subject.name for subject in subjects_of(question, TABLE)] == names


def test_a_name_is_known_in_any_spelling_but_not_within_another() -> None:
    tencent, alibaba = subjects_of("Compare Tencent with Alibaba.", TABLE)
    assert speaks_of(tencent, rank_all(make_passage("腾讯公布了计划。", title="计划"))[0])
    assert speaks_of(alibaba, rank_all(make_passage("It spends more.", title="Alibaba's cloud"))[0])
    assert not speaks_of(alibaba, rank_all(make_passage("Alibabasoft spends.", title="Other"))[0])


def test_each_gets_a_sentence_where_there_is_one() -> None:
    query = read_question("How much did Tencent, Alibaba and ByteDance plan to spend?")
    query = replace(query, subjects=subjects_of(query.standalone, TABLE))
    one = make_passage("ByteDance planned to spend 160 billion yuan in 2026.", title="Plans", path="a/a.md")
    two = make_passage("Alibaba spends 380 billion yuan.", title="Clouds", path="a/b.md")
    ranked = [*rank_all(one, probability=0.9), *rank_all(two, probability=0.03)]
    chosen = choose_sentences(query, ranked)
    assert [item.passage.document.path for item in chosen] == ["a/a.md", "a/b.md"]
    assert [s.name for s in missing_subjects(query.subjects, chosen)] == ["Tencent"]
    assert len(choose_sentences(replace(query, subjects=()), ranked)) == 1
