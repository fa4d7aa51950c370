from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage

from assistant.schema import Answer, Filters

from .fakes import FakeRunnable


def call(**arguments: Any) -> dict[str, Any]:
    return {"name": "ask_documents", "args": arguments, "id": "1", "type": "tool_call"}


def test_a_model_sees_what_it_may_ask() -> None:
    tool = FakeRunnable().as_tool()
    assert tool.name == "ask_documents" and "cited" not in tool.name
    assert "Every sentence" in tool.description
    assert list(tool.args) == ["question", "topics", "since", "until"]
    named = FakeRunnable().as_tool(name="briefs", description="Reads briefs.")
    assert (named.name, named.description) == ("briefs", "Reads briefs.")


@pytest.mark.parametrize("given", ["text", "dict", "call"])
async def test_a_call_gives_text_to_the_model_and_the_answer_to_the_caller(given: str) -> None:
    tool = FakeRunnable().as_tool()
    asked: Any = {
        "text": "What of Ascend?",
        "dict": {"question": "What of Ascend?"},
        "call": call(question="What of Ascend?"),
    }[given]
    for result in (tool.invoke(asked), await tool.ainvoke(asked)):
        if given == "call":
            assert isinstance(result, ToolMessage) and isinstance(result.artifact, Answer)
            assert result.artifact.question == "What of Ascend?"
            result = result.content
        assert isinstance(result, str) and "About What of Ascend?" in result


def test_filters_of_a_call_reach_the_assistant() -> None:
    assistant = FakeRunnable()
    assistant.as_tool().invoke({"question": "What?", "topics": ["chips"], "since": "2026-01-01"})
    assert assistant.requests[-1].filters == Filters(topics=("chips",), since="2026-01-01")  # type: ignore[arg-type]


def test_an_agent_can_bind_it() -> None:
    from langchain_core.utils.function_calling import convert_to_openai_tool

    described = convert_to_openai_tool(FakeRunnable().as_tool())
    assert described["function"]["parameters"]["required"] == ["question"]
    AIMessage(content="", tool_calls=[call(question="x")])
