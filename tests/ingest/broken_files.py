"""Makes a folder of files that are broken or hostile on purpose, of every format that is read.

Run `python -m tests.ingest.broken_files FOLDER`, then `assistant ingest FOLDER` for the report.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path

import openpyxl

from tests.ingest import files

TEXT = "Huawei said that the chip is faster than the one before and will ship in the fourth quarter. "
PDF = files.pdf([[("paragraph", TEXT * 3)]])
DOCX = files.docx(f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>")
XLSX = files.xlsx({"Sales": [["Maker", "Chips"], ["Huawei", 812000]]})
PPTX = files.zipped(
    {
        "ppt/presentation.xml": '<p:presentation xmlns:p="urn:p" xmlns:r="urn:r"><p:sldId r:id="r1"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": '<Relationships><Relationship Id="r1" Target="slides/one.xml"/></Relationships>',
        "ppt/slides/one.xml": "<p:sld xmlns:p='urn:p'><p:sp><p:p><p:t>Broken",
    }
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]><w:styles>&j;</w:styles>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'


def _with_member(data: bytes, name: str, content: str | bytes) -> bytes:
    """A zip file with one member replaced or added."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, content)
    return result.getvalue()


def _flagged(data: bytes) -> bytes:
    """A zip file whose members all say that they are encrypted."""
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data = data[: at + offset] + b"\x01" + data[at + offset + 1 :]
            at = data.find(mark, at + 4)
    return data


