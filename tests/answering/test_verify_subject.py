"""Nothing follows from a passage about something else, in either language."""

from __future__ import annotations

import pytest

from assistant.answering.verify import ClaimVerifier
from assistant.models.embeddings import load_embeddings
from assistant.models.text_vectors import TextVectors
from assistant.settings import load_settings

EVIDENCE = "Huawei expected about $12 billion of AI chip revenue in 2026 against $7.5 billion in 2025."


@pytest.mark.embedding
@pytest.mark.parametrize(
    "claim", ["The moon is made of cheese.", "月亮是奶酪做的。", "She walked home in the rain."]
)
def test_a_claim_about_something_else_is_unsupported(claim: str) -> None:
    verifier = ClaimVerifier(TextVectors(load_embeddings(load_settings())))
    check = verifier.check(claim, EVIDENCE)
    assert check.verdict == "unsupported" and check.reasons


@pytest.mark.embedding
@pytest.mark.parametrize("embedding", ["e5", "minilm"])
def test_a_faithful_translation_keeps_its_support(embedding: str) -> None:
    # MiniLM reads English alone: it cannot tell that a Chinese claim speaks of something else.
    verifier = ClaimVerifier(TextVectors(load_embeddings(load_settings(), embedding)))
    claim = "华为预计2026年AI芯片收入约120亿美元，2025年为75亿美元。"
    assert verifier.check(claim, EVIDENCE).verdict == "supported"


def test_without_embeddings_words_must_agree() -> None:
    assert ClaimVerifier().check("The moon is made of cheese.", EVIDENCE).verdict == "unsupported"
