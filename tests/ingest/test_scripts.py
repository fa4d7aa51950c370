"""Traditional and Simplified Chinese, Japanese and Korean."""

import pytest

from assistant.answering.glossary import Glossary
from assistant.answering.name_table import NameTable
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.index.lexical import tokenize
from assistant.ingest.scripts import is_traditional, simplified, traditional
from assistant.ingest.sentences import language_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("輝達的H20晶片在中國發生了什麼事", True),
        ("華為昇騰何時出貨？", True),
        ("中芯国际2025年的营收是多少？", False),
        ("北京", False),
        ("What did SMIC earn?", False),
    ],
)
def test_the_script_is_told(text: str, expected: bool) -> None:
    assert is_traditional(text) is expected


def test_each_is_put_into_the_other() -> None:
    assert simplified("輝達的H20晶片在中國發生了什麼事") == "英伟达的H20芯片在中国发生了什么事"
    assert traditional("芯片的营收") == "芯片的營收" and simplified("SMIC") == traditional("SMIC") == "SMIC"


def test_search_terms_are_the_same_in_both() -> None:
    assert tokenize("輝達的晶片") == tokenize("英伟达的芯片")


def test_a_question_is_understood_in_simplified_with_its_names() -> None:
    glossary = Glossary([("Ascend", "昇腾"), ("Huawei", "华为")])
    query = understand("華為昇騰何時出貨？", prompts=Prompts(), glossary=glossary)
    assert query.traditional and query.standalone == simplified("華為昇騰何時出貨？")
    assert "Huawei" in query.english and "Ascend" in query.english and query.language == "zh"
    assert "ascend" in {n for _, _, o in NameTable([("Ascend", "昇腾")]).chinese_names("升腾") for n in o}


@pytest.mark.parametrize(
    ("text", "language"),
    [("半導体の輸出規制はいつ始まりましたか", "en"), ("반도체 수출 규제", "en"), ("半导体出口管制", "zh"), ("華為的晶片", "zh")],
)  # fmt: skip
def test_japanese_and_korean_are_not_chinese(text: str, language: str) -> None:
    assert language_of(text) == language
