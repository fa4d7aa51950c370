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


def visitor(request: Any) -> Visitor:
    """Read the user and the language of a `gr.Request`."""
    cookies = getattr(request, "cookies", None) or {}
    headers = getattr(request, "headers", None) or {}
    return Visitor(
        owner=getattr(request, "username", None) or "",
        language=choose_language(cookies.get("assistant_language"), headers.get("accept-language")),
    )
