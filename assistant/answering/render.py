"""Answers as text: marks, footnotes, refusals."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.ingest.cleaning import safe_url
from assistant.schema import Answer, Citation, Claim, Filters, SearchHit

_WORDS = {
    "en": {
        "refused": "The documents do not answer this question.",
        "searched": "Searched: {count} documents{scope}.",
        "nearest": "Nearest, without the answer: {titles}.",
        "uncovered": "The documents do not say: {parts}",
        "more": "The list goes on: {more} more items beside these {told} in “{title}”.",
        "disagree": "Sources differ on {quantity}: {values}.",
        "scope": " within the filters set",
    },
    "zh": {
        "refused": "这些文件没有回答这个问题。",
        "searched": "已检索 {count} 份文件{scope}。",
        "nearest": "最接近但没有答案的文件：{titles}。",
        "uncovered": "文件没有说明：{parts}",
        "more": "列表未完：“{title}”中除这 {told} 项外还有 {more} 项。",
        "disagree": "各来源对“{quantity}”说法不一：{values}。",
        "scope": "（在所设筛选范围内）",
    },
}


def words(language: str) -> dict[str, str]:
    """Fixed phrases in the language of an answer."""
    return _WORDS["zh" if language == "zh" else "en"]


def marked(claim: Claim) -> str:
    """A claim with its marks, before a closing full stop never after."""
    marks = "".join(f"[{number}]" for number in claim.citations)
    return (
        f"{claim.text} {marks}".strip()
        if claim.text.isascii() or not claim.text.endswith("。")
        else f"{claim.text}{marks}"
    )


def answer_text(claims: Sequence[Claim], *, as_list: bool, groups: Sequence[int] = ()) -> str:
    """The sentences with marks: a bulleted list, or a paragraph for each group.

    Args:
        claims: In order.
        as_list: One bullet a claim.
        groups: For each claim the paragraph it belongs to; one paragraph when empty.
    """
    lines = [marked(claim) for claim in claims]
    if as_list:
        return "\n".join(f"- {line}" for line in lines)
    paragraphs: dict[int, list[str]] = {}
    for number, line in enumerate(lines):
        paragraphs.setdefault(groups[number] if groups else 0, []).append(line)
    return "\n\n".join(" ".join(part) for part in paragraphs.values())


def refusal_text(language: str, searched: int, filters: Filters | None, nearest: Sequence[SearchHit]) -> str:
    """What was searched, that the answer is not there, and which documents came closest."""
    phrase = words(language)
    # The collections are those that whoever asks may read; that is no choice of theirs.
    chosen = filters is not None and filters.model_copy(update={"collections": ()}) != Filters()
    scope = phrase["scope"] if chosen else ""
    lines = [phrase["refused"], phrase["searched"].format(count=searched, scope=scope)]
    titles = list(dict.fromkeys(_titled(hit) for hit in nearest))[:3]
    if titles:
        lines.append(phrase["nearest"].format(titles="; ".join(titles)))
    return ("" if language == "zh" else " ").join(lines)


def _titled(hit: SearchHit) -> str:
    document = hit.passage.document
    title = re.sub(r"[\[\]\n]", " ", document.title)
    return f"{title} ({document.date.isoformat()})" if document.date else title


def footnote(citation: Citation) -> str:
    """One line: title, date and page of the document, then publisher, title, date and address of the sources."""
    document = citation.passage.document
    parts = [document.title]
    if document.date:
        parts.append(document.date.isoformat())
    if citation.passage.page_name:
        parts.append(f"p. {citation.passage.page_name}")
    line = ", ".join(parts)
    notes = []
    for note in citation.sources:
        name = ", ".join(
            filter(
                None,
                (
                    note.publisher,
                    f'"{note.title}"' if note.title else "",
                    note.date or "",
                    note.url or "",
                    f"fetched {note.fetched}" if note.fetched else "",
                ),
            )
        )
        if name:
            notes.append(name)
    return f"{line}. Source: {'; '.join(notes)}" if notes else line


def answer_to_markdown(answer: Answer) -> str:
    """The answer with Markdown footnotes; marks become `[^n]`."""
    known = {citation.number for citation in answer.citations}
    pieces = re.split(r"\[(\d+)\]", answer.text)
    text = _escaped(pieces[0])
    for number, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        text += f"[^{number}]" if int(number) in known else _escaped(f"[{number}]")
        # A parenthesis or colon right after a footnote mark would make it a link or a definition.
        text += ("\\" if piece.startswith(("(", ":")) else "") + _escaped(piece)
    notes = []
    for citation in answer.citations:
        quote = " ".join(citation.quote.split())
        notes.append(f"[^{citation.number}]: {_footnote(citation)} — “{_escaped(quote)}”")
    lines = [f"**{_escaped(answer.question)}**", "", text]
    if notes:
        lines += ["", *notes]
    return "\n".join(lines) + "\n"


def _footnote(citation: Citation) -> str:
    """The footnote with its addresses as links and all else escaped."""
    line = footnote(citation)
    urls = [note.url for note in citation.sources if note.url and safe_url(note.url)]
    if not urls:
        return _escaped(line)
    pieces = re.split(
        "(" + "|".join(re.escape(url) for url in sorted(urls, key=len, reverse=True)) + ")", line
    )
    return "".join(f"<{piece}>" if piece in urls else _escaped(piece) for piece in pieces)


def _escaped(text: str) -> str:
    """Text without Markdown or HTML meaning: documents must not forge links, images, marks or markup."""
    text = re.sub(r"[\\`*\[\]~]", r"\\\g<0>", text)
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\_", text)
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"^(\s*)#", r"\1\#", text, flags=re.M)
