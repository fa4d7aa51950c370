import datetime as dt

import pytest

from assistant.answering.name_table import NameTable
from assistant.answering.verify import ClaimVerifier
from assistant.schema import DocumentInfo, Passage

SMIC = (
    "SMIC's unaudited revenue for 2025 was $9,326.8 million, against $8,029.9 million in 2024, and profit attributable to "
    "owners rose 39.1 percent to $685.1 million. Customers in China supplied 85 percent of SMIC's 2025 revenue, customers in "
    "the Americas 12 percent and customers in Eurasia 3 percent."
)
HUAWEI = (
    "Reuters, relaying the Financial Times, said on 1 May 2026 that Huawei expected about $12 billion of AI chip revenue in "
    "2026 against $7.5 billion in 2025. Chinese media reported in December 2025 that ByteDance might spend over 40 billion "
    "yuan on Ascend (昇腾) chips in 2026."
)
H200 = (
    "Chinese customs told agents in mid-January 2026 that the H200 was not permitted to enter, according to Reuters sources. "
    "The Financial Times reported in January 2026 that suppliers of H200 parts paused production after the block."
)


@pytest.fixture(scope="module")
def verifier() -> ClaimVerifier:
    return ClaimVerifier()


MOONSHOT = "Moonshot's recurring revenue doubled to $200 million by the end of April 2026."
BIS = "BIS set the $252 million fine at double the value of the goods, the most that the law permits."
PANGU = "GB200 delivers about 2,500 TFLOPS in BF16 against 780 for the Ascend 910C (昇腾910C)."


def test_what_chinese_says_otherwise_is_no_fault() -> None:
    verifier = ClaimVerifier(
        names=NameTable(
            [("Bureau of Industry and Security (BIS)", "美国工业与安全局"), ("computing power", "算力")]
        )
    )
    for claim, evidence in (
        ("月之暗面的经常性收入到2026年4月底翻倍至2亿美元。", MOONSHOT),
        ("美国工业与安全局将2.52亿美元的罚款定为货物价值的两倍，这是法律允许的最高额。", BIS),
        ("GB200的BF16算力约为2500 TFLOPS，昇腾910C为780 TFLOPS。", PANGU),
    ):
        features = verifier.compare(claim, evidence).features
        assert not (features["numbers_missing"] or features["dates_missing"] or features["names_missing"]), (
            claim
        )
    for claim, evidence, fault in (
        ("月之暗面的经常性收入到2026年3月底翻倍至2亿美元。", MOONSHOT, "dates_missing"),
        ("美国商务部将2.52亿美元的罚款定为货物价值的两倍。", BIS, "names_missing"),
        ("GB200的BF16算力约为2500 TFLOPS，昇腾910C为870 TFLOPS。", PANGU, "numbers_missing"),
    ):
        assert verifier.compare(claim, evidence).features[fault] >= 1, claim


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        (HUAWEI.split(". ")[0] + ".", HUAWEI),
        ("SMIC's revenue for 2025 was about $9.3 billion, against $8.0 billion in 2024.", SMIC),
        ("SMIC's profit attributable to owners rose 39.1% to 685.1 million US dollars.", SMIC),
        (
            "Huawei expected AI chip revenue of about $12 billion in 2026, Reuters said on May 1, 2026.",
            HUAWEI,
        ),
        (
            "According to Reuters sources, customs told agents in mid-January 2026 that the H200 was not permitted to enter.",
            H200,
        ),
    ],
)
def test_faithful_claims_are_supported(verifier: ClaimVerifier, claim: str, evidence: str) -> None:
    check = verifier.check(claim, evidence)
    assert check.verdict == "supported", check
    assert check.reasons == () and check.quote is not None


