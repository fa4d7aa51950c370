from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.ingest.chunking import chunk_document, passage_id
from assistant.ingest.readers.builder import DocumentBuilder, Kind, Mark
from assistant.ingest.readers.source import SourceFile
from assistant.ingest.sentences import split_sentences
from assistant.schema import Document, Passage, SourceNote

Piece = tuple[Kind, str | Sequence[str | Mark], int, int | None]


def count(text: str) -> int:
    """A token a word of letters, a Han character or a sign, and two special tokens."""
    return (
        2
        + sum(max(1, len(word) // 4) for word in text.split())
        + sum("\u4e00" <= c <= "\u9fff" for c in text)
    )


def make(*pieces: Piece, title: str = "Title", notes: Sequence[SourceNote] = ()) -> Document:
    builder = DocumentBuilder(SourceFile("folder/2026-01-02-name.md", b"x"))
    for kind, text, level, page in pieces:
        builder.add(kind, text, level=level, page=page)
    return builder.build(media_type="text/markdown", title=title, notes=notes)


def paragraph(text: str | Sequence[str | Mark], page: int | None = None) -> Piece:
    return "paragraph", text, 0, page


def heading(text: str, level: int = 2) -> Piece:
    return "heading", text, level, None


def check(document: Document, passages: Sequence[Passage]) -> None:
    """What holds for every document: exact slices, all sentences once and in order."""
    for ordinal, passage in enumerate(passages):
        assert passage.ordinal == ordinal
        assert passage.text == document.text[passage.char_start : passage.char_end]
        assert passage.id == passage_id(document.id, passage.char_start, passage.char_end, passage.text)
        assert passage.sentences
        assert passage.sentences[0].char_start == passage.char_start
        assert passage.sentences[-1].char_end == passage.char_end
        for sentence in passage.sentences:
            assert sentence.text == document.text[sentence.char_start : sentence.char_end] != ""
            assert passage.char_start <= sentence.char_start < sentence.char_end <= passage.char_end
    starts = [sentence.char_start for passage in passages for sentence in passage.sentences]
    assert starts == sorted(set(starts))
    covered = {i for p in passages for s in p.sentences for i in range(s.char_start, s.char_end)}
    for block in document.blocks:
        if block.kind not in ("heading", "table"):
            for start, end in split_sentences(document.text[block.char_start : block.char_end]):
                span = range(block.char_start + start, block.char_start + end)
                assert all(i in covered for i in span if not document.text[i].isspace())


_TEXT = st.text(
    alphabet=st.sampled_from("abc ABC 123 .!? 。！？ ，;:\"'()“”- 华为芯片国家 \n|#"),
    min_size=0,
    max_size=300,
)
_PIECES = st.lists(
    st.tuples(
        st.sampled_from(["heading", "paragraph", "list_item", "table"]),
        _TEXT,
        st.integers(1, 6),
        st.one_of(st.none(), st.integers(1, 3)),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(pieces=_PIECES, title=_TEXT, max_tokens=st.integers(16, 80), target=st.integers(1, 60))
def test_any_document_is_covered_within_the_limit(
    pieces: list[Piece], title: str, max_tokens: int, target: int
) -> None:
    if not any(text.strip() for _, text, _, _ in pieces if isinstance(text, str)):
        return
    document = make(*pieces, title=title)
    passages = chunk_document(document, count_tokens=count, max_tokens=max_tokens, target_words=target)
    check(document, passages)
    assert passages
    assert len({passage.id for passage in passages}) == len(passages)
    for passage in passages:
        assert count(passage.embedding_text()) <= max_tokens


def test_a_document_of_nothing_but_its_title_is_kept() -> None:
    document = make(heading("Title", 1), heading("Title", 1), title="Title")
    assert {p.text for p in chunk_document(document, count_tokens=count)} == {"Title"}


def test_a_section_is_cut_evenly_and_between_paragraphs() -> None:
    text = " ".join(f"This is sentence number {n} of the paragraph." for n in range(6))
    document = make(heading("Part"), paragraph(text), paragraph(text))
    passages = chunk_document(document, count_tokens=count, target_words=48)
    check(document, passages)
    assert [passage.text for passage in passages] == [text, text]


def test_no_passage_crosses_a_heading() -> None:
    document = make(heading("One"), paragraph("First."), heading("Two"), paragraph("Second."))
    passages = chunk_document(document, count_tokens=count)
    assert [(p.heading_path, p.text) for p in passages] == [(("One",), "First."), (("Two",), "Second.")]


def test_heading_path_leaves_out_the_title_and_follows_levels() -> None:
    document = make(
        heading("Title", 1),
        heading("A", 2),
        heading("B", 3),
        paragraph("One."),
        heading("C", 2),
        paragraph("Two."),
    )
    passages = chunk_document(document, count_tokens=count)
    assert [p.heading_path for p in passages] == [("A", "B"), ("C",)]
    assert passages[0].embedding_text() == "Title > A > B\nOne."


def test_a_heading_without_text_is_not_lost() -> None:
    document = make(heading("Alone", 2), heading("Chips", 2), paragraph("Text."))
    passages = chunk_document(document, count_tokens=count)
    check(document, passages)
    assert [p.text for p in passages] == ["Alone", "Text."]


def test_a_passage_has_the_page_where_it_starts_and_stays_on_it() -> None:
    document = make(paragraph("On one.", 1), paragraph("Still on one.", 1), paragraph("On two.", 2))
    passages = chunk_document(document, count_tokens=count)
    assert [(p.page, p.text) for p in passages] == [(1, "On one.\n\nStill on one."), (2, "On two.")]


def test_sentences_carry_their_footnotes_and_sources_come_in_order_of_first_use() -> None:
    notes = [SourceNote(label=label, title=label.upper()) for label in ("a", "b", "c")]
    document = make(
        paragraph(
            ["First.", Mark("b"), Mark("a"), " Second", Mark("c"), ". Third. Fourth. ", Mark("b"), Mark("x")]
        ),
        notes=notes,
    )
    (passage,) = chunk_document(document, count_tokens=count)
    assert passage.text == "First. Second. Third. Fourth."
    assert [s.note_labels for s in passage.sentences] == [("b", "a"), ("c",), (), ("b", "x")]
    assert [note.label for note in passage.sources] == ["b", "a", "c"]
    third = passage.sentences[2]
    assert passage.sources_of(third.char_start, third.char_end) == ()


def test_a_long_sentence_is_split_between_words_and_keeps_its_footnote() -> None:
    text = " ".join(f"word{n}" for n in range(200)) + "."
    document = make(paragraph([text, Mark("1")]), notes=[SourceNote(label="1")])
    passages = chunk_document(document, count_tokens=count, max_tokens=40)
    check(document, passages)
    assert len(passages) > 4
    assert all(s.note_labels == ("1",) for p in passages for s in p.sentences)
    assert " ".join(p.text for p in passages) == text


def test_a_long_chinese_sentence_is_split_between_characters() -> None:
    text = "芯" * 500
    passages = chunk_document(make(paragraph(text)), count_tokens=count, max_tokens=60)
    assert "".join(p.text for p in passages) == text
    assert max(count(p.embedding_text()) for p in passages) <= 60


def test_table_rows_stay_whole_and_know_their_header() -> None:
    rows = ["Company | Chips", *(f"Company number {n} | {n} thousand chips of its own" for n in range(30))]
    document = make(heading("Output"), ("table", "\n".join(rows), 0, None))
    passages = chunk_document(document, count_tokens=count, target_words=40)
    assert [s.text for p in passages for s in p.sentences] == rows
    assert passages[0].heading_path == ("Output",)
    assert {p.heading_path for p in passages[1:]} == {("Output", "Company | Chips")}


def test_overlap_repeats_the_last_sentences() -> None:
    text = " ".join(f"This is sentence number {n} of the paragraph." for n in range(12))
    document = make(paragraph(text))
    plain = chunk_document(document, count_tokens=count, target_words=24)
    overlapping = chunk_document(document, count_tokens=count, target_words=24, overlap_sentences=1)
    assert len(plain) == len(overlapping) > 2
    assert overlapping[1].sentences[0] == plain[0].sentences[-1]
    assert overlapping[1].sentences[1:] == plain[1].sentences


def test_a_title_longer_than_the_limit_leaves_room_for_text() -> None:
    document = make(heading("h" * 2000), paragraph("Some words here."), title="word " * 300)
    passages = chunk_document(document, count_tokens=count, max_tokens=50)
    assert passages[0].text == "Some words here."
    assert count(passages[0].embedding_text()) <= 50


def test_ids_depend_on_place_and_text_only() -> None:
    first = chunk_document(make(paragraph("Same words.")), count_tokens=count)
    again = chunk_document(make(paragraph("Same words.")), count_tokens=lambda text: 1)
    moved = chunk_document(
        make(paragraph("New."), paragraph("Same words.")), count_tokens=count, target_words=1
    )
    assert first[0].id == again[0].id
    assert first[0].id not in {passage.id for passage in moved}
    assert len(first[0].id) == 24


@pytest.mark.parametrize(("max_tokens", "target"), [(15, 90), (250, 0)])
def test_limits_that_leave_no_room_are_refused(max_tokens: int, target: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        chunk_document(make(paragraph("x")), count_tokens=count, max_tokens=max_tokens, target_words=target)


def test_info_comes_from_the_document() -> None:
    (passage,) = chunk_document(make(paragraph("Text.")), count_tokens=count)
    assert passage.document.path == "folder/2026-01-02-name.md"
    assert passage.document.date == dt.date(2026, 1, 2)
