from __future__ import annotations

import datetime as dt
from pathlib import Path

from assistant.index.store import PassageStore
from assistant.schema import DocumentInfo, Passage, Sentence, SourceNote
from tests.index.conftest import fake_embeddings

DOCUMENT = DocumentInfo(
    id="d1",
    path="chips/华为.md",
    title="华为 “Ascend”\n950",
    date=dt.date(2026, 5, 1),
    topic="Chips",
    entities=("Huawei", "a\nb"),
    language="zh-CN",
    publisher="Reuters",
    media_type="application/pdf",
    sha256="ab",
    collection="user",
    page_count=3,
)
PASSAGE = Passage(
    id="p1",
    document=DOCUMENT,
    text="华为 ships \u2028 chips. <b>\0",
    char_start=5,
    char_end=20,
    heading_path=("One", "二"),
    page=2,
    page_label="ii",
    ordinal=4,
    sentences=(Sentence(text="华为", char_start=5, char_end=7, note_labels=("1", "x")),),
    sources=(SourceNote(label="1", publisher="R", title="T", date="2026", url="https://x.org/?a=1"),),
)
PLAIN = Passage(
    id="p2", document=DocumentInfo(id="d2", path="a.md", title=""), text="", char_start=0, char_end=0
)


def test_passages_round_trip_also_after_reopening(tmp_path: Path) -> None:
    store = PassageStore(tmp_path)
    store.add([PASSAGE, PLAIN], [[1, 0], [0, 1]])
    store.reopen()
    assert store.get(["p2", "nothing", "p1"]) == [PLAIN, PASSAGE]
    assert sorted(store.all(), key=lambda p: p.id) == [PASSAGE, PLAIN]
    [(best, cosine), (other, low)] = store.nearest([2.0, 0.0], 5)
    assert best == "p1" and abs(cosine - 1) < 1e-6 and other == "p2" and abs(low) < 1e-6
    store.delete(["d1"])
    assert store.get(["p1"]) == [] and store.count() == 1
    store.close()


def test_more_passages_than_fit_one_batch(tmp_path: Path) -> None:
    store = PassageStore(tmp_path)
    passages = [PLAIN.model_copy(update={"id": f"p{i}", "ordinal": i}) for i in range(1_200)]
    store.add(passages, [[1.0, i / 1_200] for i in range(1_200)])
    assert store.count() == 1_200
    assert len(store.get([p.id for p in passages])) == 1_200
    assert [p.ordinal for p in store.around(passages[600], 2)] == [598, 599, 601, 602]
    store.delete(["d2"])
    assert store.count() == 0
    store.close()


def test_langchain_reads_the_same_collection(tmp_path: Path) -> None:
    embeddings = fake_embeddings()
    store = PassageStore(tmp_path)
    store.add([PASSAGE], embeddings.embed_documents([PASSAGE.embedding_text()]))
    [document] = store.vectorstore(embeddings).similarity_search(PASSAGE.embedding_text(), k=1)
    assert document.page_content == PASSAGE.text and document.metadata["path"] == DOCUMENT.path
    store.close()
