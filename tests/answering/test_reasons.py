from __future__ import annotations

import pytest

from assistant.answering.compose import CheckedSentence, Composer, Support
from assistant.answering.reasons import REASONS, codes_of, reason
from assistant.answering.verify import Check, ClaimVerifier
from assistant.retrieval.query import read_question
from assistant.schema import Claim, Reason
from tests.doubles import make_passage

SMIC = (
    "SMIC's unaudited revenue for 2025 was $9,326.8 million, against $8,029.9 million in 2024, and profit "
    "attributable to owners rose 39.1 percent to $685.1 million. Customers in China supplied 85 percent of "
    "SMIC's 2025 revenue, customers in the Americas 12 percent and customers in Eurasia 3 percent."
)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (
            "SMIC's revenue for 2025 was about $9.4 billion.",
            Reason(code="number_missing", said="$9.4 billion"),
        ),
        ("SMIC's revenue for 2023 was $9,326.8 million.", Reason(code="date_missing", said="2023")),
        (
            "Hua Hong's unaudited revenue for 2025 was $9,326.8 million.",
            Reason(code="name_missing", said="Hua Hong"),
        ),
        (
            "SMIC's profit attributable to owners fell 39.1 percent to $685.1 million.",
            Reason(code="contradicted", said="fell", found="rose"),
        ),
        ("", Reason(code="nothing_to_compare")),
    ],
)
def test_a_check_gives_codes_with_the_words_they_are_about(claim: str, expected: Reason) -> None:
    check = ClaimVerifier().check(claim, SMIC)
    codes = codes_of(check.reasons)
    assert expected in codes
    assert [REASONS[c.code][0].format(said=c.said, found=c.found) for c in codes] == list(check.reasons)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "number 12 is not in the passage",
                "translated by a small model; the quote counts",
                "said freely",
            ),
        ),
        ("zh", ("段落中没有数字 12", "由小模型翻译，以引文为准", "said freely")),
    ],
)
def test_a_claim_carries_the_codes_beside_words_in_its_language(
    language: str, words: tuple[str, ...]
) -> None:
    passage = make_passage("SMIC earned 9.3 billion dollars. It grew.")
    place = passage.sentences[1]
    supports = (Support(passage, place.char_start, place.char_end, 0.5),)
    reasons = (reason("number_missing", said="12"), reason("translated"), "said freely")
    composer = Composer(read_question("How much did SMIC earn?"), language)
    composer.add(CheckedSentence("It grew.", Check("partly_supported", 0.5, reasons), supports))
    composer.add(CheckedSentence("It shrank.", Check("unsupported", 0.1, reasons[:1]), ()))
    (claim,), (removed,) = composer.claims, composer.removed
    assert claim.reasons == words and removed.reasons == words[:1]
    assert claim.reason_codes == (
        Reason(code="number_missing", said="12"),
        Reason(code="translated"),
        Reason(code="other", said="said freely"),
    )
    assert removed.reason_codes == claim.reason_codes[:1]
    assert Claim.model_validate_json(claim.model_dump_json()) == claim
