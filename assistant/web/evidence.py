"""The evidence panel: cards in citation order, and the document opened at a passage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.schema import Answer, Block, Citation, Document, Passage, SearchHit, SourceNote
from assistant.web.render import render


@dataclass(frozen=True)
class Span:
    """A piece of a text with what is to be shown of it."""

    text: str
    quoted: bool = False
    cited: bool = False
    note: str = ""
    """Label of the footnote whose mark stands after the piece."""


@dataclass(frozen=True)
class Card:
    """One passage of the evidence panel."""

    number: int | None
    passage: Passage
    spans: tuple[Span, ...]
    sources: tuple[SourceNote, ...]
    verdict: str = ""


@dataclass(frozen=True)
class BlockView:
    """A block of an opened document, cut where marks begin and end."""

    kind: str
    level: int
    page: int | None
    spans: tuple[Span, ...]


Range = tuple[int, int]


def cut(
    text: str,
    start: int,
    end: int,
    *,
    quotes: Sequence[Range] = (),
    passages: Sequence[Range] = (),
    notes: Sequence[tuple[int, str]] = (),
) -> tuple[Span, ...]:
    """Cut `text[start:end]` where quotes, passages and footnote marks begin or end."""
    inner = {p for a, b in (*quotes, *passages) for p in (a, b) if start < p < end}
    here = [(p, label) for p, label in notes if start < p <= end]
    points = sorted({start, end, *inner, *(p for p, _ in here)})
    spans: list[Span] = []
    for left, right in pairwise(points):
        labels = [label for p, label in here if p == right]
        spans.append(
            Span(
                text=text[left:right],
                quoted=any(a <= left and right <= b for a, b in quotes),
                cited=any(a <= left and right <= b for a, b in passages),
                note=labels[0] if labels else "",
            )
        )
        spans.extend(Span(text="", note=label) for label in labels[1:])
    return tuple(spans)


def quote_range(citation: Citation) -> Range | None:
    """Where the quote stands in the document's text; None when the offsets do not fit the passage."""
    passage = citation.passage
    start, end = citation.char_start - passage.char_start, citation.char_end - passage.char_start
    if 0 <= start < end <= len(passage.text) and passage.text[start:end] == citation.quote:
        return citation.char_start, citation.char_end
    found = passage.text.find(citation.quote) if citation.quote else -1
    if found < 0:
        return None
    return passage.char_start + found, passage.char_start + found + len(citation.quote)


def _spans(passage: Passage, quotes: Iterable[Range]) -> tuple[Span, ...]:
    shifted = [(a - passage.char_start, b - passage.char_start) for a, b in quotes]
    return cut(passage.text, 0, len(passage.text), quotes=shifted)


def citation_cards(citations: Sequence[Citation], answer: Answer | None = None) -> list[Card]:
    """Cards of citations in their order, each with the weakest verdict of the sentences that use it."""
    order = {"unsupported": 0, "partly_supported": 1, "supported": 2}
    verdicts: dict[int, str] = {}
    for claim in answer.claims if answer else ():
        for number in claim.citations:
            if order[claim.verdict] <= order.get(verdicts.get(number, ""), 3):
                verdicts[number] = claim.verdict
    cards = []
    for citation in citations:
        quoted = quote_range(citation)
        cards.append(
            Card(
                number=citation.number,
                passage=citation.passage,
                spans=_spans(citation.passage, [quoted] if quoted else []),
                sources=citation.sources or citation.passage.sources,
                verdict=verdicts.get(citation.number, ""),
            )
        )
    return cards


def hit_cards(hits: Iterable[SearchHit]) -> list[Card]:
    """Cards of passages that were found but are not (yet) cited."""
    return [
        Card(number=None, passage=hit.passage, spans=(Span(hit.passage.text),), sources=hit.passage.sources)
        for hit in hits
    ]


def evidence_panel(
    language: str,
    *,
    turn: str = "",
    answer: Answer | None = None,
    citations: Sequence[Citation] = (),
    hits: Sequence[SearchHit] = (),
    focus: int | None = None,
    live: bool = False,
) -> str:
    """HTML of the panel for one answer, finished or on its way."""
    cited = list(answer.citations if answer else citations)
    cards = citation_cards(cited, answer)
    if answer is not None and not cited:
        hits = answer.nearest
    known = {c.passage.id for c in cited}
    others = hit_cards(h for h in hits if h.passage.id not in known)
    if live:
        title = "evidence_found"
    elif cited:
        title, others = "evidence_cited", []
    else:
        title = "evidence_nearest"
    return render(
        "evidence", language, turn=turn, cards=cards, others=others, focus=focus, live=live, title=title
    )


def opened_document(
    language: str,
    document: Document,
    *,
    quotes: Sequence[Range] = (),
    passages: Sequence[Range] = (),
    turn: str = "",
    number: int | None = None,
    page: int | None = None,
    picture: object | None = None,
) -> str:
    """HTML of a whole document, or of one page of a PDF, with the quotes marked.

    Args:
        language: Language of the UI.
        document: The document with its text.
        quotes: Ranges of its text to mark as quoted.
        passages: Ranges of its text to mark as the passages around the quotes.
        turn: Turn that it was opened from; empty when opened from the corpus page.
        number: Citation number that it was opened from.
        page: Which page of a paged document to show.
        picture: `PagePicture` of that page, when its file can be drawn.
    """
    notes = [(r.position, r.label) for r in document.note_references]
    blocks = document.blocks or (Block(kind="paragraph", char_start=0, char_end=len(document.text)),)
    views = [
        BlockView(
            kind=block.kind,
            level=block.level,
            page=block.page,
            spans=cut(
                document.text,
                block.char_start,
                block.char_end,
                quotes=quotes,
                passages=passages,
                notes=notes,
            ),
        )
        for block in blocks
        if page is None or block.page == page
    ]
    if views and views[0].kind == "heading" and "".join(s.text for s in views[0].spans) == document.title:
        views = views[1:]
    return render(
        "document",
        language,
        document=document,
        blocks=views,
        turn=turn,
        number=number,
        page=page,
        picture=picture,
        marked=bool(quotes),
    )
