"""Puts document text into prompts as data: numbered, fenced, and unable to close its own fence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.cleaning import clean_text
from assistant.schema import Passage

# Angle brackets of other scripts read the same to a model.
_OPEN_ANGLE = r"(?:<|＜|﹤|〈|‹|&lt;|&#0*60;|&#x0*3c;)"
_FENCE = re.compile(
    rf"{_OPEN_ANGLE}(?=\s*[/／]?\s*(?:passages?|excerpts?|question|system|user|assistant|human|developer|tool|\|))",
    re.I,
)
_ROLE = re.compile(r"[<＜]\s*[|｜][^|｜>＞]{0,40}[|｜]\s*[>＞]|\[/?INST\]|<<\s*/?\s*SYS\s*>>", re.I)
_MARK = re.compile(
    r"[\[［【〔]\s*[\^#]?\s*(?:(?:passages?|sources?|来源|文件)\s*)?"
    r"(\d+(?:\s*(?:[,;，、；&–—-]|and)\s*\d+)*)\s*(?:(?::\d+)?†[^\]］】〕]{0,40})?[\]］】〕]",
    re.I,
)


def neutral(text: str) -> str:
    """Text without what could pass for a fence, a chat role or a citation mark, and without unseen characters."""
    text = _ROLE.sub(" ", clean_text(text))
    text = _FENCE.sub("‹", text)
    return _MARK.sub(r"(\1)", text)


def fenced_passages(passages: Sequence[Passage]) -> str:
    """Whole passages with their numbers, titles, dates and headings."""
    blocks = []
    for number, passage in enumerate(passages, start=1):
        head = " > ".join((passage.document.title, *passage.heading_path))
        date = f", {passage.document.date.isoformat()}" if passage.document.date else ""
        blocks.append(
            f'<passage number="{number}">\n{neutral(" ".join(head.split()))}{date}\n{neutral(passage.text)}\n</passage>'
        )
    return "\n".join(blocks)


def fenced_excerpts(sentences: Sequence[str]) -> str:
    """Single sentences, one a line."""
    lines = "\n".join(f"- {neutral(' '.join(sentence.split()))}" for sentence in sentences)
    return f"<excerpts>\n{lines}\n</excerpts>"
