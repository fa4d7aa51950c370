"""Finds quantities for which cited passages give different values, and sentences that report such differences.

Both are rules that prefer silence to a false alarm: a disagreement is shown beside the answer as a fact about
its sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.claim_text import ParsedText, Token, parse_text
from assistant.answering.dates import DateMention
from assistant.answering.names import Name, find_names
from assistant.answering.quantities import Quantity, quantity_matches
from assistant.schema import Citation, Claim, Disagreement, DisagreementValue, SourceNote

_REPORTS = re.compile(
    r"\b(?:accounts|reports|sources|figures|estimates|readings|counts|measures|dates|outlets|summaries)\b[^.;:]{0,90}"
    r"\b(?:differ|disagree|conflict|diverge|vary|give different|date [^.;:]{0,30}differently)\b"
    r"|\b(?:differs? from|other way round|the two accounts disagree|told the story differently|contradicts?)\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r",? (?:while|whereas|but) (?=(?:another|other|one|the |an? )?(?:[\w.'’-]+ ){0,7}?"
    r"(?:puts?|gave|gives?|says?|said|counts?|counted|names|named|dates?|dated|wrote|put|described|printed|reported)\b)"
)
_SPEAKS = r"(?:puts?|put|gave|gives?|says?|said|counts?|counted|names?|named|dates?|dated|wrote|printed|expected|estimated|forecast|reported|speaks|has|lists?|told|described)"
_SPEAKER = re.compile(rf"^(?:the |an? )?(?P<who>[^,;:]{{2,70}}?)(?:,[^,]{{2,40}},)? {_SPEAKS}\b")
# What is left of a sentence before a word that looked like a verb of speech: "the 8 percent is a" forecast.
_NO_SPEAKER = re.compile(
    r"\b(?:was|were|is|are|had|has|that|which|who|an?|the|its|their)$|\b(?:is|are|was|were|because)\s|\d (?:percent|%)"
    r"|^(?:published )?(?:accounts|reports|sources|figures|estimates|counts|dates)\b",
    re.I,
)
_HEAD = re.compile(
    r"^(?P<head>[^:]{8,160}?) (?:differ|disagree|conflict|diverge|vary)(?: by [^:]+)?(?: on (?P<on>[^:]+))?$",
    re.I,
)
_LEAD = re.compile(
    r"^(?:published |the )?(?:accounts|reports|sources|figures|estimates|counts|measures|readings) ?(?:of|on|for)? ?",
    re.I,
)
# A sentence that takes its time, and so its subject, from the one before it.
_SAME_TIME = re.compile(r"\b(?:the|that) same (?:quarter|half|year|month|day|week|period)\b", re.I)
_VAGUE = frozenset({"year", "~94", "total", "new", "about"})


@dataclass(frozen=True)
class _Fact:
    """A number of a cited sentence with what it measures."""

    quantity: Quantity
    written: str
    names: frozenset[str]
    measure: frozenset[str]
    period: frozenset[tuple[int | None, int | None, str]]
    citation: Citation
    sentence: str
    head: str
    expected: bool
    """A plan, forecast or possibility, which what came of it does not contradict."""


def find_disagreements(claims: Sequence[Claim], citations: Sequence[Citation]) -> tuple[Disagreement, ...]:
    """Differences between the sources of an answer.

    A difference is listed when two cited sentences of different passages give values for the same subject, measure,
    unit and period that rounding does not explain, or when one cited sentence itself says that sources differ.

    Args:
        claims: Sentences of the answer; only citations that one of them uses count. Empty means all count.
        citations: The answer's citations.
    """
    used = {number for claim in claims if claim.verdict != "unsupported" for number in claim.citations}
    chosen = [citation for citation in citations if not claims or citation.number in used]
    found: list[Disagreement] = []
    for citation in chosen:
        for start, end in _sentences(citation):
            if reported := _reported(citation, start, end):
                found.append(reported)
    facts = [fact for citation in chosen for fact in _facts(citation)]
    for position, left in enumerate(facts):
        for right in facts[position + 1 :]:
            if _same_quantity(left, right) and _differ(left, right):
                found.append(_disagreement(left, right))
    unique = {tuple(sorted((value.value, value.publisher) for value in item.values)): item for item in found}
    return tuple(item for item in unique.values() if _is_sound(item))


def _is_sound(item: Disagreement) -> bool:
    """Whether a difference was read rightly: the values differ as written, and who states them is a name."""
    values = {value.value.strip().lower() for value in item.values}
    return len(values) == len(item.values) and not any(
        _NO_SPEAKER.search(value.publisher) for value in item.values
    )


def _sentences(citation: Citation) -> Iterator[tuple[int, int]]:
    """Offsets, in the document, of the sentences that a citation quotes."""
    inside = [
        (sentence.char_start, sentence.char_end)
        for sentence in citation.passage.sentences
        if sentence.char_start < citation.char_end and citation.char_start < sentence.char_end
    ]
    yield from inside or [(citation.char_start, citation.char_end)]


def _text(citation: Citation, start: int, end: int) -> str:
    offset = citation.passage.char_start
    return citation.passage.text[start - offset : end - offset] or citation.quote


# Facts of two passages


def _facts(citation: Citation) -> Iterator[_Fact]:
    for start, end in _sentences(citation):
        text = _text(citation, start, end)
        parsed = parse_text(text)
        before = _before(citation, start) if _SAME_TIME.search(text) else None
        for index, token in enumerate(parsed.tokens):
            quantity = token.anchor
            if not isinstance(quantity, Quantity) or quantity.soft:
                continue
            around = _clause(parsed, index)
            words = frozenset(
                other.keys[0] for other in around
                if other.anchor is None and not other.function and other.keys[0] not in _VAGUE
                and not (other.entry is not None and (other.entry.attribution or other.entry.certainty or other.entry.hedges))
            )  # fmt: skip
            following = parsed.tokens[index + 1 :]
            names, period = _names(around), _period(parsed, index)
            if before is not None:
                names |= _names(before.tokens)
                period = period or [t.anchor for t in before.tokens if isinstance(t.anchor, DateMention)][:1]
            yield _Fact(
                quantity,
                text[token.start : token.end],
                names,
                words,
                frozenset((d.year, d.month, d.part) for d in period),
                citation,
                text,
                next(
                    (
                        other.keys[0]
                        for other in following
                        if not other.function and other.keys and not other.negated
                    ),
                    "",
                ),
                any(other.entry is not None and other.entry.certainty for other in around),
            )


def _before(citation: Citation, start: int) -> ParsedText | None:
    """The sentence of the passage that ends before an offset of the document."""
    earlier = [s.text for s in citation.passage.sentences if s.char_end <= start]
    return parse_text(earlier[-1]) if earlier else None


def _names(tokens: Iterable[Token]) -> frozenset[str]:
    return frozenset(
        piece for token in tokens if isinstance(token.anchor, Name) for piece in token.anchor.tokens
    )


def _clause(parsed: ParsedText, index: int) -> list[Token]:
    here = parsed.tokens[index]
    return [
        token
        for position, token in enumerate(parsed.tokens)
        if position != index
        and token.sentence == here.sentence
        and token.clause == here.clause
        and abs(position - index) <= 14
    ]


def _period(parsed: ParsedText, index: int) -> list[DateMention]:
    """The date that stands nearest to a number in its clause."""
    here = parsed.tokens[index]
    near = [
        (abs(position - index), position)
        for position, token in enumerate(parsed.tokens)
        if isinstance(token.anchor, DateMention) and token.clause == here.clause
    ]
    if not near:
        return []
    anchor = parsed.tokens[min(near)[1]].anchor
    return [anchor] if isinstance(anchor, DateMention) else []


def _same_quantity(left: _Fact, right: _Fact) -> bool:
    if left.citation.passage.id == right.citation.passage.id or left.quantity.unit != right.quantity.unit:
        return False
    if not left.quantity.unit and (not left.head or left.head != right.head):
        return False
    if left.expected != right.expected or left.period != right.period or not left.names & right.names:
        return False
    smaller = min(len(left.names), len(right.names))
    if len(left.names & right.names) * 2 < smaller:
        return False
    common = left.measure & right.measure
    enough = len(common) >= 2 or (bool(common) and bool(left.period))
    return enough and 2 * len(common) >= min(len(left.measure), len(right.measure))


def _differ(left: _Fact, right: _Fact) -> bool:
    a, b = left.quantity, right.quantity
    if quantity_matches(a, b) or quantity_matches(b, a) or not a.value or not b.value:
        return False
    low, high = sorted((a, b), key=lambda quantity: quantity.value)
    # "More than 9" does not contradict 9.3, nor "up to 10".
    if low.bound == "min" or high.bound == "max":
        return False
    if (a.approximate or b.approximate) and high.value / low.value < 1.06:
        return False
    # Another number of the same sentence that agrees means that the pair compares two different things.
    others = [
        token.anchor for token in parse_text(right.sentence).tokens if isinstance(token.anchor, Quantity)
    ]
    back = [token.anchor for token in parse_text(left.sentence).tokens if isinstance(token.anchor, Quantity)]
    if any(quantity_matches(a, other) or quantity_matches(other, a) for other in others):
        return False
    if any(quantity_matches(b, other) or quantity_matches(other, b) for other in back):
        return False
    return high.value / low.value < 50


def _disagreement(left: _Fact, right: _Fact) -> Disagreement:
    common = left.measure & right.measure
    shared = [
        token.word
        for token in parse_text(left.sentence).tokens
        if (isinstance(token.anchor, Name) and set(token.anchor.tokens) & right.names)
        or (token.anchor is None and not token.function and token.keys[0] in common)
    ]
    subject = " ".join(dict.fromkeys(_cased(word, left.sentence) for word in shared))
    return Disagreement(quantity=subject, values=(_value(left), _value(right)))


def _cased(word: str, text: str) -> str:
    match = re.search(re.escape(word), text, re.IGNORECASE)
    return match.group() if match else word


def _value(fact: _Fact) -> DisagreementValue:
    start = fact.citation.char_start
    notes = fact.citation.passage.sources_of(start, fact.citation.char_end) or fact.citation.sources
    publisher, date = _source(fact.citation, notes)
    return DisagreementValue(
        value=fact.written, publisher=publisher, date=date, citation=fact.citation.number
    )


def _source(citation: Citation, notes: Sequence[SourceNote]) -> tuple[str, str | None]:
    """Publisher and date of the sentence's first note, else of the document."""
    document = citation.passage.document
    own = document.date.isoformat() if document.date else None
    if notes and notes[0].publisher:
        return notes[0].publisher, notes[0].date or own
    return document.publisher or document.title, own


