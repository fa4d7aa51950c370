"""What the Office formats share: names, metadata, relations."""

from __future__ import annotations

import datetime as dt
import posixpath
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.errors import DocumentError
from assistant.ingest.cleaning import calendar_date, clean_title
from assistant.ingest.readers.package import Package

_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_PROPERTIES = {"title": f"{_DC}title", "created": f"{_DCTERMS}created", "modified": f"{_DCTERMS}modified"}


@dataclass(frozen=True)
class CoreProperties:
    """Title and date of an Office file."""

    title: str = ""
    date: dt.date | None = None


def local(element: Element) -> str:
    """An element's name without its namespace: the strict and the usual format differ in it only."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute's value whatever its namespace; empty when missing."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return value
    return ""


def core_properties(package: Package) -> CoreProperties:
    """Title and date; a broken part counts as missing."""
    if "docProps/core.xml" not in package:
        return CoreProperties()
    try:
        root = package.xml("docProps/core.xml")
    except DocumentError:
        return CoreProperties()
    found = {name: root.findtext(tag) or "" for name, tag in _PROPERTIES.items()}
    date = calendar_date(found["modified"]) or calendar_date(found["created"])
    return CoreProperties(title=clean_title(found["title"]), date=date)


def relations(package: Package, part: str) -> dict[str, str]:
    """Targets of a part's relations by their id, as names of members."""
    folder, name = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", f"{name}.rels")
    if rels not in package:
        return {}
    targets = {}
    for relation in package.xml(rels):
        target = relation.get("Target", "")
        if relation.get("TargetMode") != "External" and target:
            member = (
                target.lstrip("/")
                if target.startswith("/")
                else posixpath.normpath(posixpath.join(folder, target))
            )
            targets[relation.get("Id", "")] = member
    return targets
