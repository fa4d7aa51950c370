from __future__ import annotations

import errno
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import IndexingError, ModelError
from assistant.index.builds import write_lock
from assistant.index.reader import Index
from assistant.index.store import PassageStore
from assistant.index.sync import SyncReport, sync_folder
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Filters
from tests.index.conftest import INGEST, fake_embeddings, open_index

pytestmark = pytest.mark.usefixtures("place")


def sync(index: Index, embeddings: EmbeddingModel, corpus: Path, **options: object) -> SyncReport:
    return sync_folder(index, embeddings, corpus, "corpus", ingest=INGEST, **options)  # type: ignore[arg-type]


def paths(index: Index) -> list[str]:
    return [document.path for document in index.documents()]


class Stop(KeyboardInterrupt):
    """What the user's Ctrl-C raises."""


def stop_at(name: str, error: BaseException):  # type: ignore[no-untyped-def]
    def on_write(step: str) -> None:
        if step == name:
            raise error

    return on_write


def test_readers_see_a_state_as_a_whole_and_notice_the_next(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    """Two readers with engines of their own, as in other processes, while one writes."""
    home = tmp_path / "home"
    with open_index(home, embeddings) as writer:
        sync(writer, embeddings, corpus)
        first, second = open_index(home, embeddings), open_index(home, embeddings)
        for reader in (first, second):
            reader._serving.store.reopen()
        (corpus / "chips/huawei.txt").write_text("Huawei denies it.")
        (corpus / "chips/nvidia.txt").write_text("Nvidia denies it.")
        vector = embeddings.embed_query("x")
        seen: list[tuple[int, set[str]]] = []

        def look(step: str) -> None:
            for reader in (first, second):
                texts = {p.text for p, _ in reader.search_dense(vector, 50)}
                assert texts == {
                    p.text for p, _ in reader.search_dense(vector, 50, Filters(collections=("corpus",)))
                }
                seen.append((reader.generation, texts))
                assert texts >= {p.text for p, _ in reader.search_lexical("Huawei denies it", 50)}

        sync(writer, embeddings, corpus, on_write=look)
        look("after")
        states = {generation: [texts for g, texts in seen if g == generation] for generation, _ in seen}
        assert sorted(states) == [1, 2]
        for texts in states[1]:
            assert "Nvidia denies it." not in texts and "Huawei denies it." not in texts
        assert any("Huawei ships the Ascend 950PR." in texts for texts in states[1])
        for texts in states[2]:
            assert {"Nvidia denies it.", "Huawei denies it."} <= texts
            assert "Huawei ships the Ascend 950PR." not in texts
        first.close()
        second.close()


@pytest.mark.parametrize("kind", ["dense", "lexical"])
def test_a_search_that_a_writer_overtakes_is_done_again(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with open_index(home, embeddings) as writer, open_index(home, embeddings) as reader:
        sync(writer, embeddings, corpus)
        reader.refresh()
        reader._serving.store.reopen()
        read = {"dense": "nearest", "lexical": "get"}[kind]
        usual: Any = getattr(PassageStore, read)
        waiting = [None]

        def overtaken(store: PassageStore, *arguments: Any) -> Any:
            if waiting:
                waiting.clear()
                (corpus / "chips/huawei.txt").write_text("Huawei denies it.")
                sync(writer, embeddings, corpus)
            return usual(store, *arguments)

        monkeypatch.setattr(PassageStore, read, overtaken)
        if kind == "dense":
            found = reader.search_dense(embeddings.embed_query("x"), 50)
            assert len(found) == 4
        else:
            found = reader.search_lexical("Huawei", 50)
        texts = {p.text for p, _ in found}
        assert "Huawei denies it." in texts and "Huawei ships the Ascend 950PR." not in texts


def test_searching_threads_are_never_disturbed_by_a_writer(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    home = tmp_path / "home"
    failures: list[BaseException] = []
    done = threading.Event()
    with open_index(home, embeddings) as writer, open_index(home, embeddings) as reader:
        sync(writer, embeddings, corpus)

        def search() -> None:
            try:
                while not done.is_set():
                    assert reader.search_dense(embeddings.embed_query("x"), 5)
                    assert reader.search_lexical("plan", 5)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(4):
            (corpus / "chips/huawei.txt").write_text(f"Version {number} of the text.")
            sync(writer, embeddings, corpus)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == [] and reader.check() == []


def test_a_new_embedding_model_is_named_and_built_beside(tmp_path: Path, corpus: Path) -> None:
    home, old, new = tmp_path / "home", fake_embeddings("old", 16), fake_embeddings("new", 8)
    with open_index(home, old) as index:
        sync(index, old, corpus)
        sync_folder(index, old, corpus, "user", ingest=INGEST, paths=[corpus / "policy"])
    (corpus / "policy/plan.txt").unlink()
    with open_index(home, new) as index:
        assert "embedding model changed from old to new" in index.rebuild_reason
        with pytest.raises(Stop):
            sync(index, new, corpus, on_write=stop_at("switch", Stop()))
    with open_index(home, old) as index:
        assert index.rebuild_reason == "" and len(index.documents()) == 4
    with open_index(home, new) as index:
        report = sync(index, new, corpus)
        assert "embedding model changed" in report.rebuilt and index.rebuild_reason == ""
        # The user's document is taken over from its stored text, though its file is gone.
        assert [(d.collection, d.path) for d in index.documents()] == [
            ("corpus", "chips/baidu.txt"),
            ("corpus", "chips/huawei.txt"),
            ("user", "policy/plan.txt"),
        ]
        assert len(index.search_dense(new.embed_query("x"), 9)) == 5 and index.check() == []
    assert len([folder for folder in (home / "index").iterdir() if folder.is_dir()]) == 1


def test_a_new_chunker_leaves_the_old_index_searchable_until_the_switch(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    home = tmp_path / "home"
    with open_index(home, embeddings) as index:
        sync(index, embeddings, corpus)
    with open_index(home, embeddings, "test-2") as index:
        assert "division into passages" in index.rebuild_reason
        assert index.search_lexical("Ascend") and index.search_dense(embeddings.embed_query("x"), 2)
        sync(index, embeddings, corpus)
        assert index.fingerprint.chunker == "test-2" and index.search_lexical("Ascend")
        assert sync(index, embeddings, corpus).rebuilt == ""


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), sqlite3.OperationalError("database or disk is full")],
)
@pytest.mark.parametrize("step", ["record", "add passages", "stage", "lexical", "publish", "forget"])
def test_a_full_disk_is_said_and_the_next_run_finishes(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, step: str, error: Exception
) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus, paths=[corpus / "policy"])
        (corpus / "policy/plan.txt").write_text("Changed.")
        with pytest.raises(IndexingError, match="The disk is full") as caught:
            sync(index, embeddings, corpus, on_write=stop_at(step, error))
        assert "Free some space" in caught.value.hint
        sync(index, embeddings, corpus)
        assert len(paths(index)) == 3 and index.check() == []


