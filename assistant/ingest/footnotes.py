"""Footnotes of Markdown: definitions become `SourceNote`s.

The corpus writes a definition as `[^1]: Publisher, "Title", date, URL`, the URL optional. Any other wording
is kept as the note's title, with its date and address where it has them.
"""

from __future__ import annotations

import re

from assistant.ingest.cleaning import clean_title, iso_date, safe_url
from assistant.schema import SourceNote

MAX_NOTE_CHARS = 4000

_DEFINITION = re.compile(r" {0,3}\[\^([^\]\s]{1,64})\]:[ \t]*(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
CORPUS_FORM = re.compile(
    r'(?:(?P<publisher>.*?),\s*)?["“](?P<title>.+)["”]'
    r"(?:,\s*(?P<date>\d{4}(?:-\d{2}(?:-\d{2})?)?))?(?:,\s*(?P<url>\S+))?\.?"
)
_MARKDOWN_LINK = re.compile(r"\[([^\]\[]*)\]\(\s*<?([^\s()<>]+)>?[^()]*\)")
_ADDRESS = re.compile(r"<?((?:https?|ftp|file|javascript|data):[^\s<>]+)>?", re.IGNORECASE)
_DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")


def parse_note(label: str, definition: str) -> SourceNote:
    """A footnote's definition as a source note.

    Args:
        label: The footnote's label without brackets.
        definition: The text after `[^label]:`.
    """
    text = clean_title(definition, MAX_NOTE_CHARS)
    match = CORPUS_FORM.fullmatch(text)
    if match:
        url = match["url"]
        return SourceNote(
            label=label,
            publisher=clean_title(match["publisher"]),
            title=clean_title(match["title"]),
            date=iso_date(match["date"]),
            url=safe_url(url.strip("<>")) if url else None,
        )
    return _parse_free_note(label, text)


def _parse_free_note(label: str, text: str) -> SourceNote:
    url = None
    link = _MARKDOWN_LINK.search(text)
    if link:
        url = safe_url(link[2])
        text = _MARKDOWN_LINK.sub(r"\1", text)
    address = _ADDRESS.search(text)
    if address:
        url = url or safe_url(address[1].rstrip(".,;)]"))
        text = _ADDRESS.sub("", text)
    date = _DATE.search(text)
    title = re.sub(r"[*_`]", "", text).strip(" ,;:.–—-")
    return SourceNote(label=label, title=clean_title(title), date=iso_date(date and date[0]), url=url)


def take_definitions(lines: list[str]) -> tuple[list[str], list[tuple[int, str, str]]]:
    """Takes footnote definitions out of Markdown lines.

    Returns:
        The lines with each definition replaced by an empty line, so that line numbers stay; and the
        definitions as (index of the line, label, text with its continuation lines).
    """
    kept: list[str] = []
    found: list[tuple[int, str, list[str]]] = []
    fence = ""
    within = False
    for index, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            kept.append(line)
            continue
        definition = _DEFINITION.match(line)
        if definition:
            found.append((index, definition[1], [definition[2]]))
            kept.append("")
            within = True
            continue
        # A definition goes on in indented lines.
        if within and line.startswith(("    ", "\t")) and line.strip():
            found[-1][2].append(line.strip())
            kept.append("")
            continue
        within = within and not line.strip()
        if mark:
            fence = mark[1]
        kept.append(line)
    return kept, [(index, label, " ".join(parts)) for index, label, parts in found]
