from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.lexical import LexicalIndex, tokenize
from assistant.schema import DocumentInfo, Passage

CHINESE = {
    "q": "华为昇腾芯片的销量是多少？",
    "a": "华为公司公布，昇腾芯片去年的销量达到八十万颗，超过市场预期。",
    "b": "监管机构要求企业停止购买英伟达的产品，并转向国内供应商。",
    "c": "第十五个五年规划提出全面实施人工智能加行动，推动产业升级。",
}


def passage(number: int, text: str, title: str = "T") -> Passage:
    document = DocumentInfo(id=f"d{number}", path=f"{number}.md", title=title)
    return Passage(id=f"p{number}", document=document, text=text, char_start=0, char_end=len(text))


def build(*texts: str) -> LexicalIndex:
    return LexicalIndex.build([passage(i, text) for i, text in enumerate(texts)], "state")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Ascend 950PR, H20 and RTX", ["ascend", "950pr", "h20", "and", "rtx"]),
        ("$1,234.5 billion, up 9.3%.", ["1234.5", "billion", "up", "9.3"]),
        ("Ｈ２０", ["h20"]),
        ("companies' chips; Huawei’s chip", ["compani", "chip", "huawei", "chip"]),
        ("昇腾950PR芯片", ["升腾", "950pr", "芯片"]),
        ("五年规划", ["五年", "年规", "规划"]),
        ("芯", ["芯"]),
        ("", []),
        ("…—!?", []),
    ],
)
def test_tokens(text: str, terms: list[str]) -> None:
    assert tokenize(text) == terms


def test_finds_the_chinese_passage_for_a_chinese_question() -> None:
    index = build(CHINESE["b"], CHINESE["c"], CHINESE["a"])
    assert index.search(CHINESE["q"], 3)[0][0] == "p2"
    assert index.search("五年规划说了什么", 3)[0][0] == "p1"


def test_only_positive_scores_in_falling_order_and_limits() -> None:
    index = build("Huawei chips", "Huawei chips chips", "Baidu search", "")
    found = index.search("chip", 10)
    assert [i for i, _ in found] == ["p1", "p0"] and found[0][1] > found[1][1] > 0
    assert index.search("unknownword") == [] and index.search("") == [] and index.search("chips", 0) == []
    assert [i for i, _ in index.search("chips", 10, index.among({"d1", "other"}))] == ["p1"]
    assert [i for i, _ in index.search("chips", 10, index.among())] == ["p1", "p0"]
    assert index.search("chips", 10, index.among(set())) == []


def test_title_and_headings_count() -> None:
    index = LexicalIndex.build([passage(0, "It rose.", title="Kunlunxin listing"), passage(1, "It fell.")])
    assert [i for i, _ in index.search("Kunlunxin")] == ["p0"]


@pytest.mark.parametrize("texts", [(), ("", "!"), ("Huawei chips", "昇腾")])
def test_saved_and_loaded_it_answers_the_same(tmp_path: Path, texts: tuple[str, ...]) -> None:
    index = LexicalIndex.build([passage(i, text, title="") for i, text in enumerate(texts)], "state")
    index.save(tmp_path / "lexical")
    loaded = LexicalIndex.load(tmp_path / "lexical", "state")
    assert loaded is not None and loaded.ids == index.ids
    assert [loaded.rows_of(f"d{i}").tolist() for i in range(3)] == [
        index.rows_of(f"d{i}").tolist() for i in range(3)
    ]
    for query in ("chips", "昇腾", "nothing"):
        assert loaded.search(query) == index.search(query)
    assert [path.name for path in tmp_path.iterdir()] == ["lexical"]


def test_another_state_or_any_damage_is_never_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "lexical"
    index = build("Huawei chips")
    index.save(folder)
    assert LexicalIndex.load(folder, "other state") is None
    names = [path.name for path in folder.iterdir()]
    for name in names:
        index.save(folder)
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
        assert LexicalIndex.load(folder, "state") is None or name == "meta.json"
        (folder / name).unlink()
        assert LexicalIndex.load(folder, "state") is None
