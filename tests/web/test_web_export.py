from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from web_fake import FakeAssistant

from assistant.errors import AssistantError
from assistant.schema import Answer, AnswerEvent, Claim
from assistant.web.export import (
    KINDS,
    answer_markdown,
    conversation_markdown,
    feedback_questions,
    sources,
    write_export,
)
from assistant.web.history import Feedback, History, TurnRecord

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
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
    assert "*(partly supported: date 1 May is not in the passage)*" in text and "Sources disagree" in text
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
    with zipfile.ZipFile(file) as inside:
        body = ElementTree.fromstring(inside.read("word/document.xml"))
        notes = ElementTree.fromstring(inside.read("word/footnotes.xml"))
        links = inside.read("word/_rels/footnotes.xml.rels").decode()
    marked = [int(e.attrib[f"{W}id"]) for e in body.iter(f"{W}footnoteReference")]
    written = {
        int(e.attrib[f"{W}id"]): "".join(t.text or "" for t in e.iter(f"{W}t"))
        for e in notes
        if not e.get(f"{W}type")
    }
    assert marked == list(written) == list(range(1, len(turns[0].answer.citations) + 1))
    assert all(c.quote in written[n] for n, c in enumerate(turns[0].answer.citations, start=1))
    urls = [url for c in turns[0].answer.citations for _, url in sources(c) if url]
    assert urls and all(escape(url) in links for url in urls)


@pytest.mark.parametrize("kind", ["md", "docx", "pdf"])
async def test_labels_are_in_the_language_of_the_page(
    turns: list[TurnRecord], tmp_path: Path, kind: str
) -> None:
    import pypdfium2
    from docx import Document

    if kind == "pdf":
        pytest.importorskip("pylopdf_fonts_zh_cn")
    file = write_export(QUESTION, turns, kind, tmp_path, language="zh")
    if kind == "md":
        text = file.read_text("utf-8")
    elif kind == "docx":
        with zipfile.ZipFile(file) as inside:
            text = inside.read("word/footnotes.xml").decode()
        text += "\n".join(p.text for p in Document(str(file)).paragraphs)
    else:
        with pypdfium2.PdfDocument(file) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)
    doubt = "部分支持：段落中没有日期 1 May"
    for label in ("依据 98 篇文献中的 4 篇作答", doubt, "来源说法不一", "来源：", "未找到答案"):
        assert label in text, label
    assert "Answered from" not in text and "partly supported" not in text


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
    doubted = Claim(
        text="It rose.", citations=(1,), verdict="partly_supported", score=0.4, reasons=("no \x00\x0b*<b>*",)
    )
    answer = turns[0].answer.model_copy(update={"claims": (doubted,)})
    bad = turns[0].model_copy(update={"question": "a\x00b\x0bc\ud83d\ufffe", "answer": answer})
    assert "no " in answer_markdown(answer) and "<b>" not in answer_markdown(answer)
    for kind in ("docx", "pdf"):
        assert write_export("t", [bad], kind, tmp_path).stat().st_size > 1000


async def test_what_cannot_be_exported_is_said(turns: list[TurnRecord], tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="xls"):
        write_export("t", turns, "xls", tmp_path)
    for kind in KINDS:
        with pytest.raises(AssistantError, match="nothing"):
            write_export("t", [], kind, tmp_path)


async def test_feedback_becomes_a_question_set(turns: list[TurnRecord]) -> None:
    rows = [json.loads(line) for line in feedback_questions([t for t in turns if t.feedback]).splitlines()]
    (row,) = rows
    assert (row["question"], row["rating"], row["wrong_source"]) == (QUESTION, "down", True)
    assert row["comment"] == "第二句" and row["documents"] == list(turns[0].answer.cited_documents)


def test_a_stopped_answer_without_sentences_has_markdown() -> None:
    empty = Answer(question="q", standalone_question="q", status="partial", text="")
    assert answer_markdown(empty).startswith("*Partly answered from 0 of 0 documents*")
