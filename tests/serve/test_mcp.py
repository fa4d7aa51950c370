"""The MCP server as the SDK's own client sees it: in process, over HTTP, over stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from assistant.schema import Filters, Turn
from assistant.serve.mcp_server import create_mcp_server
from assistant.serve.metrics import Metrics
from assistant.serve.running import Running

from .conftest import BASE
from .fakes import TEXT, FakeEngine

STDIO = """
import sys
sys.path.insert(0, sys.argv[1])
from fakes import FakeEngine
from assistant.serve.command import run_mcp
run_mcp(FakeEngine())
"""


def text_of(result: CallToolResult) -> str:
    return "\n".join(getattr(block, "text", "") for block in result.content)


async def test_the_tools_are_described(engine: FakeEngine) -> None:
    async with Client(create_mcp_server(engine)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert sorted(tools) == ["ask", "get_document", "search"]
    for tool in tools.values():
        assert tool.description and tool.output_schema
        assert tool.annotations is not None and tool.annotations.read_only_hint
        assert all("description" in p for p in tool.input_schema["properties"].values())


async def test_ask_gives_text_quotes_and_verdicts(engine: FakeEngine) -> None:
    steps: list[str | None] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        steps.append(message)

    async with Client(create_mcp_server(engine)) as client:
        result = await client.call_tool(
            "ask",
            {
                "question": "When?",
                "history": [{"question": "Who?", "answer": "Huawei."}],
                "topics": ["chips"],
                "since": "2026-01-01",
                "passages": 7,
                "answer_language": "zh",
            },
            progress_callback=told,
        )
    assert isinstance(result, CallToolResult) and not result.is_error
    answer: dict[str, Any] = result.structured_content or {}
    assert answer["status"] == "answered"
    assert [c["verdict"] for c in answer["claims"]] == ["supported", "partly_supported"]
    cited = answer["citations"][0]
    assert (cited["number"], cited["quote"], cited["page"], cited["path"]) == (
        1,
        "Huawei plans the 950PR for early 2026.",
        2,
        "chips/2026 plans.md",
    )
    assert cited["sources"] == [
        {
            "publisher": "Reuters", "title": "Ascend", "date": "2026-04", "url": "https://example.org/a",
            "fetched": None,
        }
    ]  # fmt: skip
    assert "[1] Ascend plans, 2026-05-01, chips/2026 plans.md" in text_of(result)
    filters = Filters(topics=("chips",), since="2026-01-01")  # type: ignore[arg-type]
    assert engine.calls == [("When?", (Turn(question="Who?", answer="Huawei."),), filters, None)]
    assert engine.shaped == [(7, "zh")]
    assert steps and "Understood as" in (steps[0] or "")


async def test_search_finds_and_a_document_is_read_in_parts(engine: FakeEngine) -> None:
    async with Client(create_mcp_server(engine)) as client:
        found: Any = await client.call_tool("search", {"query": "Ascend", "k": 3})
        passage = found.structured_content["passages"][0]
        assert (passage["text"], passage["score"]) == (TEXT, 0.5)
        text, offset = "", 0
        while offset is not None:
            part: Any = await client.call_tool(
                "get_document", {"path": passage["path"], "offset": offset, "max_chars": 20}
            )
            text += part.structured_content["text"]
            offset = part.structured_content["next_offset"]
    assert text == TEXT


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {"question": "broken"}, "The model is gone. Start it."),
        ("ask", {"question": "halfway"}, "The model stopped."),
        ("ask", {"question": "crash"}, "The server failed. Its log says why."),
        ("ask", {"question": " "}, "The question is empty or too long. Write up to 4,000 characters."),
        (
            "ask",
            {"question": "a", "since": "soon", "passages": 0},
            "'since' does not fit: Input should be a valid",
        ),
        (
            "ask",
            {"question": "a", "since": "soon", "passages": 0},
            "'passages' does not fit: Input should be gr",
        ),
        (
            "ask",
            {"question": "a", "tpics": ["chips"]},
            "There is no argument 'tpics'. There are: question, history",
        ),
        ("ask", {}, "'question' does not fit: Field required."),
        ("search", {"query": "a", "k": 0}, "'k' does not fit: Input should be greater than or equal to 1."),
        (
            "get_document",
            {"path": "../../etc/passwd"},
            "There is no document '../../etc/passwd' in 'corpus'.",
        ),
        ("nothing", {"a": 1}, "Unknown tool: nothing"),
    ],
)
async def test_failures_are_told_to_the_agent(
    engine: FakeEngine, tool: str, arguments: dict[str, Any], message: str
) -> None:
    async with Client(create_mcp_server(engine)) as client:
        result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult) and result.is_error
    told = text_of(result)
    assert message in told and "\n" not in told
    assert not any(word in told for word in ("Traceback", "secret detail", "pydantic", "Error executing"))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_over_http_with_the_key(serve: Callable[..., Any], mode: str) -> None:
    http = await serve(api_key="secret")
    http.headers["authorization"] = "Bearer secret"
    async with Client(streamable_http_client(f"{BASE}/mcp", http_client=http), mode=mode) as client:
        result: Any = await client.call_tool("ask", {"question": "weather"})
    assert result.structured_content["status"] == "not_in_corpus"


async def test_http_and_mcp_share_one_limit(serve: Callable[..., Any], engine: FakeEngine) -> None:
    http = await serve(max_running=1)
    async with Client(streamable_http_client(f"{BASE}/mcp", http_client=http)) as client:
        body = {"messages": [{"role": "user", "content": "slow"}]}
        slow = asyncio.create_task(http.post("/v1/chat/completions", json=body))
        await engine.started.wait()
        turned_away: Any = await client.call_tool("ask", {"question": "When?"})
        assert turned_away.is_error and "busy" in text_of(turned_away)
        # Search takes no place among the questions.
        assert not (await client.call_tool("search", {"query": "Ascend"})).is_error  # type: ignore[union-attr]
        engine.release.set()
        assert (await slow).status_code == 200
        answered: Any = await client.call_tool("ask", {"question": "When?"})
    assert answered.structured_content["status"] == "answered"
    assert [call[0] for call in engine.calls] == ["slow", "When?"]
    counted = (await http.get("/metrics")).text
    assert 'assistant_answers_total{status="answered"} 2.0' in counted
    assert "assistant_questions_running 0.0" in counted


async def test_a_failed_question_gives_its_place_back(engine: FakeEngine) -> None:
    running = Running(Metrics(), limit=1)
    async with Client(create_mcp_server(engine, running)) as client:
        for question in ("broken", "halfway", "When?"):
            result: Any = await client.call_tool("ask", {"question": question})
            assert "busy" not in text_of(result)
    assert not result.is_error


async def test_over_http_without_the_key(serve: Callable[..., Any], engine: FakeEngine) -> None:
    http = await serve(api_key="secret")
    with pytest.raises(ExceptionGroup) as caught:
        async with Client(streamable_http_client(f"{BASE}/mcp", http_client=http)) as client:
            await client.call_tool("ask", {"question": "When?"})
    assert caught.group_contains(MCPError, match="error response")
    assert engine.calls == []


async def test_over_stdio() -> None:
    folder = str(Path(__file__).parent)
    server = StdioServerParameters(command=sys.executable, args=["-c", STDIO, folder])
    async with Client(stdio_client(server)) as client:
        result: Any = await client.call_tool("get_document", {"path": "chips/2026 plans.md"})
    assert result.structured_content["total_chars"] == len(TEXT)
