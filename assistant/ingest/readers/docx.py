"""Reads DOCX (WordprocessingML): headings by style, lists, tables, footnotes.

python-docx reads no footnotes and no list levels; the few elements needed are read from the XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from assistant.ingest.footnotes import parse_note
from assistant.ingest.readers.builder import DocumentBuilder, Mark
from assistant.ingest.readers.ooxml import attribute, core_properties, local
from assistant.ingest.readers.package import Package
from assistant.ingest.readers.pdf_metadata import title_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document, SourceNote

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_DOCUMENT = "word/document.xml"
_HEADING = re.compile(r"(?i)(?:heading|überschrift|titre|标题|標題)\s*([1-6])")
# Deleted text, field codes, and the copy of a drawing's text for old programs.
_UNSEEN = frozenset({"del", "moveFrom", "instrText", "delText", "Fallback", "pPr", "rPr", "sectPr", "tblPr"})


def read(source: SourceFile) -> Document:
    """Reads a DOCX file.

    Raises:
        DocumentError: It is damaged, protected, too large, or has no text.
    """
    package = Package(source)
    if _DOCUMENT not in package:
        raise package.broken()
    body = next((child for child in package.xml(_DOCUMENT) if local(child) == "body"), None)
    if body is None:
        raise package.broken()
    builder = DocumentBuilder(source)
    _add_blocks(builder, body, _heading_levels(package))
    properties = core_properties(package)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=title_of(properties.title),
        date=properties.date,
        publisher=properties.publisher,
        notes=[*_notes(package, "footnote"), *_notes(package, "endnote")],
    )


def _heading_levels(package: Package) -> dict[str, int]:
    """Heading level by style id, following the styles that a style builds on."""
    if "word/styles.xml" not in package:
        return {}
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in package.xml("word/styles.xml"):
        identifier = attribute(style, "styleId")
        for child in style:
            value = attribute(child, "val")
            if local(child) == "name":
                match = _HEADING.fullmatch(value.strip())
                if match or value.lower() == "title":
                    levels[identifier] = int(match[1]) if match else 1
            elif local(child) == "basedOn":
                parents[identifier] = value
    for identifier in parents:
        seen: set[str] = set()
        ancestor = identifier
        while ancestor in parents and ancestor not in levels and ancestor not in seen:
            seen.add(ancestor)
            ancestor = parents[ancestor]
        if ancestor in levels:
            levels.setdefault(identifier, levels[ancestor])
    return levels


def _add_blocks(builder: DocumentBuilder, body: Element, levels: dict[str, int]) -> None:
    stack = list(reversed(body))
    while stack:
        element = stack.pop()
        name = local(element)
        if name == "p":
            _add_paragraph(builder, element, levels)
        elif name == "tbl":
            _add_table(builder, element)
        elif name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
            stack.extend(reversed(element))


def _add_paragraph(builder: DocumentBuilder, paragraph: Element, levels: dict[str, int]) -> None:
    style = ""
    level = 0
    is_listed = False
    for properties in paragraph:
        if local(properties) != "pPr":
            continue
        for child in properties:
            if local(child) == "pStyle":
                style = attribute(child, "val")
            elif local(child) == "outlineLvl" and attribute(child, "val").isdecimal():
                level = int(attribute(child, "val")) + 1 if int(attribute(child, "val")) < 6 else 0
            elif local(child) == "numPr":
                is_listed = True
    level = level or levels.get(style, 0)
    pieces = list(_pieces(paragraph))
    if level:
        builder.add("heading", pieces, level=level)
    else:
        builder.add("list_item" if is_listed else "paragraph", pieces)


def _pieces(root: Element) -> Iterator[str | Mark]:
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        match local(element):
            case "t":
                yield element.text or ""
            case "tab":
                yield " "
            case "br" | "cr":
                yield "\n"
            case "noBreakHyphen":
                yield "-"
            case "footnoteReference" | "endnoteReference" as name:
                yield Mark(_label(name[: -len("Reference")], attribute(element, "id")))
            case "r" if _is_hidden(element):
                continue
            case name if name not in _UNSEEN:
                if name == "p":
                    yield "\n"
                stack.extend(reversed(element))


def _is_hidden(run: Element) -> bool:
    """Whether a run is formatted as hidden text: a person does not see it, so it is not read."""
    marks = (mark for child in run if local(child) == "rPr" for mark in child if local(mark) == "vanish")
    return any(attribute(mark, "val") not in ("0", "false", "off") for mark in marks)


def _label(kind: str, identifier: str) -> str:
    return identifier if kind == "footnote" else f"e{identifier}"


def _add_table(builder: DocumentBuilder, table: Element) -> None:
    rows: list[list[str]] = []
    stack = list(reversed(table))
    while stack:
        element = stack.pop()
        if local(element) == "tr":
            cells = [cell for cell in element.iter() if local(cell) == "tc"]
            rows.append(["".join(p for p in _pieces(cell) if isinstance(p, str)) for cell in cells])
        elif local(element) in ("sdt", "sdtContent", "customXml", "ins"):
            stack.extend(reversed(element))
    if len(rows) == 1 or max(map(len, rows), default=0) == 1:
        # A frame around text rather than a table.
        for row in rows:
            for cell in row:
                builder.add("paragraph", cell)
    else:
        builder.add_table(rows)


def _notes(package: Package, kind: str) -> Iterator[SourceNote]:
    part = f"word/{kind}s.xml"
    if part not in package:
        return
    for note in package.xml(part):
        identifier = attribute(note, "id")
        if local(note) == kind and not attribute(note, "type") and identifier:
            definition = "".join(p for p in _pieces(note) if isinstance(p, str))
            yield parse_note(_label(kind, identifier), definition.strip())
