from __future__ import annotations

import datetime as dt

import pytest

from assistant.errors import DocumentError
from tests.ingest import files
from tests.ingest.files import blocks, read


def test_docx_structure_notes_and_metadata() -> None:
    def paragraph(text: str, properties: str = "") -> str:
        return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    def cell(text: str) -> str:
        return f"<w:tc>{paragraph(text)}</w:tc>"

    row = "<w:tr>{}{}</w:tr>"
    body = (
        paragraph("Part", '<w:pStyle w:val="Own"/>')
        + "<w:p><w:r><w:t>Huawei said it.</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r>"
        + "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        + "<w:hyperlink><w:r><w:t> A link.</w:t></w:r></w:hyperlink></w:p>"
        + paragraph("item", "<w:numPr/>")
        + f"<w:tbl>{row.format(cell('A'), cell('B'))}{row.format(cell('1'), cell('2'))}</w:tbl>"
    )
    document = read("a.docx", files.docx(body))
    assert blocks(document) == [
        ("heading", "Part"),
        ("paragraph", "Huawei said it. A link."),
        ("list_item", "item"),
        ("table", "A | B\n1 | 2"),
    ]
    assert (document.title, document.date) == ("The report", dt.date(2026, 3, 4))
    (note,) = document.notes
    assert (note.label, note.publisher, note.url) == ("2", "Reuters", "https://example.com/a")
    (reference,) = document.note_references
    assert document.text[: reference.position].endswith("said it.")


def test_docx_with_entities_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><w:styles/>'
    with pytest.raises(DocumentError, match="entities"):
        read("a.docx", files.docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>", styles=bomb))


def test_docx_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(DocumentError, match="unpacks to more than"):
        read(
            "a.docx",
            files.docx("<w:p><w:r><w:t>" + "x" * 3_000_000 + "</w:t></w:r></w:p>"),
            unpacked_bytes=1_000_000,
        )


def test_pptx_has_a_page_a_slide_in_the_order_of_the_presentation() -> None:
    def slide(title: str, text: str) -> str:
        shape = "<p:sp><p:nvPr>{}</p:nvPr><p:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:txBody></p:sp>"
        body = shape.format('<p:ph type="title"/>', title) + shape.format("", text)
        return f'<p:sld xmlns:p="urn:p" xmlns:a="urn:a">{body}</p:sld>'

    document = read(
        "a.pptx",
        files.zipped(
            {
                "ppt/presentation.xml": '<p:presentation xmlns:p="urn:p" xmlns:r="urn:r">'
                '<p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:presentation>',
                "ppt/_rels/presentation.xml.rels": "<Relationships>"
                '<Relationship Id="r1" Target="slides/one.xml"/>'
                '<Relationship Id="r2" Target="/ppt/slides/two.xml"/></Relationships>',
                "ppt/slides/one.xml": slide("One", "First text."),
                "ppt/slides/two.xml": slide("Two", "Second text."),
                "docProps/core.xml": files.CORE,
            }
        ),
    )
    assert blocks(document) == [
        ("heading", "Two"),
        ("paragraph", "Second text."),
        ("heading", "One"),
        ("paragraph", "First text."),
    ]
    assert [block.page for block in document.blocks] == [1, 1, 2, 2]
    assert (document.title, document.page_count) == ("The report", 2)


def app(company: str) -> str:
    return (
        f'<Properties xmlns="urn:app"><Application>W</Application><Company>{company}</Company></Properties>'
    )


@pytest.mark.parametrize(
    ("said", "publisher"), [("Chip Office", "Chip Office"), ("Microsoft Office User", ""), ("", "")]
)
def test_the_publisher_is_the_company_of_an_office_file(said: str, publisher: str) -> None:
    body = "<w:p><w:r><w:t>Text.</w:t></w:r></w:p>"
    document = read("a.docx", files.docx(body, **{"../docProps/app": app(said)}))
    assert document.publisher == publisher
    sheet = files.xlsx({"Sales": [["Maker", "Share"], ["Huawei", 1]]})
    assert read("a.xlsx", files.with_members(sheet, {"docProps/app.xml": app(said)})).publisher == publisher


def test_a_publisher_in_broken_properties_is_missing() -> None:
    body = "<w:p><w:r><w:t>Text.</w:t></w:r></w:p>"
    assert read("a.docx", files.docx(body, **{"../docProps/app": "<Properties"})).publisher == ""
