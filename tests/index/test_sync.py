from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexingError
from assistant.index.fingerprint import Fingerprint
from assistant.index.reader import Index
from assistant.index.sync import SyncReport, remove_documents, sync_folder
from assistant.models.embeddings import EmbeddingModel
from tests.index.conftest import INGEST, fake_embeddings, open_index

pytestmark = pytest.mark.usefixtures("place")


def sync(index: Index, embeddings: EmbeddingModel, corpus: Path, **options: object) -> SyncReport:
    return sync_folder(index, embeddings, corpus, "corpus", ingest=INGEST, **options)  # type: ignore[arg-type]


def statuses(report: SyncReport) -> dict[str, str]:
    return {file.path: file.status for file in report.files}


class CountingEmbeddings(EmbeddingModel):
    name = "fake"
    dimension = 16  # type: ignore[assignment]
    max_tokens = 512  # type: ignore[assignment]

    def __init__(self) -> None:
        self._inner = fake_embeddings()
        self.texts: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text)

    def _encode(self, texts, *, query):  # type: ignore[no-untyped-def]
        if any("poison" in text for text in texts):
            raise ValueError("cannot embed")
        self.texts += texts
        return self._inner._encode(texts, query=query)


def test_adds_finds_and_reads_back(tmp_path: Path, corpus: Path, embeddings: EmbeddingModel) -> None:
    seen: list[tuple[int, int, str]] = []
    with open_index(tmp_path / "home", embeddings) as index:
        report = sync(index, embeddings, corpus, progress=lambda *args: seen.append(args))
        assert Counter(statuses(report).values()) == {"added": 3}
        assert report.passages == 5
        assert [done for done, _, _ in seen] == [1, 2, 3] and {total for _, total, _ in seen} == {3}
        hits = index.search_lexical("Which companies were told not to buy H20?", 3)
        assert hits[0][0].document.path == "chips/huawei.txt" and "H20" in hits[0][0].text
        assert index.search_lexical("昆仑芯片", 3)[0][0].document.path == "chips/baidu.txt"
        passage = hits[0][0]
        again = index.search_dense(embeddings.embed_documents([passage.embedding_text()])[0], 2)
        assert again[0][0] == passage and again[0][1] == pytest.approx(1, abs=1e-5)
        assert index.neighbours(passage)[0].ordinal == passage.ordinal - 1
        document = index.document("chips/huawei.txt")
        assert document is not None and document.text[passage.char_start : passage.char_end] == passage.text
        assert index.check() == []


def test_unchanged_files_are_neither_read_nor_embedded_again(tmp_path: Path, corpus: Path) -> None:
    embeddings = CountingEmbeddings()
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        generation = index.generation
        embeddings.texts.clear()
        report = sync(index, embeddings, corpus)
        assert set(statuses(report).values()) == {"unchanged"} and not report.changed
        assert embeddings.texts == [] and index.generation == generation


def test_update_move_remove_and_failure_in_one_run(tmp_path: Path, corpus: Path) -> None:
    embeddings = CountingEmbeddings()
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        embeddings.texts.clear()
        huawei = corpus / "chips/huawei.txt"
        huawei.write_text(huawei.read_text() + "\nNvidia objects.")
        (corpus / "policy/plan.txt").rename(corpus / "policy/plan-2026.txt")
        (corpus / "chips/baidu.txt").write_text("BROKEN")
        (corpus / "new.txt").write_text("BROKEN too")
        report = sync(index, embeddings, corpus)
        found = {file.path: file for file in report.files}
        assert found["chips/huawei.txt"].status == "updated" and found["chips/huawei.txt"].passages == 3
        assert found["policy/plan-2026.txt"].reason == "moved from policy/plan.txt"
        assert found["chips/baidu.txt"].status == "failed"
        assert "earlier version" in found["chips/baidu.txt"].reason
        assert found["new.txt"].reason == "is broken. Mend it."
        assert "policy/plan.txt" not in found
        assert len([t for t in embeddings.texts if "plan-2026" in t or "objects" in t]) == len(
            embeddings.texts
        )
        paths = [document.path for document in index.documents()]
        assert paths == ["chips/baidu.txt", "chips/huawei.txt", "policy/plan-2026.txt"]
        assert index.search_lexical("Baidu shares")[0][0].document.path == "chips/baidu.txt"
        (corpus / "chips/huawei.txt").unlink()
        assert statuses(sync(index, embeddings, corpus))["chips/huawei.txt"] == "removed"
        assert index.search_lexical("Ascend 950PR") == [] and index.check() == []


