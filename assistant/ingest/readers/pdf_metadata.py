"""What a PDF says of itself: title, date, publisher and the labels of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from assistant.ingest.cleaning import clean_title
from assistant.ingest.readers.ooxml import local, organisation_of
from assistant.ingest.readers.package import declares_type

if TYPE_CHECKING:
    from pypdf import PdfReader

_FILE_NAME = re.compile(r"(?i).*\.(docx?|pdf|indd|pptx?|xlsx?|qxd|tex|dvi|rtf|odt|wps)$")
_NO_TITLE = re.compile(
    r"(?i)(untitled|document|title|slide|powerpoint presentation|word document)[ \d]*|无标题.*"
)
_MOST_XMP_BYTES = 1_000_000
# Labels are such as `iv`, `12`, `A-3`; anything longer or stranger is not cited.
_LABEL = re.compile(r"\w(?:[\w .:/–-]{0,14}\w)?")


def metadata_of(reader: PdfReader) -> dict[str, Any]:
    """The information dictionary; empty when it is missing or broken."""
    try:
        return dict(reader.metadata or {})
    except Exception:
        return {}


def title_of(value: object) -> str:
    """The title of the metadata, unless it is a file name or a program's default."""
    title = re.sub(r"^Microsoft (Word|PowerPoint|Excel) - ", "", clean_title(value))
    return "" if _FILE_NAME.fullmatch(title) or _NO_TITLE.fullmatch(title) else title


def date_of(value: object) -> str:
    """ISO date of a PDF date (`D:20250918120000+08'00'`); empty when it is none."""
    match = re.match(r"(?:D:)?(\d{4})-?(\d{2})?-?(\d{2})?", value) if isinstance(value, str) else None
    return "-".join(part for part in match.groups() if part) if match else ""


def publisher_of(information: Mapping[str, Any], xmp: bytes = b"") -> str:
    """Who published it: the publisher of its XMP, else the company, else the author.

    Args:
        information: The information dictionary, its keys with their slash.
        xmp: The XMP packet.
    """
    published, company = _xmp_names(xmp)
    candidates = (published, information.get("/Company"), company, information.get("/Author"))
    return next(filter(None, map(organisation_of, candidates)), "")


def xmp_of(reader: PdfReader) -> bytes:
    """The XMP packet; empty when it is missing, broken or very large."""
    try:
        root: Any = reader.trailer["/Root"]
        stream = root.get("/Metadata")
        data = stream.get_object().get_data() if stream is not None else b""
    except Exception:
        return b""
    return data if isinstance(data, bytes) and len(data) <= _MOST_XMP_BYTES else b""


def labels_of(reader: PdfReader) -> tuple[str, ...]:
    """The labels of all pages; empty when there are none, or they are the numbers of the pages."""
    try:
        root: Any = reader.trailer["/Root"]
        return known_labels(reader.page_labels if "/PageLabels" in root else ())
    except Exception:
        # Broken labels cost labels, not text.
        return ()


def known_labels(labels: Iterable[object]) -> tuple[str, ...]:
    """Labels that can be shown, a page's number in place of one that cannot; empty when all are numbers."""
    cleaned = [clean_title(label, 40) for label in labels]
    known = tuple(
        label if _LABEL.fullmatch(label) else str(number) for number, label in enumerate(cleaned, 1)
    )
    return known if any(label != str(number) for number, label in enumerate(known, 1)) else ()


def _xmp_names(xmp: bytes) -> tuple[str, str]:
    """Publisher and company of an XMP packet."""
    if not xmp or declares_type(xmp):
        return "", ""
    try:
        root = ElementTree.fromstring(xmp)
    except (ElementTree.ParseError, ValueError, LookupError):
        return "", ""
    found = {"publisher": "", "Company": ""}
    for element in root.iter():
        if local(element) in found and not found[local(element)]:
            items = [clean_title(e.text) for e in element.iter() if local(e) == "li"] or [
                clean_title(element.text)
            ]
            found[local(element)] = next(filter(None, items), "")
        for name, value in element.attrib.items():
            key = name.rpartition("}")[2]
            if key in found and not found[key]:
                found[key] = clean_title(value)
    return found["publisher"], found["Company"]
