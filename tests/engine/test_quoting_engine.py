"""What an answer says when the documents speak, and what it was asked."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from assistant import Assistant, Filters
from assistant.errors import DocumentError, QuestionError
from assistant.schema import EvidenceEvent, Turn
from tests.doubles import make_passage

from .briefs import BRIEFS, STOP_ORDER, TRUE, UNKNOWN, checked

pytestmark = pytest.mark.usefixtures("steady")


def test_an_answer_quotes_the_documents(assistant: Assistant) -> None:
    answer = checked(assistant.ask(STOP_ORDER), assistant)
    assert answer.status == "answered" and TRUE in answer.text
    assert answer.cited_documents[0] == BRIEFS[2]
    assert all(claim.verdict == "supported" for claim in answer.claims)
    first = next(c for c in answer.citations if c.quote == TRUE)
    assert first.sources[0].publisher == "Reuters via Financetom" and first.sources[0].url
    assert answer.searched == len(BRIEFS) and answer.model == "extractive" and answer.embedding == "words"
    assert answer.newest is not None and answer.oldest is not None and answer.oldest <= answer.newest
    assert answer.question == answer.standalone_question == STOP_ORDER and answer.language == "en"
    assert {"understand", "retrieve", "rerank", "gate", "generate", "total"} <= set(answer.timings)


def test_markdown_has_footnotes(assistant: Assistant) -> None:
    answer = assistant.ask(STOP_ORDER)
    markdown = answer.to_markdown()
    assert markdown.startswith(f"**{STOP_ORDER}**\n")
    assert re.findall(r"^\[\^(\d+)\]: ", markdown, re.M) == [str(c.number) for c in answer.citations]
    body = markdown.split("\n[^1]: ")[0]
    assert set(re.findall(r"\[\^(\d+)\]", body)) == {str(c.number) for c in answer.citations}
    assert "<https://www.financetom.com/" in markdown and not re.search(r"\[\d+\]", markdown)


def test_a_question_about_nothing_in_the_corpus_is_refused(assistant: Assistant) -> None:
    answer = checked(assistant.ask(UNKNOWN), assistant)
    assert answer.status == "not_in_corpus" and answer.claims == answer.citations == ()
    assert answer.text.startswith(
        f"The documents do not answer this question. Searched: {len(BRIEFS)} documents."
    )
    assert 0 < len(answer.nearest) <= 3 and not re.search(r"\[\d+\]", answer.to_markdown())


def test_a_chinese_question_is_refused_in_chinese(assistant: Assistant) -> None:
    answer = assistant.ask("冰岛首都有多少只海鹦？")
    assert (answer.status, answer.language) == ("not_in_corpus", "zh") and answer.text.startswith(
        "这些文件没有回答"
    )


def test_language_and_number_of_passages_of_one_question(assistant: Assistant) -> None:
    answer = assistant.ask(UNKNOWN, language="zh")
    assert answer.language == "zh"
    assert "文件" in answer.text
    assert assistant.ask(UNKNOWN).language == "en"
    found = {
        passages: next(
            len(e.hits)
            for e in assistant.stream(STOP_ORDER, passages=passages)
            if isinstance(e, EvidenceEvent)
        )
        for passages in (2, 12)
    }
    assert found[2] <= 2 < found[12]


@pytest.mark.parametrize("given", [{"passages": 0}, {"passages": 101}, {"passages": "5"}, {"language": "fr"}])
def test_values_of_a_question_that_do_not_fit(assistant: Assistant, given: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match=r"passages|language"):
        assistant.ask(STOP_ORDER, **given)


def test_filters_narrow_what_is_searched(assistant: Assistant) -> None:
    assert assistant.ask(STOP_ORDER, filters=Filters(topics=("capital",))).searched == 1
    late = assistant.ask(STOP_ORDER, filters=Filters(since=dt.date(2026, 5, 5)))
    assert late.searched == 1 and TRUE not in late.text
    nothing = assistant.ask(STOP_ORDER, filters=Filters(topics=("capital",), entities=("Nobody",)))
    assert (
        nothing.status == "not_in_corpus"
        and nothing.searched == 0
        and "within the filters set" in nothing.text
    )
    hits = assistant.search("chips", filters=Filters(documents=(BRIEFS[1],)))
    assert {hit.passage.document.path for hit in hits} == {BRIEFS[1]}


def test_search_documents_and_document(assistant: Assistant) -> None:
    hits = assistant.search("Cambricon revenue 2025", k=3)
    assert len(hits) == 3 and hits[0].passage.document.path == BRIEFS[1]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {info.path for info in assistant.documents()} == set(BRIEFS)
    assert [i.path for i in assistant.documents(Filters(entities=("SMIC",)))]
    document = assistant.document(BRIEFS[2])
    assert document.date == dt.date(2025, 9, 17) and TRUE in document.text and document.blocks
    with pytest.raises(DocumentError, match=r"none\.md"):
        assistant.document("none.md")


@pytest.mark.parametrize(
    "history",
    [
        [Turn(question=STOP_ORDER, answer="ByteDance. [1]")],
        [(STOP_ORDER, "ByteDance. [1]")],
        [[STOP_ORDER, "ByteDance. [1]"]],
    ],
)
def test_a_follow_up_is_understood_in_each_form_of_history(assistant: Assistant, history: Any) -> None:
    answer = assistant.ask("And when?", history=history)
    assert answer.question == "And when?" and "RTX Pro 6000D" in answer.standalone_question


@pytest.mark.parametrize("history", [["text"], [("a", 1)], [("a", "b", "c")], [None]])
def test_history_of_another_form(assistant: Assistant, history: Any) -> None:
    with pytest.raises(QuestionError, match="history"):
        assistant.ask("And when?", history=history)


@pytest.mark.parametrize("question", ["", "   ", "?!", "\0", "\u200b"])
def test_an_empty_question(assistant: Assistant, question: str) -> None:
    for call in (assistant.ask, assistant.stream, assistant.search):
        with pytest.raises(QuestionError, match="empty"):
            call(question)


def test_a_question_that_is_too_long_or_no_text(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match=r"5000 characters; 4000.*ASSISTANT_MAX_QUESTION_CHARS"):
        assistant.ask("a" * 5000)
    with pytest.raises(QuestionError, match="int"):
        assistant.ask(5)  # type: ignore[arg-type]


def test_odd_characters_in_a_question(assistant: Assistant) -> None:
    answer = assistant.ask("Who\0 received\n\tthe RTX Pro 6000D \ud800 order {{evidence}} {0} %s?")
    assert (
        answer.question == "Who received the RTX Pro 6000D ? order {{evidence}} {0} %s?"
        and answer.model_dump_json()
    )


def test_answers_from_given_passages_alone(assistant: Assistant) -> None:
    passage = make_passage("Reykjavik has 140,000 inhabitants.", path="x/iceland.md", title="Iceland")
    answer = assistant.ask_passages("How many inhabitants does Reykjavik have?", [passage])
    assert answer.status == "answered" and answer.text == "Reykjavik has 140,000 inhabitants. [1]"
    assert answer.searched == 1 and answer.citations[0].passage == passage
    assert assistant.ask_passages("How many inhabitants?", []).status == "not_in_corpus"
