"""English and Chinese words of the UI: one catalogue for Gradio's labels and for the templates."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from assistant.answering.reasons import REASONS, in_words
from assistant.schema import Claim

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Words by language and key, from `assets/words.yaml`."""
    raw: dict[str, list[str]] = yaml.safe_load(
        files("assistant.web").joinpath("assets/words.yaml").read_text("utf-8")
    )
    return {language: {key: pair[i] for key, pair in raw.items()} for i, language in enumerate(LANGUAGES)}


def words(language: str, key: str, **values: Any) -> str:
    """The words of a key with its `{placeholders}` filled; English where a language lacks the key."""
    known = catalogue()
    text = known.get(language, {}).get(key) or known["en"][key]
    return text.format(**values) if values else text


def topic_label(language: str, topic: str) -> str:
    """Name of a topic; one that the catalogue lacks is shown as its folder is called."""
    return (
        catalogue().get(language, {}).get(f"topic_{topic.replace('-', '_')}")
        or topic.replace("-", " ").capitalize()
    )


def claim_reasons(language: str, claim: Claim) -> str:
    """Why a claim is not fully supported, in the language of the page.

    Answers of older versions carry no codes, and a code may be newer than this version: the words that came
    with the claim are shown then.
    """
    told = [
        in_words(item, language) if item.code in REASONS else text
        for item, text in zip(claim.reason_codes, claim.reasons, strict=False)
    ]
    return ("；" if language == "zh" else "; ").join([*told, *claim.reasons[len(told) :]])


def choose_language(cookie: str | None, accepted: str | None) -> Language:
    """The language of a page: what the user chose, else the first that the browser accepts."""
    if cookie in ("en", "zh"):
        return "zh" if cookie == "zh" else "en"
    return "zh" if (accepted or "").lower().startswith("zh") else "en"


def gradio_i18n() -> Any:
    """The catalogue as `gr.I18n`; the codes cover what browsers send for Chinese."""
    import gradio as gr

    known = catalogue()
    chinese = dict.fromkeys(("zh", "zh-CN", "zh-TW", "zh-HK"), known["zh"])
    return gr.I18n(en=known["en"], **chinese)
