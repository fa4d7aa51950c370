"""Breaks files: blindly, by the words of a format, and by its structure."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Final

from seed_files import zipped

ZIPPED: Final = frozenset({".docx", ".pptx", ".xlsx", ".epub", ".zip"})
_LARGEST = 2_000_000

_COMMON = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r\n", b"\n" * 50,
    b" " * 500, b"A" * 3000, b"-1", b"0", b"1e309", b"2147483648", b"99999999999999999999", b"NaN", b"%s%n",
    "\u202e\u200b\U000e0041".encode(), "\u0301".encode() * 200, "配额".encode("gb18030"), b"2026-02-30", b"9999-99-99",
)  # fmt: skip
_MARKUP = (
    b"<", b">", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#0;",
    b"&#xD800;", b"&#99999999999;", b"&amp;" * 50, b"<table><tr><td>" * 40, b"<div>" * 300, b"</div>" * 100, b"<p " * 200,
    b"<svg><math>", b"<template>", b"<plaintext>", b"<script>", b"<title>", b"<sup><a href='#x'>9</a></sup>", b"xmlns:w='x'",
    b"<meta charset=utf-7>", b"<meta charset=idna>", b"<meta charset=unicode_escape>", b"<meta charset=zlib_codec>",
    b"style='display:none'", b"<a href='javascript:x'>",
)  # fmt: skip
_WORDS: Final[dict[str, tuple[bytes, ...]]] = {
    ".md": (
        b"[^1]", b"[^1]: ", b"---\n", b"title: ", b"|---|", b"| a | b |\n", b"```", b"~~~", b"> " * 100, b"- " * 100, b"[" * 300,
        b"](", b"![", b"*" * 300, b"_" * 99, b"\\", b"&copy;", b"\t", b"date: {a: [b", b"&x *x", b"!!python/object:os.system x",
        b"[^" + b"x" * 70 + b"]", b"# ", b"99999999999. x\n", b"<b>", b"`" * 99, b"[a]: <b> 'c'\n", b"2026-13-99",
    ),
    ".html": _MARKUP,
    ".txt": (b"- ", b"1. ", b"(a) ", b"\x0c", b"-\n", "……".encode(), "。".encode() * 300, b"e.g. " * 100, b"\"" * 300, b"(" * 300),
    ".pdf": (
        b"obj", b"endobj", b"stream\n", b"\nendstream", b"xref", b"trailer", b"startxref", b"%%EOF", b"<<", b">>", b"[", b"]", b"(",
        b")", b"\\", b"/", b"R", b" 0 R", b"/Type /Page", b"/Type /Pages", b"/Kids [3 0 R]", b"/Count -1", b"/Count 99999999",
        b"/Length -1", b"/Length 999999999", b"/Filter [/FlateDecode /FlateDecode]", b"/Filter /LZWDecode", b"/Filter /ASCII85Decode",
        b"/Filter /RunLengthDecode", b"/Filter /JBIG2Decode", b"/Predictor 15 /Columns 99999", b"/Prev 0", b"/Prev 15", b"/Encrypt 1 0 R",
        b"/ToUnicode 5 0 R", b"/Encoding /Identity-H", b"/Differences [0 /a 256 /b]", b"/Parent 1 0 R", b"/First 1 0 R", b"/Next 1 0 R",
        b"/W [1 99 1]", b"/Index [0 999999]", b"/ObjStm", b"/Rotate 45", b"/MediaBox [0 0 0 0]", b"/UserUnit 1e30", b"/Resources 1 0 R",
        b"BT", b"ET", b"Tj", b"TJ", b"Tf", b"Tm", b"Td", b"q", b"Q", b"cm", b"Do", b"BI ID EI", b"1e38 0 0 1e38 0 0 cm", b"/XObject",
        b"beginbfrange\n<0000> <FFFF> <0000>\nendbfrange", b"beginbfchar\n<41> <D800>\nendbfchar", b"begincodespacerange",
        b"<0000> <FFFFFFFF> <0000>", b"(\\777)", b"<zz>", b"null", b"true", b"--5", b"+.", b"1 2 3 4 5 6",
    ),
    ".eml": (
        b"Content-Type: multipart/mixed; boundary=", b"Content-Type: text/html; charset=unicode_escape\n", b"charset=utf-7", b"charset=\"\"",
        b"Content-Transfer-Encoding: base64\n\n", b"Content-Transfer-Encoding: uuencode\n\n", b"Content-Transfer-Encoding: quoted-printable\n",
        b"=?utf-8?b?" + b"A" * 99, b"=?zlib_codec?q?x?=", b"=?utf-8?q?=00=FF?=", b"Subject: ", b"Date: Thu, 99 Feb 0000 99:99:99 +9999\n",
        b"Date: \n", b"--", b"boundary=\"\"", b"Content-Type: message/rfc822\n\n", b"filename*=utf-8''%ff", b"Content-Type: text/",
        b"From: @,;<>\n", b"Subject: " + b"(" * 200 + b"\n", b"=\n", b"Content-Disposition: attachment\n",
    ),
}  # fmt: skip
_NAMES = (
    "../evil.md", "/etc/passwd", "C:\\evil.md", "a\0b.md", "word/document.xml", "xl/workbook.xml", "OEBPS/content.opf", "x" * 300,
    ".md", "a/./b.md", "con.md", "\u202eevil.md", "ppt/presentation.xml", "[Content_Types].xml", "META-INF/encryption.xml", "deep/" * 60 + "a.md",
)  # fmt: skip


def words_of(suffix: str) -> tuple[bytes, ...]:
    """Words of a format that its parser treats in a way of their own, and what troubles any parser."""
    return _WORDS.get(suffix, _MARKUP) + _COMMON


class Mutator:
    """Makes broken files from valid ones; the same generator makes the same files.

    Args:
        generator: Decides what is broken.
        seeds: Valid files by suffix.
    """

    def __init__(self, generator: random.Random, seeds: dict[str, Sequence[bytes]]) -> None:
        self._random = generator
        self._seeds = seeds

    def make(self, suffix: str) -> bytes:
        """A broken file of a format."""
        data = self._random.choice(self._seeds[suffix])
        ways: list[Callable[[bytes, str], bytes]] = [self._bytes]
        if suffix == ".pdf":
            ways += [self._pdf_objects, self._pdf_streams, self._pdf_objects]
        if suffix in ZIPPED:
            ways += [self._members, self._members, self._members, self._directory]
        if suffix == ".eml":
            ways.append(self._mail_parts)
        for _ in range(self._random.choice((1, 1, 1, 2))):
            data = self._random.choice(ways)(data, suffix)
        return data[:_LARGEST]

    # Any bytes

    def _bytes(self, data: bytes, suffix: str) -> bytes:
        mutable = bytearray(data)
        for _ in range(self._random.choice((1, 1, 2, 4, 8, 32))):
            if len(mutable) > _LARGEST:
                break
            self._random.choice(
                (
                    self._flip,
                    self._flip,
                    self._insert,
                    self._insert,
                    self._cut,
                    self._truncate,
                    self._repeat,
                    self._splice,
                )
            )(mutable, suffix)
        return bytes(mutable)

    def _at(self, data: Sequence[int]) -> int:
        return self._random.randrange(len(data) + 1)

    def _flip(self, data: bytearray, suffix: str) -> None:
        for _ in range(self._random.choice((1, 1, 3, 20))):
            if data:
                at = self._random.randrange(len(data))
                data[at] = self._random.choice(
                    (data[at] ^ (1 << self._random.randrange(8)), self._random.randrange(256))
                )

    def _insert(self, data: bytearray, suffix: str) -> None:
        at = self._at(data)
        length = self._random.choice((0, 0, 4))
        data[at : at + length] = self._random.choice(words_of(suffix))

    def _cut(self, data: bytearray, suffix: str) -> None:
        at = self._at(data)
        del data[at : at + self._random.choice((1, 4, 60, 1000))]

    def _truncate(self, data: bytearray, suffix: str) -> None:
        if self._random.random() < 0.3:
            del data[self._at(data) :]

    def _repeat(self, data: bytearray, suffix: str) -> None:
        at = self._at(data)
        piece = data[at : at + self._random.choice((1, 5, 40, 400))]
        data[at:at] = piece * self._random.choice((1, 2, 20, 100))

    def _splice(self, data: bytearray, suffix: str) -> None:
        other = self._random.choice(self._seeds[self._random.choice((suffix, suffix, *self._seeds))])
        start = self._at(other)
        at = self._at(data)
        data[at : at + self._random.choice((0, 100))] = other[
            start : start + self._random.choice((10, 200, 5000))
        ]

    # PDF: objects, references, streams

    def _pdf_objects(self, data: bytes, suffix: str) -> bytes:
        found = list(re.finditer(rb"\d+ 0 obj\b.*?\bendobj", data, re.S))
        if not found:
            return self._bytes(data, suffix)
        one, other = self._random.choice(found), self._random.choice(found)
        match self._random.randrange(7):
            case 0:  # a reference leads elsewhere, or round in a circle
                return self._replaced(
                    data, rb"\d+ 0 R", lambda: b"%d 0 R" % self._random.randrange(len(found) + 3)
                )
            case 1:  # an object is missing
                return data[: one.start()] + data[one.end() :]
            case 2:  # an object is there twice
                return data[: other.start()] + one[0] + b"\n" + data[other.start() :]
            case 3:  # an object has the content of another
                return (
                    data[: one.start()]
                    + one[0].split(b"obj")[0]
                    + b"obj"
                    + other[0].partition(b"obj")[2]
                    + data[one.end() :]
                )
            case 4:  # a number is out of range
                return self._replaced(
                    data,
                    rb"(?<=[ \[])-?\d+(?:\.\d+)?",
                    lambda: self._random.choice(
                        (b"-1", b"0", b"4294967296", b"1e99", b"65536", b"3.5", b"1")
                    ),
                )
            case 5:  # a name means something else
                names = re.findall(rb"/[A-Za-z]+", data)
                return self._replaced(data, rb"/[A-Za-z]+", lambda: self._random.choice(names))
            case _:  # a value within one object is broken
                return data[: one.start()] + self._bytes(one[0], suffix) + data[one.end() :]

    def _replaced(self, data: bytes, pattern: bytes, value: Callable[[], bytes]) -> bytes:
        """The data with one to three matches of a pattern replaced."""
        for _ in range(self._random.choice((1, 1, 3))):
            places = list(re.finditer(pattern, data))
            if places:
                place = self._random.choice(places)
                data = data[: place.start()] + value() + data[place.end() :]
        return data

    def _pdf_streams(self, data: bytes, suffix: str) -> bytes:
        """Breaks what a compressed stream holds and packs it again, so that the decoder lets it pass."""
        found = list(re.finditer(rb"/Length (\d+)(.{0,200}?)stream\r?\n(.*?)\r?\nendstream", data, re.S))
        if not found:
            return self._bytes(data, suffix)
        stream = self._random.choice(found)
        try:
            content, packed = zlib.decompress(stream[3]), True
        except zlib.error:
            content, packed = stream[3], False
        content = self._bytes(content, suffix)
        body = zlib.compress(content) if packed else content
        new = b"/Length %d%sstream\n%s\nendstream" % (len(body), stream[2], body)
        return data[: stream.start()] + new + data[stream.end() :]

    # Zipped formats: members and the directory

    def _members(self, data: bytes, suffix: str) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members: dict[str, str | bytes] = {
                    info.filename: archive.read(info) for info in archive.infolist()
                }
        except (
            zipfile.BadZipFile,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
            zlib.error,
            EOFError,
        ):
            return self._bytes(data, suffix)
        if not members:
            return self._bytes(data, suffix)
        for _ in range(self._random.choice((1, 1, 2, 5))):
            name = self._random.choice(list(members))
            content = members[name]
            content = content.encode() if isinstance(content, str) else content
            match self._random.randrange(8):
                case 0:
                    members.pop(name)
                case 1:
                    members[self._random.choice(_NAMES)] = members.pop(name)
                case 2:
                    members[name] = members[self._random.choice(list(members))]
                case 3:
                    members[name] = self._xml_numbers(content)
                case _:
                    members[name] = self._bytes(content, ".html")
            if not members:
                break
        return zipped(members, stored_first=suffix == ".epub")

    def _xml_numbers(self, content: bytes) -> bytes:
        odd = (
            b"-1",
            b"0",
            b"99999999999",
            b"A1:XFD1048576",
            b"ZZZZZZ99999999",
            b"1e400",
            b"",
            b"true",
            b"rId1",
            b"../../x",
        )
        return self._replaced(content, rb'(?<==")[^"]*(?=")', lambda: self._random.choice(odd))

    def _directory(self, data: bytes, suffix: str) -> bytes:
        """Breaks the fields of local headers, the central directory and its end."""
        mutable = bytearray(data)
        places = [m.start() for m in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
        for _ in range(self._random.choice((1, 2, 4))):
            if not places:
                break
            at = self._random.choice(places) + self._random.randrange(4, 46)
            value = self._random.choice(
                (0, 1, 0x7F, 0xFFFF, 0x80000000, 0xFFFFFFFF, self._random.getrandbits(32))
            )
            width = self._random.choice((1, 2, 4))
            mutable[at : at + width] = struct.pack("<I", value & 0xFFFFFFFF)[:width]
        return bytes(mutable)

    # Mail

    def _mail_parts(self, data: bytes, suffix: str) -> bytes:
        """Moves, doubles and drops whole lines: headers and boundaries stay words of the format."""
        lines = data.split(b"\n")
        for _ in range(self._random.choice((1, 3, 10))):
            at, to = self._random.randrange(len(lines)), self._random.randrange(len(lines))
            match self._random.randrange(4):
                case 0:
                    lines.insert(to, lines[at])
                case 1:
                    lines[at], lines[to] = lines[to], lines[at]
                case 2 if len(lines) > 1:
                    lines.pop(at)
                case _:
                    words = _WORDS[".eml"]
                    lines.insert(to, self._random.choice(words))
        return b"\n".join(lines)
