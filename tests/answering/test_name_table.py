from __future__ import annotations

import pytest

from assistant.answering.name_table import NameTable

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
