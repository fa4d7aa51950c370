"""Valid small files of each format, from which broken ones are made."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from functools import cache

_ENGLISH = (
    "SMIC said on 12 March 2026 that its 5 nm line ships 30,000 wafers a month. "
    "Reuters reported that Huawei plans the Ascend 950 for the fourth quarter, at 1.4 PFLOPS."
)
_CHINESE = "中芯国际表示，5纳米产线每月出货3万片晶圆。路透社报道，华为计划在第四季度推出昇腾950。"
_MARKDOWN = f"""---
title: "A brief: quotas"
date: 2026-05-01
topic: chips
entities: [SMIC, Huawei]
url: https://example.com/brief
---

# A brief

{_ENGLISH}[^1] {_CHINESE}[^2]

## List

1. First of *two*
2. Second with [a link](https://example.com/x) and ![a picture](y.png)
   - nested **item**

| Year | Wafers |
|---|---|
| 2025 | 20,000 |
| 2026 | 30,000 |

> A quotation with <b>tags</b> and &amp; entities

```python
print("code")
```

[^1]: Reuters, "SMIC's line", 2026-03-12, https://example.com/1
[^2]: 财新，〈昇腾〉，2026-03
"""
_HTML = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Quotas | Example</title>
<meta property="og:site_name" content="Example"><meta property="article:published_time" content="2026-05-01">
<link rel="canonical" href="https://example.com/quotas">
<script type="application/ld+json">{{"@graph": [{{"datePublished": "2026-05-01", "publisher": {{"name": "E"}}}}]}}</script>
<style>p {{ color: red }}</style></head><body><nav><a href="/">Home</a></nav><main><article>
<h1>Quotas</h1><p>{_ENGLISH}<sup><a href="#n1">1</a></sup></p><h2>中文</h2><p>{_CHINESE}</p>
<ul><li>One<ul><li>Two</li></ul></li></ul><p style="display:none">hidden</p>
<table><tr><th>Year</th><th>Wafers</th></tr><tr><td>2025</td><td>20,000</td></tr></table>
<pre>code &lt;b&gt;</pre><blockquote>quoted</blockquote><svg><text>x</text></svg><iframe src="x"></iframe>
<p id="n1">A note</p></article></main><footer>© Example</footer></body></html>"""
_TEXT = f"Quotas\n\n{_ENGLISH}\n\n- one\n- two\n\n{_CHINESE}\n\n1. first\n2. sec-\nond\n"

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CORE = """<cp:coreProperties xmlns:cp="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>The report</dc:title>
<dcterms:modified>2026-03-04T10:00:00Z</dcterms:modified></cp:coreProperties>"""


@cache
def seeds() -> Mapping[str, tuple[bytes, ...]]:
    """Valid files by suffix."""
    makers: dict[str, tuple[Callable[[], bytes], ...]] = {
        ".md": (_MARKDOWN.encode, lambda: _MARKDOWN.partition("---\n\n")[2].encode("utf-16")),
        ".html": (
            _HTML.encode,
            lambda: _HTML.replace("utf-8", "gb2312").encode("gb18030"),
            lambda: f"<p>{_ENGLISH}".encode(),
        ),
        ".txt": (_TEXT.encode, lambda: _TEXT.encode("gb18030"), lambda: _TEXT.encode("utf-16-le")),
        ".pdf": (
            pdf,
            lambda: pdf(compressed=False),
            lambda: pdf(compressed=False, pages=1, outline=False),
            lambda: pdf(encrypted=True),
            pdf_with_object_streams,
            pdf_with_wide_font,
        ),
        ".docx": (docx, docx_of_word),
        ".pptx": (pptx,),
        ".xlsx": (xlsx,),
        ".epub": (epub,),
        ".eml": (mail, lambda: mail(html=False), lambda: mail(attached=True)),
        ".zip": (archive, lambda: archive(nested=True)),
    }
    return {suffix: tuple(make() for make in functions) for suffix, functions in makers.items()}


def zipped(members: Mapping[str, str | bytes], *, stored_first: bool = False) -> bytes:
    """A zip file of members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(members.items()):
            how = zipfile.ZIP_STORED if stored_first and number == 0 else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, how)
    return buffer.getvalue()


def _steady(packed: bytes) -> bytes:
    """A zipped file without the moment at which it was written, so that a run can be repeated."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped(
        {n: re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2026-03-04T10:00:00Z", c) for n, c in members.items()}
    )


def pdf(
    *, compressed: bool = True, pages: int = 3, outline: bool = True, encrypted: bool = False, font: str = ""
) -> bytes:
    """A PDF with headings, metadata and paragraphs."""
    import datetime as dt

    from fpdf import FPDF

    document = FPDF()
    document.set_compression(compressed)
    document.set_creation_date(dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    document.set_title("The report")
    if font:
        document.add_font("Wide", fname=font)
    if encrypted:
        document.set_encryption(owner_password="owner", user_password="")
    for number in range(pages):
        document.add_page()
        document.set_font("Helvetica", "B", 16)
        if outline:
            document.start_section(f"Part {number + 1}")
        document.cell(0, 14, f"Part {number + 1}", new_x="LMARGIN", new_y="NEXT")
        document.set_font("Wide" if font else "Helvetica", size=11)
        document.multi_cell(120, 5, _CHINESE if font else _ENGLISH, align="L", new_x="LMARGIN", new_y="NEXT")
        document.set_y(-15)
        document.cell(0, 6, f"Page {number + 1} of {pages}", align="C")
    return bytes(document.output())


def pdf_with_object_streams() -> bytes:
    """A PDF whose objects lie in a compressed object stream, found by a cross-reference stream."""
    page = (
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 6 0 R"
        "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
    )
    inner = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", page]
    offsets = [sum(len(text) + 1 for text in inner[:number]) for number in range(len(inner))]
    head = " ".join(f"{number + 1} {offset}" for number, offset in enumerate(offsets)) + "\n"
    packed = zlib.compress((head + "\n".join(inner)).encode())
    drawn = zlib.compress(
        f"BT /F1 11 Tf 50 800 Td ({_ENGLISH}) Tj 0 -20 Td [(Second) -300 (line)] TJ ET".encode()
    )
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, words, stream in (
        (5, f"/Type/ObjStm/N {len(inner)}/First {len(head)}", packed),
        (6, "", drawn),
    ):
        places[number] = len(out)
        out += f"{number} 0 obj\n<<{words}/Length {len(stream)}/Filter/FlateDecode>>\nstream\n".encode()
        out += stream + b"\nendstream\nendobj\n"
    places[4] = len(out)
    rows = [(0, 0, 65535), *((2, 5, index) for index in range(3)), *((1, places[n], 0) for n in (4, 5, 6))]
    # The predictor of the PNG format stands in most cross-reference streams: each row begins with its filter, 0.
    table = zlib.compress(b"".join(struct.pack(">BBIH", 0, *row) for row in rows))
    out += (
        f"4 0 obj\n<</Type/XRef/Size {len(rows)}/W[1 4 2]/Root 1 0 R/Length {len(table)}/Filter/FlateDecode"
        "/DecodeParms<</Predictor 12/Columns 7>>>>\nstream\n"
    ).encode()
    return bytes(out + table + f"\nendstream\nendobj\nstartxref\n{places[4]}\n%%EOF\n".encode())


def pdf_with_wide_font() -> bytes:
    """A PDF with an embedded font of two-byte characters and its map to Unicode."""
    import importlib.util
    from pathlib import Path

    found = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    folder = Path(found.origin).parent if found and found.origin else None
    fonts = sorted(folder.rglob("*.[ot]tf")) if folder else []
    return pdf(pages=1, font=str(fonts[0])) if fonts else pdf(pages=1)


def docx() -> bytes:
    """A DOCX file of few members, with headings, a list, a table and footnotes."""
    body = f"""<w:p><w:pPr><w:pStyle w:val="H1"/></w:pPr><w:r><w:t>The report</w:t></w:r></w:p>
<w:p><w:r><w:t>{_ENGLISH}</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>
<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>{_CHINESE}</w:t><w:br/><w:tab/></w:r></w:p>
<w:sdt><w:sdtContent><w:p><w:r><w:t>Inner</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Year</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Wafers</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>2026</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>30,000</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"""
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f"""<w:styles xmlns:w="{_W}"><w:style w:styleId="B"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="H1"><w:name w:val="Own"/><w:basedOn w:val="B"/></w:style></w:styles>""",
            "word/footnotes.xml": f"""<w:footnotes xmlns:w="{_W}"><w:footnote w:id="2"><w:p><w:r><w:t>Reuters, "A title", 2026-01-02,
 https://example.com/a</w:t></w:r></w:p></w:footnote></w:footnotes>""",
            "docProps/core.xml": _CORE,
        }
    )


