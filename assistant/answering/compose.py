"""Puts checked sentences together: numbers the citations, keeps what is unsupported out, and writes the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.fencing import neutral
from assistant.answering.lists import ContinuedList
from assistant.answering.reasons import codes_of, told_in
from assistant.answering.render import answer_text, words
from assistant.answering.verify import Check
from assistant.ingest.origin import own_source
from assistant.retrieval.query import Query
from assistant.schema import Citation, Claim, Passage

# From this many sentences on, a list is easier to read than a paragraph.
_LIST_FROM = 3


@dataclass(frozen=True)
class Support:
    """A passage that supports a sentence, and its words that do."""

    passage: Passage
    char_start: int
    """Offsets of the quote in the document's text."""
    char_end: int
    score: float

    @property
    def quote(self) -> str:
        """The supporting words, verbatim."""
        base = self.passage.char_start
        return self.passage.text[self.char_start - base : self.char_end - base]


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence with the outcome of its check and the passages that carry it."""

    text: str
    check: Check
    supports: tuple[Support, ...]


class Composer:
    """Collects the sentences of one answer.

    Args:
        query: The question.
        language: Of the answer, `en` or `zh`.
    """

    def __init__(self, query: Query, language: str) -> None:
        self._query = query
        self._language = language
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.citations: list[Citation] = []
        self.claims: list[Claim] = []
        self.removed: list[Claim] = []

    def add(self, sentence: CheckedSentence) -> tuple[Claim | None, tuple[Citation, ...]]:
        """Takes a sentence in.

        Returns:
            The claim and the citations that it is the first to use; no claim when nothing supports the sentence
            or it was said already.
        """
        # What looks like a mark in a sentence of a document must not pass for one of ours.
        # Where a mark or a role was taken out, blanks stay.
        text = " ".join(neutral(sentence.text).split())
        if not text:
            return None, ()
        supported = sentence.check.verdict != "unsupported" and bool(sentence.supports)
        if not supported:
            self.removed.append(
                Claim(
                    text=text,
                    verdict="unsupported",
                    score=sentence.check.score,
                    reasons=told_in(sentence.check.reasons, self._language),
                    reason_codes=codes_of(sentence.check.reasons),
                )
            )
            return None, ()
        if any(claim.text == text for claim in self.claims):
            return None, ()
        new = []
        numbers = []
        for support in sentence.supports:
            key = (support.passage.id, support.char_start, support.char_end)
            if key not in self._numbers:
                self._numbers[key] = len(self._numbers) + 1
                new.append(_citation(self._numbers[key], support))
            numbers.append(self._numbers[key])
        self.citations += new
        claim = Claim(
            text=text, citations=tuple(dict.fromkeys(numbers)), verdict=sentence.check.verdict,
            score=sentence.check.score, reasons=told_in(sentence.check.reasons, self._language),
            reason_codes=codes_of(sentence.check.reasons),
        )  # fmt: skip
        self.claims.append(claim)
        return claim, tuple(new)

    def notes(self, continued: Sequence[ContinuedList]) -> tuple[str, ...]:
        """Lists that go on, in words."""
        told = words(self._language)["more"]
        return tuple(
            told.format(more=each.more, told=each.told, title=neutral(each.title)) for each in continued
        )

    def finish(
        self, uncovered: Sequence[str] = (), notes: Sequence[str] = ()
    ) -> tuple[str, tuple[Claim, ...], tuple[Citation, ...]]:
        """The text with marks, the claims and the citations; notes and what is not covered are told at the end."""
        as_list = len(self.claims) >= _LIST_FROM and bool(
            {"list", "timeline", "compare"} & set(self._query.kinds)
        )
        text = answer_text(self.claims, as_list=as_list, groups=self._groups())
        text = "\n\n".join((text, *notes))
        if uncovered:
            # A question mark within a part would read as a question to the user.
            parts = "; ".join(neutral(part).rstrip("?？. ") for part in uncovered)
            text += (
                "\n\n"
                + words(self._language)["uncovered"].format(parts=parts)
                + ("。" if self._language == "zh" else ".")
            )
        return text, tuple(self.claims), tuple(self.citations)

    def _groups(self) -> list[int]:
        """A paragraph a document, when neighbouring sentences share it."""
        groups: list[int] = []
        documents = {citation.number: citation.passage.document.id for citation in self.citations}
        last = None
        for claim in self.claims:
            document = documents[claim.citations[0]]
            groups.append(groups[-1] + (document != last) if groups else 0)
            last = document
        return groups


def _citation(number: int, support: Support) -> Citation:
    notes = support.passage.sources_of(support.char_start, support.char_end)
    return Citation(
        number=number,
        passage=support.passage,
        quote=support.quote,
        char_start=support.char_start,
        char_end=support.char_end,
        score=support.score,
        sources=notes or own_source(support.passage.document),
    )
