"""Puts document text into prompts as data: numbered, fenced, and unable to close its own fence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.cleaning import clean_text
from assistant.schema import Passage

# Angle brackets of other scripts read the same to a model.
_LATIN_ANGLE = r"(?:<|＜|﹤|&lt;?|&#0*60;?|&#x0*3c;?)"
_OPEN_ANGLE = rf"(?:{_LATIN_ANGLE}|[〈⟨‹❬❮≺⋖《])"
# What begins a tag of any name, whatever letters spell it; and, after blanks or with another bracket, the names
# that prompts use.
_TAG = re.compile(rf"{_LATIN_ANGLE}(?=[/／⁄∕\\!?|｜]|[^\W\d])", re.I)
_FENCE = re.compile(
    rf"{_OPEN_ANGLE}(?=\s*[/／⁄∕\\]?\s*(?:passages?|excerpts?|question|system|user|assistant|human|developer|tool"
    rf"|context|documents?|sources?|evidence|instructions?|answer|think|\|))",
    re.I,
)
_ROLE = re.compile(
    r"[<＜]\s*[|｜][^|｜>＞]{0,40}[|｜]\s*[>＞]|<<\s*/?\s*SYS\s*>>"
    r"|\[\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT)\s*\]",
    re.I,
)
# A line that begins as the next turn of a conversation does.
_TURN = re.compile(
    r"^[ \t]*#{0,6}[ \t]*(system|user|assistant|human|developer|question|answer|instructions?|系统|用户|助手|问题|回答|指令)[ \t]*[:：]",
    re.I | re.M,
)
_DIGITS = r"(?:\d+|[①-⑳¹²³⁰⁴-⁹]+)"
_MARK = re.compile(
    r"\\?[\[［【〔〖〚⟦❲﹝⁅]\s*[\^#]?\s*"
    r"(?:(?:passages?|sources?|documents?|docs?|references?|refs?|citations?|notes?|excerpts?|来源|文件|段落|资料|引文|注)"
    r"\s*(?:nos?\.?)?\s*[:：#.]?\s*)?"
    rf"({_DIGITS}(?:\s*(?:[,;，、；&–—-]|and|to|和|至)\s*{_DIGITS})*)"
    r"\s*(?:(?::\d+)?†[^\]］】〕]{0,40})?\\?[\]］】〕〗〛⟧❳﹞⁆]",
    re.I,
)


def neutral(text: str) -> str:
    """Text without what could pass for a fence, a chat role or a citation mark, and without unseen characters."""
    text = _ROLE.sub(" ", clean_text(text))
    text = _FENCE.sub("‹", text)
    return _MARK.sub(r"(\1)", text)


def _as_data(text: str) -> str:
    """Neutral text in which nothing begins a tag of any name, and no line a turn of a conversation."""
    return _TURN.sub(r"“\1”:", _TAG.sub("‹", neutral(text)))


def fenced_passages(passages: Sequence[Passage]) -> str:
    """Whole passages with their numbers, titles, dates and headings."""
    blocks = []
    for number, passage in enumerate(passages, start=1):
        head = " > ".join((passage.document.title, *passage.heading_path))
        date = f", {passage.document.date.isoformat()}" if passage.document.date else ""
        blocks.append(
            f'<passage number="{number}">\n{_as_data(" ".join(head.split()))}{date}\n{_as_data(passage.text)}\n</passage>'
        )
    return "\n".join(blocks)


def fenced_excerpts(sentences: Sequence[str]) -> str:
    """Single sentences, one a line."""
    lines = "\n".join(f"- {_as_data(' '.join(sentence.split()))}" for sentence in sentences)
    return f"<excerpts>\n{lines}\n</excerpts>"
