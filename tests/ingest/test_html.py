from __future__ import annotations

import datetime as dt

import pytest

from tests.ingest.files import HTML_PAGE, blocks, read


def test_html_keeps_the_main_text_with_its_structure() -> None:
    assert blocks(read("a.html", HTML_PAGE)) == [
        ("heading", "芯片新闻"),
        ("paragraph", "华为发布新芯片。"),
        ("heading", "产量"),
        ("list_item", "第一"),
        ("list_item", "第二"),
        ("table", "公司 | 数量\n华为 | 10 < 20"),
        ("paragraph", "这是一段比较长的正文，用来说明主要内容所在的位置。"),
    ]


def test_html_metadata() -> None:
    document = read("a.html", HTML_PAGE)
    assert document.title == "芯片新闻"
    assert document.date == dt.date(2026, 3, 4)
    assert (document.publisher, document.language) == ("网站", "zh")
    assert document.url == "https://example.com/n/1"


def test_html_in_its_declared_encoding() -> None:
    page = '<head><meta charset="gb2312"><title>新闻</title></head><body><p>华为发布了新的芯片。</p></body>'
    assert read("a.htm", page.encode("gb18030")).text == "华为发布了新的芯片。"


def test_html_title_with_markup_is_text() -> None:
    document = read("a.html", "<title><script>alert(1)</script>\u202e</title><body><p>Some text.</p>")
    assert document.title == "<script>alert(1)</script>"
    assert document.text == "Some text."


def test_html_that_is_all_furniture_is_not_lost() -> None:
    assert "Only text here" in read("a.html", "<body><nav><p>Only text here.</p></nav></body>").text


def test_deeply_nested_html_is_still_read() -> None:
    assert read("a.html", "<div>" * 100_000 + "Deep text.").text == "Deep text."


@pytest.mark.parametrize(
    ("head", "publisher"),
    [
        ('<script type="application/ld+json">{"publisher": {"name": "Chip Daily"}}</script>', "Chip Daily"),
        ('<script type="application/ld+json">{"publisher": [{"name": "Chip Daily"}]}</script>', "Chip Daily"),
        ('<meta name="citation_publisher" content="Chip Press">', "Chip Press"),
        ('<meta name="DC.publisher" content="Chip Press"><meta property="og:site_name" content="S">', "S"),
        ("", ""),
    ],
)
def test_html_names_its_publisher(head: str, publisher: str) -> None:
    page = f"<html><head>{head}</head><body><p>Some text.</p></body></html>"
    assert read("a.html", page).publisher == publisher