# One sentence that reports a difference


def _reported(citation: Citation, start: int, end: int) -> Disagreement | None:
    text = _text(citation, start, end).strip()
    says_so = _REPORTS.search(text) is not None
    head, _, body = text.partition(": ")
    heading = _HEAD.match(head) if body else None
    if heading is None:
        body, head = text, ""
    pieces = _split(body, listed=heading is not None)
    if len(pieces) < 2 or not (says_so or _CONTRAST.search(text)):
        return None
    notes = citation.passage.sources_of(start, end)
    values = [_piece_value(piece, citation, notes) for piece in pieces]
    known = [value for value in values if value is not None]
    if len(known) < 2 or len({value.publisher for value in known}) < 2:
        return None
    # Without the words "differ" or the like, both sides need a number or date, and not the same one.
    if not says_so and not _comparable(pieces):
        return None
    quantity = ""
    if heading is not None:
        quantity = heading["on"] or _LEAD.sub("", heading["head"])
    return Disagreement(quantity=quantity.strip(" ,") or text.rstrip("."), values=tuple(known))


def _split(body: str, listed: bool) -> list[str]:
    pattern = _CONTRAST.pattern + (
        r"|, and (?=[A-Z])|, (?=(?:the |an? )?(?:[\w.'’-]+ ){1,5}(?:says?|said|puts?|sees|gives?|estimated|forecast|counted)\b)|; "
        if listed
        else r"|; "
    )
    return [piece.strip(" ,.;") for piece in re.split(pattern, body) if piece and piece.strip(" ,.;")]


