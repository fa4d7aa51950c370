"""Which sentences an answer of quoted sentences says, and in what order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from assistant.answering.evidence import (
    budget_for,
    choose_sentences,
    evidence_sentences,
    evidence_text,
    reading_order,
    with_antecedents,
)
from assistant.ingest.sentences import word_count
from assistant.retrieval.query import read_question
from assistant.retrieval.rerank import RankedSentence
from assistant.schema import Passage
from tests.doubles import make_passage

ONE = read_question("How much did SMIC earn in 2025?")
A = make_passage(
    "SMIC earned 9.3 billion dollars in 2025. Its margin was 21 percent. It employed twenty thousand people.",
    path="companies/2026-01-01-a.md",
)
B = make_passage(
    "Hua Hong reported sales of 2.4 billion dollars. Mature nodes sold out. Prices went up in December.",
    path="companies/2026-01-02-b.md",
)


def ranked(
    *given: tuple[Passage, int, float], parts: Sequence[tuple[float, ...]] = ()
) -> list[RankedSentence]:
    items = [
        RankedSentence(passage, passage.sentences[n], n, p, math.nan, parts[i] if parts else ())
        for i, (passage, n, p) in enumerate(given)
    ]
    return sorted(items, key=lambda item: -item.probability)


def said(items: Sequence[RankedSentence]) -> list[tuple[str, int]]:
    return [(item.passage.document.path[-4], item.position) for item in items]


def test_nothing_ranked_is_nothing_said() -> None:
    assert choose_sentences(ONE, []) == []


def test_unlikely_sentences_come_from_the_document_of_the_likeliest_alone() -> None:
    items = ranked((A, 0, 0.9), (A, 1, 0.1), (B, 0, 0.2), (B, 1, 0.2), (B, 2, 0.2))
    # Three middling sentences of another document do not outweigh the likeliest one.
    assert said(choose_sentences(ONE, items)) == [("a", 0), ("a", 1)]


def test_a_document_of_many_likely_sentences_leads() -> None:
    items = ranked((A, 0, 0.6), (B, 0, 0.55), (B, 1, 0.5), (B, 2, 0.1))
    assert ("b", 2) in said(choose_sentences(ONE, items))


def test_another_document_has_to_be_likely_itself() -> None:
    assert said(choose_sentences(ONE, ranked((A, 0, 0.9), (A, 1, 0.8), (B, 0, 0.6)))) == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
    ]
    assert said(choose_sentences(ONE, ranked((A, 0, 0.9), (A, 1, 0.8), (B, 0, 0.2)))) == [("a", 0), ("a", 1)]


def test_each_part_of_a_question_gets_its_best_sentence() -> None:
    query = read_question("How much did SMIC earn in 2025, and what did Hua Hong sell?")
    assert len(query.parts) == 2
    given = ((A, 0, 0.9), (A, 1, 0.85), (B, 0, 0.2))
    parts = ((3.0, -2.0), (1.0, -2.0), (-1.0, 2.0))
    assert ("b", 0) in said(choose_sentences(query, ranked(*given, parts=parts)))
    # A part that nothing answers gets none.
    silent = ((3.0, -2.0), (1.0, -2.0), (-1.0, -0.5))
    assert ("b", 0) not in said(choose_sentences(query, ranked(*given, parts=silent)))


def test_the_same_is_not_said_twice() -> None:
    again = make_passage("SMIC earned 9.3 billion dollars in 2025, again.", path="companies/2026-01-03-c.md")
    assert said(choose_sentences(ONE, ranked((A, 0, 0.9), (again, 0, 0.9)))) == [("a", 0)]


def test_an_answer_keeps_its_budget_but_is_never_empty() -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    long = make_passage(" ".join(f"Number{n} {' '.join(w + str(n) for w in words)}." for n in range(12)))
    items = ranked(*((long, n, 0.9 - n / 100) for n in range(12)))
    chosen = choose_sentences(ONE, items)
    budget = budget_for(ONE)
    assert 1 < len(chosen) <= budget.sentences
    assert sum(word_count(item.sentence.text) for item in chosen) <= budget.words
    huge = make_passage("word " * 400 + "end.")
    assert len(choose_sentences(ONE, ranked((huge, 0, 0.9)))) == 1


def test_a_sentence_that_leans_brings_the_one_before_it() -> None:
    assert said(with_antecedents(ranked((A, 1, 0.9)))) == [("a", 0), ("a", 1)]
    assert said(with_antecedents(ranked((A, 0, 0.9), (A, 1, 0.8)))) == [("a", 0), ("a", 1)]
    assert said(with_antecedents(ranked((B, 1, 0.9)))) == [("b", 1)]


def test_a_timeline_is_in_order_of_dates_and_another_answer_document_by_document() -> None:
    events = make_passage("In May 2026 it ended. In March 2024 it began. In June 2025 it grew.")
    items = ranked((events, 0, 0.9), (events, 1, 0.8), (events, 2, 0.7))
    timeline = read_question("Give me a timeline of what happened.")
    assert [item.position for item in reading_order(timeline, items)] == [1, 2, 0]
    mixed = ranked((A, 0, 0.9), (B, 0, 0.8), (A, 2, 0.7))
    assert said(reading_order(ONE, mixed)) == [("a", 0), ("a", 2), ("b", 0)]


@pytest.mark.parametrize("words", [7, 13, 100])
def test_evidence_fits_and_reads_in_the_order_of_the_document(words: int) -> None:
    chosen = evidence_sentences(ranked((A, 2, 0.9), (A, 0, 0.8), (A, 1, 0.7)), words)
    assert sum(word_count(item.sentence.text) for item in chosen) <= words
    text = evidence_text(chosen)
    places = [text.index(item.sentence.text) for item in sorted(chosen, key=lambda item: item.position)]
    assert places == sorted(places)
