"""From the lines of pages to headings and paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from assistant.ingest.cleaning import clean_text
from assistant.ingest.readers.builder import DocumentBuilder, Kind
from assistant.ingest.readers.lines import LineJoiner, is_finished, is_list_item, without_bullet
from assistant.ingest.sentences import split_sentences

_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|第|[-–—|])?\s*#\s*(?:页|頁|[-–—|]|(?:of|/|共)\s*#\s*(?:页|頁)?)?", re.IGNORECASE
)
_EDGE_LINES = 3
_LONGEST_HEADING = 200
_LONGEST_RUNNING_LINE = 100


@dataclass(frozen=True)
class Line:
    """A line of a page.

    Attributes:
        size: Height of its letters in points; 0 when unknown.
        x: Distance of its start from the left edge in points.
        y: Height of its baseline above the bottom in points; None when unknown.
    """

    text: str
    size: float = 0.0
    x: float = 0.0
    y: float | None = None
    bold: bool = False
    level: int = 0
    """Heading level when the document itself says so."""


@dataclass(frozen=True)
class OutlineItem:
    """An entry of the document's own table of contents."""

    title: str
    page: int
    level: int


@dataclass
class _Piece:
    kind: Kind
    text: str
    page: int
    level: int = 0
    small: bool = False


def add_pages(
    builder: DocumentBuilder, pages: Sequence[Sequence[Line]], outline: Sequence[OutlineItem]
) -> None:
    """Adds the pages' text to a document.

    Headers and footers that repeat go. Headings come from the outline when the document has one that fits its
    text, else from the size and weight of the letters. A sentence that goes on over a page break belongs to
    the page where it begins.

    Args:
        builder: Where to.
        pages: Lines of each page, in reading order.
        outline: The document's own table of contents.
    """
    cleaned = [[replace(line, text=clean_text(line.text)) for line in page] for page in pages]
    kept = _without_running_lines([[line for line in page if line.text] for page in cleaned])
    body = _body_size(kept)
    marked = _mark_outline(kept, outline) or _mark_by_size(kept, body)
    joiner = LineJoiner(line.text for page in marked for line in page)
    leading = _leading(marked)
    pieces: list[_Piece] = []
    for number, page in enumerate(marked, 1):
        new = _pieces_of(page, number, joiner, body, leading)
        _move_rest_of_sentence(pieces, new, joiner)
        pieces += new
    for piece in pieces:
        text = without_bullet(piece.text) if piece.kind == "list_item" else piece.text
        builder.add(piece.kind, text, level=piece.level, page=piece.page)


def title_on_first_page(pages: Sequence[Sequence[Line]]) -> str:
    """The largest words of the first page when they stand out, else nothing."""
    page = [line for line in pages[0] if line.text.strip()] if pages else []
    largest = max((line.size for line in page), default=0.0)
    lines = [line.text for line in page if line.size >= 0.98 * largest]
    stands_out = largest >= 1.3 * _body_size(pages) > 0 and len(lines) <= 4
    return clean_text(" ".join(lines)) if stands_out else ""


def _without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages without page numbers and without lines that come back at the edge of a third of the pages.

    Such a line is the same on each page, or counts up with the pages; a larger one must be the same.
    """
    body = _body_size(pages)
    same: Counter[str] = Counter()
    counting: Counter[tuple[str, int]] = Counter()
    for number, page in enumerate(pages):
        edge = _edges(page)
        same.update({line.text for line in edge})
        counting.update({(_shape(line), count - number) for line in edge for count in _numbers(line)})
    often = max(3, len(pages) / 3)

    def runs(line: Line, number: int) -> bool:
        if len(line.text) > _LONGEST_RUNNING_LINE:
            return False
        if same[line.text] >= often:
            return True
        counts = any(counting[_shape(line), count - number] >= often for count in _numbers(line))
        return counts and not line.size > 1.1 * body > 0

    result = []
    for number, page in enumerate(pages):
        edges = {id(line) for line in _edges(page)}
        outermost = {id(line) for line in (*page[:1], *page[-1:])} if len(page) > 1 else set()
        result.append(
            [
                line
                for line in page
                if not (id(line) in edges and runs(line, number))
                and not (id(line) in outermost and _PAGE_NUMBER.fullmatch(_shape(line)))
            ]
        )
    return result


def _numbers(line: Line) -> list[int]:
    return [int(digits) for digits in re.findall(r"(?<!\d)\d{1,4}(?!\d)", line.text)[:5]]


def _edges(page: list[Line]) -> list[Line]:
    return page if len(page) <= 2 * _EDGE_LINES else page[:_EDGE_LINES] + page[-_EDGE_LINES:]


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text.casefold())


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """Size of most letters."""
    letters: Counter[float] = Counter()
    for page in pages:
        for line in page:
            letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _leading(pages: list[list[Line]]) -> float:
    """Usual distance of two lines; 0 when unknown."""
    gaps = []
    for page in pages:
        for above, below in pairwise(page):
            if above.y is not None and below.y is not None and 0 < above.y - below.y < 100:
                gaps.append(above.y - below.y)
    return median(gaps) if gaps else 0.0


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _mark_outline(pages: list[list[Line]], outline: Sequence[OutlineItem]) -> list[list[Line]] | None:
    """Pages with the outline's headings marked; None when fewer than half of them stand in the text."""
    result = [list(page) for page in pages]
    found = 0
    for item in outline:
        wanted = _plain(item.title)
        if not wanted or not 1 <= item.page <= len(result):
            continue
        page = result[item.page - 1]
        for at in range(len(page)):
            # A heading may take up to three lines.
            count = next((n for n in (1, 2, 3) if _plain(_joined(page[at : at + n])).endswith(wanted)), 0)
            text = _joined(page[at : at + count])
            if count and not page[at].level and len(_plain(text)) <= len(wanted) + 8:
                page[at : at + count] = [replace(page[at], text=text, level=item.level)]
                found += 1
                break
    return result if found and found * 2 >= len(outline) else None


