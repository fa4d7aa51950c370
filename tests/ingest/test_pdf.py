from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pypdf
import pytest
from fpdf import FPDF
from PIL import Image

from assistant.errors import DocumentError
from assistant.ingest.chunking import chunk_document
from assistant.ingest.readers import SourceFile, pdf
from assistant.ingest.readers.layout import Line
from assistant.ingest.readers.pdf_metadata import known_labels
from tests.ingest import files
from tests.ingest.files import SENTENCE, blocks, read


def test_pdf_has_title_date_pages_and_paragraphs() -> None:
    first, second = (SENTENCE * 3).strip(), ("The export licence was refused in the end. " * 3).strip()
    document = read("a.pdf", files.pdf([[("paragraph", first), ("paragraph", second)]], title="The plan"))
    assert document.title == "The plan"
    assert document.date is not None
    assert document.page_count == 1
    assert document.media_type == "application/pdf"
    assert blocks(document) == [("paragraph", first), ("paragraph", second)]


def test_pdf_drops_running_lines_and_finds_headings_by_size() -> None:
    pages = [[("heading", f"Part about topic {name}"), ("paragraph", SENTENCE * 4)] for name in "ABCD"]
    document = read("a.pdf", files.pdf(pages, header="Institute for Chips, Working Paper 7", footer=True))
    assert "Working Paper" not in document.text
    assert "Page 2" not in document.text
    assert [text for kind, text in blocks(document) if kind == "heading"] == [
        f"Part about topic {name}" for name in "ABCD"
    ]
    assert [block.page for block in document.blocks] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_pdf_outline_gives_headings() -> None:
    pages = [[("heading", "1 Memory"), ("paragraph", SENTENCE * 4)], [("paragraph", SENTENCE * 4)]]
    document = read("a.pdf", files.pdf(pages, outline=True))
    assert blocks(document)[0] == ("heading", "1 Memory")
    assert document.blocks[0].level == 1


def test_pdf_sentence_over_a_page_break_belongs_to_the_page_where_it_begins() -> None:
    pages = [
        [("paragraph", SENTENCE * 4 + "The licence was")],
        [("paragraph", "refused in May. " + SENTENCE.strip())],
    ]
    document = read("a.pdf", files.pdf(pages))
    assert document.text.count("The licence was refused in May.") == 1
    second = document.blocks[1]
    assert (second.page, document.text[second.char_start : second.char_end]) == (2, SENTENCE.strip())


def test_pdf_mends_words_broken_at_a_line_end() -> None:
    text = SENTENCE * 2 + "It serves self-\nsufficiency and the develop-\nment of the semi-\nconductor trade."
    document = read("a.pdf", files.pdf([[("paragraph", text)]]))
    assert "self-sufficiency and the development of the semiconductor trade." in document.text


def test_pdf_file_name_is_no_title() -> None:
    document = read(
        "some-paper.pdf", files.pdf([[("paragraph", SENTENCE)]], title="Microsoft Word - x1.docx")
    )
    assert document.title == "some paper"


def test_pdf_with_a_password_says_so() -> None:
    data = files.pdf([[("paragraph", SENTENCE)]], password="secret")
    with pytest.raises(DocumentError, match="encrypted") as caught:
        read("a.pdf", data)
    assert "password" in caught.value.hint


def test_pdf_without_text_names_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(DocumentError, match="scanned") as caught:
        read("scan.pdf", buffer.getvalue())
    assert "Tesseract" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Tesseract is a shell script")
def test_scanned_pdf_is_read_by_tesseract_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdfium2")
    program = tmp_path / "tesseract"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --list-langs ]; then echo eng; else cat > /dev/null; echo "{SENTENCE}"; fi'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("shutil.which", lambda name: str(program))
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    buffer = io.BytesIO()
    writer.write(buffer)
    document = read("scan.pdf", buffer.getvalue())
    assert document.text == SENTENCE.strip()
    assert document.blocks[0].page == 1


def pdf_with_a_picture() -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=11)
    document.multi_cell(120, 5, SENTENCE * 4)
    document.add_page()
    document.image(Image.new("L", (60, 60), 200), w=100)
    return bytes(document.output())


def test_scanned_pages_among_others_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    document = read("a.pdf", pdf_with_a_picture())
    assert document.text.startswith("Huawei said")
    assert document.remarks == (
        "pages that are scanned pictures were not read, as Tesseract is not installed: 2",
    )


def test_scanned_pages_among_others_are_read_by_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Line(text="The licence was refused in the end.")]
    monkeypatch.setattr(
        "assistant.ingest.readers.ocr.read_pages", lambda source, numbers: dict.fromkeys(numbers, found)
    )
    document = read("a.pdf", pdf_with_a_picture())
    last = document.blocks[-1]
    assert (last.page, document.text[last.char_start : last.char_end]) == (2, found[0].text)
    assert document.remarks == ("pages that are scanned pictures were read by OCR: 2",)


