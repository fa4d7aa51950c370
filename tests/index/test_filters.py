from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.index.filters import matches, to_where
from assistant.index.store import PassageStore
from assistant.schema import DocumentInfo, Filters, Passage

TOPICS = ("chips", "Chips", "policy", "")
ENTITIES = ("Huawei", "HUAWEI", "Nvidia", "华为")
DATES = (None, dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 5, 1))
NAMES = ("a.md", "b.md")
COLLECTIONS = ("corpus", "user")
LANGUAGES = ("en", "zh", "")


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


def in_order(days: tuple[dt.date | None, dt.date | None]) -> bool:
    return None in days or days[0] <= days[1]  # type: ignore[operator]


filters = st.builds(
    lambda days, **given: Filters(since=days[0], until=days[1], **given),
    st.tuples(st.sampled_from(DATES), st.sampled_from(DATES)).filter(in_order),
    topics=some(TOPICS),
    entities=some(ENTITIES),
    documents=some(NAMES),
    collections=some(COLLECTIONS),
    languages=some(LANGUAGES),
)


def test_chroma_and_the_predicate_agree(tmp_path: Path) -> None:
    rng = random.Random(5)
    documents = [
        DocumentInfo(
            id=str(number),
            path=rng.choice(NAMES),
            title="T",
            topic=rng.choice(TOPICS),
            entities=tuple(rng.sample(ENTITIES, rng.randint(0, 2))),
            date=rng.choice(DATES),
            language=rng.choice(LANGUAGES),
            collection=rng.choice(COLLECTIONS),
        )
        for number in range(150)
    ]
    store = PassageStore(tmp_path, "filters")
    passages = [Passage(id=d.id, document=d, text="x", char_start=0, char_end=1) for d in documents]
    store.add(passages, [[1.0, 0.0]] * len(passages))

    @settings(max_examples=80, deadline=None, database=None, derandomize=True)
    @given(filters)
    def agree(chosen: Filters) -> None:
        found = {passage.document.id for passage, _ in store.query([1.0, 0.0], 200, chosen)}
        assert found == {d.id for d in documents if matches(chosen, d)}

    agree()
    store.close()


def test_an_empty_filter_is_no_condition() -> None:
    assert to_where(None) is None and to_where(Filters()) is None


def test_undated_documents_match_no_date_range() -> None:
    undated = DocumentInfo(id="1", path="a", title="A")
    assert matches(Filters(), undated)
    assert not matches(Filters(since=dt.date(2020, 1, 1)), undated)
    assert not matches(Filters(until=dt.date(2030, 1, 1)), undated)
