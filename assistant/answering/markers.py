"""Reads the sentences and citation marks of what a model wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.ingest.sentences import split_sentences

_MARK = re.compile(
    r"\s*[\[【]\s*(?:passages?\s*)?(\d{1,3}(?:\s*[,;，、&]\s*\d{1,3}|\s*-\s*\d{1,3})*)\s*[\]】]", re.I
)
_ANY_MARK = re.compile(r"\s*[\[【]\s*(?:passages?\s*|\^)?[\d,;，、&\s-]{1,40}[\]】]", re.I)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_MARKUP = re.compile(r"\*\*|__|`|^#{1,6}\s+", re.M)
_REFUSAL = re.compile(r"^\W*(?:NOT STATED|未说明|文件未)", re.I)


@dataclass(frozen=True)
class DraftSentence:
    """A sentence as the model wrote it, and the passages it named."""

    text: str
    numbers: tuple[int, ...]


def is_refusal(text: str) -> bool:
    """Whether the model says that the passages hold no answer."""
    return bool(_REFUSAL.match(text.strip()))


def read_draft(text: str, passages: int) -> list[DraftSentence]:
    """The sentences of a draft, without marks and markup.

    A mark that stands after the full stop belongs to the sentence before it; marks of passages that do not
    exist are dropped.

    Args:
        text: What the model wrote.
        passages: How many passages it was given.
    """
    out: list[DraftSentence] = []
    for line in _MARKUP.sub("", text).splitlines():
        line = _BULLET.sub("", line).strip()
        # Marks go before the full stop, so that a sentence keeps its own.
        line = re.sub(r"([.!?。！？])((?:\s*[\[【][^\]】]{1,40}[\]】])+)", r"\2\1", line)
        for start, end in split_sentences(line):
            sentence = line[start:end]
            numbers = [
                n for match in _MARK.finditer(sentence) for n in _numbers(match[1]) if 1 <= n <= passages
            ]
            plain = _ANY_MARK.sub("", sentence).strip()
            if re.search(r"\w", plain):
                out.append(DraftSentence(plain, tuple(dict.fromkeys(numbers))))
    return out


def _numbers(marks: str) -> list[int]:
    out: list[int] = []
    for piece in re.split(r"[,;，、&\s]+", re.sub(r"\s*-\s*", "-", marks)):
        low, _, high = piece.partition("-")
        if low.isdigit() and high.isdigit() and int(high) - int(low) < 20:
            out += range(int(low), int(high) + 1)
        elif low.isdigit():
            out.append(int(low))
    return out
