"""Reads EPUB: the chapters in reading order by the HTML reader; title, date, language and publisher."""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from selectolax.lexbor import LexborHTMLParser

from assistant.errors import DocumentError
from assistant.ingest.cleaning import calendar_date, clean_title
from assistant.ingest.readers import html
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.ooxml import attribute, local
from assistant.ingest.readers.package import Package
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "application/epub+zip"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTER_TYPES = ("application/xhtml+xml", "text/html")
_CHAPTER_SUFFIXES = (".xhtml", ".html", ".htm")
# Fonts are often made unusable outside the book; that does not hide its text.
_FONT_SUFFIXES = (".ttf", ".otf", ".woff", ".woff2", ".ttc")


@dataclass(frozen=True)
class _Book:
    """What the package document says."""

    chapters: tuple[str, ...] = ()
    title: str = ""
    date: dt.date | None = None
    language: str = ""
    publisher: str = ""


def read(source: SourceFile) -> Document:
    """Reads an EPUB file.

    Raises:
        DocumentError: It is damaged, protected, too large, or has no text.
    """
    package = Package(source)
    return _document(package, _book(package))


def read_chapters(source: SourceFile) -> Document:
    """Reads the pages of an EPUB in the order of their names: for one whose table of contents is damaged.

    Raises:
        DocumentError: It is damaged, protected, too large, or has no text.
    """
    package = Package(source)
    names = sorted(name for name in package.names if name.lower().endswith(_CHAPTER_SUFFIXES))
    return _document(package, _Book(chapters=tuple(names)))


def _document(package: Package, book: _Book) -> Document:
    source = package.source
    if not book.chapters:
        raise source.error("has no chapters that can be read.", "Check that it opens in another program.")
    if len(book.chapters) > source.limits.pages:
        limit = source.limits.pages
        raise source.over(f"has {len(book.chapters)} chapters; the limit is {limit}.", "pages")
    _refuse_protected(package, book.chapters)
    builder = DocumentBuilder(source)
    for name in book.chapters:
        page = _page(package, name)
        if page.body is not None:
            html.add_main_text(builder, page)
    return builder.build(
        media_type=MEDIA_TYPE,
        title=book.title,
        date=book.date,
        language=book.language,
        publisher=book.publisher,
    )


def _page(package: Package, name: str) -> LexborHTMLParser:
    part = SourceFile(package.source.name, package.read(name), limits=package.source.limits)
    markup = html.decode_markup(part)
    html.check_depth(package.source, markup)
    return LexborHTMLParser(markup)


def _refuse_protected(package: Package, chapters: tuple[str, ...]) -> None:
    if _ENCRYPTION not in package:
        return
    try:
        references = [attribute(e, "URI") for e in package.xml(_ENCRYPTION).iter() if attribute(e, "URI")]
    except DocumentError:
        return
    hidden = {unquote(uri).lstrip("/") for uri in references if not uri.lower().endswith(_FONT_SUFFIXES)}
    if hidden & set(chapters):
        raise package.source.error("is protected by a digital lock (DRM).", "Add a copy without it.")


def _book(package: Package) -> _Book:
    if _CONTAINER not in package:
        raise package.broken()
    root_files = [e for e in package.xml(_CONTAINER).iter() if local(e) == "rootfile"]
    opf = unquote(attribute(root_files[0], "full-path")) if root_files else ""
    if opf not in package:
        raise package.broken()
    root = package.xml(opf)
    metadata = next((child for child in root if local(child) == "metadata"), Element("metadata"))
    return _Book(
        chapters=tuple(dict.fromkeys(_chapters(package, root, posixpath.dirname(opf)))),
        title=clean_title(_value(metadata, "title")),
        date=_date(metadata),
        language=_value(metadata, "language"),
        publisher=clean_title(_value(metadata, "publisher")),
    )


def _chapters(package: Package, root: Element, folder: str) -> Iterator[str]:
    """Members of the spine, in its order, without the pages that only navigate."""
    pages: dict[str, str] = {}
    for item in root.iter():
        if local(item) != "item" or attribute(item, "media-type") not in _CHAPTER_TYPES:
            continue
        if "nav" not in attribute(item, "properties").split():
            address = unquote(attribute(item, "href").partition("#")[0])
            pages[attribute(item, "id")] = posixpath.normpath(posixpath.join(folder, address))
    for reference in root.iter():
        if local(reference) == "itemref":
            name = pages.get(attribute(reference, "idref"), "")
            if name in package:
                yield name


def _value(metadata: Element, name: str) -> str:
    return next((e.text or "" for e in metadata.iter() if local(e) == name and (e.text or "").strip()), "")


def _date(metadata: Element) -> dt.date | None:
    """The date of publication; when the book was converted or changed does not count."""
    dates = [e for e in metadata.iter() if local(e) == "date"]
    published = [e for e in dates if attribute(e, "event") in ("publication", "original-publication")]
    plain = [e for e in dates if not attribute(e, "event")]
    found = (calendar_date((e.text or "").strip()) for e in [*published, *plain])
    return next((date for date in found if date is not None), None)
