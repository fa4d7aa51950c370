"""What a user may choose for answers: the model, the number of passages, the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from assistant.engine import Engine
from assistant.models import weights
from assistant.request import AnswerLanguage
from assistant.web.history import History
from assistant.web.i18n import words
from assistant.web.render import render

PASSAGES = (5, 10, 20, 40, 80)


@dataclass(frozen=True)
class Choices:
    """How a user wants answers; None is what the settings of the program say."""

    model: str | None = None
    passages: int | None = None
    language: AnswerLanguage | None = None


def models(engine: Engine) -> list[str]:
    """Models that can be chosen: the configured one (an empty name), the embedded one, none at all."""
    configured = engine.model_name
    others = []
    if not configured.startswith("local") and weights.installed():
        others.append("local")
    if configured != "extractive":
        others.append("extractive")
    return ["", *others]


def _allowed(engine: Engine, name: str) -> tuple[str, ...]:
    if name == "model":
        return tuple(models(engine))
    if name == "passages":
        return tuple(map(str, passage_counts(engine)))
    return get_args(AnswerLanguage) if name == "answer_language" else ()


def passage_counts(engine: Engine) -> list[int]:
    """Numbers of passages to choose from, with the configured one among them."""
    return sorted({*PASSAGES, engine.settings.passages})


def keep_choice(history: History, engine: Engine, owner: str, name: str, value: str) -> bool:
    """Keep a choice of a user; False when there is no such choice."""
    if value not in _allowed(engine, name):
        return False
    history.prefer(owner, name, value)
    return True


def choices_of(history: History, engine: Engine, owner: str) -> Choices:
    """What a user chose; what can no longer be chosen counts as not chosen."""
    kept: dict[str, str] = {}
    for name in ("model", "passages", "answer_language"):
        value = history.preference(owner, name)
        kept[name] = value if value and value in _allowed(engine, name) else ""
    return Choices(
        model=kept["model"] or None,
        passages=int(kept["passages"]) if kept["passages"] else None,
        language=cast(AnswerLanguage, kept["answer_language"]) if kept["answer_language"] else None,
    )


def model_label(engine: Engine, language: str, model: str | None) -> str:
    """Name of a model for people."""
    if not model:
        return engine.model_name
    return words(language, f"model_{model}")


def settings_html(language: str, engine: Engine, history: History, owner: str) -> str:
    """HTML of the settings page."""
    chosen, settings = choices_of(history, engine, owner), engine.settings
    configured = words(language, "model_default", name=engine.model_name)
    return render(
        "settings",
        language,
        settings=settings,
        models=[(m, words(language, f"model_{m}") if m else configured) for m in models(engine)],
        model=chosen.model or "",
        counts=passage_counts(engine),
        passages=chosen.passages or settings.passages,
        languages=get_args(AnswerLanguage),
        answer_language=chosen.language or settings.answer_language,
        owner=owner,
        rated=len(history.rated(owner)),
    )
