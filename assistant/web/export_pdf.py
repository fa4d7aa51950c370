"""Conversations as PDF, with a Chinese font inside the file so that they print the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.web.export import disagreement_line, footnote, heading, sentences, sources, summary
from assistant.web.history import TurnRecord
from assistant.web.i18n import words

_FONT = "Body"
# What a line break may not part: a Chinese letter and its closing marks, a word, 30 letters of a long word.
_OPEN, _CLOSE = "（《「『“‘(\\[", "，。；：、！？）》」』”’)\\].,;:!?%"
_UNIT = re.compile(
    rf"[{_OPEN}]*(?:[\u3400-\u9fff]|[^\s\u3400-\u9fff{_OPEN}{_CLOSE}][^\s\u3400-\u9fff{_OPEN}]{{0,29}})?[{_CLOSE}]*\s*"
)


def font_file() -> Path:
    """Noto Sans SC, which the package `pylopdf-fonts-zh-cn` carries; it has Latin and Chinese letters.

    Raises:
        AssistantError: The font package is not installed.
    """
    try:
        import pylopdf_fonts_zh_cn as fonts
    except ImportError:
        raise AssistantError(
            "PDF export needs a font that is not installed.", "Run `pip install pylopdf-fonts-zh-cn`."
        ) from None
    return Path(fonts.__file__).parent / "NotoSansSC-Regular.otf"


def write_pdf(target: Path, title: str, turns: Sequence[TurnRecord], language: str = "en") -> None:
    """Write turns as a PDF file with labels in a language.

    Raises:
        AssistantError: The font is missing.
    """
    from fpdf import FPDF

    class Page(FPDF):
        def footer(self) -> None:
            self.set_y(-14)
            self.set_font(_FONT, size=8)
            self.set_text_color(110)
            self.cell(0, 6, f"{self.page_no()} / {{nb}}", align="R")

    pdf = Page(format="A4")
    pdf.add_font(_FONT, fname=font_file())
    pdf.set_margin(20)
    pdf.set_auto_page_break(True, margin=20)
    pdf.set_title(title)
    pdf.set_creator("china-ai-chip-assistant")
    pdf.add_page()
    _text(pdf, title, size=18, after=3)
    for turn in turns:
        if len(turns) > 1 or turn.question != title:
            _text(pdf, turn.question, size=13, before=4, after=1)
        _answer(pdf, turn, language)
    pdf.output(str(target))


def _text(
    pdf: Any, text: str, *, size: float = 10.5, grey: int = 20, before: float = 0, after: float = 1.5
) -> None:
    pdf.ln(before)
    pdf.set_font(_FONT, size=size)
    pdf.set_text_color(grey)
    for line in _lines(pdf, _printable(text)):
        pdf.cell(0, size * 0.53, line, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(after)


def _lines(pdf: Any, text: str) -> list[str]:
    """Break text between words and after Chinese letters, which no spaces divide."""
    lines, line, width = [], "", 0.0
    for unit in _UNIT.findall(text):
        wide = pdf.get_string_width(unit)
        if line and width + pdf.get_string_width(unit.rstrip()) > pdf.epw - 2:
            lines.append(line.rstrip())
            line, width = "", 0.0
        line, width = line + unit, width + wide
    return [*lines, line.rstrip()] if line.strip() else lines


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _answer(pdf: Any, turn: TurnRecord, language: str) -> None:
    answer = turn.answer
    _text(pdf, summary(answer, language), size=9, grey=90)
    parts = []
    for text, numbers, doubt in sentences(answer, language):
        marks = "".join(f"[{n}]" for n in numbers)
        parts.append(f"{text} {marks}".strip() + (f" ({doubt})" if doubt else ""))
    _text(pdf, " ".join(parts), after=3)
    for note in answer.notes:
        _text(pdf, note)
    if answer.uncovered and answer.status != "not_in_corpus":
        _text(pdf, heading(language, "uncovered"), after=0.5)
        for part in answer.uncovered:
            _text(pdf, f"– {part}", size=10, after=0.5)
        pdf.ln(2)
    for item in answer.disagreements:
        _text(pdf, heading(language, "disagreement", item.quantity), after=0.5)
        for value in item.values:
            _text(pdf, f"– {disagreement_line(value, language)} [{value.citation}]", size=10, after=0.5)
        pdf.ln(2)
    for citation in answer.citations:
        place, quote = footnote(citation, language)
        _text(
            pdf,
            f"[{citation.number}] {place}{words(language, 'colon')}“{quote}”",
            size=8.5,
            grey=50,
            after=0.5,
        )
        for name, url in sources(citation):
            _text(pdf, heading(language, "export_source", name), size=8, grey=90, after=0)
            if url:
                pdf.set_font(_FONT, size=7.5)
                pdf.set_text_color(31, 78, 121)
                pdf.multi_cell(
                    0, 4, _printable(url), link=url, wrapmode="CHAR", new_x="LMARGIN", new_y="NEXT"
                )
        pdf.ln(1.5)
