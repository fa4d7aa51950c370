"""What users add: folders that are mirrored, a lost index, a new embedding model, a dry run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant import Assistant
from assistant.errors import DocumentError
from assistant.index.preview import open_for_preview
from assistant.models.embeddings import EmbeddingModel, WrappedEmbeddings
from assistant.schema import Filters
from assistant.settings import Settings


class Counting(DeterministicFakeEmbedding):
    """Remembers what it embeds."""

    texts: list[str] = []  # noqa: RUF012

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts.extend(texts)
        return super().embed_documents(texts)


def model(name: str, dimension: int = 16) -> tuple[EmbeddingModel, list[str]]:
    inner = Counting(size=dimension, texts=[])
    return WrappedEmbeddings(inner, name=name, dimension=dimension), inner.texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "reports"
    (root / "sub").mkdir(parents=True)
    (root / "one.md").write_text("# One\n\nThe first report names Cambricon.\n")
    (root / "two.md").write_text("# Two\n\nThe second report names Hygon.\n")
    return root


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    root.mkdir()
    (root / "base.md").write_text("# Base\n\nThe corpus names Huawei.\n")
    return root


def own(assistant: Assistant) -> list[str]:
    return [document.path for document in assistant.documents(Filters(collections=("user",)))]


def open_assistant(tmp_path: Path, corpus: Path, embedding: EmbeddingModel) -> Assistant:
    return Assistant(home=tmp_path / "home", corpus=corpus, embedding=embedding, model="extractive")


def test_a_folder_that_is_added_again_is_mirrored_and_moved_files_keep_their_vectors(
    tmp_path: Path, corpus: Path, folder: Path
) -> None:
    embedding, texts = model("one")
    with open_assistant(tmp_path, corpus, embedding) as assistant:
        assistant.add_documents([folder])
        assert own(assistant) == ["reports/one.md", "reports/two.md"]
        texts.clear()
        (folder / "one.md").rename(folder / "sub/one.md")
        (folder / "two.md").unlink()
        report = assistant.add_documents([folder])
        assert own(assistant) == ["reports/sub/one.md"] and texts == []
        assert {f.path: f.reason for f in report.files}["reports/sub/one.md"] == "moved from reports/one.md"
        assert not (tmp_path / "home/uploads/user/reports/two.md").exists()


def test_a_file_that_is_too_large_is_told_and_not_copied(tmp_path: Path, corpus: Path, folder: Path) -> None:
    copies = tmp_path / "home/uploads/user"
    settings = Settings(home=tmp_path / "home", corpus=corpus, max_file_mb=0.001)
    with Assistant(settings=settings, embedding=model("one")[0], model="extractive") as assistant:
        assistant.add_documents([folder])
        (folder / "two.md").write_text("Grown. " * 1000)
        (folder / "new.md").write_text("Large. " * 1000)
        (tmp_path / "big.md").write_text("Large. " * 1000)
        report = assistant.add_documents([tmp_path / "big.md", folder])
        told = {f.path: f.reason for f in report.files if f.status == "failed"}
        assert sorted(told) == ["big.md", "reports/new.md", "reports/two.md"]
        assert told["big.md"].startswith("has 0.007 MB; the limit is 0.001 MB.")
        assert "ASSISTANT_MAX_FILE_MB" in told["big.md"]
        # Its earlier version stays.
        assert own(assistant) == ["reports/one.md", "reports/two.md"] and assistant.search("Hygon")
        assert not (copies / "big.md").exists() and not (copies / "reports/new.md").exists()


def test_another_folder_of_the_same_name_does_not_mix_with_the_first(
    tmp_path: Path, corpus: Path, folder: Path
) -> None:
    other = tmp_path / "elsewhere/reports"
    other.mkdir(parents=True)
    (other / "one.md").write_text("# Another\n\nIt names Moore Threads.\n")
    embedding, _ = model("one")
    with open_assistant(tmp_path, corpus, embedding) as assistant:
        assistant.add_documents([folder])
        assistant.add_documents([other])
        assert own(assistant) == ["reports-2/one.md", "reports/one.md", "reports/two.md"]


def test_a_copy_of_a_file_is_not_embedded_again(tmp_path: Path, corpus: Path, folder: Path) -> None:
    embedding, texts = model("one")
    with open_assistant(tmp_path, corpus, embedding) as assistant:
        assistant.add_documents([folder])
        texts.clear()
        shutil.copy(folder / "one.md", tmp_path / "copy.md")
        assistant.add_documents([tmp_path / "copy.md"])
        assert "copy.md" in own(assistant) and texts == []


def test_uploads_survive_a_new_embedding_model(tmp_path: Path, corpus: Path, folder: Path) -> None:
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assistant.add_documents([folder])
    with open_assistant(tmp_path, corpus, model("two", 8)[0]) as assistant:
        assert own(assistant) == ["reports/one.md", "reports/two.md"]
        assert assistant.search("Hygon", filters=Filters(collections=("user",)))


def test_uploads_come_back_when_the_index_is_lost(tmp_path: Path, corpus: Path, folder: Path) -> None:
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assistant.add_documents([folder])
        assistant.remove(["reports/one.md"])
    shutil.rmtree(tmp_path / "home/index")
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assert own(assistant) == ["reports/two.md"]


def test_what_an_interrupted_run_copied_is_indexed_by_the_next(
    tmp_path: Path, corpus: Path, folder: Path
) -> None:
    class Stop(KeyboardInterrupt):
        """Ctrl-C."""

    def stop(done: int, total: int, name: str) -> None:
        raise Stop

    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        with pytest.raises(Stop):
            assistant.add_documents([folder], progress=stop)
        assert own(assistant) == []
        (tmp_path / "more.md").write_text("# More\n\nMore text.\n")
        assistant.add_documents([tmp_path / "more.md"])
        assert own(assistant) == ["more.md", "reports/one.md", "reports/two.md"]


def test_a_file_that_cannot_be_read_leaves_no_copy(tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assert assistant.add_documents([tmp_path / "broken.pdf"]).count("failed") == 1
        assert not (tmp_path / "home/uploads/user/broken.pdf").exists()


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path, corpus: Path, folder: Path) -> None:
    embedding, texts = model("one")
    with open_assistant(tmp_path, corpus, embedding) as assistant:
        assert assistant.sync(dry_run=True).count("added") == 1
        assert assistant.add_documents([folder], dry_run=True).count("added") == 2
        with pytest.raises(DocumentError, match="does not exist"):
            assistant.add_documents([tmp_path / "nothing.md"], dry_run=True)
        assert not (tmp_path / "home").exists() and texts == []
        assistant.add_documents([folder])
        before = sorted((tmp_path / "home/uploads").rglob("*"))
        (folder / "one.md").write_text("# One\n\nChanged.\n")
        (folder / "two.md").rename(folder / "three.md")
        report = assistant.add_documents([folder], dry_run=True)
        assert {f.path: f.status for f in report.files} == {
            "reports/one.md": "updated",
            "reports/three.md": "updated",
        }
        assert {f.path: f.reason for f in report.files}["reports/three.md"] == "moved from reports/two.md"
        assert sorted((tmp_path / "home/uploads").rglob("*")) == before
        assert own(assistant) == ["reports/one.md", "reports/two.md"]


def test_a_dry_run_says_that_all_must_be_built_anew(tmp_path: Path, corpus: Path) -> None:
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assistant.sync()
    folders = sorted((tmp_path / "home/index").iterdir())
    with open_assistant(tmp_path, corpus, model("two", 8)[0]) as assistant:
        assert "embedding model changed from one to two" in assistant.sync(dry_run=True).rebuilt
    assert sorted((tmp_path / "home/index").iterdir()) == folders


def test_a_preview_shows_the_index_that_is_there(tmp_path: Path, corpus: Path) -> None:
    embedding, _ = model("one")
    with open_assistant(tmp_path, corpus, embedding) as assistant:
        assistant.sync()
    with open_for_preview(tmp_path / "home", embedding) as index:
        assert [d.path for d in index.documents()] == ["base.md"]
