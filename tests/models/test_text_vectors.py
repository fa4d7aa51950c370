"""Vectors of texts are made once, and a bounded number is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant
from assistant.models.text_vectors import TextVectors
from tests.doubles import WordEmbeddings


def test_a_sentence_is_embedded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = WordEmbeddings(), []
    original = model.embed_documents
    monkeypatch.setattr(model, "embed_documents", lambda texts: asked.extend(texts) or original(texts))
    vectors = TextVectors(model)
    first = vectors.documents(["Huawei ships chips.", "It rains.", "Huawei ships chips."])
    again = vectors.documents(["It rains.", "Huawei ships chips."])
    assert asked == ["Huawei ships chips.", "It rains."]
    assert (first[[0, 2, 1]] == again[[1, 1, 0]]).all() and first.shape[0] == 3


def test_few_vectors_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.models.text_vectors._KEPT", 2)
    vectors = TextVectors(WordEmbeddings())
    assert vectors.documents(["a chips", "b", "c"]).shape == (3, 512)
    assert list(vectors._vectors) == ["b", "c"]


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
