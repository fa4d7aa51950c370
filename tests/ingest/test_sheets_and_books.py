from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from assistant.errors import DocumentError
from assistant.ingest.chunking import chunk_document
from assistant.ingest.readers import SourceFile, xlsx
from tests.ingest import files
from tests.ingest.files import blocks, read

SALES = [
    ["Shipments of accelerators"],
    [],
    ["Company", "2024", "Share", "Reported"],
    ["Huawei", 812000, 0.123, dt.datetime(2025, 3, 4)],
    ["Cambricon", 26000.5, None, dt.datetime(2025, 3, 5, 9, 30)],
]


def test_rows_of_a_sheet_name_their_columns() -> None:
    document = read("a.xlsx", files.xlsx({"Sales": SALES, "Raw": [[1, 2], [3, 4.25]]}, title="The trade"))
    assert blocks(document) == [
        ("heading", "Sales"),
        ("paragraph", "Shipments of accelerators"),
        ("list_item", "Company: Huawei; 2024: 812000; Share: 0.123; Reported: 2025-03-04"),
        ("list_item", "Company: Cambricon; 2024: 26000.5; Reported: 2025-03-05 09:30"),
        ("heading", "Raw"),
        ("table", "1 | 2\n3 | 4.25"),
    ]
    assert document.title == "The trade"


def test_a_row_can_be_quoted_from_its_passage() -> None:
    rows = [["Company", "Shipments"], *([f"Maker {number}", number * 1000] for number in range(1, 200))]
    document = read("a.xlsx", files.xlsx({"Sales": rows}))
    passages = chunk_document(document, count_tokens=lambda text: len(text.split()), max_tokens=120)
    assert len(passages) > 3
    (holder,) = [p for p in passages if "Company: Maker 77; Shipments: 77000" in p.text]
    assert "Sales" in holder.heading_path or document.title == "Sales"
    assert any(sentence.text == "Company: Maker 77; Shipments: 77000" for sentence in holder.sentences)


def test_percent_formula_and_hidden_sheet() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Maker", "Share"])
    sheet.append(["Huawei", 0.4567])
    sheet["B2"].number_format = "0.0%"
    hidden = workbook.create_sheet("Hidden")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    workbook.save(buffer)
    # The program that saved the file kept what each formula gives.
    copy = io.BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(
                    b"</sheetData>", b'<row r="3"><c r="B3"><f>1+1</f><v>2</v></c></row></sheetData>'
                )
            new.writestr(name, data)
    document = read("a.xlsx", copy.getvalue())
    assert "Maker: Huawei; Share: 45.67%" in document.text
    assert "Share: 2" in document.text
    assert "secret" not in document.text


def test_a_sheet_that_states_any_size_is_read_by_its_cells() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"] = "first"
    sheet["B500000"] = "last"
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert "first\nlast" in read("a.xlsx", buffer.getvalue()).text


def test_too_many_cells_or_sheets_name_the_setting() -> None:
    with pytest.raises(DocumentError, match="more than 10 cells") as caught:
        read("a.xlsx", files.xlsx({"S": [[1, 2, 3]] * 9}), cells=10)
    assert "ASSISTANT_MAX_CELLS" in caught.value.hint
    with pytest.raises(DocumentError, match="2 sheets"):
        read("a.xlsx", files.xlsx({"S": [["a"]], "T": [["b"]]}), pages=1)


def test_an_epub_is_read_in_its_reading_order() -> None:
    document = read("a.epub", files.epub())
    assert blocks(document) == [
        ("heading", "The beginning"),
        ("paragraph", "Huawei said so."),
        ("heading", "The end"),
        ("paragraph", "Exports were stopped."),
    ]
    assert (document.title, document.date) == ("The chip book", dt.date(2026, 3, 4))
    assert (document.language, document.publisher) == ("en", "Chip Press")
    assert document.media_type == "application/epub+zip"


def test_an_epub_without_contents_is_read_by_the_names_of_its_pages() -> None:
    document = read("a.epub", files.epub(opf="<package"))
    assert document.text.index("Exports were stopped.") < document.text.index("Huawei said so.")


def test_a_locked_epub_says_so() -> None:
    members = {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/text/two.xhtml"/></e>'}
    buffer = io.BytesIO(files.epub())
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(DocumentError, match="digital lock"):
        read("a.epub", buffer.getvalue())


def test_a_workbook_that_is_refused_names_the_part_that_is_damaged() -> None:
    workbook = files.xlsx({"Sales": SALES})
    for part, content in (("xl/workbook.xml", "<workbook"), ("xl/styles.xml", "<styleSheet><cellXfs")):
        broken = files.with_members(workbook, {part: content})
        with pytest.raises(DocumentError, match=f"a workbook that has a damaged part, {part}") as caught:
            xlsx.read(SourceFile("a.xlsx", broken))
        assert "save it again" in caught.value.hint
    foreign = files.with_members(workbook, {"xl/workbook.xml": "<other/>"})
    with pytest.raises(DocumentError, match="no sheets"):
        xlsx.read(SourceFile("a.xlsx", foreign))


def test_a_sheet_that_is_damaged_does_not_cost_the_others() -> None:
    workbook = files.xlsx({"Sales": SALES, "Other": [["Maker", "Share"], ["Huawei", 1]]})
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        cut_off = archive.read(part).partition(b"Cambricon")[0][:-40]
    document = read("a.xlsx", files.with_members(workbook, {part: cut_off[: len(cut_off) * 3 // 4]}))
    assert ("list_item", "Maker: Huawei; Share: 1") in blocks(document)
    assert document.remarks == (
        "the sheet 'Sales' was not read: it has a damaged part, xl/worksheets/sheet1.xml.",
    )


def test_a_workbook_without_visible_text_says_why() -> None:
    workbook = openpyxl.Workbook()
    workbook.create_sheet("Shown")
    workbook.worksheets[0].append(["secret"])
    workbook.worksheets[0].sheet_state = "hidden"
    buffer = io.BytesIO()
    workbook.save(buffer)
    with pytest.raises(DocumentError, match="visible sheets are empty"):
        xlsx.read(SourceFile("a.xlsx", buffer.getvalue()))
