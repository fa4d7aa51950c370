"""Cuts documents into passages along sentences, headings and pages.

Each passage is a slice of the document's text. Sentences are put together so that passages come near the
wanted number of words and rather end with a paragraph than within one; the cut of a section is the cheapest
of all possible ones (dynamic programming over its sentences), so no short rest is left at its end.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.ingest.pieces import split_to_fit
from assistant.ingest.sentences import split_sentences, word_count
from assistant.schema import Block, Document, DocumentInfo, Passage, Sentence

CHUNKER_VERSION = 1

TokenCounter = Callable[[str], int]

_SMALLEST_LIMIT = 16
# Cost of ending within a paragraph, in units of (words off target / target) squared.
_BROKEN_PARAGRAPH = 0.1
# No passage of more sentences is tried: bounds the work on texts of tiny sentences.
_MOST_SENTENCES = 60


@dataclass(frozen=True)
class _Unit:
    """A sentence, a piece of one that is too long, or a table's row."""

    char_start: int
    char_end: int
    words: float
    tokens: int
    labels: tuple[str, ...]
    ends_block: bool = False


@dataclass(frozen=True)
class _Section:
    """Blocks that one passage may join: same headings, same page."""

    heading_path: tuple[str, ...]
    page: int | None
    blocks: tuple[Block, ...]


def chunk_document(
    document: Document,
    *,
    count_tokens: TokenCounter,
    max_tokens: int = 250,
    target_words: int = 90,
    overlap_sentences: int = 0,
) -> list[Passage]:
    """The passages of a document, in order.

    Without overlap, every sentence outside headings is in exactly one passage. A heading with nothing under
    it is a passage of its own. Of a table, each row is a sentence, and the header row stands in the heading
    path of the passages that do not begin with it.

    Args:
        document: What to cut.
        count_tokens: Number of tokens of a text for the embedding model, special tokens included.
        max_tokens: Most tokens of a passage's `embedding_text()`.
        target_words: Words that a passage should have; 1.7 Han characters count as one.
        overlap_sentences: Sentences of the passage before to repeat, as far as `max_tokens` allows.

    Raises:
        ValueError: `max_tokens` is below 16 or `target_words` below 1.
    """
    if max_tokens < _SMALLEST_LIMIT or target_words < 1:
        raise ValueError(f"max_tokens must be at least {_SMALLEST_LIMIT} and target_words at least 1")
    cutter = _Cutter(document, count_tokens, max_tokens, target_words)
    passages: list[Passage] = []
    for section in _sections(document):
        previous: list[_Unit] = []
        for units, path in cutter.cut(section):
            repeated = cutter.overlap(previous, units, path, overlap_sentences)
            passages.append(cutter.passage([*repeated, *units], path, section.page, len(passages)))
            previous = units
    return passages


def _sections(document: Document) -> Iterator[_Section]:
    headings: list[tuple[int, str]] = []
    blocks: list[Block] = []
    bare: Block | None = None
    for block in (*document.blocks, None):
        if block is None or block.kind == "heading":
            yield from _parted(headings, blocks)
            blocks = []
            # A heading directly above a deeper one is in that one's path and so not lost.
            if bare and (block is None or block.level <= bare.level):
                yield from _bare_heading(document, headings, bare)
            if block is None:
                return
            text = document.text[block.char_start : block.char_end]
            headings = [heading for heading in headings if heading[0] < block.level] + [(block.level, text)]
            bare = block
        else:
            blocks.append(block)
            bare = None


def _parted(headings: list[tuple[int, str]], blocks: list[Block]) -> Iterator[_Section]:
    """Sections of consecutive blocks of one page; a table is its own."""
    path = tuple(title for _, title in headings)
    group: list[Block] = []
    for block in blocks:
        apart = group and (block.page != group[-1].page or "table" in (block.kind, group[-1].kind))
        if apart:
            yield _Section(path, group[0].page, tuple(group))
            group = []
        group.append(block)
    if group:
        yield _Section(path, group[0].page, tuple(group))


