"""Answers questions about China's AI and chip strategy from documents, every sentence cited and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Document,
    DocumentInfo,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    SourceNote,
    StepEvent,
    Turn,
)
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.assistant import Assistant

__all__ = [
    "Answer",
    "AnswerEvent",
    "Assistant",
    "AssistantError",
    "Citation",
    "Claim",
    "ClaimEvent",
    "Document",
    "DocumentInfo",
    "EvidenceEvent",
    "Filters",
    "Passage",
    "SearchHit",
    "Settings",
    "SourceNote",
    "StepEvent",
    "Turn",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # `Assistant` brings LangChain and Chroma with it: loaded when first used.
    if name == "Assistant":
        from assistant.assistant import Assistant

        return Assistant
    raise AttributeError(f"module 'assistant' has no attribute '{name}'")
