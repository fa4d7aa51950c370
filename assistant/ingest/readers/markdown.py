"""Reads Markdown: YAML front matter, headings, lists, tables, footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from assistant.ingest.cleaning import calendar_date, strip_tags
from assistant.ingest.footnotes import parse_note, take_definitions
from assistant.ingest.readers.builder import DocumentBuilder, Kind, Mark
from assistant.ingest.readers.encoding import decode
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "text/markdown"
_MAX_FRONT_MATTER_CHARS = 65_536
_MOST_BRACKETS = 200
# Nested marks cost the parser time that grows with the square of a line's length.
_MAX_LINE_CHARS = 50_000
# The parser takes seconds for this many; larger files are read as plain text.
_MAX_LINES = 50_000

_PAIR = re.compile(r"([A-Za-z_][\w-]{0,40}):(?:\s+(.*))?$")
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,64})\]")


def read(source: SourceFile) -> Document:
    """Reads a Markdown file.

    Front matter that is not YAML is read line by line as `name: value`.

    Raises:
        DocumentError: It has no text, or lines too long for Markdown.
    """
    lines = decode(source).split("\n")
    front, begin = front_matter(lines)
    kept, definitions = take_definitions(lines[begin:])
    if max(map(len, kept), default=0) > _MAX_LINE_CHARS:
        raise source.error(f"has a line of more than {_MAX_LINE_CHARS:,} characters.", "Break its lines.")
    if len(kept) > _MAX_LINES:
        raise source.error(f"has more than {_MAX_LINES:,} lines.", "Split it into smaller files.")
    builder = DocumentBuilder(source)
    _add_blocks(builder, _parser().parse(re.sub(r"\n{4,}", "\n\n\n", "\n".join(kept))))
    entities = front.get("entities", front.get("tags", ()))
    return builder.build(
        media_type=MEDIA_TYPE,
        title=front.get("title"),
        date=calendar_date(front.get("date")),
        topic=front.get("topic"),
        entities=entities if isinstance(entities, list) else str(entities).split(",") if entities else (),
        language=front.get("language", front.get("lang")),
        publisher=front.get("publisher"),
        url=front.get("url", front.get("source")),
        notes=[parse_note(label, text) for _, label, text in definitions],
    )


def front_matter(lines: list[str]) -> tuple[dict[str, Any], int]:
    """The YAML between the first two lines of `---`, and the index of the line after it."""
    end = front_matter_end(lines)
    if end is None:
        return {}, 0
    try:
        values = parse_front_matter(lines[1:end])
    except ValueError:
        pairs = (_PAIR.match(line) for line in lines[1:end])
        values = {pair[1].lower(): (pair[2] or "").strip(" \"'[]") for pair in pairs if pair}
    return values, end + 1


def front_matter_end(lines: list[str]) -> int | None:
    """Index of the line that closes the front matter; None when there is none."""
    if not lines or lines[0].rstrip() != "---":
        return None
    end = next((i for i, line in enumerate(lines[1:2000], 1) if line.rstrip() in ("---", "...")), None)
    # Text between two rules is no front matter.
    if end is None or not any(_PAIR.match(line) for line in lines[1:end]):
        return None
    return end


def parse_front_matter(lines: list[str]) -> dict[str, Any]:
    """The mapping of front matter, its names in lower case.

    Raises:
        ValueError: It is not a YAML mapping, or larger than 64 KB.
    """
    text = "\n".join(lines)
    if len(text) > _MAX_FRONT_MATTER_CHARS:
        raise ValueError("it is larger than 64 KB")
    # The YAML parser's time grows with the square of the nesting.
    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise ValueError("it has too many brackets")
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" (line {line + 2})" if isinstance(line, int) else ""
        raise ValueError(f"it is not YAML{where}; put values with a colon in quotes") from error
    if not isinstance(values, dict):
        raise ValueError("it is not a list of names and values")
    return {str(name).lower(): value for name, value in values.items()}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("link", "footnote_reference", _footnote_reference)
    return parser


def _footnote_reference(state: StateInline, silent: bool) -> bool:
    match = _REFERENCE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("footnote_reference", "", 0).meta = {"label": match[1]}
    state.pos = match.end()
    return True


def _add_blocks(builder: DocumentBuilder, tokens: list[Token]) -> None:
    numbers: list[int | None] = []
    item_begins = False
    rows: list[list[list[str | Mark]]] = []
    for index, token in enumerate(tokens):
        match token.type:
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
            case "list_item_open":
                item_begins = True
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "table_close":
                builder.add_table(rows)
            case "inline" if tokens[index - 1].type in ("th_open", "td_open"):
                rows[-1].append(list(_inline(token)))
            case "inline":
                opening = tokens[index - 1]
                if opening.type == "heading_open":
                    builder.add("heading", list(_inline(token)), level=int(opening.tag[1:]))
                    continue
                kind: Kind = "list_item" if item_begins else "paragraph"
                pieces = list(_inline(token))
                if item_begins and numbers and (number := numbers[-1]) is not None:
                    pieces.insert(0, f"{number}. ")
                    numbers[-1] = number + 1
                builder.add(kind, pieces)
                item_begins = False
            case "fence" | "code_block":
                builder.add("paragraph", token.content)
            case "html_block":
                builder.add("paragraph", strip_tags(token.content))


def _inline(token: Token) -> Iterator[str | Mark]:
    """Text and footnote marks of inline Markdown; of links and images only their words."""
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                yield child.content
            case "softbreak":
                yield " "
            case "hardbreak":
                yield "\n"
            case "footnote_reference":
                yield Mark(child.meta["label"])
            case "image":
                yield from _inline(child)
            case "html_inline" if re.match(r"<br\b", child.content, re.IGNORECASE):
                yield "\n"
