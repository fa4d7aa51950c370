"""What users add: folders that are mirrored, a lost index, a new embedding model, a dry run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant import Assistant
from assistant.errors import AssistantError, DocumentError
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


class Stop(KeyboardInterrupt):
    """Ctrl-C."""


def copies(tmp_path: Path) -> dict[str, str]:
    """What lies in the folder of the collection, but for the lock."""
    root = tmp_path / "home/uploads/user"
    files = [file for file in root.rglob("*") if file.is_file() and file.name != ".adding.lock"]
    return {file.relative_to(root).as_posix(): file.read_text() for file in files}


def stop(done: int, total: int, name: str) -> None:
    raise Stop


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("failure", ["Ctrl-C", "disk full while copying", "disk full while indexing"])
@pytest.mark.parametrize("again", [False, True])
def test_a_failed_add_leaves_nothing_that_the_next_one_would_take(
    failure: str, again: bool, tmp_path: Path, corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        if again:
            assistant.add_documents(folder)
            (folder / "one.md").write_text("# One\n\nChanged.\n")
            (folder / "two.md").unlink()
            (folder / "three.md").write_text("# Three\n\nNew.\n")
        before, listed = copies(tmp_path), own(assistant)
        with monkeypatch.context() as patch, pytest.raises((Stop, AssistantError)):
            if failure == "disk full while copying":
                patch.setattr(shutil, "copyfile", full)
            elif failure == "disk full while indexing":
                patch.setattr("assistant.index.catalog.Catalog.publish", full)
            assistant.add_documents(folder, progress=stop if failure == "Ctrl-C" else None)
        assert copies(tmp_path) == before and own(assistant) == listed
        (tmp_path / "more.md").write_text("# More\n\nMore text.\n")
        assistant.add_documents(tmp_path / "more.md")
        assert own(assistant) == ["more.md", *listed]
        assert assistant.remove("more.md") == 1 and own(assistant) == listed
        found = {hit.passage.text for hit in assistant.search("Changed. New. report", k=50)}
        assert not any("Changed" in text or "New." in text for text in found)
        assistant.add_documents(folder)
        assert len(own(assistant)) == 2


def test_what_a_killed_add_copied_is_undone_by_the_next(tmp_path: Path, corpus: Path, folder: Path) -> None:
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assistant.add_documents(folder)
        before = copies(tmp_path)
    (folder / "one.md").write_text("# One\n\nChanged.\n")
    (folder / "three.md").write_text("# Three\n\nNew.\n")
    (folder / "two.md").unlink()
    # Killed after its copies were put in place.
    script = """
import os, sys
from pathlib import Path
from assistant.uploads import keeping
with keeping(Path(sys.argv[1]), [Path(sys.argv[2])], "user"):
    os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "home"), str(folder)], check=False)
    assert done.returncode == 9 and copies(tmp_path) != before
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        (tmp_path / "more.md").write_text("# More\n\nMore text.\n")
        assistant.add_documents(str(tmp_path / "more.md"))
        assert own(assistant) == ["more.md", "reports/one.md", "reports/two.md"]
        assert {k: v for k, v in copies(tmp_path).items() if k != "more.md"} == before


def test_one_path_is_one_path(
    tmp_path: Path, corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        for path in ("reports/one.md", str(folder / "two.md"), folder / "one.md"):
            assert assistant.add_documents(path).count("failed") == 0
        assert own(assistant) == ["one.md", "two.md"]
        assert assistant.remove("one.md") == 1 and own(assistant) == ["two.md"]
        with pytest.raises(DocumentError, match=r"/memo\.md does not exist"):
            assistant.add_documents("/memo.md")
        assert own(assistant) == ["two.md"]


@pytest.mark.parametrize("bad", ["missing.md", "/", "home", "twice", "corpus!", "pipe", "empty"])
def test_nothing_is_copied_before_all_paths_are_looked_at(
    bad: str, tmp_path: Path, corpus: Path, folder: Path
) -> None:
    (folder / "sub" / "one.md").write_text("# Another\n\nText.\n")
    os.mkfifo(tmp_path / "pipe")
    paths = {
        "missing.md": [folder / "one.md", tmp_path / "missing.md"],
        "/": [folder / "one.md", "/"],
        "home": [folder / "one.md", tmp_path],
        "twice": [folder / "one.md", folder / "sub" / "one.md"],
        "corpus!": [folder / "one.md"],
        "pipe": [folder / "one.md", tmp_path / "pipe"],
        "empty": [folder / "one.md", " "],
    }[bad]
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        assistant.sync()
        with pytest.raises(DocumentError):
            assistant.add_documents(paths, collection=bad if bad == "corpus!" else "user")
        assert not (tmp_path / "home/uploads").exists() and own(assistant) == []


def test_a_file_that_cannot_be_read_does_not_replace_the_copy_of_one_that_could(
    tmp_path: Path, corpus: Path
) -> None:
    file = tmp_path / "note.pdf"
    with open_assistant(tmp_path, corpus, model("one")[0]) as assistant:
        file.write_text("x")
        (tmp_path / "other.md").write_text("# Other\n\nIt names Hygon.\n")
        assistant.add_documents(tmp_path / "other.md")
        copy = tmp_path / "home/uploads/user/other.md"
        (tmp_path / "other.md").write_bytes(b"\x00\x01\x02" * 200)
        report = assistant.add_documents([tmp_path / "other.md", file])
        assert report.count("failed") == 2 and own(assistant) == ["other.md"]
        assert copy.read_text() == "# Other\n\nIt names Hygon.\n" and not copy.with_name("note.pdf").exists()


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
