"""LangChain's own tests for chat models, on the embedded model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from assistant.models.local import LocalChatModel


class TestUnit(ChatModelUnitTests):
    """What holds without weights."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return LocalChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"weights": Path("unused.gguf")}

    @property
    def has_tool_calling(self) -> bool:
        return False


@pytest.mark.model
class TestIntegration(ChatModelIntegrationTests):
    """What holds with them."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return LocalChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        from assistant.models.weights import ensure_weights
        from assistant.settings import Settings

        return {"weights": ensure_weights(Settings().cache), "context": 2048, "parallel": 1, "max_tokens": 48}

    @property
    def has_tool_calling(self) -> bool:
        return False
