"""An Excel workbook: answers with linked citations, every claim with its verdict, the summary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary
from assistant.batch.writers.cells import STATUS_WORDS, links_of, place_of, source_text, values_of
from assistant.batch.writers.table import columns_of

# Limits of the format: characters in a cell, in an address, and hyperlinks a sheet.
_CELL, _ADDRESS, _LINKS = 32_767, 2_079, 65_530
_CUT = "… [cut; the JSONL output has all]"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LINKED = 5
_WIDTHS = {
    "question": 45,
    "answer": 90,
    "citations": 60,
    "links": 40,
    "doubts": 40,
    "documents": 40,
    "error": 40,
}
_TABLE_ONLY = ("links",)


class _Sheet:
    """One sheet, written row by row so that memory stays small."""

    def __init__(self, book: Any, title: str, columns: Sequence[str], widths: Sequence[int]) -> None:
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter

        self._page = book.create_sheet(title)
        self._page.freeze_panes = "A2"
        self._wrap = Alignment(wrap_text=True, vertical="top")
        self._bold, self._blue = Font(bold=True), Font(color="0563C1", underline="single")
        self._links = 0
        for number, width in enumerate(widths, start=1):
            self._page.column_dimensions[get_column_letter(number)].width = width
        self.add([self.cell(column, bold=True) for column in columns])

    def cell(self, value: str | int | float, link: str = "", bold: bool = False) -> Any:
        """A cell whose text is text whatever it begins with."""
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, str):
            value = _NOT_IN_XML.sub("", value)
            if len(value) > _CELL:
                value = value[: _CELL - len(_CUT)] + _CUT
        cell = WriteOnlyCell(self._page, value)
        if isinstance(value, str):
            # Otherwise a text that begins with "=" becomes a formula.
            cell.data_type = "s"
            cell.quotePrefix = True
        cell.alignment = self._wrap
        if bold:
            cell.font = self._bold
        if link and len(link) <= _ADDRESS and self._links < _LINKS:
            cell.hyperlink = link
            cell.font = self._blue
            self._links += 1
        return cell

    def add(self, cells: Sequence[Any]) -> None:
        """Appends a row."""
        self._page.append(list(cells))


def write_workbook(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes the workbook with the sheets Answers, Citations, Claims and Summary."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    columns = [column for column in columns_of(results()) if column not in _TABLE_ONLY]
    place = columns.index("citations") + 1
    linked = [f"citation_{number}" for number in range(1, _LINKED + 1)]
    shown = columns[:place] + linked + columns[place:]
    answers = _Sheet(book, "Answers", shown, [_WIDTHS.get(c, 30 if c in linked else 14) for c in shown])
    cited = _Sheet(
        book,
        "Citations",
        ("id", "number", "quote", "title", "date", "file", "page", "source", "link"),
        (12, 8, 80, 40, 12, 40, 8, 40, 60),
    )
    checked = _Sheet(
        book, "Claims", ("id", "claim", "verdict", "score", "citations", "reasons"), (12, 90, 16, 8, 12, 60)
    )
    for result in results():
        values = values_of(result)
        values["status"] = STATUS_WORDS[result.outcome.status]
        answer = result.outcome.answer
        citations = answer.citations if answer is not None else ()
        links: dict[str, Any] = {}
        for name, citation in zip(linked, citations, strict=False):
            addresses = links_of(citation)
            links[name] = answers.cell(
                f"[{citation.number}] {place_of(citation)}", addresses[0] if addresses else ""
            )
        answers.add([links.get(c) or answers.cell(values.get(c, "")) for c in shown])
        for citation in citations:
            document = citation.passage.document
            for note in citation.sources or (None,):
                address = (
                    next(iter(links_of(citation.model_copy(update={"sources": (note,)}))), "") if note else ""
                )
                cited.add(
                    [
                        cited.cell(result.row.id),
                        cited.cell(citation.number),
                        cited.cell(citation.quote),
                        cited.cell(document.title),
                        cited.cell(str(document.date or "")),
                        cited.cell(document.path),
                        cited.cell(citation.passage.page_label or citation.passage.page or ""),
                        cited.cell(source_text(note) if note else ""),
                        cited.cell(address, address),
                    ]
                )
        for claim in answer.claims if answer is not None else ():
            checked.add(
                [
                    checked.cell(result.row.id),
                    checked.cell(claim.text),
                    checked.cell(claim.verdict),
                    checked.cell(round(claim.score, 3)),
                    checked.cell(", ".join(map(str, claim.citations))),
                    checked.cell("; ".join(claim.reasons)),
                ]
            )
    figures = _Sheet(book, "Summary", ("figure", "value"), (40, 80))
    for label, value in summary.lines():
        figures.add([figures.cell(label), figures.cell(value)])
    book.save(path)
