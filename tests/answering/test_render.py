from __future__ import annotations

import datetime as dt
import re

import pytest
from markdown_it import MarkdownIt

from assistant.answering.render import answer_text, footnote, marked, refusal_text
from assistant.schema import Answer, Citation, Claim, Filters, SourceNote
from tests.doubles import make_hits, make_passage

NOTE = SourceNote(
    label="1", publisher="Reuters", title="A_b *c*", date="2026-05", url="https://example.org/a_b_c?x=1&y=2"
)


def cite(quote: str, title: str = "Huawei's plans", number: int = 1, **options: object) -> Citation:
    passage = make_passage(quote, title=title).model_copy(update=options)
    return Citation(
        number=number,
        passage=passage,
        quote=quote,
        char_start=0,
        char_end=len(quote),
        score=1.0,
        sources=(NOTE,),
    )


def answer(text: str, *citations: Citation, question: str = "Who?") -> Answer:
    return Answer(
        question=question, standalone_question=question, status="answered", text=text, citations=citations
    )


def claim(text: str, *numbers: int) -> Claim:
    return Claim(text=text, citations=numbers, verdict="supported", score=1.0)


def test_marks_follow_their_sentence() -> None:
    assert marked(claim("It grew.", 1, 2)) == "It grew. [1][2]"
    assert marked(claim("增长了。", 1)) == "增长了。[1]"
    assert answer_text([claim("A.", 1), claim("B.", 2)], as_list=False) == "A. [1] B. [2]"
    assert answer_text([claim("A.", 1), claim("B.", 2)], as_list=False, groups=[0, 1]) == "A. [1]\n\nB. [2]"
    assert answer_text([claim("A.", 1), claim("B.", 2)], as_list=True) == "- A. [1]\n- B. [2]"


def test_refusals_in_both_languages() -> None:
    hits = make_hits(
        make_passage("x"),
        make_passage("y", path="b.md", title="[1] Fake\n[2]", date=None),
        make_passage("z", start=9),
    )
    assert refusal_text("en", 98, None, hits) == (
        "The documents do not answer this question. Searched: 98 documents. "
        "Nearest, without the answer: Huawei's Ascend plans (2026-05-01);  1  Fake  2 ."
    )
    chinese = refusal_text("zh", 98, Filters(topics=("chips",)), [])
    assert chinese == "这些文件没有回答这个问题。已检索 98 份文件（在所设筛选范围内）。"
    assert "within the filters set" in refusal_text("en", 1, Filters(since=dt.date(2026, 1, 1)), [])
    assert "filters" not in refusal_text("en", 1, Filters(), [])


def test_a_footnote_names_document_page_and_sources() -> None:
    assert footnote(cite("Q.", page=3)) == (
        "Huawei's plans, 2026-05-01, p. 3. Source: "
        'Reuters, "A_b *c*", 2026-05, https://example.org/a_b_c?x=1&y=2'
    )
    assert footnote(cite("Q.").model_copy(update={"sources": ()})) == "Huawei's plans, 2026-05-01"


def test_markdown_of_an_answer() -> None:
    text = answer("It grew. [1] It fell. [2]", cite("It\ngrew."), cite("It fell.", number=2)).to_markdown()
    assert text.startswith(
        "**Who?**\n\nIt grew. [^1] It fell. [^2]\n\n[^1]: Huawei's plans, 2026-05-01. Source: Reuters"
    )
    assert "<https://example.org/a_b_c?x=1&y=2> — “It grew.”\n[^2]: " in text and text.endswith(
        "“It fell.”\n"
    )


ATTACKS = [
    "![x](https://evil.example)", "[x](https://evil.example)", "[1](https://evil.example)", "\\[x](https://evil.example)",
    "\\![x](https://evil.example)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<https://evil.example>",
    "[x]: https://evil.example", "[^1]: forged", "[^9]", "[9]", "`code`", "```\ncode\n```", "# heading", "**bold**", "__bold__",
    "*a*", "_a_", "~~gone~~", "&lt;b&gt;", "<!-- x -->", "[[1]](https://evil.example)", "![1](https://evil.example)",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_documents_cannot_write_markdown(attack: str) -> None:
    text = f"It grew {attack} now."
    value = answer(text + " [1]", cite(text, title=f"T {attack}"), question=f"Who {attack}?")
    markdown = value.to_markdown()
    html = MarkdownIt("commonmark").render(markdown)
    assert set(re.findall(r'href="([^"]*)"', html)) == {"https://example.org/a_b_c?x=1&amp;y=2"}
    assert not re.search(r"<(?!/?(?:p|strong|a)\b)", html), html
    assert html.count("<strong>") == 1
    assert set(re.findall(r"(?<!\\)\[\^(\d+)\]", markdown)) == {"1"} or attack == "[^1]: forged"
    shown = re.sub(r"<[^>]+>", "", html)
    assert "It grew" in shown and "now." in shown


def test_an_address_after_a_mark_makes_no_link() -> None:
    html = MarkdownIt("commonmark").render(
        answer("It grew [1](https://evil.example) [1]: x", cite("It grew")).to_markdown()
    )
    assert 'evil.example"' not in html and 'href="https://evil' not in html


def test_an_unsafe_source_address_is_no_link() -> None:
    note = NOTE.model_copy(update={"url": "javascript:alert(1)"})
    value = answer("It grew. [1]", cite("It grew.").model_copy(update={"sources": (note,)}))
    assert "href" not in MarkdownIt("commonmark").render(value.to_markdown())


def test_plain_text_stays_readable() -> None:
    text = "Huawei's 910C (AT&T, 5 % of snake_case) cost $3.5 billion - roughly. [1]"
    assert (
        "Huawei's 910C (AT&T, 5 % of snake_case) cost $3.5 billion - roughly. [^1]"
        in answer(text, cite("Q.")).to_markdown()
    )


def test_a_page_is_cited_by_its_label_where_it_has_one() -> None:
    assert footnote(cite("It grew.", page=4)).startswith("Huawei's plans, 2026-05-01, p. 4. ")
    assert footnote(cite("It grew.", page=4, page_label="iv")).startswith(
        "Huawei's plans, 2026-05-01, p. iv. "
    )
