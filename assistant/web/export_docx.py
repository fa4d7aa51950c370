"""Conversations as Word documents, with footnotes that Word numbers itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from assistant.schema import Answer, Citation
from assistant.web.export import disagreement_line, footnote, heading, sentences, sources, summary
from assistant.web.history import TurnRecord
from assistant.web.i18n import words

# XML 1.0 has no place for most control characters; python-docx raises on them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SMALL = '<w:sz w:val="18"/>'
_RAISED = '<w:vertAlign w:val="superscript"/>'
# The lines above footnotes, which the format counts among them.
_LINES = "".join(
    f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'
    for number, kind in ((-1, "separator"), (0, "continuationSeparator"))
)


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


class _Footnotes:
    """The part of a Word file that holds its footnotes, which python-docx does not write.

    Args:
        document: The python-docx document that the marks stand in.
        language: Of the labels.
    """

    def __init__(self, document: Any, language: str) -> None:
        from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part

        self._language = language
        self._notes: list[str] = []
        self._link_type = RELATIONSHIP_TYPE.HYPERLINK
        self._part: Any = Part(
            PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, b"", document.part.package
        )
        document.part.relate_to(self._part, RELATIONSHIP_TYPE.FOOTNOTES)

    def mark(self, paragraph: Any, citations: Sequence[Citation], known: dict[int, int]) -> None:
        """Put the marks of citations at the end of a paragraph.

        Args:
            paragraph: Where the marks go.
            citations: What is cited.
            known: Footnote of each citation of this answer that has one: it is named again, not repeated.
        """
        for position, citation in enumerate(citations):
            run = paragraph.add_run()
            run.font.superscript = True
            if position:
                run.add_text(", ")
            if citation.number in known:
                run.add_text(str(known[citation.number]))
                continue
            known[citation.number] = self._add(citation)
            run._r.append(
                run._r.makeelement(f"{{{_W}}}footnoteReference", {f"{{{_W}}}id": str(len(self._notes))})
            )

    def close(self) -> None:
        """Write the part; nothing can be added after."""
        body = f'<w:footnotes xmlns:w="{_W}" xmlns:r="{_R}">{_LINES}{"".join(self._notes)}</w:footnotes>'
        self._part._blob = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{body}'.encode()

    def _add(self, citation: Citation) -> int:
        place, quote = footnote(citation, self._language)
        pieces = [self._run(f" {place}{words(self._language, 'colon')}“{quote}”")]
        for name, url in sources(citation):
            pieces.append(self._run(f" {heading(self._language, 'export_source', name)}"))
            if url:
                link = self._part.relate_to(_clean(url), self._link_type, is_external=True)
                look = '<w:color w:val="1F4E79"/>'
                pieces.append(
                    f'{self._run(" ")}<w:hyperlink r:id="{link}">{self._run(url, look)}</w:hyperlink>'
                )
        number = len(self._notes) + 1
        sign = f"<w:r><w:rPr>{_SMALL}{_RAISED}</w:rPr><w:footnoteRef/></w:r>"
        spacing = '<w:pPr><w:spacing w:after="60" w:line="240" w:lineRule="auto"/></w:pPr>'
        self._notes.append(
            f'<w:footnote w:id="{number}"><w:p>{spacing}{sign}{"".join(pieces)}</w:p></w:footnote>'
        )
        return number

    def _run(self, text: str, look: str = "") -> str:
        shown = escape(_clean(text))
        return f'<w:r><w:rPr>{look}{_SMALL}</w:rPr><w:t xml:space="preserve">{shown}</w:t></w:r>'


def write_docx(target: Path, title: str, turns: Sequence[TurnRecord], language: str = "en") -> None:
    """Write turns as a .docx file with labels in a language."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    for name in ("Normal", "Title", "Heading 1"):
        style = document.styles[name]
        style.font.name = "Calibri"
        # Word takes CJK glyphs from the East Asian font, which the plain name does not set.
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), "Microsoft YaHei")
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    document.styles["Normal"].font.size = Pt(11)
    document.styles["Title"].font.size = Pt(20)
    document.core_properties.title = _clean(title)
    document.add_heading(_clean(title), level=0)
    notes = _Footnotes(document, language)
    for turn in turns:
        if len(turns) > 1 or turn.question != title:
            document.add_heading(_clean(turn.question), level=1)
        _answer(document, turn.answer, notes, language)
    notes.close()
    document.save(str(target))


def _answer(document: Any, answer: Answer, notes: _Footnotes, language: str) -> None:
    known: dict[int, int] = {}

    def cited(*numbers: int) -> list[Citation]:
        return [c for n in numbers for c in answer.citations if c.number == n]

    document.add_paragraph().add_run(_clean(summary(answer, language))).italic = True
    body = document.add_paragraph()
    for text, numbers, doubt in sentences(answer, language):
        body.add_run(_clean(text))
        notes.mark(body, cited(*numbers), known)
        if doubt:
            body.add_run(f" ({_clean(doubt)})").italic = True
        body.add_run(" ")
    for note in answer.notes:
        document.add_paragraph(_clean(note))
    if answer.uncovered and answer.status != "not_in_corpus":
        document.add_paragraph(heading(language, "uncovered"))
        for part in answer.uncovered:
            document.add_paragraph(_clean(part), style="List Bullet")
    for item in answer.disagreements:
        document.add_paragraph(_clean(heading(language, "disagreement", item.quantity)))
        for value in item.values:
            line = document.add_paragraph(_clean(disagreement_line(value, language)), style="List Bullet")
            notes.mark(line, cited(value.citation), known)
