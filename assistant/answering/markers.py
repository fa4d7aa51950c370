"""Reads the sentences and citation marks of what a model wrote, whatever form it gave them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.ingest.sentences import split_sentences

_WORD = (
    r"(?:passages?|sources?|documents?|docs?|references?|refs?|citations?|excerpts?|段落|来源|文件|资料|引文)"
)
_ITEM = (
    rf"(?:{_WORD}\s*(?:nos?\.|numbers?|[#:：])?\s*)?[\^#]?\s*\d{{1,3}}(?:\s*(?:[-‐‑–—~]|to|至)\s*\d{{1,3}})?"
)
_ITEMS = rf"{_ITEM}(?:\s*(?:[,;，、；&+/]|and|和|及|与)\s*{_ITEM}){{0,19}}"
_OPEN, _CLOSE = r"[\[［【〔]", r"[\]］】〕]"
# `[1]`, `[1, 2]`, `[1-3]`, `[Passage 1]`, `[^1]`, `【4:0†source】`, `[[1]]`, `(passage 2)`.
_MARKS = (
    rf"{_OPEN}{{1,2}}\s*(?P<inner>{_ITEMS})\s*(?:(?::\d{{1,3}})?†[^\]］】〕\n]{{0,40}})?\s*{_CLOSE}{{1,2}}"
    rf"|[(（]\s*(?:source:\s*)?(?P<round>{_WORD}\s*{_ITEMS})\s*[)）]"
)
_MARK = re.compile(rf"\s*(?:{_MARKS})", re.I)
_AFTER_STOP = re.compile(
    rf"([.!?。！？][\"'”’」』）)]*)((?:\s*(?:{_MARKS.replace('?P<inner>', '?:').replace('?P<round>', '?:')}))+)",
    re.I,
)
# Brackets with figures and signs alone, which point nowhere when they are no mark.
_ANY_MARK = re.compile(rf"{_MARK.pattern}|\s*{_OPEN}[\^#]?[\d\s,;:，、；&.–—-]{{1,40}}{_CLOSE}", re.I)
_RANGE = re.compile(r"(\d+)(?:\s*(?:[-‐‑–—~]|to|至)\s*(\d+))?", re.I)
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\d{1,2}[.)、])\s+")
_MARKUP = re.compile(r"\*\*|__|`|^\s{0,3}(?:#{1,6}|>)\s+", re.M)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.S | re.I)
# Bounded, so that hostile text takes no longer than its length allows.
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"(\[[^\[\]\n]{0,200}\])\([^)\n]{0,2000}\)")
_RAISED = re.compile(r"<sup>\s*\[?\s*(\d{1,3})\s*\]?\s*</sup>", re.I)
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,2000}>|<!--.{0,2000}?-->", re.S)
# A list of sources below the answer repeats what the citations say.
_SOURCES = re.compile(rf"^\W*(?:{_WORD}|参考文献|参考资料)\s*[:：]?\W*$", re.I)
_UNFINISHED = re.compile(r"(?:!?[\[［【〔(（][^\]］】〕)）\n]{0,60}|<[^<>\n]{0,60})$")
_REFUSAL = re.compile(
    r"^\W*(?:NOT STATED|未说明|文件中?(?:并?未|没有)(?:说明|提及|提到|回答|给出|涉及))", re.I
)


@dataclass(frozen=True)
class DraftSentence:
    """A sentence as the model wrote it, and the passages it named."""

    text: str
    numbers: tuple[int, ...]


def is_refusal(text: str) -> bool:
    """Whether the model says that the passages hold no answer."""
    return bool(_REFUSAL.match(_THOUGHT.sub("", text).strip()))


def read_draft(text: str, passages: int, *, complete: bool = True) -> list[DraftSentence]:
    """The sentences of a draft, without marks, markup, links, images and the model's thinking.

    A mark that stands after the full stop, or on a line of its own, belongs to the sentence before it; marks
    of passages that do not exist are dropped.

    Args:
        text: What the model wrote.
        passages: How many passages it was given.
        complete: Whether the text has ended; of one that has not, a mark that has only begun is left out.
    """
    text = _THOUGHT.sub("", text)
    if not complete:
        text = _UNFINISHED.sub("", text)
    text = _RAISED.sub(r"[\1]", _IMAGE.sub("", text))
    text = _LINK.sub(lambda match: match[1] if _MARK.fullmatch(match[1]) else match[1][1:-1], text)
    text = _MARKUP.sub("", _TAG.sub("", text))
    out: list[DraftSentence] = []
    for line in text.splitlines():
        line = _BULLET.sub("", line).strip()
        if _SOURCES.match(line) and out:
            break
        if not _MARK.match(line):
            # Marks go before the full stop, so that a sentence keeps its own.
            line = _AFTER_STOP.sub(r"\2\1", line)
        for start, end in split_sentences(line):
            sentence = line[start:end]
            numbers = tuple(n for n in dict.fromkeys(_numbers(sentence)) if 1 <= n <= passages)
            plain = _without_marks(sentence)
            if re.search(r"\w", plain):
                out.append(DraftSentence(plain, numbers))
            elif numbers and out:
                out[-1] = DraftSentence(out[-1].text, tuple(dict.fromkeys(out[-1].numbers + numbers)))
    return out


def _without_marks(sentence: str) -> str:
    # A mark may stand within another one's brackets.
    while (plain := _ANY_MARK.sub("", sentence)) != sentence:
        sentence = plain
    return " ".join(sentence.split())


def _numbers(sentence: str) -> list[int]:
    out: list[int] = []
    for mark in _MARK.finditer(sentence):
        for low, high in _RANGE.findall(mark["inner"] or mark["round"]):
            last = int(high) if high and 0 < int(high) - int(low) < 20 else int(low)
            out += range(int(low), last + 1)
    return out
