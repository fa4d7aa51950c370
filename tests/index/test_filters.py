from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index import dense
from assistant.index.filters import selected
from assistant.index.reader import Index
from assistant.index.writer import Writer
from assistant.schema import Document, DocumentInfo, Filters, Passage
from tests.index.conftest import fake_embeddings

TOPICS = ("chips", "Chips", "policy", "")
ENTITIES = ("Huawei", "HUAWEI", "Nvidia", "华为")
DATES = (None, dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 5, 1))
COLLECTIONS = ("corpus", "user")
LANGUAGES = ("en", "zh", "")
WIDTH = 16


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


def in_order(days: tuple[dt.date | None, dt.date | None]) -> bool:
    return None in days or days[0] <= days[1]  # type: ignore[operator]


filters = st.builds(
    lambda days, **given: Filters(since=days[0], until=days[1], **given),
    st.tuples(st.sampled_from(DATES), st.sampled_from(DATES)).filter(in_order),
    topics=some(TOPICS),
    entities=some(ENTITIES),
    documents=some(("1.md", "2.md")),
    collections=some(COLLECTIONS),
    languages=some(LANGUAGES),
)


def passes(chosen: Filters, document: DocumentInfo) -> bool:
    """The conditions as they are documented, written down once more."""

    def meets(wanted: tuple[str, ...], there: tuple[str, ...]) -> bool:
        return not wanted or bool({w.casefold() for w in wanted} & {t.casefold() for t in there})

    return (
        meets(chosen.topics, (document.topic,))
        and meets(chosen.entities, document.entities)
        and meets(chosen.documents, (document.path,))
        and meets(chosen.collections, (document.collection,))
        and meets(chosen.languages, (document.language,))
        and (chosen.since is None or (document.date is not None and document.date >= chosen.since))
        and (chosen.until is None or (document.date is not None and document.date <= chosen.until))
    )


class Filled:
    """An index of documents of all kinds, with the vectors that were written."""

    def __init__(self, home: Path) -> None:
        rng = random.Random(5)
        embeddings = fake_embeddings(dimension=WIDTH)
        self.vectors: dict[str, list[float]] = {}
        self.index = Index.open(home, embeddings)
        documents: list[tuple[Document, list[Passage]]] = []
        for number in range(120):
            document = Document(
                id=f"d{number:03d}",
                path=f"{number}.md",
                title="T",
                topic=rng.choice(TOPICS),
                entities=tuple(rng.sample(ENTITIES, rng.randint(0, 2))),
                date=rng.choice(DATES),
                language=rng.choice(LANGUAGES),
                collection=rng.choice(COLLECTIONS),
                text="chips",
            )
            passages = [
                Passage(
                    id=f"{document.id}-{ordinal}",
                    document=document.info(),
                    # Passages of one text would share their vector.
                    text=f"chips {number} {ordinal}",
                    char_start=0,
                    char_end=len(f"chips {number} {ordinal}"),
                    ordinal=ordinal,
                )
                for ordinal in range(rng.randint(0, 3))
            ]
            documents.append((document, passages))
            texts = [passage.embedding_text() for passage in passages]
            vectors = embeddings.embed_documents(texts)
            self.vectors |= {passage.id: vector for passage, vector in zip(passages, vectors, strict=True)}
        self.documents = [document.info() for document, _ in documents]
        self.of = {passage.id: passage.document for _, passages in documents for passage in passages}
        with self.index.writing(1) as check:
            writer = Writer(self.index, embeddings, lambda document, model: [], check=check)
            writer.begin()
            failed = [error for error in writer.write(documents) if error]
            assert not failed, failed
            for collection in COLLECTIONS:
                writer.publish(collection, [])
            writer.end()

    def best(self, vector: list[float], k: int, chosen: Filters) -> list[tuple[str, float]]:
        """What a search must find: every vector compared."""
        found = [
            (i, float(np.dot(vector, own))) for i, own in self.vectors.items() if passes(chosen, self.of[i])
        ]
        return sorted(found, key=lambda each: -each[1])[:k]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    filled = Filled(tmp_path_factory.mktemp("filters"))
    yield filled
    filled.index.close()


@settings(max_examples=80, deadline=None, database=None, derandomize=True)
@given(chosen=filters)
def test_both_searches_and_the_list_keep_to_a_filter(filled: Filled, chosen: Filters) -> None:
    expected = {d.path for d in filled.documents if passes(chosen, d)}
    assert {d.path for d in filled.index.documents(chosen)} == expected
    assert {d.path for d in selected(chosen, filled.documents)} == expected
    inside = {i for i, document in filled.of.items() if passes(chosen, document)}
    assert {p.id for p, _ in filled.index.search_lexical("chips", 500, chosen)} == inside
    assert {p.id for p, _ in filled.index.search_dense([1.0] * WIDTH, 500, chosen)} == inside


# Neighbours of which some are dropped, so few that they must be asked for again, and passages compared one by one.
@pytest.mark.parametrize("margin", [2, 0.1, 1_000])
@pytest.mark.parametrize(
    "chosen",
    [
        Filters(),
        Filters(collections=("user",)),
        Filters(topics=("policy",), languages=("zh",)),
        Filters(documents=("7.md",)),
        Filters(documents=("none.md",)),
    ],
)
def test_every_way_to_search_within_a_filter_finds_the_nearest(
    filled: Filled, chosen: Filters, margin: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "_MARGIN", margin)
    rng = random.Random(3)
    for _ in range(5):
        vector = [rng.gauss(0, 1) for _ in range(WIDTH)]
        norm = float(np.linalg.norm(vector))
        found = filled.index.search_dense(vector, 5, chosen)
        expected = filled.best([value / norm for value in vector], 5, chosen)
        assert [p.id for p, _ in found] == [i for i, _ in expected]
        assert [cosine for _, cosine in found] == pytest.approx([c for _, c in expected], abs=1e-5)


def test_undated_documents_match_no_date_range() -> None:
    undated = DocumentInfo(id="1", path="a", title="A")
    assert selected(Filters(), [undated]) == [undated]
    assert not selected(Filters(since=dt.date(2020, 1, 1)), [undated])
    assert not selected(Filters(until=dt.date(2030, 1, 1)), [undated])