def test_a_damaged_lexical_index_is_rebuilt(tmp_path: Path, corpus: Path, embeddings: EmbeddingModel) -> None:
    home = tmp_path / "home"
    with open_index(home, embeddings) as index:
        sync(index, embeddings, corpus)
        expected = index.search_lexical("Baidu shares")
    [folder] = (home / "index").glob("*/lexical-*")
    for damage in (lambda f: f.write_bytes(b"\0" * 10), lambda f: f.unlink()):
        for file in sorted(folder.iterdir()):
            damage(file)
        with open_index(home, embeddings) as index:
            assert index.search_lexical("Baidu shares") == expected
            assert index.check() == []


def test_damaged_chroma_files_are_rebuilt_without_embedding(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    home = tmp_path / "home"
    with open_index(home, embeddings) as index:
        sync(index, embeddings, corpus)
        lost = [p.id for p in index.wanted.store.all()][:2]
        index.wanted.store.delete_ids(lost)
        assert len(index.check()) == 2
        report = sync(index, embeddings, corpus)
        assert not report.changed and index.check() == []


def test_one_writer_at_a_time(tmp_path: Path, corpus: Path, embeddings: EmbeddingModel) -> None:
    home = tmp_path / "home"
    with (
        open_index(home, embeddings) as index,
        write_lock(home / "index", 0),
        pytest.raises(IndexingError, match="Another process is writing"),
    ):
        sync(index, embeddings, corpus, lock_seconds=0)


def test_a_failing_provider_stops_the_run_and_keeps_what_was_there(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    with open_index(tmp_path / "home", embeddings) as index:
        sync(index, embeddings, corpus)
        (corpus / "new.txt").write_text("New.")
        with pytest.raises(ModelError):
            sync(index, embeddings, corpus, on_write=stop_at("record", ModelError("refused")))
        assert len(paths(index)) == 3 and index.search_lexical("plan")


def test_an_unwritable_home_is_said(tmp_path: Path, embeddings: EmbeddingModel) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(IndexingError):
        open_index(tmp_path / "home", embeddings)
