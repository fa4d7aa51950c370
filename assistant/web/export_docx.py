"""Conversations as Word documents: numbered marks in the text, the notes at the end of each answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.web.export import footnote, sentences, sources, summary
from assistant.web.history import TurnRecord

# XML 1.0 has no place for most control characters; python-docx raises on them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


def write_docx(target: Path, title: str, turns: Sequence[TurnRecord]) -> None:
    """Write turns as a .docx file."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    style = document.styles["Normal"]
    style.font.name = "Calibri"
    style.font.size = Pt(11)
    # Word takes CJK glyphs from the East Asian font, which the plain name does not set.
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    document.core_properties.title = _clean(title)
    document.add_heading(_clean(title), level=0)
    for turn in turns:
        if len(turns) > 1 or turn.question != title:
            document.add_heading(_clean(turn.question), level=1)
        _answer(document, turn, Pt)
    document.save(str(target))


def _answer(document: Any, turn: TurnRecord, points: Any) -> None:
    answer = turn.answer
    document.add_paragraph().add_run(_clean(summary(answer))).italic = True
    body = document.add_paragraph()
    for text, numbers, doubt in sentences(answer):
        body.add_run(_clean(text))
        if numbers:
            body.add_run("".join(f"[{n}]" for n in numbers)).font.superscript = True
        if doubt:
            body.add_run(f" ({doubt})").italic = True
        body.add_run(" ")
    if answer.uncovered and answer.status != "not_in_corpus":
        document.add_paragraph("Not covered by the documents:")
        for part in answer.uncovered:
            document.add_paragraph(_clean(part), style="List Bullet")
    for item in answer.disagreements:
        document.add_paragraph(_clean(f"Sources disagree on {item.quantity}:"))
        for value in item.values:
            line = f"{value.value}: {value.publisher}, {value.date or 'undated'} [{value.citation}]"
            document.add_paragraph(_clean(line), style="List Bullet")
    for citation in answer.citations:
        place, quote = footnote(citation)
        note = document.add_paragraph()
        note.paragraph_format.space_after = points(3)
        note.add_run(f"[{citation.number}] ").bold = True
        note.add_run(_clean(f"{place}: “{quote}”"))
        for name, url in sources(citation):
            note.add_run(_clean(f" {name}"))
            if url:
                note.add_run(_clean(f" {url}")).italic = True
        for run in note.runs:
            run.font.size = points(9)
