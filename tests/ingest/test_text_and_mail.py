from __future__ import annotations

import datetime as dt

import pytest

from tests.ingest.files import blocks, read


def test_mail_has_subject_and_date() -> None:
    head = "From: a@example.com\nSubject: =?utf-8?b?6Iqv54mH?= rules\nDate: Wed, 4 Mar 2026 10:00:00 +0800\n"
    plain = read("a.eml", head + "Content-Type: text/plain; charset=utf-8\n\nHuawei said so.\n")
    assert (plain.title, plain.date, plain.text) == ("芯片 rules", dt.date(2026, 3, 4), "Huawei said so.")
    marked = read(
        "a.eml", head + "Content-Type: text/html; charset=utf-8\n\n<h1>Part</h1><p>Huawei said so.</p>"
    )
    assert blocks(marked) == [("heading", "Part"), ("paragraph", "Huawei said so.")]


@pytest.mark.parametrize(
    ("sender", "publisher"),
    [
        ('"Chip Desk" <news@example.com>', "Chip Desk"),
        ("=?utf-8?b?6Iqv54mH?= <news@example.com>", "芯片"),
        ("news@example.com", "example.com"),
        ("undisclosed:;", ""),
        ("<<@>,", ""),
    ],
)
def test_the_publisher_of_a_mail_is_its_sender(sender: str, publisher: str) -> None:
    mail = f"From: {sender}\nSubject: Chips\nContent-Type: text/plain\n\nHuawei said so.\n"
    assert read("a.eml", mail).publisher == publisher


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_in_any_unicode_encoding(encoding: str) -> None:
    text = "A plain title\n\nHuawei (华为) said so – “twice”.\n"
    document = read("a.txt", text.encode(encoding))
    assert blocks(document) == [
        ("heading", "A plain title"),
        ("paragraph", "Huawei (华为) said so – “twice”."),
    ]
    assert document.title == "A plain title"


def test_text_in_legacy_encodings() -> None:
    chinese = "中国的人工智能战略，包括芯片和算力。华为发布了新的路线图。"
    assert read("a.txt", chinese.encode("gb18030")).text == chinese
    french = "Les semi-conducteurs chinois sont très demandés à l'étranger, où l'été fut agité. " * 5
    assert "très demandés" in read("a.txt", french.encode("cp1252")).text


def test_wrapped_lines_become_paragraphs() -> None:
    text = (
        "Huawei said on 18 September 2025 that the Ascend chips would come out\n"
        "in four steps, and that each step would double the comput-\n"
        "ing power.\n"
        "The next paragraph begins without a blank line between it and the last\n"
        "one, which happens.\n\n- a list item that\n  goes on\n- another\n"
    )
    assert blocks(read("a.txt", text)) == [
        (
            "paragraph",
            "Huawei said on 18 September 2025 that the Ascend chips would come out in four steps, "
            "and that each step would double the computing power.",
        ),
        (
            "paragraph",
            "The next paragraph begins without a blank line between it and the last one, which happens.",
        ),
        ("list_item", "a list item that goes on"),
        ("list_item", "another"),
    ]
