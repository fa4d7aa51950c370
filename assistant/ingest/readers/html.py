"""Reads HTML: the main text with headings, lists and tables; title, date and address of its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from assistant.ingest.cleaning import clean_text, strip_tags
from assistant.ingest.readers import text
from assistant.ingest.readers.builder import DocumentBuilder, Kind
from assistant.ingest.readers.encoding import decode
from assistant.ingest.readers.html_metadata import metadata_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "text/html"
# The parser's time grows with the square of the depth; pages of people have some dozens.
_MOST_DEPTH = 1000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>")
_NOTE_MARK = re.compile(r"\s*[\[(]?\d{1,3}[\])]?\s*")
_NO_DEPTH = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
    + "p li dd dt option optgroup tr td th thead tbody tfoot colgroup rp rt".split()  # noqa: SIM905
)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{2,30})""", re.IGNORECASE)
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "video", "audio"}
    | {"head", "select", "button", "input", "textarea", "dialog", "-comment"}
)
_FURNITURE = frozenset({"nav", "footer", "aside", "form", "menu"})
_FURNITURE_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "menu", "dialog"}
)
_FURNITURE_NAME = re.compile(
    r"(?i)(^|[-_ ])(nav(bar|igation)?|menu|footer|sidebar|breadcrumbs?|share|sharing|social|related"
    r"|recommend(ed)?|comments?|cookies?|consent|banner|ads?|advert(isement)?|promo|subscribe|newsletter|pagination|pager"
    r"|toolbar|masthead|skip-link|popup|modal)([-_ ]|$)"
)
_HIDDEN_STYLE = re.compile(
    r"(?i)(display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9]))"
)
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "blockquote",
        "pre",
        "figure",
        "figcaption",
        "address",
    }
    | {
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "hr",
        "table",
        "tr",
        "td",
        "th",
        "caption",
        "details",
        "summary",
        "body",
    }
    | {"h1", "h2", "h3", "h4", "h5", "h6", "center", "fieldset", "legend", *_FURNITURE}
)
_MAIN = "[itemprop=articleBody], main, [role=main], article"


def read(source: SourceFile) -> Document:
    """Reads an HTML page.

    Raises:
        DocumentError: It is not text, or has none.
    """
    return read_markup(source, decode_markup(source))


def read_as_text(source: SourceFile) -> Document:
    """Reads an HTML page by taking its tags out: for pages that the parser cannot take."""
    return text.read_text(source, strip_tags(decode_markup(source)), media_type=MEDIA_TYPE)


def read_markup(source: SourceFile, markup: str) -> Document:
    """A document from HTML.

    Raises:
        DocumentError: It has no text, or its tags nest too deeply.
    """
    check_depth(source, markup)
    page = LexborHTMLParser(markup)
    metadata = metadata_of(page)
    builder = DocumentBuilder(source)
    if page.body is not None:
        add_main_text(builder, page)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=metadata.title,
        date=metadata.date,
        language=metadata.language,
        publisher=metadata.publisher,
        url=metadata.url,
    )


def decode_markup(source: SourceFile) -> str:
    """The markup in the encoding that it declares, else in the one that is found."""
    declared = _META_CHARSET.search(source.data[:4096])
    if declared and not source.data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii").lower()
        name = "gb18030" if name in ("gb2312", "gbk", "x-gbk") else name
        try:
            return source.data.decode(name)
        except (LookupError, UnicodeError):
            pass
    return decode(source)


def check_depth(source: SourceFile, markup: str) -> None:
    """Raises `DocumentError` when tags nest so deeply that parsing would take too long."""
    if depth(markup) > _MOST_DEPTH:
        raise source.error("nests its tags too deeply.", "Save the page as text and add that.")


def depth(markup: str) -> int:
    """How deep the tags nest that need an end tag."""
    deepest = level = 0
    for match in _TAG.finditer(markup):
        if match[0].endswith("/>") or match[2].lower() in _NO_DEPTH:
            continue
        level = max(0, level - 1) if match[1] else level + 1
        deepest = max(deepest, level)
    return deepest