def docx_of_word() -> bytes:
    """A DOCX file as programs write it."""
    from docx import Document

    document = Document()
    document.add_heading("The report", 1)
    document.add_paragraph(_ENGLISH)
    document.add_paragraph(_CHINESE, style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {number}"
    buffer = io.BytesIO()
    document.save(buffer)
    return _steady(buffer.getvalue())


def pptx() -> bytes:
    """A PPTX file of two slides, one with a table."""

    def slide(title: str, text: str) -> str:
        return f"""<p:sld xmlns:p="{_P}" xmlns:a="{_A}"><p:cSld><p:spTree>
<p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:txBody></p:sp>
<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r><a:br/></a:p></p:txBody></p:sp>
<p:graphicFrame><a:tbl><a:tr><a:tc><a:p><a:r><a:t>Year</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>2026</a:t></a:r></a:p></a:tc></a:tr></a:tbl></p:graphicFrame>
</p:spTree></p:cSld></p:sld>"""

    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/presentation.xml": f"""<p:presentation xmlns:p="{_P}" xmlns:r="{_R}"><p:sldIdLst>
<p:sldId id="256" r:id="rId1"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>""",
            "ppt/_rels/presentation.xml.rels": """<Relationships><Relationship Id="rId1" Target="slides/slide1.xml"/>
<Relationship Id="rId2" Target="/ppt/slides/slide2.xml"/></Relationships>""",
            "ppt/slides/slide1.xml": slide("First", _ENGLISH),
            "ppt/slides/slide2.xml": slide("第二", _CHINESE),
            "docProps/core.xml": _CORE,
        }
    )


def xlsx() -> bytes:
    """An XLSX file of two sheets with numbers, dates, formulas and text."""
    import datetime as dt

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Wafers"
    for row in (("Year", "Wafers", "When"), (2025, 20_000, dt.date(2025, 1, 1)), (2026, 30_000.5, None)):
        sheet.append(row)
    sheet["D2"] = "=SUM(B2:B3)"
    sheet.merge_cells("A5:B6")
    sheet["A5"] = _ENGLISH
    other = book.create_sheet("中文")
    other["C3"] = _CHINESE
    buffer = io.BytesIO()
    book.save(buffer)
    return _steady(buffer.getvalue())


def epub() -> bytes:
    """An EPUB book of two chapters."""

    def chapter(title: str, text: str) -> str:
        return f"""<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""

    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": """<?xml version="1.0"?><container version="1.0"
 xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/content.opf"
 media-type="application/oebps-package+xml"/></rootfiles></container>""",
            "OEBPS/content.opf": """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"
 unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The book</dc:title>
<dc:language>en</dc:language><dc:publisher>Press</dc:publisher><dc:date>2026-05-01</dc:date><dc:identifier id="id">x</dc:identifier>
</metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/></spine></package>""",
            "OEBPS/a.xhtml": chapter("One", _ENGLISH),
            "OEBPS/b b.xhtml": chapter("第二章", _CHINESE),
            "OEBPS/nav.xhtml": """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><ol><li><a href="a.xhtml">One</a></li></ol></nav></body></html>""",
        },
        stored_first=True,
    )


def mail(*, html: bool = True, attached: bool = False) -> bytes:
    """A mail with subject and date."""
    message = EmailMessage()
    message["Subject"] = "Quotas 配额"
    message["From"] = "Analyst <analyst@example.com>"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0800"
    message.set_content(f"{_ENGLISH}\n\n{_CHINESE}\n")
    if html:
        message.add_alternative(_HTML, subtype="html")
    if attached:
        message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="x.bin")
    if message.is_multipart():
        message.set_boundary("=====parts=====")
        for number, part in enumerate(part for part in message.iter_parts() if part.is_multipart()):
            part.set_boundary(f"=====parts{number}=====")
    return message.as_bytes()


def archive(*, nested: bool = False) -> bytes:
    """A ZIP of documents, with another one within when asked."""
    members: dict[str, str | bytes] = {
        "a.md": _MARKDOWN,
        "文件/b.html": _HTML,
        "c/d.txt": _TEXT,
        "e.docx": docx(),
    }
    if nested:
        members["more/inner.zip"] = zipped({"f.md": _MARKDOWN, "g.eml": mail()})
    return zipped(members)
