"""Who asks, and in which language, from a Gradio request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.web.i18n import Language, choose_language


@dataclass(frozen=True)
class Visitor:
    """The signed-in user (empty while sign-in is off) and the language of the page."""

    owner: str
    language: Language


def text_of(value: object) -> str:
    """What a page sent, as text; empty for nothing."""
    return str(value or "").replace("\0", " ")


def sent(event: Any, name: str) -> str:
    """A value of an event's data, as text; empty when the page sent none."""
    data = event._data if isinstance(event._data, dict) else {}
    return text_of(data.get(name))


def visitor(request: Any) -> Visitor:
    """Read the user and the language of a `gr.Request`."""
    cookies = getattr(request, "cookies", None) or {}
    headers = getattr(request, "headers", None) or {}
    return Visitor(
        owner=getattr(request, "username", None) or "",
        language=choose_language(cookies.get("assistant_language"), headers.get("accept-language")),
    )
