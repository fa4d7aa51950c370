"""A folder of files that are broken on purpose: each gives one clear line, and none harms the others."""

from __future__ import annotations

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.index.reader import Index
from assistant.index.sync import FileReport, Ingest, sync_folder
from assistant.ingest.readers import Limits
from assistant.models.embeddings import WrappedEmbeddings
from tests.ingest.broken_files import BROKEN, TEXT, make_folder

# The usual limits, smaller, so that what exceeds them need not be large.
LIMITS = Limits(characters=1_000_000, cells=100_000)
# These take seconds to make or to read; the page of the documentation shows them.
SLOW = {"large.txt", "long.txt", "stream-bomb.pdf", "bomb.docx", "far-cells.xlsx"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[FileReport]]:
    """Lines of the report by the file that they are about."""
    base = tmp_path_factory.mktemp("broken")
    folder = base / "folder"
    make_folder(folder, leave_out=SLOW)
    (folder / "healthy.md").write_text(f"# Healthy\n\n{TEXT}")
    embeddings = WrappedEmbeddings(DeterministicFakeEmbedding(size=8), name="fake", dimension=8)
    index = Index.open(base / "home", embeddings)
    try:
        report = sync_folder(index, embeddings, folder, ingest=Ingest.default(LIMITS))
        # What failed fails again, and what was read is not read again.
        again = sync_folder(index, embeddings, folder, ingest=Ingest.default(LIMITS))
    finally:
        index.close()
    assert again.count("added") == again.count("updated") == 0
    assert {file.path: file.reason for file in again.files if file.status == "failed"} == {
        file.path: file.reason for file in report.files if file.status == "failed"
    }
    lines: dict[str, list[FileReport]] = {}
    for file in report.files:
        lines.setdefault(file.path.partition("!/")[0], []).append(file)
    return lines


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - SLOW))
def test_each_gives_a_clear_line(name: str, reports: dict[str, list[FileReport]]) -> None:
    words = BROKEN[name][1]
    if words is None:
        (line,) = reports[name]
        assert line.status == "added"
        assert line.passages
        return
    (line,) = [line for line in reports[name] if line.status in ("failed", "skipped")]
    assert words in f"{line.path}: {line.reason}"
    assert "\n" not in line.reason
    assert "Error" not in line.reason.replace("(ParseError)", "")
    assert len(line.reason) < 250
    # It says what to do.
    assert line.reason.count(".") >= 2


def test_links_and_special_files_are_told(reports: dict[str, list[FileReport]]) -> None:
    if "pipe.txt" not in reports:
        pytest.skip("this system has no such files")
    assert "leads out of the folder" in reports["leads-out.md"][0].reason
    assert "no regular file" in reports["pipe.txt"][0].reason
    assert "not text" in reports["two?lines.md"][0].reason
    assert reports["loop.md"][0].status == "failed"


def test_healthy_files_beside_them_are_read(reports: dict[str, list[FileReport]]) -> None:
    assert reports["healthy.md"][0].status == "added"
    (good,) = [line for line in reports["one-bad.zip"] if line.status == "added"]
    assert good.path == "one-bad.zip!/good.md"


def test_the_report_tells_which_reader_read_what_another_could_not(
    reports: dict[str, list[FileReport]],
) -> None:
    (line,) = reports["deep.html"]
    assert line.reader == "tag stripper"
    assert "nests its tags too deeply" in line.remarks[0]