def _bare_heading(document: Document, headings: list[tuple[int, str]], block: Block) -> Iterator[_Section]:
    text = document.text[block.char_start : block.char_end]
    # Where there is nothing but the title, that is the document.
    if text != document.title or {document.text[b.char_start : b.char_end] for b in document.blocks} == {
        text
    }:
        yield _Section(tuple(title for _, title in headings[:-1]), block.page, (block,))


class _Cutter:
    """Cuts the sections of one document."""

    def __init__(
        self, document: Document, count_tokens: TokenCounter, max_tokens: int, target_words: int
    ) -> None:
        self.document = document
        self.count_tokens = count_tokens
        self.max_tokens = max_tokens
        self.target_words = target_words
        self.notes = {note.label: note for note in document.notes}
        self.references = sorted(document.note_references, key=lambda reference: reference.position)
        self.positions = [reference.position for reference in self.references]
        self.info = self._fitting_info()

    def _fitting_info(self) -> DocumentInfo:
        """The document's info; a title that would take more than a third of the tokens is shortened."""
        info = self.document.info()
        limit = self.max_tokens // 3
        title = info.title
        while self.count_tokens(title + "\n") > limit and len(title) > 1:
            title = title[: len(title) * 3 // 4].rstrip("… ") + "…" if len(title) > 4 else title[:1]
        return info if title == info.title else info.model_copy(update={"title": title})

    def _fitting_path(self, headings: Sequence[str]) -> tuple[str, ...]:
        """The headings without the title; the outermost go first when they would take half of the tokens."""
        path = [heading for heading in headings if heading != self.document.title]
        while path and self.count_tokens(self._prefix(path)) > self.max_tokens // 2:
            if len(path) > 1:
                path.pop(0)
            else:
                path = [path[0][: len(path[0]) * 2 // 3].rstrip("… ") + "…"] if len(path[0]) > 8 else []
        return tuple(path)

    def _prefix(self, path: Sequence[str]) -> str:
        return " > ".join((self.info.title, *path)) + "\n"

    def cut(self, section: _Section) -> Iterator[tuple[list[_Unit], tuple[str, ...]]]:
        """Units and heading path of each passage of a section."""
        path = self._fitting_path(section.heading_path)
        header = self._table_header(section)
        later_path = self._fitting_path((*section.heading_path, header)) if header else path
        budget = self.max_tokens - max(self.count_tokens(self._prefix(p)) for p in (path, later_path))
        units = [unit for block in section.blocks for unit in self._units(block, budget)]
        first = True
        for part in self._best_cut(units, budget):
            for fitting in self._fitted(part, path if first else later_path):
                yield fitting, path if first else later_path
                first = False

    def _table_header(self, section: _Section) -> str:
        block = section.blocks[0]
        if block.kind != "table":
            return ""
        header, _, rest = self.document.text[block.char_start : block.char_end].partition("\n")
        return header if rest and word_count(header) <= self.target_words / 2 else ""

    def _units(self, block: Block, budget: int) -> Iterator[_Unit]:
        text = self.document.text[block.char_start : block.char_end]
        spans = _rows(text) if block.kind == "table" else split_sentences(text)
        for index, (start, end) in enumerate(spans):
            # A mark belongs to the sentence that it follows, also when white space lies between.
            until = spans[index + 1][0] if index + 1 < len(spans) else len(text)
            labels = self._labels(block.char_start + start, block.char_start + until, first=index == 0)
            pieces = split_to_fit(text[start:end], self.count_tokens, budget)
            for number, (left, right) in enumerate(pieces):
                piece = text[start + left : start + right]
                yield _Unit(
                    char_start=block.char_start + start + left,
                    char_end=block.char_start + start + right,
                    words=word_count(piece),
                    tokens=self.count_tokens(piece),
                    labels=labels,
                    ends_block=index == len(spans) - 1 and number == len(pieces) - 1,
                )

    def _labels(self, start: int, end: int, *, first: bool) -> tuple[str, ...]:
        """Labels of the marks after `start` up to `end`; for a block's first sentence also at `start`."""
        begin = bisect_left(self.positions, start if first else start + 1)
        until = bisect_left(self.positions, end + 1)
        return tuple(dict.fromkeys(self.references[i].label for i in range(begin, until)))

    def _best_cut(self, units: list[_Unit], budget: int) -> list[list[_Unit]]:
        """The cheapest cut of the units into passages within the budget."""
        best = [0.0] + [float("inf")] * len(units)
        origin = [0] * (len(units) + 1)
        for end in range(1, len(units) + 1):
            words, tokens = 0.0, 0
            for start in range(end - 1, max(-1, end - 1 - _MOST_SENTENCES), -1):
                words += units[start].words
                tokens += units[start].tokens
                if tokens > budget and start < end - 1:
                    break
                cost = best[start] + ((words - self.target_words) / self.target_words) ** 2
                if not units[end - 1].ends_block:
                    cost += _BROKEN_PARAGRAPH
                if cost < best[end]:
                    best[end], origin[end] = cost, start
        parts = []
        end = len(units)
        while end:
            parts.append(units[origin[end] : end])
            end = origin[end]
        return parts[::-1]

    def _fitted(self, units: list[_Unit], path: tuple[str, ...]) -> Iterator[list[_Unit]]:
        """The units as they are when they fit, else in halves: token counts need not add up."""
        if self.fits(units, path):
            yield units
        elif len(units) > 1:
            middle = len(units) // 2
            yield from self._fitted(units[:middle], path)
            yield from self._fitted(units[middle:], path)
        else:
            yield from self._shortened(units[0], path)

    def _shortened(self, unit: _Unit, path: tuple[str, ...]) -> Iterator[list[_Unit]]:
        text = self.document.text[unit.char_start : unit.char_end]
        budget = self.max_tokens // 2
        spans = [(0, len(text))]
        while budget and not all(self.fits([self._part(unit, span)], path) for span in spans):
            spans = split_to_fit(text, self.count_tokens, budget)
            budget = budget * 2 // 3
        yield from ([self._part(unit, span)] for span in spans)

    def _part(self, unit: _Unit, span: tuple[int, int]) -> _Unit:
        return replace(unit, char_start=unit.char_start + span[0], char_end=unit.char_start + span[1])

    def fits(self, units: Sequence[_Unit], path: Sequence[str]) -> bool:
        """Whether the passage of these units keeps the limit."""
        text = self.document.text[units[0].char_start : units[-1].char_end]
        return self.count_tokens(self._prefix(path) + text) <= self.max_tokens

    def overlap(
        self, previous: list[_Unit], units: list[_Unit], path: tuple[str, ...], count: int
    ) -> list[_Unit]:
        """The last units of the passage before that can be repeated within the limit."""
        repeated: list[_Unit] = []
        for unit in previous[::-1][:count]:
            if not self.fits([unit, *repeated, *units], path):
                break
            repeated.insert(0, unit)
        return repeated

    def passage(self, units: list[_Unit], path: tuple[str, ...], page: int | None, ordinal: int) -> Passage:
        """The passage of these units."""
        start, end = units[0].char_start, units[-1].char_end
        text = self.document.text[start:end]
        labels = dict.fromkeys(label for unit in units for label in unit.labels)
        return Passage(
            id=passage_id(self.document.id, start, end, text),
            document=self.info,
            text=text,
            char_start=start,
            char_end=end,
            heading_path=path,
            page=page,
            page_label=self._label(page),
            ordinal=ordinal,
            sentences=tuple(
                Sentence(
                    text=self.document.text[unit.char_start : unit.char_end],
                    char_start=unit.char_start,
                    char_end=unit.char_end,
                    note_labels=unit.labels,
                )
                for unit in units
            ),
            sources=tuple(self.notes[label] for label in labels if label in self.notes),
        )

    def _label(self, page: int | None) -> str:
        labels = self.document.page_labels
        label = labels[page - 1] if page is not None and 0 < page <= len(labels) else ""
        return "" if label == str(page) else label


def passage_id(document_id: str, char_start: int, char_end: int, text: str) -> str:
    """First 24 hexadecimal digits of SHA-256 over the document's id, the offsets and the text."""
    return hashlib.sha256(f"{document_id}\0{char_start}\0{char_end}\0{text}".encode()).hexdigest()[:24]


def _rows(text: str) -> list[tuple[int, int]]:
    rows = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            rows.append((start, start + len(line)))
        start += len(line) + 1
    return rows
