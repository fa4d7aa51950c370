from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.index.reader import Index
from assistant.index.sync import SyncReport, refused_files, remove_documents, sync_folder
from assistant.models.embeddings import EmbeddingModel, WrappedEmbeddings
from tests.ingest import files

ONE = {"one.md": "# One\n\nThe first text.", "two.md": "# Two\n\nThe second text."}


@pytest.fixture
def embeddings() -> EmbeddingModel:
    return WrappedEmbeddings(DeterministicFakeEmbedding(size=8), name="fake", dimension=8)


@pytest.fixture
def index(tmp_path: Path, embeddings: EmbeddingModel) -> Iterator[Index]:
    opened = Index.open(tmp_path / "home", embeddings)
    yield opened
    opened.close()


def told(report: SyncReport) -> dict[str, str]:
    return {file.path: file.status for file in report.files}


def paths(index: Index) -> set[str]:
    return {document.path for document in index.documents()}


def test_an_archive_follows_its_file(tmp_path: Path, index: Index, embeddings: EmbeddingModel) -> None:
    root = tmp_path / "folder"
    root.mkdir()
    archive = root / "a.zip"

    def sync() -> dict[str, str]:
        return told(sync_folder(index, embeddings, root, paths=[archive], remove_missing=False))

    archive.write_bytes(files.zipped(ONE))
    assert sync() == {"a.zip!/one.md": "added", "a.zip!/two.md": "added"}
    assert sync() == {"a.zip!/one.md": "unchanged", "a.zip!/two.md": "unchanged"}
    archive.write_bytes(files.zipped({"one.md": ONE["one.md"], "three.md": "Another text."}))
    assert sync() == {"a.zip!/one.md": "unchanged", "a.zip!/three.md": "added", "a.zip!/two.md": "removed"}
    archive.write_bytes(b"PK\x03\x04 broken")
    report = sync_folder(index, embeddings, root)
    (line,) = report.files
    assert (line.path, line.status) == ("a.zip", "failed")
    assert line.reason.endswith("The earlier version stays.")
    assert paths(index) == {"a.zip!/one.md", "a.zip!/three.md"}
    assert remove_documents(index, embeddings, ["a.zip"], "corpus") == 2
    assert paths(index) == set()


def test_an_archive_that_is_gone_takes_its_documents_along(
    tmp_path: Path, index: Index, embeddings: EmbeddingModel
) -> None:
    root = tmp_path / "folder"
    root.mkdir()
    (root / "a.zip").write_bytes(files.zipped(ONE))
    (root / "b.md").write_text("Text.")
    sync_folder(index, embeddings, root)
    (root / "a.zip").unlink()
    report = sync_folder(index, embeddings, root)
    assert told(report) == {"a.zip!/one.md": "removed", "a.zip!/two.md": "removed", "b.md": "unchanged"}


def test_what_is_not_read_of_a_folder_is_in_the_report(
    tmp_path: Path, index: Index, embeddings: EmbeddingModel
) -> None:
    root = tmp_path / "folder"
    (root / "sub").mkdir(parents=True)
    (root / "b.md").write_text("Text.")
    (root / "sub" / "c.png").write_bytes(b"x")
    report = sync_folder(index, embeddings, root)
    assert told(report) == {"b.md": "added", "sub/c.png": "skipped"}
    assert told(refused_files(root)) == {"folder/sub/c.png": "skipped"}
