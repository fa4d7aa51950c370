"""Small files of each format, made by the tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from fpdf import FPDF


def pdf(
    pages: Sequence[Sequence[tuple[str, str]]],
    *,
    title: str = "",
    header: str = "",
    footer: bool = False,
    outline: bool = False,
    password: str = "",
) -> bytes:
    """A PDF; each page is a list of (kind, text) with the kinds `heading` and `paragraph`."""
    document = FPDF()
    document.set_auto_page_break(False)
    if title:
        document.set_title(title)
    for number, page in enumerate(pages, 1):
        document.add_page()
        document.set_font("Helvetica", size=9)
        if header:
            document.cell(0, 6, header, new_x="LMARGIN", new_y="NEXT")
        for kind, text in page:
            if kind == "heading":
                if outline:
                    document.start_section(text)
                document.set_font("Helvetica", "B", 16)
                document.cell(0, 14, text, new_x="LMARGIN", new_y="NEXT")
            else:
                document.set_font("Helvetica", size=11)
                document.multi_cell(120, 5, text, align="L", new_x="LMARGIN", new_y="NEXT")
                document.ln(4)
        if footer:
            document.set_font("Helvetica", size=9)
            document.set_y(-15)
            document.cell(0, 6, f"Page {number} of {len(pages)}", align="C")
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    return bytes(document.output())


def zipped(members: dict[str, str | bytes]) -> bytes:
    """A zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {_W}>
<w:style w:styleId="Berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="Berschrift1"/></w:style>
</w:styles>"""
CORE = """<cp:coreProperties xmlns:cp="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>The report</dc:title>
<dcterms:modified>2026-03-04T10:00:00Z</dcterms:modified></cp:coreProperties>"""
FOOTNOTES = f"""<w:footnotes {_W}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:t>Reuters, "A title", 2026-01-02, https://example.com/a</w:t></w:r></w:p></w:footnote>
</w:footnotes>"""


def docx(body: str, **parts: str) -> bytes:
    """A DOCX file with the given body; parts replace or add members of `word/`."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": STYLES,
        "word/footnotes.xml": FOOTNOTES,
        "docProps/core.xml": CORE,
    }
    members.update({f"word/{name}.xml": content for name, content in parts.items()})
    return zipped(members)