def _piece_value(piece: str, citation: Citation, notes: Sequence[SourceNote]) -> DisagreementValue | None:
    """One side of a reported difference: who says it, and what."""
    piece = re.sub(r"^(?:and|while|whereas|but) ", "", piece)
    speaker = _SPEAKER.match(piece)
    if speaker is None:
        return None
    who = re.sub(r"^(?:the )?(?:news site |trade site )?", "", speaker["who"]).strip()
    names = find_names("x " + who)
    if not names and not re.match(r"(?:another|other|one|some|an earlier)\b", piece, re.I):
        return None
    note = next(
        (n for n in notes if n.publisher and names and names[0].text.lower() in n.publisher.lower()), None
    )
    parsed = parse_text(piece)
    said = piece[speaker.end() :].strip(" ,.:")
    numbers = [
        piece[token.start : token.end] for token in parsed.tokens
        # "The two sets" is no figure.
        if isinstance(token.anchor, Quantity) and (token.anchor.unit or any(map(str.isdigit, token.word)))
    ]  # fmt: skip
    value = numbers[0] if len(numbers) == 1 else said
    dated = note.date if note else None
    return DisagreementValue(
        value=value or said,
        publisher=note.publisher if note else who,
        date=dated or _source(citation, notes)[1],
        citation=citation.number,
    )


def _comparable(pieces: Sequence[str]) -> bool:
    """Whether two sides give different numbers of one unit, or different dates."""
    sides = [parse_text(piece) for piece in pieces[:2]]
    left, right = ([t.anchor for t in side.tokens if isinstance(t.anchor, Quantity)] for side in sides)
    same_unit = [(a, b) for a in left for b in right if a.unit == b.unit]
    words = [{t.keys[0] for t in side.tokens if t.anchor is None and not t.function} for side in sides]
    return bool(
        same_unit
        and not any(quantity_matches(a, b) for a, b in same_unit)
        and (words[0] & words[1] or any(a.unit for a, _ in same_unit))
    )
