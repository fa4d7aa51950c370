"""Splits English and Chinese text into sentences, with exact offsets.

Rules, not a model: a sentence ends at `.`, `!`, `?`, an ellipsis or their Chinese forms when what stands
before is no abbreviation and what follows can begin a sentence, and never within a short quotation or
parenthesis. Semicolons do not end a sentence. pysbd and syntok, which do the same, are no longer kept up.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.ingest.abbreviations import LEADING, NUMBERED, STARTERS, TRAILING

_CLOSERS = "\"'”’)\\]）］〕」』】》〉»"
_OPENERS = "\"'“‘(\\[（［〔「『【《〈«¿¡"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"

# A run of terminators with the closing quotes and brackets after it.
_END = re.compile(f"(?P<stop>[.!?…。！？．｡]+)(?P<close>[{_CLOSERS}]*)")
_BLANK_LINE = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[-*•·▪◦–]|\(?\d{1,3}[.)、]|\(?[a-zA-Z][.)])\s)")
_WORD_BEFORE = re.compile(r"[^\s\"“‘(\[（「『《,，;；/—–]+$")
_NEXT_WORD = re.compile(f"[{_OPENERS}\\s]*([^\\s{_CLOSERS},.;:!?。，；：！？]+)")
_CAMEL = re.compile(r"[a-z]{1,5}[A-Z0-9]")
_LIST_NUMBER = re.compile(r"\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4}")
_WORD_CHARACTER = re.compile(r"\w")
_KANA_OR_HANGUL = re.compile("[\u3041-\u30fa\u30fd-\u30ff\uac00-\ud7af]")
_WORD_END = re.compile(f"[A-Za-z]{{3}}$|[{_HAN}]$")
_SPEECH_TAG = re.compile(f"[{_HAN}]{{0,6}}?(?:说|说道|問|问|表示|称|稱|指出|强调|認為|认为|写道)")
_ABBREVIATIONS = LEADING | TRAILING | NUMBERED
_PAIRS = dict(zip("([（［“「『《【", ")]）］”」』》】", strict=True))
_BRACKET = re.compile('[()\\[\\]（）［］“”「」『』《》【】"\n]')
# Sentences within a longer quotation or parenthesis are split.
_LONGEST_UNIT = 250


def language_of(text: str) -> Literal["en", "zh"]:
    """The language of a text by its script: `zh` when a fifth of its letters are Han, else `en`.

    Japanese and Korean, of which a tenth of the letters are kana or hangul, are not Chinese.
    """
    sample = text[:200_000]
    han = len(re.findall(f"[{_HAN}]", sample))
    letters = len(re.findall(r"[^\W\d_]", sample))
    other = len(_KANA_OR_HANGUL.findall(sample))
    return "zh" if han and han >= 0.2 * letters and other < 0.1 * letters else "en"


def word_count(text: str) -> float:
    """Number of words; 1.7 Han characters count as one."""
    han = len(re.findall(f"[{_HAN}]", text))
    others = re.sub(f"[{_HAN}]+", " ", text) if han else text
    return sum(_WORD_CHARACTER.search(word) is not None for word in others.split()) + han / 1.7


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences of a text.

    Sentences do not overlap, are in order, and hold every character that is not white space. Blank lines and
    list items end a sentence; a single line break does not. What has neither letters nor digits belongs to
    the sentence before it.

    Returns:
        Start (inclusive) and end (exclusive) of each sentence, without white space at either end.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in sorted({*_line_cuts(text), *_stops(text), len(text)}):
        piece = text[start:cut]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            right = start + len(piece.rstrip())
            if spans and not _WORD_CHARACTER.search(piece):
                left = spans.pop()[0]
            spans.append((left, right))
        start = cut
    return spans


def _line_cuts(text: str) -> list[int]:
    return [match.start() for match in _BLANK_LINE.finditer(text)]


def _stops(text: str) -> list[int]:
    units = _units(text)
    cuts: list[int] = []
    unit = 0
    for match in _END.finditer(text):
        stop = match.start()
        while unit < len(units) and units[unit][1] <= stop:
            unit += 1
        if unit < len(units) and units[unit][0] < stop:
            begun, ended = units[unit]
            if match.end() <= ended:
                continue
            # 甲（乙。）丙。 is one sentence; a parenthesis that begins a sentence ends it, too.
            within = text[cuts[-1] if cuts else 0 : begun].strip()
            if within and text[begun] in "(（" and match["stop"][-1] in "。！？":
                continue
        if _ends_sentence(text, match):
            cuts.append(match.end())
    return cuts


def _units(text: str) -> list[tuple[int, int]]:
    """Outermost short quotations and parentheses, from the opening mark to just before the closing one."""
    found: list[tuple[int, int]] = []
    open_marks: list[tuple[str, int]] = []
    quote = -1
    for match in _BRACKET.finditer(text):
        mark, at = match[0], match.start()
        if mark == "\n":
            open_marks, quote = [], -1
        elif mark == '"':
            # Inches (12") and stray closing marks open nothing.
            if quote < 0:
                before, after = text[at - 1 : at], text[at + 1 : at + 2]
                quote = at if after and not after.isspace() and not before.isdigit() else -1
            else:
                found.append((quote, at))
                quote = -1
        elif mark in _PAIRS:
            if len(open_marks) < 20:
                open_marks.append((_PAIRS[mark], at))
        else:
            while open_marks:
                closing, begun = open_marks.pop()
                if closing == mark:
                    found.append((begun, at))
                    break
    outer: list[tuple[int, int]] = []
    for begun, ended in sorted(span for span in found if span[1] - span[0] <= _LONGEST_UNIT):
        if not outer or ended > outer[-1][1]:
            outer.append((begun, ended))
    return outer


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    stop, close = match["stop"], match["close"]
    following = text[match.end() : match.end() + 80]
    if not following.strip():
        return True
    if set(stop) & set("。！？｡"):
        # A quotation may be followed by the rest of its sentence: “……？”他说。
        return following[0] not in "，、；：,;:" and not (close and _SPEECH_TAG.match(following))
    if stop == "．":
        return not (text[max(0, match.start() - 1)].isdigit() and following[0].isdigit())
    if not following[0].isspace():
        return _joined_start(text[max(0, match.start() - 3) : match.start()], stop, close, following)
    first = _NEXT_WORD.match(following)
    word = first[1] if first else ""
    if "!" in stop or "?" in stop or "…" in stop or len(stop) > 1:
        return _can_start(word)
    return _period_ends(text, match.start(), close, word)


def _joined_start(before: str, stop: str, close: str, following: str) -> bool:
    """Whether a sentence ends where no white space follows: only before Chinese, and not at `1.` or `…`."""
    if not re.match(f"[{_HAN}]", following):
        return False
    return "?" in stop or "!" in stop or (stop == "." and not close and _WORD_END.search(before) is not None)


def _can_start(word: str) -> bool:
    return not word or not word[0].islower() or _CAMEL.match(word) is not None


def _period_ends(text: str, stop: int, close: str, word: str) -> bool:
    """Whether a single period ends a sentence, given the word that follows it."""
    before = _WORD_BEFORE.search(text, max(0, stop - 40), stop)
    token = before[0] if before else ""
    bare = token.lower().strip("'’*_")
    if close and bare in _ABBREVIATIONS:
        return _can_start(word) and word.lower() in STARTERS
    if _LIST_NUMBER.fullmatch(token) and _begins_item(text, stop, token):
        return False
    if not _can_start(word):
        # Lower case after an ordinary word is a sentence that someone did not capitalise.
        ordinary = len(bare) >= 4 and bare.isalpha() and bare not in _ABBREVIATIONS
        return ordinary and not close and not token[0].isupper()
    if bare in LEADING:
        return False
    if bare in NUMBERED:
        return not word[:1].isdigit()
    initial = re.fullmatch(r"[A-Z]", token) or re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", token)
    if initial or bare in TRAILING:
        return word.lower() in STARTERS and word != "I"
    return True


def _begins_item(text: str, stop: int, token: str) -> bool:
    """Whether a token begins a line or follows a finished sentence, as a list number does."""
    before = text[max(0, stop - len(token) - 20) : stop - len(token)].rpartition("\n")[2].strip(" \t-*•(")
    if not before:
        return True
    last = before.rpartition(" ")[2].lower().rstrip(".")
    return token.isdigit() and before[-1] in ".!?:;。！？：；" and last not in _ABBREVIATIONS
