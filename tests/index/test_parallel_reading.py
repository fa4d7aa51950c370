"""Files read in worker processes and on a local Ray cluster give the same index as in one process."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from assistant.errors import ConfigurationError
from assistant.index.reading import Prepared, ProcessReading, RayReading, prepare
from assistant.index.sync import Ingest, sync_folder
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document
from tests.index.conftest import INGEST, fake_embeddings, make_ingest, open_index, read


def crashing_read(file: Path, root: Path, collection: str) -> Document:
    if file.name == "crash.txt":
        os._exit(3)
    return read(file, root, collection)


def crashing() -> Ingest:
    return Ingest(discover=INGEST.discover, read=crashing_read, chunk=INGEST.chunk)


def in_this_process(files: list[Path], corpus: Path, embeddings: EmbeddingModel) -> list[Prepared]:
    return list(prepare(files, corpus, "corpus", INGEST, embeddings))


def test_workers_give_what_one_process_gives(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel
) -> None:
    (corpus / "broken.txt").write_text("BROKEN")
    files = sorted(corpus.rglob("*.txt"))
    expected = in_this_process(files, corpus, embeddings)
    reading = ProcessReading(2, fake_embeddings, make_ingest)
    found = list(reading(files, corpus, "corpus"))
    assert [(f.document, f.passages) for f in found] == [(e.document, e.passages) for e in expected]
    assert [str(f.error) for f in found if f.error] == ["broken.txt is broken. Mend it."]
    with open_index(tmp_path / "home", embeddings) as index:
        report = sync_folder(index, embeddings, corpus, ingest=INGEST, reading=reading)
        assert report.count("added") == 3 and report.count("failed") == 1
        assert index.check() == [] and index.search_lexical("Baidu shares")


def test_a_file_that_crashes_its_worker_takes_no_other_along(tmp_path: Path) -> None:
    for name in ("a", "b", "crash", "d"):
        (tmp_path / f"{name}.txt").write_text(f"Text {name}.")
    found = list(
        ProcessReading(1, fake_embeddings, crashing)(sorted(tmp_path.glob("*.txt")), tmp_path, "corpus")
    )
    assert [f.document.title if f.document else str(f.error) for f in found] == [
        "a",
        "b",
        "crash.txt: its reader crashed. Leave it out.",
        "d",
    ]


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_its_extra_is_named() -> None:
    with pytest.raises(ConfigurationError, match="Ray is not installed") as caught:
        RayReading(fake_embeddings, make_ingest)
    assert "[ray]" in caught.value.hint


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
@pytest.mark.skipif("ASSISTANT_TEST_RAY" not in os.environ, reason="set ASSISTANT_TEST_RAY=1 to start Ray")
def test_a_local_ray_cluster_reads_and_embeds(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    # The workers import the fake readers of this file.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    (corpus / "broken.txt").write_text("BROKEN")
    with open_index(tmp_path / "home", embeddings) as index:
        try:
            report = sync_folder(
                index,
                embeddings,
                corpus,
                ingest=INGEST,
                reading=RayReading(fake_embeddings, make_ingest, "local"),
            )
        finally:
            ray.shutdown()
        assert report.count("added") == 3 and report.count("failed") == 1 and index.check() == []
        for passage, _ in index.search_lexical("Huawei Baidu plan", 9):
            vector = embeddings.embed_documents([passage.embedding_text()])[0]
            assert index.search_dense(vector, 1)[0][1] > 0.999
