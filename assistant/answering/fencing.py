"""Puts document text into prompts as data: numbered, fenced, and unable to close its own fence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Passage

_FENCE = re.compile(r"<(?=\s*/?\s*(?:passages?|excerpts?|question|system|user|assistant|\|))", re.I)
_ROLE = re.compile(r"<\|[^|>]{0,40}\|>")
_MARK = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")


def neutral(text: str) -> str:
    """Text without what could pass for a fence, a chat role or a citation mark."""
    text = _ROLE.sub(" ", text)
    text = _FENCE.sub("‹", text)
    return _MARK.sub(r"(\1)", text)


def fenced_passages(passages: Sequence[Passage]) -> str:
    """Whole passages with their numbers, titles, dates and headings."""
    blocks = []
    for number, passage in enumerate(passages, start=1):
        head = " > ".join((passage.document.title, *passage.heading_path))
        date = f", {passage.document.date.isoformat()}" if passage.document.date else ""
        blocks.append(
            f'<passage number="{number}">\n{neutral(head)}{date}\n{neutral(passage.text)}\n</passage>'
        )
    return "\n".join(blocks)


def fenced_excerpts(sentences: Sequence[str]) -> str:
    """Single sentences, one a line."""
    lines = "\n".join(f"- {neutral(' '.join(sentence.split()))}" for sentence in sentences)
    return f"<excerpts>\n{lines}\n</excerpts>"
