"""What the Office formats share: names, metadata, relations."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assistant.errors import DocumentError
from assistant.ingest.cleaning import calendar_date, clean_title
from assistant.ingest.readers.package import Package

_CORE = "docProps/core.xml"
_APP = "docProps/app.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_PROPERTIES = {
    "title": f"{_DC}title",
    "publisher": f"{_DC}publisher",
    "created": f"{_DCTERMS}created",
    "modified": f"{_DCTERMS}modified",
}


# What programs and installations fill in by themselves.
_NOBODY = re.compile(
    r"(?i)(admin(istrator)?|(windows |microsoft office |office )?user|owner|unknown|anonymous|none|n/?a|author"
    r"|(your |my )?company|organi[sz]ation|home|test|\W*|\w|管理员|用户|作者|未知)( ?\d+)?"
)


@dataclass(frozen=True)
class CoreProperties:
    """Title, date and publisher of an Office file."""

    title: str = ""
    date: dt.date | None = None
    publisher: str = ""
    """The company that the program that wrote it was registered for."""


def organisation_of(value: object) -> str:
    """The name of an organisation or person in metadata; empty for what programs fill in by themselves."""
    name = clean_title(value, 200)
    return "" if _NOBODY.fullmatch(name) else name


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
    """Title, date and publisher; a broken part counts as missing."""
    root = _part(package, _CORE)
    found = {name: root.findtext(tag) or "" for name, tag in _PROPERTIES.items()}
    date = calendar_date(found["modified"]) or calendar_date(found["created"])
    company = next((e.text for e in _part(package, _APP) if local(e) == "Company"), "")
    publisher = organisation_of(found["publisher"]) or organisation_of(company)
    return CoreProperties(title=clean_title(found["title"]), date=date, publisher=publisher)


def _part(package: Package, name: str) -> Element:
    if name not in package:
        return Element("missing")
    try:
        return package.xml(name)
    except DocumentError:
        return Element("broken")


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