def add_main_text(builder: DocumentBuilder, page: LexborHTMLParser) -> None:
    """Adds the main text of a page; all its text when that would lose most of it."""
    body = page.body
    everything = list(_blocks(body, furniture=True))
    kept = list(_blocks(body, furniture=False))
    if _letters(kept) * 4 < _letters(everything):
        kept = everything
    main = max(
        (list(_blocks(node, furniture=False)) for node in page.css(_MAIN)[:50]), key=_letters, default=[]
    )
    # Many pages wrap each teaser in an article: only the one that holds most is the main text.
    if _letters(main) * 2 > _letters(kept):
        kept = main
    for kind, content, level in kept:
        if isinstance(content, str):
            builder.add(kind, content, level=level)
        else:
            builder.add_table(content)


_Block = tuple[Kind, str | list[list[str]], int]


def _letters(blocks: list[_Block]) -> int:
    """Size of the text that is no heading."""
    sizes = (
        len(content) if isinstance(content, str) else sum(len(cell) for row in content for cell in row)
        for kind, content, _ in blocks
        if kind != "heading"
    )
    return sum(sizes)


def _blocks(root: Any, *, furniture: bool) -> Iterator[_Block]:
    """Blocks of text below a node, in order; with or without navigation, footers and the like."""
    buffer: list[str] = []
    kind: Kind = "paragraph"
    level = 0

    def flush() -> Iterator[_Block]:
        nonlocal kind, level
        content = clean_text("".join(buffer))
        buffer.clear()
        if content:
            yield kind, content, level
            kind, level = "paragraph", 0

    # An explicit stack: pages may nest deeper than Python recurses. None marks the end of a block.
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, ended = stack.pop()
        tag = node.tag
        if ended:
            yield from flush()
            kind, level = "paragraph", 0
            continue
        if tag == "-text":
            buffer.append(_spaced(node.text_content or ""))
            continue
        if tag == "br":
            buffer.append("\n")
            continue
        if tag in _UNSEEN or _is_hidden(node) or (not furniture and node is not root and _is_furniture(node)):
            buffer.append(" ")
            continue
        if tag == "sup" and _is_note_mark(node):
            continue
        if tag in _BLOCKS:
            yield from flush()
            if tag == "table" and (rows := _data_table(node)):
                yield "table", rows, 0
                continue
            if tag[0] == "h" and tag[1:].isdecimal():
                kind, level = "heading", int(tag[1:])
            elif tag == "li":
                kind = "list_item"
            stack.append((node, True))
        children = []
        child = node.child
        while child is not None:
            children.append((child, False))
            child = child.next
        stack.extend(reversed(children))
    yield from flush()


def _is_note_mark(node: Any) -> bool:
    """Whether a raised number leads to a note on the same page."""
    link = node.css_first("a[href^='#']")
    return link is not None and _NOTE_MARK.fullmatch(node.text()) is not None


def _spaced(content: str) -> str:
    return re.sub(r"\s+", " ", content)


def _is_hidden(node: Any) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    style = attributes.get("style") or ""
    return (
        "hidden" in attributes or attributes.get("aria-hidden") == "true" or bool(_HIDDEN_STYLE.search(style))
    )


def _is_furniture(node: Any) -> bool:
    if node.tag in _FURNITURE:
        return True
    if node.tag in ("article", "main", "body", "p", "h1", "h2", "h3", "table", "td"):
        return False
    attributes = node.attributes
    if attributes.get("role") in _FURNITURE_ROLES:
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    return bool(names.strip()) and _FURNITURE_NAME.search(names) is not None


def _data_table(table: Any) -> list[list[str]]:
    """Rows of a table of data; nothing for one that only lays out a page."""
    if len(table.css("table")) > 1 or any(len(cell.css("p")) > 2 for cell in table.css("td")[:200]):
        return []
    rows = []
    for row in table.css("tr"):
        cells = [clean_text(_spaced(cell.text(separator=" "))) for cell in row.css("td, th")]
        if any(cells):
            rows.append(cells)
    columns = max(map(len, rows), default=0)
    longest = max((len(cell) for row in rows for cell in row), default=0)
    return rows if len(rows) > 1 and columns > 1 and longest < 1000 else []
