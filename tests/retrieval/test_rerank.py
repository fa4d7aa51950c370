from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.retrieval import rerank
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.query import Query, read_question
from assistant.retrieval.rerank import DENSE_FEATURES, FEATURES, SentenceRanker
from assistant.schema import Passage
from tests.doubles import EvenWeights, WordEmbeddings, make_hits, make_passage

pytestmark = pytest.mark.usefixtures("steady")

SMIC = make_passage(
    "SMIC was founded in 2000. SMIC earned 9.3 billion dollars in 2025.", title="SMIC results"
)
HUAWEI = make_passage(
    "Huawei ships chips. It has many customers.", path="chips/b.md", title="Huawei shipments", start=50
)
CHINESE = make_passage("中芯国际2025年收入为93亿美元。", path="chips/c.md", title="中芯国际业绩")


class FakeCrossEncoder(CrossEncoder):
    """Likes sentences with a word, and remembers what it read."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[tuple[str, str]] = []

    def load(self) -> None:
        self.read.append(("loaded", ""))

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.read += pairs
        return np.array([5.0 if self.word in text else -5.0 for _, text in pairs], dtype=np.float32)


def rank(query: Query, *passages: object, cross: CrossEncoder | None = None):  # type: ignore[no-untyped-def]
    return SentenceRanker(EvenWeights(), cross).rank(query, make_hits(*passages))  # type: ignore[arg-type]


def test_without_a_cross_encoder_words_decide() -> None:
    ranked = rank(read_question("How much did SMIC earn in 2025?"), HUAWEI, SMIC)
    assert len(ranked) == 4
    assert ranked[0].sentence.text == "SMIC earned 9.3 billion dollars in 2025."
    assert all(math.isnan(item.cross) for item in ranked)
    assert [item.probability for item in ranked] == sorted((i.probability for i in ranked), reverse=True)
    assert all(0 < item.probability < 1 for item in ranked)


def test_a_cross_encoder_reads_question_and_sentence_with_where_it_stands() -> None:
    cross = FakeCrossEncoder("customers")
    ranked = rank(read_question("How much did SMIC earn in 2025?"), SMIC, HUAWEI, cross=cross)
    assert ranked[0].sentence.text == "It has many customers." and ranked[0].cross == 5.0
    assert ranked[0].probability > 0.9 > 0.1 > ranked[-1].probability
    assert ("How much did SMIC earn in 2025?", "Huawei shipments: It has many customers.") in cross.read
    assert HUAWEI.sentence_text(HUAWEI.sentences[0]) == "Huawei shipments: Huawei ships chips."


def test_parts_are_scored_by_themselves() -> None:
    cross = FakeCrossEncoder("customers")
    query = read_question("How much did SMIC earn in 2025, and what does Huawei ship to customers?")
    assert len(query.parts) == 2
    ranked = rank(query, SMIC, HUAWEI, cross=cross)
    assert ranked[0].part_scores == (5.0, 5.0)
    assert {question for question, _ in cross.read} == {query.english, *query.parts}


def test_an_english_model_reads_no_chinese() -> None:
    cross = FakeCrossEncoder("customers")
    query = Query("问", "中芯国际收入是多少？", "zh", "How much did SMIC earn?", kinds=("number",))
    ranked = rank(query, SMIC, CHINESE, cross=cross)
    assert all("中芯" not in text for _, text in cross.read)
    unread = next(item for item in ranked if item.passage == CHINESE)
    assert math.isnan(unread.cross) and unread.part_scores == ()
    cross.read.clear()
    untranslated = Query("问", "中芯国际收入是多少？", "zh", "中芯国际收入是多少？")
    assert all(math.isnan(item.cross) for item in rank(untranslated, SMIC, cross=cross)) and not cross.read


def test_a_chinese_sentence_is_found_by_the_question_as_asked() -> None:
    query = Query("问", "中芯国际收入是多少？", "zh", "中芯国际收入是多少？", kinds=("number",))
    assert rank(query, HUAWEI, CHINESE)[0].passage == CHINESE


def test_features_have_their_names() -> None:
    query = read_question("How much did SMIC earn in 2025?")
    items = SentenceRanker(EvenWeights()).features(query, make_hits(SMIC, HUAWEI))
    by_text = {item.sentence.text: dict(zip(FEATURES, item.features, strict=True)) for item in items}
    earned = by_text["SMIC earned 9.3 billion dollars in 2025."]
    founded = by_text["SMIC was founded in 2000."]
    other = by_text["It has many customers."]
    assert earned["number_wanted"] == 1 and other["number_wanted"] == 0
    assert earned["years"] == 1 and founded["years"] == 0
    assert earned["names"] == 1 and other["names"] == 0
    assert earned["overlap"] > founded["overlap"] > other["overlap"] == 0
    assert founded["first_in_passage"] == 1 and earned["first_in_passage"] == 0
    assert earned["passage_rank"] > other["passage_rank"]


def dense_of(query: Query, *passages: object) -> dict[str, dict[str, float]]:
    items = SentenceRanker(EvenWeights(), embeddings=WordEmbeddings()).features(
        query,
        make_hits(*passages),  # type: ignore[arg-type]
    )
    names = FEATURES + DENSE_FEATURES
    return {item.sentence.text: dict(zip(names, item.features, strict=True)) for item in items}


def test_likeness_counts_in_deviations_from_the_mean_of_the_question() -> None:
    found = dense_of(read_question("How much did SMIC earn in 2025?"), SMIC, HUAWEI)
    likeness = {text: features["dense"] for text, features in found.items()}
    assert max(likeness, key=lambda text: likeness[text]) == "SMIC earned 9.3 billion dollars in 2025."
    values = np.array(list(likeness.values()))
    assert abs(values.mean()) < 1e-6 and abs(values.std() - 1) < 1e-3
    earned, founded = found["SMIC earned 9.3 billion dollars in 2025."], found["SMIC was founded in 2000."]
    ships = found["Huawei ships chips."]
    assert earned["dense_rank"] == 1 and founded["dense_rank"] < 1
    # Its neighbour and its document share what the best sentence has; another document does not.
    assert founded["neighbour_dense"] == founded["document_best_dense"] == earned["dense_part"]
    assert ships["document_best_dense"] < founded["document_best_dense"]


def test_a_part_of_the_question_finds_a_sentence_of_its_own() -> None:
    query = read_question("How much did SMIC earn in 2025, and what does Huawei ship to customers?")
    found = dense_of(query, SMIC, HUAWEI)
    ships = found["Huawei ships chips."]
    assert ships["dense_part"] > ships["dense"]


def test_a_chinese_sentence_is_like_the_question_as_asked() -> None:
    query = Query("问", "中芯国际收入是多少？", "zh", "How much did SMIC earn?", kinds=("number",))
    found = dense_of(query, HUAWEI, CHINESE)
    assert found["中芯国际2025年收入为93亿美元。"]["dense_rank"] == 1


def test_only_the_question_is_embedded() -> None:
    asked: list[str] = []

    class Watched(WordEmbeddings):
        def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
            asked.extend(texts)
            return super()._encode(texts, query=query)

    query = read_question("How much did SMIC earn in 2025?")
    SentenceRanker(EvenWeights(), embeddings=Watched()).rank(query, make_hits(SMIC, HUAWEI))
    assert asked == ["How much did SMIC earn in 2025?"]


def test_without_the_vectors_of_one_passage_likeness_is_not_weighed() -> None:
    class Incomplete(EvenWeights):
        def sentence_vectors(self, passages: Sequence[Passage]) -> list[NDArray[np.float16] | None]:
            return [None, *super().sentence_vectors(passages[1:])]

    query = read_question("How much did SMIC earn in 2025?")
    ranked = SentenceRanker(Incomplete(), embeddings=WordEmbeddings()).rank(query, make_hits(SMIC, HUAWEI))
    plain = SentenceRanker(EvenWeights()).rank(query, make_hits(SMIC, HUAWEI))
    assert [(i.key, i.probability) for i in ranked] == [(i.key, i.probability) for i in plain]
    bare = SMIC.model_copy(update={"sentences": ()})
    items = SentenceRanker(EvenWeights(), embeddings=WordEmbeddings()).rank(query, make_hits(bare, HUAWEI))
    assert {len(item.features) for item in items} == {len(FEATURES) + len(DENSE_FEATURES)}


def test_the_packaged_weights_have_a_coefficient_for_each_feature() -> None:
    packaged = Path(rerank.__file__).parent / "data" / "sentence_ranker.json"
    for cross in (False, True):
        for dense in (False, True):
            weights = rerank._load(packaged, rerank.weights_name(cross=cross, dense=dense))
            assert set(weights.terms) == set(FEATURES + DENSE_FEATURES * dense)


def test_nothing_to_rank() -> None:
    query = read_question("How much did SMIC earn?")
    assert rank(query) == []
    bare = SMIC.model_copy(update={"sentences": ()})
    assert rank(query, bare) == []


def test_a_query_without_known_words() -> None:
    ranked = rank(read_question("xyzzy?"), SMIC, HUAWEI)
    assert len(ranked) == 4


def test_loading_loads_the_cross_encoder() -> None:
    cross = FakeCrossEncoder("x")
    SentenceRanker(EvenWeights(), cross).load()
    assert cross.read == [("loaded", "")]
    SentenceRanker(EvenWeights()).load()


def test_no_weights_and_no_pairs(tmp_path: Path) -> None:
    assert CrossEncoder(tmp_path / "none.onnx").score([]).shape == (0,)


@pytest.mark.embedding
def test_a_score_does_not_depend_on_the_other_pairs() -> None:
    pairs = [("Who earned most?", HUAWEI.sentence_text(s)) for s in HUAWEI.sentences]
    pairs += [("Who earned most?", SMIC.sentence_text(s) + " more" * 60) for s in SMIC.sentences]
    model = CrossEncoder(threads=2)
    assert model.score(pairs).tolist() == [float(model.score([pair])[0]) for pair in pairs]
