"""The catalogue of primary documents, `sources.yaml`: what there is to fetch, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from assistant.errors import DocumentError
from assistant.fetch.addresses import WebAddress
from assistant.ingest.cleaning import iso_date
from assistant.ingest.discover import CATALOGUE_BYTES


def _address(value: object) -> str:
    try:
        return WebAddress.parse(str(value)).url
    except DocumentError as error:
        raise ValueError(error.what) from error


def _date(value: object) -> str | None:
    if value is None:
        return None
    date = iso_date(value)
    if date is None:
        raise ValueError("a date is 2025, 2025-03 or 2025-03-14")
    return date


class CatalogueEntry(BaseModel):
    """A primary document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
    """Names its file."""
    title: str = Field(min_length=3, max_length=300)
    publisher: str = Field(min_length=2, max_length=200)
    date: Annotated[str | None, BeforeValidator(_date)]
    """Day, month or year of the document; null where it is not known."""
    url: Annotated[str, BeforeValidator(_address)]
    language: Literal["en", "zh"]
    kind: Literal["law", "plan", "rule", "notice", "statement", "filing", "court", "standard", "report"]
    topics: tuple[str, ...] = Field(min_length=1)
    """The first is the topic that the document gets."""
    licence: str = Field(min_length=3, max_length=200)
    """On what terms it may be copied, as far as its publisher says."""
    confirmed: Literal["footnote", "public pages"]
    """How the address was found: in a footnote of the corpus, or in public pages that name it."""


class Catalogue(BaseModel):
    """All primary documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[CatalogueEntry, ...]

    @model_validator(mode="after")
    def _is_unique(self) -> Catalogue:
        for name in ("id", "url"):
            seen: set[str] = set()
            for entry in self.sources:
                value = re.sub(r"^https?://(www\.)?|/$", "", getattr(entry, name)).lower()
                if value in seen:
                    raise ValueError(f"{name} {getattr(entry, name)} occurs twice")
                seen.add(value)
        return self

    def only(self, topics: Sequence[str]) -> tuple[CatalogueEntry, ...]:
        """The entries of some topics; all when none is named.

        Raises:
            DocumentError: No entry has one of them.
        """
        known = sorted({topic for entry in self.sources for topic in entry.topics})
        for topic in topics:
            if topic not in known:
                raise DocumentError(
                    f"The catalogue has nothing on '{topic}'.", f"Topics: {', '.join(known)}."
                )
        return tuple(
            entry for entry in self.sources if not topics or any(topic in entry.topics for topic in topics)
        )


def load_catalogue(path: Path) -> Catalogue:
    """Reads a catalogue.

    Raises:
        DocumentError: It is missing, no YAML, or an entry does not fit; names the entry.
    """
    try:
        if path.stat().st_size > CATALOGUE_BYTES:
            raise DocumentError(f"The catalogue {path} is too large.", "It is a YAML file of sources.")
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(
            str(getattr(error, "problem", None) or getattr(error, "strerror", None) or error).split()
        )
        raise DocumentError(
            f"The catalogue {path} cannot be read: {reason[:200]}.", "Correct or replace it."
        ) from error
    try:
        return Catalogue.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = list(first["loc"])
        name = ""
        if len(place) > 1 and isinstance(data, dict) and isinstance(place[1], int):
            entry = data["sources"][place[1]]
            name = f" of '{entry.get('id', place[1])}'" if isinstance(entry, dict) else ""
        field = f"{place[-1]}{name}" if place else "its content"
        raise DocumentError(
            f"The catalogue {path}: {field} does not fit: {first['msg']}.", "Correct it."
        ) from error