def _pdf_with_stream(stream: bytes, extra: bytes = b"") -> bytes:
    """A PDF of one page with the given packed content."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R" + extra + b">>",
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(stream) + stream + b"\nendstream",
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj" % number + content + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + head + table + end


def _circular_pdf() -> bytes:
    return _pdf_with_stream(zlib.compress(b"")).replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")


def _far_sheet() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in range(1, 1500):
        sheet.cell(row, 16384, "far")
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _nested_zip(depth: int) -> bytes:
    data = files.zipped({"note.md": TEXT})
    for _ in range(depth):
        data = files.zipped({"inner.zip": data})
    return data


def _damaged_member() -> bytes:
    data = files.zipped({"good.md": TEXT, "bad.txt": "\n".join(map(str, range(3000)))})
    at = data.rindex(b"bad.txt", 0, data.index(b"PK\x01\x02")) + 40
    return data[:at] + b"\xff" * 20 + data[at + 20 :]


def _link_in_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


# Name, how to make it, and words that the report must hold; None for a file that is read in spite of its flaw.
BROKEN: dict[str, tuple[Callable[[], bytes], str | None]] = {
    # Any format
    "empty.md": (lambda: b"", "is empty"),
    "blank.txt": (lambda: b" \n\t\n" * 50, "is empty"),
    "nuls.pdf": (lambda: b"\0" * 4096, "is empty"),
    "program.txt": (lambda: b"\x7fELF" + bytes(range(256)) * 40, "is not text"),
    "picture.md": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "is not text"),
    "large.txt": (lambda: b"word " * 10_500_000, "ASSISTANT_MAX_FILE_MB"),
    "long.txt": (lambda: (b"word " * 19 + b"end.\n\n") * 110_000, "ASSISTANT_MAX_CHARACTERS"),
    "surrogates.txt": (lambda: b"Half a pair: \xed\xa0\x80 and so on. " * 40, None),
    "half-utf16.txt": (lambda: ("\ufeff" + TEXT).encode("utf-16-le")[:-1], None),
    "pdf-inside.md": (lambda: PDF, None),
    "only-marks.md": (lambda: "\u200b\u202e\ufeff\n".encode() * 200, "no text"),
    "front-matter-bomb.md": (
        lambda: b"---\na: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\ntitle: *c\n---\nText that stays.\n",
        None,
    ),
    # PDF
    "cut-off.pdf": (lambda: PDF[: len(PDF) // 3], "is not a PDF that can be read"),
    "locked.pdf": (lambda: files.pdf([[("paragraph", TEXT)]], password="secret"), "encrypted"),
    "no-pages.pdf": (lambda: b"%PDF-1.7\n" + b"\xff" * 500, "is not a PDF that can be read"),
    "circle.pdf": (_circular_pdf, "is not a PDF that can be read"),
    "blank-pages.pdf": (lambda: _pdf_with_stream(zlib.compress(b"")), "no text"),
    "stream-bomb.pdf": (lambda: _pdf_with_stream(zlib.compress(b" " * 300_000_000)), "no text"),
    "html-inside.pdf": (lambda: f"<!DOCTYPE html><p>{TEXT}</p>".encode(), None),
    # Word, PowerPoint, Excel
    "cut-off.docx": (lambda: DOCX[: len(DOCX) // 2], "damaged"),
    "old-word.docx": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "old Office file"),
    "laughs.docx": (lambda: _with_member(DOCX, "word/styles.xml", LAUGHS), "entities"),
    "outside-entity.docx": (lambda: _with_member(DOCX, "word/document.xml", OUTSIDE), "entities"),
    "no-body.docx": (lambda: _with_member(DOCX, "word/document.xml", "<w:document"), "damaged"),
    "bomb.docx": (
        lambda: _with_member(DOCX, "word/document.xml", b"<w>" + b" " * 210_000_000),
        "ASSISTANT_MAX_UNPACKED_MB",
    ),
    "locked.docx": (lambda: _flagged(DOCX), "password"),
    "deep.docx": (
        lambda: files.docx("<w:sdt>" * 20_000 + "<w:p/>" + "</w:sdt>" * 20_000),
        "no text",
    ),
    "broken-slide.pptx": (lambda: PPTX, "damaged"),
    "far-cells.xlsx": (_far_sheet, "ASSISTANT_MAX_CELLS"),
    "laughs.xlsx": (lambda: _with_member(XLSX, "xl/sharedStrings.xml", LAUGHS), "entities"),
    "no-sheet.xlsx": (
        lambda: _with_member(XLSX, "xl/worksheets/sheet1.xml", "<worksheet"),
        "has a damaged part, xl/worksheets/sheet1.xml",
    ),
    "zip-inside.xlsx": (lambda: files.zipped({"a.md": TEXT}), "damaged"),
    # HTML, EPUB, mail
    "deep.html": (lambda: b"<div>" * 60_000 + b"Deep text.", None),
    "script.html": (lambda: b"<script>alert(1)</script>" * 100, "no text"),
    "no-contents.epub": (lambda: files.epub(opf="<package"), None),
    "laughs.epub": (lambda: files.epub(opf=LAUGHS, one="", two=""), "entities"),
    "cut-off.epub": (lambda: files.epub()[:300], "damaged"),
    "odd-charset.eml": (lambda: b"Subject: x\nContent-Type: text/plain; charset=nonsense\n\nText.\n", None),
    "nested.eml": (
        lambda: b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
        ),
        "parts",
    ),
    # ZIP archives
    "no-archive.zip": (lambda: b"PK\x03\x04" + b"\0" * 400, "no ZIP archive"),
    "bomb.zip": (lambda: files.zipped({"zeros.txt": b"0" * 12_000_000}), "200 times its size"),
    "nested.zip": (lambda: _nested_zip(5), "archives deep"),
    "many.zip": (lambda: files.zipped({f"{n}.md": "x" for n in range(2100)}), "ASSISTANT_MAX_MEMBERS"),
    "path.zip": (lambda: files.zipped({"../../out.md": TEXT}), "leads out"),
    "link.zip": (_link_in_zip, "link"),
    "locked.zip": (lambda: _flagged(files.zipped({"a.md": TEXT})), "password"),
    "one-bad.zip": (_damaged_member, "bad.txt"),
    "nothing.zip": (lambda: files.zipped({}), "without files"),
    "unknown.xyz": (lambda: b"Text", "format that is not read"),
}


def make_folder(folder: Path, leave_out: Collection[str] = ()) -> list[str]:
    """Writes the files, and links and special files where the system has them; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in BROKEN if name not in leave_out]
    for name in names:
        (folder / name).write_bytes(BROKEN[name][0]())
    if os.name == "posix":
        (folder / "leads-out.md").symlink_to("/etc/passwd")
        (folder / "loop.md").symlink_to(folder / "loop.md")
        os.mkfifo(folder / "pipe.txt")
        (folder / "two\nlines.md").write_text(TEXT)
        names += ["leads-out.md", "loop.md", "pipe.txt", "two?lines.md"]
    return names


if __name__ == "__main__":
    print(f"{len(make_folder(Path(sys.argv[1])))} files")