@pytest.mark.parametrize(
    ("claim", "evidence", "reason"),
    [
        ("SMIC's revenue for 2025 was about $9.4 billion.", SMIC, "$9.4 billion"),
        ("SMIC's unaudited revenue for 2025 was $9,326.8 billion.", SMIC, "$9,326.8 billion"),
        ("SMIC's revenue for 2023 was $9,326.8 million.", SMIC, "2023"),
        ("Hua Hong's unaudited revenue for 2025 was $9,326.8 million.", SMIC, "Hua Hong"),
        ("SMIC's profit attributable to owners fell 39.1 percent to $685.1 million.", SMIC, "rose"),
        ("Customers in China supplied 12 percent of SMIC's 2025 revenue.", SMIC, "12 percent"),
        ("Huawei had AI chip revenue of $12 billion in 2026.", HUAWEI, "plan"),
        (
            "Reuters confirmed that ByteDance spends over 40 billion yuan on Ascend chips in 2026.",
            HUAWEI,
            "confirmed",
        ),
        (
            "Customs told agents in mid-January 2026 that the H200 was permitted to enter, Reuters sources said.",
            H200,
            "",
        ),
        ("路透社2026年5月1日称，华为预计2026年AI芯片收入约150亿美元。", HUAWEI, "150亿美元"),
    ],
)
def test_changed_claims_are_not_supported(
    verifier: ClaimVerifier, claim: str, evidence: str, reason: str
) -> None:
    check = verifier.check(claim, evidence)
    assert check.verdict != "supported", check
    assert any(reason in written for written in check.reasons), check


def test_the_quote_is_the_supporting_sentence(verifier: ClaimVerifier) -> None:
    check = verifier.check("Customers in China supplied 85% of SMIC's revenue in 2025.", SMIC)
    assert check.quote is not None
    assert SMIC[check.quote[0] : check.quote[1]].startswith("Customers in China supplied 85 percent")


def test_names_and_years_of_the_context_are_known(verifier: ClaimVerifier) -> None:
    evidence = "The company's capital expenditure was 31.9 billion yuan in the first quarter."
    claim = "Tencent's capital expenditure was 31.9 billion yuan in the first quarter of 2026."
    assert verifier.check(claim, evidence).verdict != "supported"
    with_context = verifier.check(claim, evidence, context="Tencent AI spending. 2026-05-13")
    assert not any("Tencent" in reason for reason in with_context.reasons)
    assert with_context.score > verifier.check(claim, evidence).score


def test_nothing_supports_an_empty_claim(verifier: ClaimVerifier) -> None:
    assert verifier.check(" ", SMIC).verdict == "unsupported"
    assert verifier.check("SMIC grew.", "").verdict == "unsupported"


def test_check_many_agrees_with_check(verifier: ClaimVerifier) -> None:
    pairs = [
        ("SMIC's revenue for 2025 was about $9.4 billion.", SMIC),
        ("Huawei had $7.5 billion in 2025.", HUAWEI),
    ]
    assert verifier.check_many(pairs) == [verifier.check(*pair) for pair in pairs]


def passage(name: str, text: str) -> Passage:
    document = DocumentInfo(id=name, path=f"{name}.md", title=name, date=dt.date(2026, 2, 10))
    return Passage(id=name, document=document, text=text, char_start=0, char_end=len(text))


def test_attribution_finds_the_passage(verifier: ClaimVerifier) -> None:
    passages = [passage("a", HUAWEI), passage("b", SMIC), passage("c", H200)]
    found = verifier.attribute(
        "SMIC's unaudited revenue for 2025 was $9.3 billion, against $8.0 billion in 2024.", passages
    )
    assert [index for index, _ in found] == [1]
    assert found[0][1].verdict == "supported"


def test_attribution_joins_two_passages(verifier: ClaimVerifier) -> None:
    passages = [
        passage("a", "Tencent's capital expenditure was 31.9 billion yuan in the first quarter of 2026."),
        passage(
            "b", "Alibaba Cloud revenue grew 38 percent to 41.6 billion yuan in the March quarter of 2026."
        ),
    ]
    claim = (
        "Tencent's capital expenditure was 31.9 billion yuan in the first quarter of 2026, and Alibaba Cloud revenue grew "
        "38 percent to 41.6 billion yuan in the March quarter of 2026."
    )
    found = verifier.attribute(claim, passages)
    assert sorted(index for index, _ in found) == [0, 1]
