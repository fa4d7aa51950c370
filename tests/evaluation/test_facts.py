import pytest

from assistant.evaluation.facts import contains_fact, count_words, fact_recall, found_facts, normalise


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a limit of 4,800 points", "4800"),
        ("a limit of 4800 points", "4,800|4,900"),
        ("１２．５％ of output", "12.5 percent"),
        ("rose by 12.5 per cent", "12.5%"),
        ("a 15-percent cut", "15%"),
        ("百分之十五以外，百分之15", "15 percent"),
        ("It is “open” – he said", '"open" - he said'),
        ("seven\u00a0months behind", "seven months"),
        ("a seven-month lag; seven—months", "seven months"),
        ("US$12 billion of sales", "$12 billion"),
        ("共620,000张卡", "620,000"),
        ("RMB426.42 billion", "426.42"),
        ("估值为 200 亿 美元", "200亿"),
        ("600GB/s links", "600"),
        ("the H20s were stopped", "H20"),
        ("annual licences", "annual licence"),
        ("Intel's fab", "Intel"),
        ("**5 August 2025**", "5 August 2025"),
        ("it was 24.", "24"),
        ("(24)", "24"),
        ("in 2025-03-24 it rose", "2025"),
        ("one-third of the price", "one third"),
    ],
)
def test_found(text: str, fact: str) -> None:
    assert contains_fact(text, fact)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("by the end of 2024", "24"),
        ("16.7 times", "6.7"),
        ("24.5 units", "24"),
        ("1,024 units", "24"),
        ("on 15 August 2025", "5 August 2025"),
        ("the H200", "H20"),
        ("HBM3E is late", "HBM3"),
        ("on behalf of", "half"),
        ("intelligence", "Intel"),
        ("112 billion", "12 billion"),
        ("HK$12 billion", "$12 billion"),
        ("5 percentage points", "5 percent"),
        ("a mark [24] only", "24"),
        ("marks [2, 24]", "24"),
        ("on 2025-03-24", "24"),
        ("12 billionaires", "12 billion"),
        ("346，538", "346538"),
        ("40,0000", "400000"),
    ],
)
def test_not_found(text: str, fact: str) -> None:
    assert not contains_fact(text, fact)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("营业收入64.97亿元", "6.497 billion"),
        ("约62万张", "620,000"),
        ("2万亿元的计划", "2 trillion"),
        ("on November 9, 2026", "9 November 2026"),
        ("2026年11月9日为止", "9 November 2026"),
        ("until 2026-11-09", "9 November 2026"),
        ("Q1 2026", "first quarter of 2026"),
        ("2026年第一季度", "first quarter of 2026"),
        ("7个月", "seven months"),
        ("17倍", "seventeen times"),
        ("$1,000 million", "$1 billion"),
        ("48亿美元", "$4.8 billion"),
        ("May 15, 2019", "May 2019"),
        ("6.0 %", "6 percent"),
        ("所有 8 位都用于指数", "8 bits"),
        ("a 64-core server chip", "64 cores"),
        ("营收93.27亿美元", "$9,327 million"),
    ],
)
def test_equal_in_value_only(text: str, fact: str) -> None:
    assert not contains_fact(text, fact)
    assert contains_fact(text, fact, by_value=True)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("4.8 billion yuan", "$4.8 billion"),
        ("48亿元", "$4.8 billion"),
        ("7 percentage points", "7 percent"),
        ("10 November 2026", "9 November 2026"),
        ("9 November 2025", "9 November 2026"),
        ("November 2026", "9 November 2026"),
        ("third quarter of 2026", "first quarter of 2026"),
        ("6.497 million", "6.497 billion"),
        ("7 years", "7 months"),
        ("twenty", "24"),
        ("about $9.3 billion", "$9,327 million"),
        ("more than half", "50 percent"),
        ("it doubled", "2 times"),
        ("in 2026 and 9 November 2025", "9 November 2026"),
        ("HK$4.8 billion", "$4.8 billion"),
        ("64 bits", "64 cores"),
        ("early November 2026", "9 November 2026"),
    ],
)
def test_other_values_are_not_equal(text: str, fact: str) -> None:
    assert not contains_fact(text, fact, by_value=True)


def test_recall_is_the_share_of_facts() -> None:
    assert found_facts("A800 and H800", ["A800", "H800", "H20", "x|h800"]) == [True, True, False, True]
    assert fact_recall("A800", ["A800", "H20"]) == 0.5
    assert fact_recall("", []) == 1.0


def test_normalising_twice_changes_nothing() -> None:
    text = "“４，８００” GPUs — 12.5 per cent on 2025-03-24，百分之60 of RMB400"
    assert normalise(normalise(text)) == normalise(text)


def test_words_ignore_marks_and_count_chinese() -> None:
    assert count_words("Huawei sold 812,000 chips.[1][2]") == 4
    assert count_words("华为出货量居首") == 4
    assert count_words("") == 0
