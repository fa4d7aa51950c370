"""Templates of the UI; everything that they print is escaped unless it is a template's own markup."""

from __future__ import annotations

import datetime as dt
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from assistant.web.i18n import claim_reasons, topic_label, words


def safe_url(url: str | None) -> str:
    """The address when it is http or https, else an empty string: `javascript:` must never become a link."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return ""
    return (url or "").strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def show_date(date: dt.date | str | None, language: str = "en") -> str:
    """An ISO date as it is, or the word for a missing one."""
    return str(date) if date else words(language, "undated")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assistant.web", "assets/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["safe_url"] = safe_url
    return environment


def render(template: str, language: str, **values: Any) -> str:
    """HTML of `assets/templates/<template>.html` in a language."""
    return (
        _environment()
        .get_template(f"{template}.html")
        .render(
            lang=language,
            t=partial(words, language),
            topic_name=partial(topic_label, language),
            day=partial(show_date, language=language),
            reasons=partial(claim_reasons, language),
            **values,
        )
    )
