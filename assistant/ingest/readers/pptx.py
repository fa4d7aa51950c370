"""Reads PPTX (PresentationML): a page a slide, its title as heading, texts and tables in their order."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.ooxml import attribute, core_properties, local, relations
from assistant.ingest.readers.package import Package
from assistant.ingest.readers.pdf_metadata import title_of
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_PRESENTATION = "ppt/presentation.xml"


def read(source: SourceFile) -> Document:
    """Reads a PPTX file.

    Raises:
        DocumentError: It is damaged, protected, too large, or has no text.
    """
    package = Package(source)
    if _PRESENTATION not in package:
        raise package.broken()
    slides = list(_slides(package))
    if len(slides) > source.limits.pages:
        limit = source.limits.pages
        raise source.over(f"has {len(slides)} slides; the limit is {limit}.", "pages")
    builder = DocumentBuilder(source)
    for number, slide in enumerate(slides, 1):
        _add_slide(builder, package.xml(slide), number)
    properties = core_properties(package)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=title_of(properties.title),
        date=properties.date,
        publisher=properties.publisher,
        page_count=len(slides),
    )


def _slides(package: Package) -> Iterator[str]:
    """Names of the slides' parts in the order of the presentation."""
    targets = relations(package, _PRESENTATION)
    for element in package.xml(_PRESENTATION).iter():
        if local(element) == "sldId":
            # Its own number is called id, too; the relation's begins with letters.
            ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
            part = targets.get(ids[0], "") if ids else ""
            if part in package:
                yield part


def _add_slide(builder: DocumentBuilder, slide: Element, number: int) -> None:
    for shape in slide.iter():
        if local(shape) == "graphicFrame":
            _add_tables(builder, shape, number)
        elif local(shape) == "sp":
            is_title = any(
                local(e) == "ph" and attribute(e, "type") in ("title", "ctrTitle") for e in shape.iter()
            )
            paragraphs = [_text(paragraph) for paragraph in shape.iter() if local(paragraph) == "p"]
            if is_title:
                builder.add("heading", " ".join(paragraphs), level=2, page=number)
                continue
            for text in paragraphs:
                builder.add("paragraph", text, page=number)


def _add_tables(builder: DocumentBuilder, frame: Element, number: int) -> None:
    for table in (element for element in frame.iter() if local(element) == "tbl"):
        rows = (element for element in table.iter() if local(element) == "tr")
        builder.add_table(([_text(e) for e in row if local(e) == "tc"] for row in rows), page=number)


def _text(root: Element) -> str:
    parts = []
    for element in root.iter():
        if local(element) == "t":
            parts.append(element.text or "")
        elif local(element) == "br" or (local(element) == "p" and parts):
            parts.append("\n")
    return "".join(parts)