def test_vectors_of_sentences_come_and_go_with_their_passages(tmp_path: Path, corpus: Path) -> None:
    embeddings = CountingEmbeddings()

    def check(index: Index) -> None:
        passages = list(index.wanted.store.all())
        for passage, vectors in zip(passages, index.sentence_vectors(passages), strict=True):
            texts = [passage.sentence_text(sentence) for sentence in passage.sentences]
            assert vectors is not None and np.allclose(vectors, embeddings.embed_documents(texts), atol=1e-3)

    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        check(index)
        [gone] = [p for p, _ in index.search_lexical("plan", 9) if p.document.path == "policy/plan.txt"]
        huawei = corpus / "chips/huawei.txt"
        huawei.write_text("Nvidia objects.\n" + huawei.read_text())
        (corpus / "policy/plan.txt").rename(corpus / "policy/plan-2026.txt")
        (corpus / "chips/copy.txt").write_text((corpus / "chips/baidu.txt").read_text())
        sync(index, embeddings, corpus)
        check(index)
        assert index.sentence_vectors([gone]) == [None]


def test_an_index_without_vectors_of_sentences_is_built_anew_beside_the_old_one(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        now = Fingerprint.of
        earlier.setattr(Fingerprint, "of", lambda *of: now(*of).model_copy(update={"schema_version": 1}))
        with open_index(tmp_path / "home", embeddings) as index:
            sync(index, embeddings, corpus)
    seen: list[str] = []
    with open_index(tmp_path / "home", embeddings) as index:
        assert "the index layout changed from version 1 to 2" in index.rebuild_reason
        report = sync(index, embeddings, corpus, progress=lambda done, total, path: seen.append(path))
        assert "layout" in report.rebuilt and len(seen) == 3 and not index.rebuild_reason
        passages = [p for p, _ in index.search_lexical("Huawei Baidu", 9)]
        assert passages and all(vectors is not None for vectors in index.sentence_vectors(passages))
        assert index.check() == [] and len(list(index.root.glob("*/catalog.sqlite3"))) == 1


def test_a_text_that_cannot_be_embedded_fails_alone(tmp_path: Path, corpus: Path) -> None:
    (corpus / "chips/bad.txt").write_text("poison")
    embeddings = CountingEmbeddings()
    with open_index(tmp_path / "home", embeddings) as index:
        report = sync(index, embeddings, corpus)
        assert Counter(statuses(report).values()) == {"added": 3, "failed": 1}
        assert statuses(report)["chips/bad.txt"] == "failed" and index.check() == []


def test_dry_run_writes_nothing(tmp_path: Path, corpus: Path, embeddings: EmbeddingModel) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        report = sync(index, embeddings, corpus, dry_run=True)
        assert set(statuses(report).values()) == {"added"}
        assert index.generation == 0 and index.documents() == []


def test_only_the_paths_given_are_touched(tmp_path: Path, corpus: Path, embeddings: EmbeddingModel) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        (corpus / "chips/huawei.txt").unlink()
        (corpus / "policy/plan.txt").unlink()
        (corpus / "policy/more.txt").write_text("More.")
        report = sync(index, embeddings, corpus, paths=[corpus / "policy"])
        assert statuses(report) == {"policy/plan.txt": "removed", "policy/more.txt": "added"}
        report = sync(index, embeddings, corpus, paths=[corpus / "chips"], remove_missing=False)
        assert statuses(report) == {"chips/baidu.txt": "unchanged"}
        assert [d.path for d in index.documents()] == [
            "chips/baidu.txt",
            "chips/huawei.txt",
            "policy/more.txt",
        ]
        with pytest.raises(IndexingError, match="not inside"):
            sync(index, embeddings, corpus, paths=[tmp_path])


def test_collections_are_apart_and_can_be_removed(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        sync_folder(index, embeddings, corpus, "user", ingest=INGEST)
        assert len(index.documents()) == 6
        assert remove_documents(index, embeddings, ["chips/huawei.txt", "no.txt"], "user", ingest=INGEST) == 1
        left = {(d.collection, d.path) for d in index.documents()}
        assert ("corpus", "chips/huawei.txt") in left and ("user", "chips/huawei.txt") not in left
        assert len(left) == 5 and index.check() == []


def test_missing_folder_is_an_error_and_removes_nothing(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        with pytest.raises(IndexingError, match="does not exist"):
            sync(index, embeddings, tmp_path / "nowhere")
        assert len(index.documents()) == 3


def test_an_empty_file_is_indexed_without_passages(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    (corpus / "empty.txt").write_text("")
    with open_index(tmp_path / "home", embeddings) as index:
        report = sync(index, embeddings, corpus)
        assert {f.path: f.reason for f in report.files}["empty.txt"] == "no text found"
        assert statuses(sync(index, embeddings, corpus))["empty.txt"] == "unchanged"