def _joined(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)


def _mark_by_size(pages: list[list[Line]], body: float) -> list[list[Line]]:
    """Pages with lines in larger or bold letters marked as headings, consecutive ones as one."""
    lines = [line for page in pages for line in page]
    sizes = sorted({round(line.size) for line in lines if line.size >= body * 1.15 > 0}, reverse=True)
    bold_is_rare = sum(line.bold for line in lines) * 4 < len(lines)

    def level_of(line: Line) -> int:
        if body <= 0 or len(line.text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]{2}", line.text):
            return 0
        if line.size >= body * 1.15:
            return min(sizes.index(round(line.size)) + 1, 5)
        ends = re.search(r"[.。,，;；:：]$", line.text)
        heavy = line.bold and bold_is_rare and line.size >= body * 0.95
        return min(len(sizes) + 1, 6) if heavy and not ends and len(line.text) <= 100 else 0

    marked = [[replace(line, level=level_of(line)) for line in page] for page in pages]
    # Where a third of the lines look like headings, size says nothing.
    if sum(line.level > 0 for page in marked for line in page) * 3 > len(lines) > 6:
        return pages
    return [_merged_headings(page) for page in marked]


def _merged_headings(page: list[Line]) -> list[Line]:
    merged: list[Line] = []
    for line in page:
        above = merged[-1] if merged else None
        if (
            above
            and line.level
            and above.level == line.level
            and above.y is not None
            and line.y is not None
            and 0 < above.y - line.y < 2 * line.size
            and len(above.text) + len(line.text) < _LONGEST_HEADING
        ):
            merged[-1] = replace(line, text=f"{above.text} {line.text}")
        else:
            merged.append(line)
    return merged


def _pieces_of(
    page: Sequence[Line], number: int, joiner: LineJoiner, body: float, leading: float
) -> list[_Piece]:
    pieces: list[_Piece] = []
    group: list[Line] = []
    widest = max((len(line.text) for line in page if not line.level), default=0)

    def close() -> None:
        if group:
            text = joiner.join([line.text for line in group])
            kind: Kind = "list_item" if is_list_item(group[0].text) else "paragraph"
            pieces.append(_Piece(kind, text, number, small=0 < group[0].size < 0.87 * body))
            group.clear()

    for line in page:
        if line.level:
            close()
            pieces.append(_Piece("heading", line.text, number, line.level))
            continue
        if group and _begins_paragraph(group[-1], line, leading, widest):
            close()
        group.append(line)
    close()
    return pieces


def _begins_paragraph(above: Line, line: Line, leading: float, widest: int) -> bool:
    if is_list_item(line.text):
        return True
    unfinished = not is_finished(above.text)
    goes_on = unfinished and re.match(r"[a-z,;)]", line.text) is not None
    if abs(above.size - line.size) > 0.12 * max(above.size, line.size):
        return not goes_on
    if above.y is not None and line.y is not None and leading:
        gap = above.y - line.y
        if unfinished and len(above.text) > 0.8 * widest and 0 < gap < 2 * leading:
            return False
        # Upwards is the next column.
        if gap > 1.35 * leading or gap < -leading:
            return not goes_on
        if line.x > above.x + 0.8 * line.size and gap > 0.5 * leading:
            return is_finished(above.text)
    return is_finished(above.text) and len(above.text) < 0.7 * widest and not line.text[0].islower()


def _move_rest_of_sentence(before: list[_Piece], after: list[_Piece], joiner: LineJoiner) -> None:
    """Moves the rest of a sentence that a page break cut to the page where it begins."""
    last = next((piece for piece in reversed(before) if not piece.small), None)
    if not last or not after or last.kind == "heading" or after[0].kind != "paragraph" or after[0].small:
        return
    goes_on = not is_finished(last.text) and re.match(r"\W*[a-z\u3400-\u9fff\d]", after[0].text)
    if not goes_on or last.page != after[0].page - 1:
        return
    joined = joiner.join([last.text, after[0].text])
    end = next((stop for _, stop in split_sentences(joined) if stop > len(last.text)), len(joined))
    last.text, rest = joined[:end], joined[end:].strip()
    if rest:
        after[0].text = rest
    else:
        after.pop(0)
