from __future__ import annotations

from pathlib import Path

import pytest
from web_fake import FakeAssistant, passages_of
from web_hostile import write_hostile_brief
from web_pdf import write_memo

from assistant.schema import Citation
from assistant.web.evidence import citation_cards, cut, evidence_panel, opened_document, quote_range
from assistant.web.export import footnote
from assistant.web.pages import draw_page
from assistant.web.render import safe_url


def test_cut_gives_back_the_text_and_marks_what_overlaps() -> None:
    text = "abcdefghij"
    spans = cut(text, 1, 9, quotes=[(3, 5), (4, 6)], passages=[(0, 7)], notes=[(5, "1"), (5, "2"), (9, "3")])
    assert "".join(s.text for s in spans) == text[1:9]
    assert "".join(s.text for s in spans if s.quoted) == "def"
    assert "".join(s.text for s in spans if s.cited) == "bcdefg"
    assert [s.note for s in spans if s.note] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=1", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        (" JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https://", False),
        ("http://[bad", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url: str | None, kept: bool) -> None:
    assert bool(safe_url(url)) is kept


def a_citation(engine: FakeAssistant, *, shift: int = 0) -> Citation:
    document = engine.document("companies/2026-05-13-tencent-ai-spending.md")
    passage = passages_of(document)[0]
    quote = passage.sentences[1]
    return Citation(
        number=1, passage=passage, quote=quote.text, score=1,
        char_start=quote.char_start + shift, char_end=quote.char_end + shift,
    )  # fmt: skip


def test_a_quote_with_wrong_offsets_is_found_by_its_words(engine: FakeAssistant) -> None:
    right, wrong = a_citation(engine), a_citation(engine, shift=7)
    assert quote_range(right) == quote_range(wrong) == (right.char_start, right.char_end)
    assert quote_range(wrong.model_copy(update={"quote": "never said"})) is None


def test_a_card_shows_the_passage_with_the_quote_marked(engine: FakeAssistant) -> None:
    citation = a_citation(engine)
    (card,) = citation_cards([citation])
    assert "".join(s.text for s in card.spans) == citation.passage.text
    assert "".join(s.text for s in card.spans if s.quoted) == citation.quote


def test_a_card_and_an_export_name_the_label_of_the_page(engine: FakeAssistant) -> None:
    citation = a_citation(engine)
    passage = citation.passage.model_copy(update={"page": 4, "page_label": "iv"})
    named = citation.model_copy(update={"passage": passage})
    page = evidence_panel("en", turn="t1", citations=[named])
    # The document opens at the physical page.
    assert "page iv<" in page and 'data-page="4"' in page
    assert "page iv" in footnote(named)[0] and "第 iv 页" in footnote(named, "zh")[0]


def test_a_document_opens_whole_with_its_notes_linked(engine: FakeAssistant) -> None:
    citation = a_citation(engine)
    document = engine.document(citation.passage.document.path)
    page = opened_document("en", document, quotes=[(citation.char_start, citation.char_end)])
    assert page.count('<mark class="quote">') == 1
    assert page.count('rel="noopener noreferrer"') == len(document.notes)
    assert page.count("<sup>") == len(document.note_references)


def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    write_hostile_brief(tmp_path / "corpus")
    engine = FakeAssistant(tmp_path / "home", corpus=tmp_path / "corpus")
    (hit, *_) = engine.search("zorblatt accelerator")
    html = evidence_panel("en", hits=[hit]) + opened_document(
        "en", engine.document(hit.passage.document.path)
    )
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;" in html
    assert "<script" not in html and "<img" not in html and "<b " not in html
    assert 'href="javascript:' not in html
    assert 'href="https://example.org/?q=&#34;&gt;&lt;script&gt;window.hacked=11&lt;/script&gt;"' in html


def test_a_pdf_page_is_drawn_with_the_quote_in_its_place(tmp_path: Path) -> None:
    memo = write_memo(tmp_path / "memo.pdf")
    quote = "Lingxi modules cost 4,200 yuan each in the pilot run."
    picture = draw_page(memo, 2, quote)
    assert picture is not None and picture.source.startswith("data:image/png;base64,")
    # The quote breaks over two lines of the page.
    assert len(picture.boxes) == 2
    first, second = picture.boxes
    assert first.top < second.top and first.left > second.left
    elsewhere = draw_page(memo, 1, quote)
    assert elsewhere is not None and elsewhere.boxes == ()


def test_what_cannot_be_drawn_gives_no_picture(tmp_path: Path) -> None:
    memo = write_memo(tmp_path / "memo.pdf")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    assert draw_page(memo, 3) is None
    assert draw_page(broken, 1) is None
    assert draw_page(tmp_path / "missing.pdf", 1) is None
