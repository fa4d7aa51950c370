import pytest

from assistant.answering.dates import date_matches, fill_years, find_dates
from assistant.answering.name_table import NamePool, NameTable
from assistant.answering.names import Name, find_names, harvest_names
from assistant.answering.quantities import find_quantities, quantity_matches


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("$9.3 billion", "$9,326.8 million", True),
        ("$9.4 billion", "$9,326.8 million", False),
        ("$9.32 billion", "$9.3 billion", False),
        ("380亿元", "38 billion yuan", True),
        ("3800亿元人民币", "RMB 380 billion", True),
        ("380亿美元", "38 billion yuan", False),
        ("39.1%", "39.1 percent", True),
        ("24 percent", "24 percentage points", False),
        ("20万颗", "200,000 chips", True),
        ("3 million", "3 billion", False),
        ("about 9 billion", "9.3 billion", True),
        ("about 1 billion", "1.4 billion", False),
        ("more than 90 percent", "93.5 percent", True),
        ("more than 95 percent", "93.5 percent", False),
        ("half of it", "50 percent of it", True),
        ("twelve companies", "12 companies", True),
        ("doubled", "2 times", True),
        ("six months", "one year", False),
        ("128 GB", "0.128 TB", True),
        ("三成", "30 percent", True),
        ("五万亿元", "5 trillion yuan", True),
        ("200多万颗", "2 million chips", True),
        ("200多万颗", "2.1 million chips", True),
        ("200多万颗", "1.9 million chips", False),
        ("二十年", "two decades", True),
        ("24家", "two dozen firms", True),
        ("6个百分点", "six points more than a year earlier", True),
        ("6个百分点", "a 6-point gap", True),
        ("每秒600GB", "600 gigabytes per second", True),
        ("8课时", "eight hours", True),
        ("4个核心", "four cores", True),
        ("278.8万GPU小时", "2.788 million GPU hours", True),
    ],
)
def test_numbers_match_to_the_rounding_of_the_claim(claim: str, evidence: str, expected: bool) -> None:
    assert quantity_matches(find_quantities(claim)[0], find_quantities(evidence)[0]) is expected


def test_ranges_share_scale_and_unit() -> None:
    assert [str(q) for q in find_quantities("2 to 5 billion dollars")] == ["2 billion USD", "5 billion USD"]
    assert [str(q) for q in find_quantities("a margin of 18 to 20 percent")] == ["18%", "20%"]
    assert [str(q) for q in find_quantities("30亿至110亿美元")] == ["3 billion USD", "11 billion USD"]
    assert [str(q) for q in find_quantities("350 billion to 400 billion yuan")] == [
        "350 billion CNY",
        "400 billion CNY",
    ]
    fine = find_quantities("fines of 500,000 to 10 million yuan")
    assert [(q.value, q.unit) for q in fine] == [(500_000, "CNY"), (10_000_000, "CNY")]


@pytest.mark.parametrize(
    "text",
    [
        "数十万颗芯片", "几百家公司", "华大九天", "电脑零部件", "三期工厂", "每千瓦时的价格", "《21世纪经济报道》", "36氪的文章",
        "占收入的百分之十几",
    ],
)  # fmt: skip
def test_words_that_hold_a_number_give_none(text: str) -> None:
    assert find_quantities(text) == []


def test_a_single_one_or_two_need_not_be_written_in_the_evidence() -> None:
    assert [q.soft for q in find_quantities("一天内，两款芯片和三家公司")] == [True, True, False]


def test_codes_and_dates_are_no_numbers() -> None:
    assert (
        find_quantities("the H200, the 950PR and GPT-5 of 12 March 2026 under the 15th Five-Year Plan") == []
    )


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("March 12, 2026", "12 March 2026", True),
        ("2026-03-12", "2026年3月12日", True),
        ("March 2026", "12 March 2026", True),
        ("12 March 2026", "March 2026", False),
        ("Q1 2026", "the first quarter of 2026", True),
        ("2026年第一季度", "Q1 2026", True),
        ("first quarter of 2026", "12 March 2026", True),
        ("second quarter of 2026", "12 March 2026", False),
        ("2026年上半年", "first half of 2026", True),
        ("13 March 2026", "12 March 2026", False),
        ("12 March 2025", "12 March 2026", False),
        ("early 2026", "January 2026", True),
    ],
)
def test_dates_match_when_the_evidence_is_at_least_as_fine(claim: str, evidence: str, expected: bool) -> None:
    assert date_matches(find_dates(claim)[0], find_dates(evidence)[0]) is expected


def test_the_same_quarter_is_no_first_one() -> None:
    assert find_dates("同一季度的付款") == []
    assert [d.part for d in find_dates("第一季度和2026年一季度")] == ["Q1", "Q1"]


def test_a_date_without_a_year_takes_a_known_one() -> None:
    claim, evidence = find_dates("27 June 2025")[0], find_dates("27 June")[0]
    assert date_matches(claim, evidence, {2025})
    assert not date_matches(claim, evidence, {2024})
    assert [d.year for d in fill_years(find_dates("in late June 2025, and on 27 June"))] == [2025, 2025]


def test_names_of_a_sentence() -> None:
    text = "Nvidia's H200 reached Zhao Haijun of SMIC; the Atlas 350 followed."
    assert [name.text for name in find_names(text)] == ["Nvidia", "H200", "Zhao Haijun", "SMIC", "Atlas 350"]


def test_bilingual_names_are_harvested_and_used() -> None:
    evidence = (
        "Moore Threads (摩尔线程) and the Cyberspace Administration of China (CAC, 国家互联网信息办公室)"
    )
    pairs = harvest_names(evidence)
    assert ("Moore Threads", "摩尔线程") in pairs and ("CAC", "国家互联网信息办公室") in pairs
    pool = NamePool("摩尔线程 was listed", NameTable(pairs))
    assert pool.has(Name(0, 0, "Moore Threads"))
    assert not pool.has(Name(0, 0, "Biren"))


def test_a_code_is_not_found_in_a_longer_code() -> None:
    pool = NamePool("Nvidia sells the H200", NameTable())
    assert not pool.has(Name(0, 0, "H20"))
    assert pool.has(Name(0, 0, "H200"))
