from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from web_fake import FakeAssistant

from assistant.errors import AssistantError
from assistant.schema import Answer, AnswerEvent
from assistant.web.export import (
    KINDS,
    answer_markdown,
    conversation_markdown,
    feedback_questions,
    write_export,
)
from assistant.web.history import Feedback, History, TurnRecord

QUESTION = "腾讯 Tencent capital expenditure: do sources disagree?"


@pytest.fixture
async def turns(engine: FakeAssistant, tmp_path: Path) -> list[TurnRecord]:
    history = History(tmp_path / "web.sqlite3")
    talk = history.create("", QUESTION)
    for question in (QUESTION, "weather <script>alert(1)</script> *now*"):
        async for event in engine.astream(question):
            if isinstance(event, AnswerEvent):
                history.append("", talk, question, event.answer)
    kept = history.turns("", talk)
    history.rate("", kept[0].id, Feedback(rating="down", wrong_source=True, comment="第二句"))
    history.close()
    return history.turns("", talk)


async def test_markdown_gives_every_mark_a_note_of_its_own(turns: list[TurnRecord]) -> None:
    text = conversation_markdown("Title", turns)
    marks = re.findall(r"\[\^([\d-]+)\](?!:)", text)
    notes = re.findall(r"^\[\^([\d-]+)\]:", text, re.M)
    assert notes and set(marks) == set(notes) and len(notes) == len(set(notes))
    assert "partly supported" in text and "Sources disagree" in text
    assert r"\<script\>" in text and "<script>" not in text


async def test_json_can_be_read_back_with_the_names_of_the_contract(
    turns: list[TurnRecord], tmp_path: Path
) -> None:
    loaded = json.loads(write_export("T", turns, "json", tmp_path).read_text("utf-8"))
    answers = [
        Answer.model_validate({k: v for k, v in t["answer"].items() if k != "cited_documents"})
        for t in loaded["turns"]
    ]
    assert answers == [t.answer for t in turns]


async def test_a_word_file_holds_question_sentences_and_notes(
    turns: list[TurnRecord], tmp_path: Path
) -> None:
    from docx import Document

    file = write_export(QUESTION, turns, "docx", tmp_path)
    text = "\n".join(p.text for p in Document(str(file)).paragraphs)
    claims = [c.text for t in turns for c in t.answer.claims]
    assert claims and all(c in text for c in claims) and QUESTION in text
    assert all(f"[{c.number}] " in text for c in turns[0].answer.citations)


async def test_a_pdf_prints_chinese_from_a_font_of_its_own(turns: list[TurnRecord], tmp_path: Path) -> None:
    import pypdfium2
    from pypdf import PdfReader

    pytest.importorskip("pylopdf_fonts_zh_cn")
    file = write_export(QUESTION, turns, "pdf", tmp_path)
    with pypdfium2.PdfDocument(file) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert "腾讯 Tencent capital expenditure" in text.replace("\u200b", "")
    reader = PdfReader(file)
    fonts = [f.get_object() for f in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    inner = [f["/DescendantFonts"][0].get_object()["/FontDescriptor"] for f in fonts]
    assert inner and all("/FontFile2" in d or "/FontFile3" in d for d in inner)


async def test_control_characters_do_not_break_any_export(turns: list[TurnRecord], tmp_path: Path) -> None:
    bad = turns[0].model_copy(update={"question": "a\x00b\x0bc\ud83d\ufffe"})
    for kind in ("docx", "pdf"):
        assert write_export("t", [bad], kind, tmp_path).stat().st_size > 1000


async def test_what_cannot_be_exported_is_said(turns: list[TurnRecord]) -> None:
    with pytest.raises(AssistantError, match="xls"):
        write_export("t", turns, "xls")
    for kind in KINDS:
        with pytest.raises(AssistantError, match="nothing"):
            write_export("t", [], kind)


async def test_feedback_becomes_a_question_set(turns: list[TurnRecord]) -> None:
    rows = [json.loads(line) for line in feedback_questions([t for t in turns if t.feedback]).splitlines()]
    (row,) = rows
    assert (row["question"], row["rating"], row["wrong_source"]) == (QUESTION, "down", True)
    assert row["comment"] == "第二句" and row["documents"] == list(turns[0].answer.cited_documents)


def test_a_stopped_answer_without_sentences_has_markdown() -> None:
    empty = Answer(question="q", standalone_question="q", status="partial", text="")
    assert answer_markdown(empty).startswith("*Answered from 0 of 0 documents*")
