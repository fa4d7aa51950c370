from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.glossary import Glossary
from assistant.errors import ConfigurationError


def test_harvests_names_of_documents() -> None:
    glossary = Glossary.harvest(["Huawei makes the Ascend (昇腾) chips.", "Cambricon (寒武纪) made money."])
    assert ("Ascend", "昇腾") in glossary.pairs and ("Cambricon", "寒武纪") in glossary.pairs
    assert glossary.to_english("昇腾和寒武纪哪个更快？") == "Ascend 和 Cambricon 哪个更快？"


def test_the_commonest_english_name_wins_then_the_shorter() -> None:
    assert (
        Glossary([("Yizhuang", "亦庄"), ("Beijing E-Town", "亦庄"), ("Yizhuang", "亦庄")]).to_english("亦庄")
        == "Yizhuang"
    )
    assert (
        Glossary([("The Big Fund", "大基金"), ("National Big Fund", "大基金")]).to_english("大基金")
        == "Big Fund"
    )


def test_the_longest_chinese_name_wins() -> None:
    glossary = Glossary([("Huawei", "华为"), ("Huawei Cloud", "华为云")])
    assert glossary.to_english("华为云和华为") == "Huawei Cloud 和 Huawei"


def test_text_without_known_names_stays() -> None:
    assert Glossary().to_english("谁领导中芯国际？") == "谁领导中芯国际？"
    assert Glossary([("Huawei", "华为")]).to_english("") == ""


def test_finds_english_names_as_whole_words() -> None:
    glossary = Glossary([("Huawei", "华为"), ("Huawei Cloud", "华为云"), ("AI", "人工智能")])
    assert glossary.found_in("Huawei Cloud said that") == [("Huawei Cloud", "华为云"), ("Huawei", "华为")]
    assert glossary.found_in("Huaweis said AIM") == []


def test_written_names_are_put_into_chinese_and_harvested_ones_are_not() -> None:
    written = [
        ("Huawei", "华为"),
        ("Huawei Cloud", "华为云"),
        ("Bureau of Industry and Security (BIS)", "工业与安全局"),
    ]
    glossary = Glossary([("Ascend", "昇腾")], written=written)
    assert (
        glossary.to_chinese("Huawei's Ascend, Huawei Cloud and Huawei-B.")
        == "华为的 Ascend, 华为云 and Huawei-B."
    )
    assert glossary.to_chinese("BIS, the Bureau of Industry and Security") == "工业与安全局, the 工业与安全局"
    assert glossary.to_chinese("Huawei (华为) in China, 在Huawei之前") == "华为 in China, 在华为之前"
    assert glossary.to_chinese("Huawei and BIS", leave=["Huawei"]) == "Huawei and 工业与安全局"
    assert glossary.put_into_chinese("Huawei and BIS") == {"Huawei": ["华为"], "BIS": ["工业与安全局"]}
    assert Glossary().to_chinese("Huawei") == "Huawei" and Glossary().put_into_chinese("Huawei") == {}


def test_the_first_name_of_a_line_is_used_and_a_user_may_choose_another(tmp_path: Path) -> None:
    assert Glossary.harvest([]).to_chinese("Kimi and TikTok") == "Kimi and TikTok"
    file = tmp_path / "names.yaml"
    file.write_text("Kimi: [奇米, 基米]\n", encoding="utf-8")
    assert Glossary.harvest([], file).to_chinese("Kimi and Baidu") == "奇米 and 百度"


def test_the_users_file_outweighs_documents(tmp_path: Path) -> None:
    file = tmp_path / "names.yaml"
    file.write_text("Kunlunxin:\n  - 昆仑芯\n  - 昆仑芯片\nT-Head: 平头哥\n2049: 某某\n", encoding="utf-8")
    texts = ["Kunlun Core (昆仑芯) chips."] * 3
    assert Glossary.harvest(texts).to_english("昆仑芯") == "Kunlun Core"
    glossary = Glossary.harvest(texts, file)
    assert glossary.to_english("昆仑芯与平头哥") == "Kunlunxin 与 T-Head"
    assert glossary.to_english("某某") == "2049"
    assert ("Kunlunxin", "昆仑芯") in glossary.pairs


def test_a_large_users_file_beside_many_names_stays_small(tmp_path: Path) -> None:
    file = tmp_path / "names.yaml"
    file.write_text("\n".join(f"Name{n}: 某{chr(0x4E00 + n)}名" for n in range(300)), encoding="utf-8")
    glossary = Glossary.harvest([f"Firm{n} (厂{chr(0x5E00 + n)}司) rose." for n in range(300)], file)
    known = Glossary.harvest([])
    assert len(glossary) == len(known) + 600 and len(glossary.pairs) == len(known.pairs) + 600


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "names.yaml"
    file.write_text("", encoding="utf-8")
    assert Glossary.harvest([], file).pairs == Glossary.harvest([]).pairs


@pytest.mark.parametrize(
    "content",
    [
        b"- just\n- a list",
        b"Huawei: [unclosed",
        b"\xff\xfe\x00bad",
        b"Huawei: []\nX: 5",
        b"Huawei: ''",
        b"text",
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "names.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"names\.yaml.*ASSISTANT_GLOSSARY"):
        Glossary.harvest([], file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        Glossary.harvest([], tmp_path / "none.yaml")
