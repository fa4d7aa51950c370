from __future__ import annotations

import pytest

from assistant.answering.name_table import NamePool, NameTable

TABLE = NameTable([("Sophgo", "算能"), ("Hygon", "海光"), ("Qualcomm", "高通"), ("Baidu", "百度")])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("算能被列入实体清单", ["算能"]),
        ("推理计算能力是H20的2.87倍", []),
        ("海光与中科曙光", ["海光"]),
        ("上海光刻机工厂", []),
        ("高通被调查", ["高通"]),
        ("提高通信速度", []),
        ("百度的昆仑芯，温度超过一百度", ["百度"]),
    ],
)
def test_a_name_within_another_word_is_none(text: str, names: list[str]) -> None:
    found = [name for _, name, _ in TABLE.chinese_names(text) if name in {"算能", "海光", "高通", "百度"}]
    assert found == names
    assert all(text[at : at + len(name)] == name for at, name, _ in TABLE.chinese_names(text))


def test_a_term_is_no_name_and_both_forms_of_an_office_are_known() -> None:
    table = NameTable(
        [("computing power", "算力"), ("Bureau of Industry and Security (BIS)", "美国工业与安全局")]
    )
    assert [name for _, name, _ in table.chinese_names("美国工业与安全局称算力")] == ["美国工业与安全局"]
    (_, _, spellings), *_ = table.chinese_names("美国工业与安全局")
    for text in ("BIS said so.", "the Bureau of Industry and Security"):
        assert any(NamePool(text, table).has_spelling(spelling) for spelling in spellings)


@pytest.mark.parametrize(
    ("chinese", "text", "there"),
    [
        ("李成钢", "Li said so.", True),
        ("李成钢", "Lin said so.", False),
        ("通义千问", "the Qwen3-Max model", True),
        ("通义千问", "the Qwenty model", False),
    ],
)
def test_a_name_is_known_by_its_surname_and_before_a_number(chinese: str, text: str, there: bool) -> None:
    table = NameTable([("Li Chenggang", "李成钢"), ("Qwen", "通义千问")])
    pool = NamePool(text, table)
    assert any(pool.has_spelling(spelling) for spelling in table.alternatives(chinese)) is there