def test_pdf_with_too_many_pages_is_refused() -> None:
    with pytest.raises(DocumentError, match="has 3 pages; the limit is 2"):
        read("a.pdf", files.pdf([[("paragraph", SENTENCE)]] * 3), pages=2)


def test_pdf_that_pypdf_cannot_read_is_read_by_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypdfium2")

    def fail(*args: object, **kwargs: object) -> None:
        raise KeyError("/Root")

    monkeypatch.setattr("assistant.ingest.readers.pdf.PdfReader", fail)
    document = read("a.pdf", files.pdf([[("paragraph", SENTENCE * 3)]], title="The plan"))
    assert (document.title, document.text) == ("The plan", (SENTENCE * 3).strip())


def relabelled(count: int, *labels: tuple[int, int, str, int], xmp: str = "", **information: str) -> bytes:
    """A PDF with page labels (first page, last page, style, start), XMP and information."""
    topics = ("memory", "lithography", "packaging", "licences")
    pages = [[("paragraph", f"The chapter on {topic} of chips says much of {topic}.")] for topic in topics]
    pages = pages[:count]
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(files.pdf(pages)))
    for first, last, style, start in labels:
        writer.set_page_label(first, last, style=style, start=start)
    if xmp:
        writer.xmp_metadata = xmp.encode()
    writer.add_metadata({f"/{name}": value for name, value in information.items()})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_pages_are_cited_by_their_labels_and_found_by_their_numbers() -> None:
    document = read("a.pdf", relabelled(4, (0, 1, "/r", 3), (2, 3, "/D", 1)))
    assert document.page_labels == ("iii", "iv", "1", "2")
    passages = chunk_document(document, count_tokens=lambda text: len(text.split()))
    named = [(p.page, p.page_label, p.page_name) for p in passages]
    assert named == [(1, "iii", "iii"), (2, "iv", "iv"), (3, "1", "1"), (4, "2", "2")]


def test_labels_that_say_the_number_or_nothing_are_not_kept() -> None:
    assert read("a.pdf", relabelled(2, (0, 1, "/D", 1))).page_labels == ()
    assert read("a.pdf", relabelled(2)).page_labels == ()
    (one, two) = chunk_document(
        read("a.pdf", relabelled(2, (0, 0, "/D", 1), (1, 1, "/r", 1))),
        count_tokens=lambda text: len(text.split()),
    )
    assert (one.page_label, one.page_name, two.page_label) == ("", "1", "i")


def test_a_label_that_is_no_label_is_the_number() -> None:
    assert known_labels(["iv", "<b>", "A" * 40, "A-3", "\u202e7"]) == ("iv", "2", "3", "A-3", "7")
    assert known_labels(["1", "", "["]) == ()


@pytest.mark.parametrize("reader", ["pypdf", "PDFium"])
def test_labels_and_publisher_are_read_by_both_readers(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if reader == "PDFium":
        pytest.importorskip("pypdfium2")
        monkeypatch.setattr("assistant.ingest.readers.pdf.PdfReader", lambda *_, **__: 1 / 0)
    document = read("a.pdf", relabelled(2, (0, 1, "/r", 1), Author="Chip Institute"))
    assert (document.reader, document.page_labels) == (reader, ("i", "ii"))
    assert document.publisher == "Chip Institute"


XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/" pdfx:Company="Chip Office">
{}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
PUBLISHER = "<dc:publisher><rdf:Bag><rdf:li>Chip Press</rdf:li></rdf:Bag></dc:publisher>"


@pytest.mark.parametrize(
    ("xmp", "information", "publisher"),
    [
        (XMP.format(PUBLISHER), {"Author": "A. Writer"}, "Chip Press"),
        (XMP.format(""), {"Author": "A. Writer"}, "Chip Office"),
        (XMP.format(PUBLISHER)[:-60], {"Author": "A. Writer"}, "A. Writer"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + XMP.format(PUBLISHER), {"Company": "Chip Desk"}, "Chip Desk"),
        ("", {"Company": "Chip Desk", "Author": "A. Writer"}, "Chip Desk"),
        ("", {"Author": "Administrator"}, ""),
        ("", {}, ""),
    ],
)
def test_the_publisher_is_who_the_file_names(xmp: str, information: dict[str, str], publisher: str) -> None:
    assert read("a.pdf", relabelled(1, xmp=xmp, **information)).publisher == publisher


def test_a_pdf_of_unreadable_pages_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(page: object) -> None:
        raise KeyError("/Contents")

    monkeypatch.setattr("assistant.ingest.readers.pdf._lines", fail)
    data = relabelled(4)
    with pytest.raises(DocumentError, match="pages that cannot be read, 3 of the first 3"):
        pdf.read(SourceFile("a.pdf", data))
    monkeypatch.setattr("assistant.ingest.readers.pdf.PdfReader.is_encrypted", property(_not_known))
    with pytest.raises(DocumentError, match="encryption or compression that is not read"):
        pdf.read(SourceFile("a.pdf", data))


def _not_known(reader: object) -> bool:
    raise NotImplementedError("algorithm")
