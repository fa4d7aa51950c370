"""Requests and replies on the wire, in the form that OpenAI's clients send and expect."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StrictBool,
    field_validator,
    model_validator,
)

from assistant.request import MOST_PASSAGES, AnswerLanguage
from assistant.schema import Answer, Document, DocumentInfo, Filters, SearchHit

DEFAULT_MODEL = "assistant"


class _Body(BaseModel):
    """What clients send."""

    @model_validator(mode="before")
    @classmethod
    def _encodable(cls, value: Any) -> Any:
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            # JSON can say it, but no reply could repeat it.
            raise ValueError("the text holds half of a surrogate pair") from None
        return value


class WireFilters(Filters):
    """Which documents may be used; dates are given as `2026-05-01` and in no other way."""

    @field_validator("since", "until", mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        # Pydantic would read 0 as the first day of 1970.
        if value is not None and not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)):
            raise ValueError("a date is written as 2026-05-01")
        return value

    @field_validator("topics", "entities", "documents", "collections", "languages", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _told(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        # As the errors of all other fields: with the field's place in the request.
        return handler(value)

    def plain(self) -> Filters:
        """The same as the engine knows it."""
        return Filters(**self.model_dump())


class TextPart(BaseModel):
    """A piece of text within a message."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One message of a chat."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    def text(self) -> str:
        """The message's text, its parts joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a streamed reply."""

    model_config = ConfigDict(extra="allow")

    include_usage: StrictBool = False


class ResponseFormat(BaseModel):
    """The form of the reply, which is always text: a demand for JSON is refused rather than broken."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text"] = "text"


class ChatRequest(_Body):
    """A chat completion. Other fields of OpenAI's interface are accepted and have no effect."""

    model_config = ConfigDict(extra="allow")

    model: str = DEFAULT_MODEL
    messages: list[Message] = Field(min_length=1, max_length=1000)
    """The last one is the question; earlier pairs of user and assistant are its history."""
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    response_format: ResponseFormat | None = None
    tool_choice: Literal["auto", "none"] | None = None
    """Tools may be offered and are never called; a call cannot be demanded."""
    filters: WireFilters | None = None
    """Which documents may be used; an extension, as are the next two."""
    passages: Annotated[int, Field(ge=1, le=MOST_PASSAGES, strict=True)] | None = None
    """Passages that retrieval hands on."""
    language: AnswerLanguage | None = None
    """Of the answer; `auto` is that of the question."""


class UrlCitation(BaseModel):
    """Where a mark stands in the text and what it points to."""

    start_index: int
    end_index: int
    url: str
    title: str


class Annotation(BaseModel):
    """A citation of the reply's text."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class ReplyMessage(BaseModel):
    """The answer as a message."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation] = []


class Choice(BaseModel):
    """The one choice of a completion."""

    index: int = 0
    message: ReplyMessage
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Usage(BaseModel):
    """Tokens of the language model."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """A chat completion; `assistant` holds the whole answer with claims, verdicts and quotes."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    assistant: Answer


class Model(BaseModel):
    """A model that can be asked."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """All models that can be asked."""

    object: Literal["list"] = "list"
    data: list[Model]


class SearchRequest(_Body):
    """A search without an answer."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1)]
    k: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    filters: WireFilters | None = None


class SearchReply(BaseModel):
    """Passages, best first."""

    object: Literal["list"] = "list"
    data: list[SearchHit]


class DocumentList(BaseModel):
    """Documents without their text."""

    object: Literal["list"] = "list"
    data: list[DocumentInfo]


class DocumentReply(Document):
    """A document with its text."""


class Health(BaseModel):
    """Whether the server can answer."""

    status: Literal["ok"] = "ok"
    ready: bool
    """False while models are loading; a question asked now waits for them."""
    model: str


class ErrorBody(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(BaseModel):
    """An error as OpenAI's clients expect it."""

    error: ErrorBody


def usage_of(answer: Answer) -> Usage:
    """Token usage of an answer."""
    read, written = answer.usage.input_tokens, answer.usage.output_tokens
    return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


def dump(model: BaseModel) -> dict[str, Any]:
    """A reply as JSON values."""
    return model.model_dump(mode="json")
