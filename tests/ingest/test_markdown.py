from __future__ import annotations

import datetime as dt

from assistant.ingest.readers import SourceFile, read_source
from assistant.schema import Document, SourceNote


def read(text: str, name: str = "topic/2026-05-01-some-name.md") -> Document:
    return read_source(SourceFile(name, text.encode()))


def blocks(document: Document) -> list[tuple[str, int, str]]:
    return [(b.kind, b.level, document.text[b.char_start : b.char_end]) for b in document.blocks]


BRIEF = """---
title: "Huawei: the road map"
date: 2026-05-02
topic: chips
entities: [Huawei, 昇腾, Huawei]
publisher: Desk
language: en
---

# Huawei: the road map

Huawei said it.[^1] Nvidia ([英伟达](https://example.com)) **denied** `it`.[^2][^1] No note here.

## Memory

- one *item*[^a]
- two

3. third
4. fourth

| Chip | Count[^2] |
|------|-------|
| 910C | 600,000 |

[^1]: The "Business" Times, "A “quoted” title, with comma", 2025-09-19, https://example.com/a?b=1
[^2]: Project document, "What is happening", 2025-09
[^a]: See [the report](https://example.org/r.pdf) of 2024-03-01,
    continued here.
"""


def test_front_matter_is_taken() -> None:
    document = read(BRIEF)
    assert document.title == "Huawei: the road map"
    assert document.date == dt.date(2026, 5, 2)
    assert document.topic == "chips"
    assert document.entities == ("Huawei", "昇腾")
    assert (document.publisher, document.language) == ("Desk", "en")
    assert document.path == "topic/2026-05-01-some-name.md"


def test_text_is_plain_and_blocks_are_its_structure() -> None:
    document = read(BRIEF)
    assert blocks(document) == [
        ("heading", 1, "Huawei: the road map"),
        ("paragraph", 0, "Huawei said it. Nvidia (英伟达) denied it. No note here."),
        ("heading", 2, "Memory"),
        ("list_item", 0, "one item"),
        ("list_item", 0, "two"),
        ("list_item", 0, "3. third"),
        ("list_item", 0, "4. fourth"),
        ("table", 0, "Chip | Count\n910C | 600,000"),
    ]
    assert "[^" not in document.text


def test_marks_stand_right_after_what_they_follow() -> None:
    document = read(BRIEF)
    marked = [(r.label, document.text[: r.position].rpartition(" ")[2]) for r in document.note_references]
    assert marked == [("1", "it."), ("2", "it."), ("1", "it."), ("a", "item"), ("2", "Count")]


def test_notes_are_parsed_in_the_corpus_form_and_degrade_gracefully() -> None:
    assert read(BRIEF).notes == (
        SourceNote(
            label="1",
            publisher='The "Business" Times',
            title="A “quoted” title, with comma",
            date="2025-09-19",
            url="https://example.com/a?b=1",
        ),
        SourceNote(label="2", publisher="Project document", title="What is happening", date="2025-09"),
        SourceNote(
            label="a",
            title="See the report of 2024-03-01, continued here",
            date="2024-03-01",
            url="https://example.org/r.pdf",
        ),
    )


def test_only_web_addresses_are_kept() -> None:
    document = read(
        "A.[^1] B.[^2] C.[^3] D.[^4]\n\n"
        '[^1]: P, "T", 2026, javascript:alert(1)\n'
        '[^2]: P, "T", 2026, https://known.example@evil.example/\n'
        "[^3]: [click](file:///etc/passwd)\n"
        "[^4]: <http://example.com/x>\n"
    )
    assert [note.url for note in document.notes] == [None, None, None, "http://example.com/x"]


def test_title_falls_back_to_heading_then_file_name() -> None:
    assert read("Intro.\n\n## The heading\n\nText.").title == "The heading"
    assert read("Text.").title == "some name"
    assert read("Text.").date == dt.date(2026, 5, 1)


def test_front_matter_that_is_not_yaml_is_read_line_by_line() -> None:
    document = read("---\ntitle: US: the new rule\ndate: 2026-01-01\n---\n\nText.")
    assert (document.title, document.date) == ("US: the new rule", dt.date(2026, 1, 1))
    assert document.text == "Text."


def test_text_between_rules_is_no_front_matter() -> None:
    assert read("---\n\nJust text.\n\n---\n\nMore.").text == "Just text.\n\nMore."


def test_invisible_characters_are_taken_out_and_text_is_composed() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
    document = read(f"Hua\u200bwei\u202e said{hidden} cafe\u0301\x00 and\u00a0more.")
    assert document.text == "Huawei said café and more."


def test_markup_is_no_text() -> None:
    document = read(
        "Before <b>bold</b><br>after.\n\n<div><script>alert('x')</script><p>Inner &amp; more</p></div>"
    )
    assert document.text == "Before bold\nafter.\n\nInner & more"


def test_code_is_kept_and_a_mark_in_it_is_text() -> None:
    document = read("Use:\n\n```\na = b[^1]\n[^1]: not a note\n```\n\nDone.")
    assert "a = b[^1]\n[^1]: not a note" in document.text
    assert document.notes == ()
    assert document.note_references == ()


def test_the_id_depends_on_collection_path_and_content() -> None:
    ids = {
        read_source(SourceFile(name, data, collection)).id
        for name in ("a.md", "b.md")
        for data in (b"x", b"y")
        for collection in ("corpus", "user")
    }
    assert len(ids) == 8
    assert all(len(identifier) == 16 for identifier in ids)
