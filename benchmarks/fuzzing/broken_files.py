"""A folder of files that are broken or hostile on purpose.

    python benchmarks/fuzzing/broken_files.py FOLDER

writes them; `assistant ingest FOLDER` then shows what the assistant says of each.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from broken_pdf import broken_pdfs
from seed_files import docx, epub, mail, pptx, seeds, xlsx, zipped

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SENTENCE = b"SMIC ships 30,000 wafers a month. "


def broken_files() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file."""
    yield from _any_format()
    yield from _text()
    yield from broken_pdfs()
    yield from _zipped()
    yield from _mail()


def _any_format() -> Iterator[tuple[str, bytes]]:
    for suffix, files in seeds().items():
        seed = files[0]
        yield f"truncated{suffix}", seed[: len(seed) // 2]
        yield f"first-bytes{suffix}", seed[:20]
        yield f"last-half{suffix}", seed[len(seed) // 2 :]
        yield f"twice{suffix}", seed + seed
        yield f"nuls{suffix}", b"\0" * 4096
        yield f"blank{suffix}", b" \r\n\t" * 100
        yield f"all-bytes{suffix}", bytes(range(256)) * 40
        yield f"zip-magic{suffix}", b"PK\x03\x04" + b"\xff" * 400
        yield f"pdf-magic{suffix}", b"%PDF-1.7\n" + b"\xff" * 400
        yield f"old-office{suffix}", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1024
        yield f"nul-every-other{suffix}", b"".join(bytes((byte, 0)) for byte in seed[:3000])
        for other in (".pdf", ".docx", ".html", ".eml", ".zip"):
            yield f"is-{other[1:]}{suffix}", seeds()[other][0]


def _text() -> Iterator[tuple[str, bytes]]:
    wide = "中芯国际".encode("utf-16-le")
    for suffix in (".md", ".txt", ".html", ".eml"):
        yield f"surrogates{suffix}", b"Text " + b"\xed\xa0\x80\xed\xb0\x80" * 50
        yield f"overlong{suffix}", b"Text \xc0\xaf\xe0\x80\xaf" * 50
        yield f"bom-and-odd-byte{suffix}", b"\xff\xfe" + wide * 50 + b"\x41"
        yield f"utf7{suffix}", b"+ADw-script+AD4- text " * 20
        yield f"one-line{suffix}", _SENTENCE * 30_000
        yield f"a-word{suffix}", b"a" * 300_000
        yield f"combining{suffix}", b"a" + "\u0301".encode() * 60_000
        yield f"hangul-jamo{suffix}", "\u1100\u1161\u11a8".encode() * 20_000
        yield f"invisible{suffix}", "\u200b\u202e\U000e0041".encode() * 5000
        yield f"full-stops{suffix}", b"." * 100_000
        yield f"chinese-stops{suffix}", "。！？".encode() * 30_000
        yield f"open-brackets{suffix}", b"(" * 100_000
        yield f"quotes{suffix}", b"\"'" * 60_000
        yield f"newlines{suffix}", b"a\n\n" * 40_000
        yield f"tabs{suffix}", b"a\t" * 50_000
        yield f"numbers{suffix}", b"1.2.3.4. " * 20_000
        yield f"dashes{suffix}", b"sec-\n" * 30_000
        yield f"abbreviations{suffix}", b"e.g. i.e. U.S. Mr. " * 8000
    for name, content in {
        "links": b"[" * 50_000,
        "links-nested": b"[a](" * 20_000,
        "images": b"![" * 30_000,
        "emphasis": b"*a **b " * 15_000,
        "quotes-deep": b">" * 40_000 + b" text",
        "quotes-lines": (b"> " * 500 + b"a\n") * 60,
        "lists-deep": b"".join(b"  " * depth + b"- a\n" for depth in range(800)),
        "lists-one-line": b"- " * 20_000,
        "tables": b"|a" * 5000 + b"|\n" + b"|-" * 5000 + b"|\n" + (b"|a" * 5000 + b"|\n") * 5,
        "backticks": b"".join(b"`" * n + b" " for n in range(1, 400)),
        "fences": b"```\n" * 20_001,
        "footnotes": b"[^1]" * 20_000 + b"\n\n[^1]: x\n",
        "footnote-definitions": b"".join(b"[^%d]: note %d\n" % (n, n) for n in range(20_000)),
        "references": b"".join(b"[r%d]: /x\n" % n for n in range(20_000)) + b"[r1] " * 2000,
        "entities": b"&amp;" * 40_000,
        "html-comment": b"<!-- " * 20_000,
        "html-tags": b"<a" * 40_000,
        "cdata": b"<![CDATA[" * 10_000,
        "escapes": b"\\" * 90_000,
        "autolinks": b"<http://a" * 10_000,
        "yaml-tag": b"---\ntitle: !!python/object/apply:os.system [x]\n---\n\nText.",
        "yaml-anchors": b"---\na: &a [x]\n"
        + b"".join(b"a%d: &a%d [*a%d,*a%d]\n" % (n + 1, n + 1, n, n) for n in range(30))
        + b"---\n\nText.",
        "yaml-merge": b"---\na: &a {b: c}\n<<: [*a, *a]\ntitle: t\n---\n\nText.",
        "yaml-deep": b"---\n" + b"".join(b" " * n + b"a:\n" for n in range(600)) + b"---\n\nText.",
        "yaml-types": b"---\ntitle: [1, {a: 2}]\ndate: 99999-01-01\nentities: {a: b}\ntopic: 2026-01-01\nurl: [x]\nlanguage: 7\n---\n\nText.",
        "yaml-huge-number": b"---\ntitle: 0x" + b"f" * 6000 + b"\ndate: " + b"9" * 5000 + b"\n---\n\nText.",
        "yaml-sexagesimal": b"---\ntitle: " + b"1:" * 3000 + b"1\n---\n\nText.",
        "yaml-unclosed": b"---\ntitle: 'x\n---\n\nText.",
        "list-number": b"99999999999999999999. a\n\n" + b"9" * 5000 + b". b\n",
    }.items():
        yield f"{name}.md", content
    for name, content in {
        "nested-divs": b"<div>" * 20_000 + b"text",
        "nested-paragraphs": b"<p>" * 40_000 + b"text",
        "nested-links": b"<a><b><i>" * 10_000 + b"text",
        "nested-tables": b"<table><tr><td>" * 900 + b"text",
        "nested-lists": b"<ul><li>" * 900 + b"text",
        "misnested": b"<b><i></b></i>" * 10_000 + b"text",
        "attributes": b"<p " + b"".join(b"a%d=b " % n for n in range(20_000)) + b">text",
        "one-attribute": b"<p title='" + b"x" * 500_000 + b"'>text",
        "metas": b"<meta name=a content=b>" * 5000 + b"<p>text",
        "mains": b"<main>text</main>" * 3000,
        "headings": b"<h1>text</h1>" * 5000,
        "wide-table": b"<table>" + (b"<tr>" + b"<td>a" * 3000) * 5 + b"</table>",
        "spans": b"<table><tr><td rowspan=999999 colspan=999999>a<td>b<tr><td>c</table>",
        "entities": b"&#x110000;&#0;&#xD800;&lt;script&gt;&nosuch;" * 2000,
        "plaintext": b"<plaintext>" * 500 + b"text",
        "templates": b"<template>" * 900 + b"text",
        "frames": b"<frameset><frame><noframes>text",
        "svg": b"<svg><foreignObject><p>text" * 300,
        "json-deep": b"<script type=application/ld+json>" + b"[" * 50_000 + b"</script><p>text",
        "json-odd": b"<script type=application/ld+json>{\"@graph\": {\"a\": 1}, \"publisher\": [1]}</script><p>text",
        "json-number": b"<script type=application/ld+json>" + b"9" * 10_000 + b"</script><p>text",
        "charset-odd": b"<meta charset=unicode_escape><p>text \\ud800",
        "charset-punycode": b"<meta charset=punycode><p>text",
        "charset-zip": b"<meta charset=zlib_codec><p>text",
        "charset-idna": b"<meta charset=idna><p>" + b"a" * 100_000,
        "doctype-bomb": b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><p>&b;",
    }.items():  # fmt: skip
        yield f"{name}.html", content


def _zipped() -> Iterator[tuple[str, bytes]]:
    makers = {".docx": docx, ".pptx": pptx, ".xlsx": xlsx, ".epub": epub}
    mains = {
        ".docx": "word/document.xml",
        ".pptx": "ppt/presentation.xml",
        ".xlsx": "xl/workbook.xml",
        ".epub": "OEBPS/content.opf",
    }
    bomb = (
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'>"
        + b"".join(b"<!ENTITY b%d '%s'>" % (n + 1, (b"&b%d;" % n if n else b"&b;") * 10) for n in range(9))
        + b"]><a>&b9;</a>"
    )
    for suffix, make in makers.items():
        with zipfile.ZipFile(io.BytesIO(make())) as archive:
            members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
        main = mains[suffix]
        for name, content in {
            "entities": bomb,
            "entities-utf16": bomb.decode().replace("<?xml version='1.0'?>", "").encode("utf-16"),
            "external": b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
            "no-root": b"",
            "other-root": b"<a/>",
            "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
            "wide": b"<a>" + b"<b/>" * 300_000 + b"</a>",
            "bad-encoding": b"<?xml version='1.0' encoding='no-such'?><a/>",
            "not-utf8": b"<a>\xff\xfe</a>",
            "unpacks-large": b"<a>" + b" " * 60_000_000 + b"</a>",
        }.items():  # fmt: skip
            yield f"{name}{suffix}", zipped({**members, main: content})
        yield f"no-main{suffix}", zipped({k: v for k, v in members.items() if k != main})
        yield f"many-members{suffix}", zipped({**members, **{f"x/{n}": "" for n in range(11_000)}})
        yield (
            f"encrypted-flag{suffix}",
            make().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
        )
        yield f"traversal{suffix}", zipped({**members, "../../evil.md": "Text.", "/etc/evil.md": "Text."})
    nested = "<w:p>" + "<w:r>" * 3000 + "<w:t>text</w:t>" + "</w:r>" * 3000 + "</w:p>"
    yield "runs-deep.docx", _document(nested)
    yield (
        "tables-deep.docx",
        _document(
            "<w:tbl><w:tr><w:tc>" * 60 + "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 60
        ),
    )
    yield (
        "frames-deep.docx",
        _document("<w:sdt><w:sdtContent>" * 900 + "<w:p/>" + "</w:sdtContent></w:sdt>" * 900),
    )
    yield (
        "tables-wide.docx",
        _document("<w:tbl>" + ("<w:tr>" + "<w:tc><w:p/></w:tc>" * 2000 + "</w:tr>") * 20 + "</w:tbl>"),
    )
    yield (
        "level-odd.docx",
        _document("<w:p><w:pPr><w:outlineLvl w:val='²'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"),
    )
    for name, content in {
        "slip.zip": zipped({"../../evil.md": "Text.", "/evil.md": "Text.", "C:\\evil.md": "Text.", "good.md": "# Good\n\nText."}),
        "names.zip": zipped({"a\u202e.md": "Text.", "x" * 3000 + ".md": "Text.", "con.md": "Text.", "a/" * 500 + "b.md": "Text."}),
        "bomb.zip": zipped({"a.txt": b"a" * 210_000_000}),
        "bombs.zip": zipped({f"{n}.txt": b"a " * 5_000_000 for n in range(21)}),
        "many.zip": zipped({f"{n}.txt": "Text." for n in range(12_000)}),
        "empty.zip": zipped({}),
        "unknown.zip": zipped({"a.bin": b"\0\1", "b.exe": b"MZ"}),
        "link.zip": _with_link(),
        "itself-again.zip": _nested(12),
        "overlap.zip": _overlapping(),
    }.items():  # fmt: skip
        yield name, content


def _document(body: str) -> bytes:
    return zipped({"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>"})


def _with_link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("link.md", (2026, 1, 1, 0, 0, 0))
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def _nested(depth: int) -> bytes:
    data = zipped({"a.md": "# Inner\n\nText."})
    for level in range(depth):
        data = zipped({f"{level}.zip": data, f"{level}-again.zip": data})
    return data


def _overlapping() -> bytes:
    """Entries of the directory that all point at the same large member: a bomb without nesting."""
    data = zipped({"0.txt": b"a" * 20_000_000})
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry.replace(b"0.txt", b"%c.txt" % (48 + n)) for n in range(40))
    tail = bytearray(data[end:])
    tail[8:12] = (40).to_bytes(2, "little") * 2
    tail[12:16] = len(entries).to_bytes(4, "little")
    return data[:start] + entries + bytes(tail)


def _mail() -> Iterator[tuple[str, bytes]]:
    plain = mail(html=False)
    for name, content in {
        "parts-deep": b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)
        )
        + b"\n\ntext",
        "messages-deep": b"Content-Type: message/rfc822\n\n" * 2000 + b"Subject: a\n\ntext",
        "parts-many": b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: text/plain\n\ntext\n" * 10_000
        + b"--b--",
        "header-long": b"Subject: " + b"a" * 500_000 + b"\n\ntext",
        "headers-many": b"".join(b"X-%d: a\n" % n for n in range(20_000)) + b"\ntext",
        "comments-deep": b"Subject: "
        + b"(" * 5000
        + b"\nFrom: "
        + b"(" * 5000
        + b"\nDate: "
        + b"(" * 5000
        + b"\n\ntext",
        "encoded-words": b"Subject: " + b"=?utf-8?b?QQ==?= " * 5000 + b"\n\ntext",
        "encoded-word-odd": b"Subject: =?zlib_codec?b?QQ==?= =?x?q?=ZZ?= =?utf-8?b?A?=\n\ntext",
        "charset-odd": b"Content-Type: text/plain; charset=unicode_escape\n\ntext \\ud800",
        "charset-unknown": b"Content-Type: text/plain; charset=no-such\n\ntext",
        "charset-nul": b'Content-Type: text/plain; charset="a\0b"\n\ntext',
        "charset-codec": b"Content-Type: text/plain; charset=hex\n\ntext",
        "base64-odd": b"Content-Transfer-Encoding: base64\n\n!!!A=B==\xff",
        "uuencode": b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n\xff\xff\n",
        "date-odd": b"Date: Mon, 99 Foo 0000 25:61:61 +99999\n\ntext",
        "date-year": b"Date: Mon, 02 Mar 99999 10:00:00 +0000\n\ntext",
        "address-odd": b'From: "a <b@\nTo: @,,;:<>\n\ntext',
        "no-header": b"\n\ntext",
        "type-odd": b"Content-Type: text/\n\ntext",
        "type-long": b"Content-Type: text/plain; " + b"a=b; " * 5000 + b"\n\ntext",
        "name-rfc2231": b"Content-Type: text/plain; "
        + b"".join(b"a*%d*=%%ff; " % n for n in range(500))
        + b"\n\ntext",
        "surrogates": plain.replace(b"SMIC", b"\xed\xa0\x80\xff"),
    }.items():
        yield f"{name}.eml", content


def write(folder: Path) -> list[tuple[str, int]]:
    """Writes the files; returns the name and size of each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in broken_files():
        (folder / name).write_bytes(content)
        written.append((name, len(content)))
    return written


if __name__ == "__main__":
    files = write(Path(sys.argv[1]))
    print(f"{len(files)} files, {sum(size for _, size in files) / 1e6:.0f} MB, in {sys.argv[1]}")
