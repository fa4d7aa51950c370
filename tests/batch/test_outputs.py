from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from markdown_it import MarkdownIt

from assistant.batch import BatchOptions, run_batch
from assistant.batch.writers import WRITERS
from assistant.errors import BatchError, ModelError
from assistant.schema import Answer

from .fakes import QUOTE, SOURCE, FakeEngine, make_answer

HOSTILE = '=HYPERLINK("http://evil.example","x")'
MARKUP = "<script>alert(1)</script> & [link](javascript:x) `a` *b*"


def run(folder: Path, reply: object = make_answer, source: bytes | None = None) -> dict[str, Path]:
    """Answers a list with one answer, one refusal and one failure into every format."""
    paths = {suffix[1:]: folder / f"a{suffix}" for suffix in WRITERS}
    table = source or b'id,question,owner\nq1,When?,Mei\nq2,weather?,\nq3,,"Li, Wei"\n'
    run_batch(FakeEngine(reply), io.BytesIO(table), paths.values(), BatchOptions(input_format="csv"))  # type: ignore[arg-type]
    return paths


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize(("kind", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_a_table_holds_what_a_reader_checks(tmp_path: Path, kind: str, delimiter: str) -> None:
    path = run(tmp_path)[kind]
    first, second, third = rows_of(path, delimiter)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (first["id"], first["status"], first["owner"]) == ("q1", "answered", "Mei")
    assert first["answer"] == f"{QUOTE} [1] It may slip. [1]"
    assert first["citations"].startswith(
        "[1] Huawei's Ascend plans, 2026-05-01, chips/2026-05-01-ascend.md, page 2"
    )
    assert first["links"] == f"[1] {SOURCE.url}"
    assert (first["supported"], first["partly_supported"], first["doubts"]) == (
        "1",
        "1",
        "It may slip.: no date",
    )
    assert "700,000 (Reuters, 2026) [1]" in first["disagreements"]
    assert (second["status"], second["answer"]) == ("not_in_corpus", "The documents do not answer this.")
    assert (third["status"], third["error"], third["owner"]) == (
        "failed",
        "The question is empty.",
        "Li, Wei",
    )


def test_a_workbook_links_its_citations(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(run(tmp_path)["xlsx"])
    assert book.sheetnames == ["Answers", "Citations", "Claims", "Summary"]
    answers = book["Answers"]
    header = [cell.value for cell in answers[1]]
    linked = answers[2][header.index("citation_1")]
    assert linked.value.startswith("[1] Huawei's Ascend plans")
    assert linked.hyperlink.target == SOURCE.url
    assert [answers[n][header.index("status")].value for n in (2, 3, 4)] == [
        "answered",
        "not in the documents",
        "failed",
    ]
    assert [c.value for c in book["Citations"][2]][:3] == ["q1", 1, QUOTE]
    assert book["Citations"][2][-1].hyperlink.target == SOURCE.url
    assert [c.value for c in book["Claims"][3]][1:3] == ["It may slip.", "partly_supported"]
    assert ("Refused (not in the documents)", "1") in list(book["Summary"].iter_rows(values_only=True))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝", "\r="])
def test_no_cell_becomes_a_formula(tmp_path: Path, start: str) -> None:
    text = start + HOSTILE[1:]
    table = io.StringIO()
    csv.writer(table).writerows([["id", "question", "=owner"], ["q1", text, text]])
    paths = run(tmp_path, lambda question: make_answer(question, text, text), table.getvalue().encode())
    for cells in csv.reader(io.StringIO(paths["csv"].read_text("utf-8-sig"), newline="")):
        assert not [cell for cell in cells if cell.lstrip(" ").startswith(tuple("=+-@\t\r＝"))]
    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_only_web_addresses_become_links(tmp_path: Path) -> None:
    paths = run(tmp_path, lambda question: make_answer(question, url="javascript:alert(1)"))
    for sheet in openpyxl.load_workbook(paths["xlsx"]):
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    for kind in ("csv", "md", "html"):
        assert "javascript:" not in paths[kind].read_text("utf-8")


def test_long_and_forbidden_text_fits_a_cell_and_stays_whole_elsewhere(tmp_path: Path) -> None:
    long = "\x0b\x00" + "word " * 10_000
    paths = run(tmp_path, lambda question: make_answer(question, long))
    answers = openpyxl.load_workbook(paths["xlsx"])["Answers"]
    cell = answers[2][[c.value for c in answers[1]].index("answer")].value
    assert cell.startswith("word word") and cell.endswith("[cut; the JSONL output has all]")
    assert len(cell) <= 32_767
    assert paths["jsonl"].read_text("utf-8").count("word ") > 10_000


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.links += [values["href"] or ""] if "href" in values else []
        self.ids += [values["id"] or ""] if "id" in values else []

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_escapes_everything_and_its_marks_lead_to_their_citations(tmp_path: Path) -> None:
    page = Page()
    paths = run(tmp_path, lambda question: make_answer(question, MARKUP, MARKUP), b"question\nOne?\nTwo?\n")
    page.feed(paths["html"].read_text("utf-8"))
    assert "script" not in page.tags
    assert page.text.count(MARKUP) == 4
    marks = [link[1:] for link in page.links if link.startswith("#")]
    assert set(marks) == {"q1-1", "q2-1"} <= set(page.ids)
    assert SOURCE.url in page.links


def test_the_report_escapes_everything_and_keeps_footnotes_apart(tmp_path: Path) -> None:
    paths = run(tmp_path, lambda question: make_answer(question, MARKUP, MARKUP), b"question\nOne?\nTwo?\n")
    text = paths["md"].read_text("utf-8")
    assert "[^1-1]: " in text and "[^2-1]: " in text
    html = MarkdownIt().render(text)
    assert "<script>" not in html
    assert 'href="javascript' not in html


def test_reports_carry_the_summary(tmp_path: Path) -> None:
    paths = run(tmp_path)
    for kind in ("md", "html"):
        text = paths[kind].read_text("utf-8")
        assert "Claims fully supported" in text and "50.0% of 2 claims" in text


def test_an_output_that_fails_at_the_end_loses_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    engine, source = FakeEngine(), tmp_path / "q.txt"
    source.write_text("One?\nTwo?\n")
    with monkeypatch.context() as patch, pytest.raises(BatchError, match=r"No space .*answers are kept"):
        patch.setitem(WRITERS, ".csv", full)
        run_batch(engine, source, tmp_path / "a.csv", BatchOptions(max_concurrency=1))
    assert run_batch(engine, source, tmp_path / "a.csv").answered == 2
    assert engine.asked.count("One?") == 1
    assert not list(tmp_path.glob(".*"))


def test_an_output_that_is_open_elsewhere_meanwhile_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = WRITERS[".csv"], 0

    def busy(path: Path, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise PermissionError(13, "Permission denied")
        real(path, *arguments)

    monkeypatch.setitem(WRITERS, ".csv", busy)
    out = tmp_path / "a.csv"
    summary = run_batch(FakeEngine(), io.BytesIO(b"One?\nTwo?"), out, BatchOptions(max_concurrency=1))
    assert (summary.answered, len(rows_of(out))) == (2, 2)


def test_a_reason_is_one_line_everywhere(tmp_path: Path) -> None:
    def reply(question: str) -> Answer:
        raise ModelError("Line one.\nLine two.")

    paths = run(tmp_path, reply, b"question\nOne?\n")
    assert rows_of(paths["csv"])[0]["error"] == "Line one. Line two."
