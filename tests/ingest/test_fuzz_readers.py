"""Broken files of every format: a document that keeps its rules, or a refusal of one line; never anything else.

A small run of what `benchmarks/fuzzing/run.py` does at length.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assistant.errors import DocumentError
from assistant.ingest.readers import Limits, SourceFile, docx, eml, read_source

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "fuzzing"))

from mutations import Mutator, words_of
from reading import Result, read
from seed_files import docx as docx_seed
from seed_files import seeds, zipped

# What takes seconds at full size shows at these limits, too.
LIMITS = Limits(characters=200_000, unpacked_bytes=5_000_000)
QUICK = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def passes(result: Result) -> bool:
    return result.outcome in ("read", "refused", "unforeseen")


@pytest.mark.parametrize(
    ("suffix", "number"), [(s, n) for s, files in seeds().items() for n in range(len(files))]
)
def test_the_files_that_are_broken_are_whole_before(suffix: str, number: int) -> None:
    assert read(f"seed{suffix}", seeds()[suffix][number]).outcome == "read"


@pytest.mark.parametrize("suffix", seeds())
@settings(QUICK, max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_broken_files_are_read_or_refused(suffix: str, seed: int) -> None:
    data = Mutator(random.Random(seed), dict(seeds())).make(suffix)
    result = read(f"broken{suffix}", data, LIMITS)
    assert passes(result), result


@pytest.mark.parametrize("suffix", [".md", ".html", ".txt", ".eml"])
@settings(QUICK, max_examples=40)
@given(data=st.data())
def test_words_of_a_format_in_any_order(suffix: str, data: st.DataObject) -> None:
    words = st.sampled_from(words_of(suffix))
    pieces = data.draw(
        st.lists(st.one_of(words, words, st.text(max_size=20).map(_encoded)), min_size=1, max_size=25)
    )
    result = read(f"words{suffix}", b"".join(pieces), LIMITS)
    assert passes(result), result


@settings(QUICK, max_examples=60)
@example(b"\xff\xfe\x00\xd8")
@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_under_any_suffix(data: bytes) -> None:
    for suffix in seeds():
        result = read(f"bytes{suffix}", data, LIMITS)
        assert passes(result), (suffix, result)


@settings(QUICK, max_examples=40)
@given(st.dictionaries(st.text(max_size=30), st.binary(max_size=60), max_size=6))
def test_archives_of_any_names(members: dict[str, bytes]) -> None:
    usable = {name: content for name, content in members.items() if _encodable(name)}
    result = read("names.zip", zipped(usable), LIMITS)
    assert passes(result), result


@pytest.mark.parametrize("charset", ["no-such", "hex", "unicode_escape", '"a b"'])
def test_mail_in_an_encoding_that_is_not_known_is_read_by_its_bytes(charset: str) -> None:
    mail = f"Subject: Quotas\nContent-Type: text/plain; charset={charset}\n\nWafers: 配额。\n".encode()
    document = eml.read(SourceFile(name="a.eml", data=mail))
    assert document.title == "Quotas" and "Wafers: " in document.text


def test_mail_of_very_many_parts_is_refused_before_it_is_parsed() -> None:
    parts = b"--b\nContent-Type: text/plain\n\ntext\n" * 400
    with pytest.raises(DocumentError, match="more than 300 parts"):
        eml.read(SourceFile(name="a.eml", data=b"Content-Type: multipart/mixed; boundary=b\n\n" + parts))


def test_outline_level_that_is_a_digit_of_another_kind_is_no_level() -> None:
    seed = docx_seed()
    assert docx.read(SourceFile(name="a.docx", data=seed)).text
    body = '<w:p><w:pPr><w:outlineLvl w:val="²"/></w:pPr><w:r><w:t>Text.</w:t></w:r></w:p>'
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    odd = zipped({"word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'})
    assert docx.read(SourceFile(name="a.docx", data=odd)).blocks[0].kind == "paragraph"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n" + b"\xff" * 400, b"%PDF-1.4\n1 0 obj\n1 0 R\nendobj\n%%EOF\n"]
)
def test_what_is_no_whole_pdf_is_told_in_words(data: bytes) -> None:
    with pytest.raises(DocumentError, match="is not a PDF that can be read"):
        read_source(SourceFile(name="a.pdf", data=data))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and "\0" not in name


def test_an_archive_whose_directory_holds_an_empty_name_is_listed_without_it() -> None:
    packed = bytearray(zipped({"a.md": "# Wafers\n\nText."}).replace(b"a.md", b"ab\0\0"))
    # The four bytes of the name become an extra field without content, in the member's header and the directory.
    for place in (26, packed.index(b"PK\x01\x02") + 28):
        packed[place : place + 4] = b"\0\0\4\0"
    result = read("nameless.zip", bytes(packed), LIMITS)
    assert passes(result), result
