"""The assistant as a tool that a LangChain agent calls."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Protocol

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, Field

from assistant.schema import Answer, Filters

NAME = "ask_documents"
DESCRIPTION = (
    "Answers a question about China's AI and chip strategy from a document collection. Every sentence of the answer "
    "carries a [^n] mark that points to a quoted passage; pass marks and sources on. It says so when the documents "
    "do not answer."
)


class ToolInput(BaseModel):
    """What a model may give the tool."""

    question: Annotated[str, Field(description="A complete question, in English or Chinese.")]
    topics: Annotated[list[str] | None, Field(description="Only documents of these topics.")] = None
    since: Annotated[dt.date | None, Field(description="Only documents of this day or later, ISO 8601.")] = (
        None
    )
    until: Annotated[
        dt.date | None, Field(description="Only documents of this day or earlier, ISO 8601.")
    ] = None


class _Asked(Protocol):
    def ask(self, question: str, *, filters: Filters | None = None) -> Answer: ...
    async def aask(self, question: str, *, filters: Filters | None = None) -> Answer: ...


def make_tool(assistant: _Asked, name: str | None = None, description: str | None = None) -> BaseTool:
    """A tool over an assistant; the model reads Markdown with footnotes, the caller finds the `Answer` as artifact."""

    def chosen(given: dict[str, Any]) -> Filters:
        return Filters(**{field: value for field, value in given.items() if value})

    def ask(question: str, **given: Any) -> tuple[str, Answer]:
        answer = assistant.ask(question, filters=chosen(given))
        return answer.to_markdown(), answer

    async def aask(question: str, **given: Any) -> tuple[str, Answer]:
        answer = await assistant.aask(question, filters=chosen(given))
        return answer.to_markdown(), answer

    return StructuredTool.from_function(
        func=ask,
        coroutine=aask,
        name=name or NAME,
        description=description or DESCRIPTION,
        args_schema=ToolInput,
        response_format="content_and_artifact",
    )
