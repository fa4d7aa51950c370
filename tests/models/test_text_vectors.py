"""Vectors of texts are made once, a bounded number is kept, and ranking and verification share them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answering.verify import ClaimVerifier
from assistant.models.provider_embeddings import WrappedEmbeddings
from assistant.models.text_vectors import TextVectors
from tests.doubles import WordEmbeddings


def test_a_sentence_is_embedded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = WordEmbeddings(), []
    original = model.embed_documents
    monkeypatch.setattr(model, "embed_documents", lambda texts: asked.extend(texts) or original(texts))
    vectors = TextVectors(model)
    first = vectors.cosines(["chips"], ["Huawei ships chips.", "It rains.", "Huawei ships chips."])
    again = vectors.cosines(["chips"], ["It rains.", "Huawei ships chips."])
    assert asked == ["Huawei ships chips.", "It rains."]
    # How a product of matrices rounds depends on their shape.
    assert first[[0, 2, 1]] == pytest.approx(again[[1, 1, 0]], abs=1e-5) and first[0] > first[1]


def test_few_vectors_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.models.text_vectors._KEPT", 2)
    vectors = TextVectors(WordEmbeddings())
    assert vectors.cosines(["chips"], ["a chips", "b", "c"]).shape == (3, 1)
    assert list(vectors._vectors) == ["b", "c"]


def test_a_service_is_not_asked_about_every_sentence() -> None:
    assert TextVectors(WordEmbeddings()).in_process
    assert not TextVectors(WrappedEmbeddings(WordEmbeddings())).in_process


def test_the_check_of_a_claim_reads_the_sentences_that_were_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = WordEmbeddings(), []
    original = model.embed_documents
    monkeypatch.setattr(model, "embed_documents", lambda texts: asked.extend(texts) or original(texts))
    vectors = TextVectors(model)
    sentence = "Huawei ships chips."
    vectors.cosines(["chips"], [sentence])
    ClaimVerifier(vectors).check("Huawei sends out chips.", sentence)
    assert asked.count(sentence) == 1


def test_vectors_outlive_a_change_of_the_documents(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "one.md").write_text(
        "# One\n\nHuawei ships chips to many customers in China.\n", encoding="utf-8"
    )
    with Assistant(
        corpus=corpus, home=tmp_path / "home", embedding=WordEmbeddings(), model="extractive"
    ) as engine:
        engine.ask("Who ships chips?")
        kept = engine.library.vectors
        (corpus / "two.md").write_text("# Two\n\nSMIC makes chips in Shanghai.\n", encoding="utf-8")
        engine.sync()
        engine.ask("Who makes chips?")
        assert engine.library.vectors is kept
