"""Verbs that work on documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.index.sync import FileReport, SyncReport

from .fakes import FakeAssistant


def test_index_reports_counts_and_names_failures(assistant: FakeAssistant, run: Any) -> None:
    failed = FileReport(path="b.pdf", status="failed", reason="It is encrypted.")
    assistant.report = SyncReport(files=(*assistant.report.files, failed), passages=3, seconds=1.5)
    result = run("index")
    assert result.code == 0
    assert "failed b.pdf: It is encrypted." in result.out
    assert "1 added, 1 failed; 3 passages" in result.out


def test_ingest_fails_when_no_file_could_be_read(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "b.pdf"
    file.touch()
    assistant.report = SyncReport(files=(FileReport(path="b.pdf", status="failed", reason="Empty."),))
    assert run("ingest", str(file)).code == 1
    assert run("ingest", str(tmp_path / "absent.pdf")).err.startswith("Error: There is no file or folder")


def test_documents_and_remove(assistant: FakeAssistant, run: Any) -> None:
    assert "chips/2026-05-01-huawei.md" in run("documents").out
    assert run("remove", "a.md").out == "1 removed\n"
    assert run("remove", "z.md").code == 1


def test_corpus_check_accepts_the_corpus_and_names_a_broken_document(run: Any, tmp_path: Path) -> None:
    assert run("corpus", "check").code == 0
    (tmp_path / "a.md").write_text("# No front matter\n\nA sentence.[^1]\n")
    result = run("corpus", "check", str(tmp_path))
    assert result.code == 1
    assert "a.md:" in result.out
    assert run("corpus", "check", str(tmp_path / "absent")).code == 1
