"""Chat messages in, answers out: completions whole and streamed, citations as annotations."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from assistant.errors import QuestionError
from assistant.schema import Answer, AnswerEvent, Citation, Claim, ClaimEvent, Event, StepEvent, Turn
from assistant.serve.errors import describe, encode, error_reply
from assistant.serve.wire import (
    Annotation,
    Choice,
    Completion,
    Message,
    ReplyMessage,
    UrlCitation,
    dump,
    usage_of,
)

_MARK = re.compile(r"\[(\d{1,4})\]")


def read_messages(messages: list[Message]) -> tuple[str, tuple[Turn, ...]]:
    """Question and history of a chat.

    System messages have no effect: what the assistant may say is decided by its documents.

    Raises:
        QuestionError: The last message is not the user's.
    """
    spoken = [message for message in messages if message.role in ("user", "assistant")]
    if not spoken or spoken[-1].role != "user":
        raise QuestionError("The last message is not the user's.", "End the messages with a question.")
    turns: list[Turn] = []
    asked: list[str] = []
    for message in spoken[:-1]:
        if message.role == "user":
            asked.append(message.text())
        elif asked and message.content is not None:  # without content it called a tool
            turns.append(Turn(question="\n".join(asked), answer=message.text()))
            asked = []
    return spoken[-1].text(), tuple(turns)


def address_of(citation: Citation, base_url: str) -> str:
    """The primary source when the quote names one, else the document on this server."""
    for note in citation.sources:
        if note.url:
            return note.url
    document = citation.passage.document
    return f"{base_url}v1/documents/{quote(document.collection, safe='')}/{quote(document.path)}"


def annotations_of(text: str, answer: Answer, base_url: str) -> list[Annotation]:
    """One annotation for each mark in the text, with its place in it.

    Args:
        text: What the client gets; offsets are code points of it.
        answer: Whose citations the marks point to.
        base_url: Address of this server, with a slash at its end.
    """
    cited = {citation.number: citation for citation in answer.citations}
    found = []
    for mark in _MARK.finditer(text):
        citation = cited.get(int(mark[1]))
        if citation is not None:
            document = citation.passage.document
            place = ", ".join(str(part) for part in (document.title, document.date) if part)
            found.append(
                Annotation(
                    url_citation=UrlCitation(
                        start_index=mark.start(),
                        end_index=mark.end(),
                        url=address_of(citation, base_url),
                        title=place,
                    )
                )
            )
    return found


def completion_of(answer: Answer, model: str, base_url: str) -> Completion:
    """An answer as a chat completion."""
    message = ReplyMessage(content=answer.text, annotations=annotations_of(answer.text, answer, base_url))
    return Completion(
        id=_identifier(),
        created=int(time.time()),
        model=model,
        choices=[Choice(message=message)],
        usage=usage_of(answer),
        assistant=answer,
    )


async def stream_of(
    events: AsyncIterator[Event], *, model: str, base_url: str, include_usage: bool
) -> AsyncIterator[bytes]:
    """An answer as server-sent events: sentences as they are checked, citations with the last chunk.

    Steps are sent as comments: they keep the connection open, and clients skip them.
    """
    head = {
        "id": _identifier(),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
    }

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**head, "choices": [choice], **more})

    sent = ""
    yield chunk({"role": "assistant", "content": ""})
    try:
        async for event in events:
            if isinstance(event, StepEvent):
                yield f": {' '.join(event.message.split())}\n\n".encode("utf-8", "replace")
            elif isinstance(event, ClaimEvent):
                piece = (" " if sent else "") + _marked(event.claim)
                sent += piece
                yield chunk({"content": piece})
            elif isinstance(event, AnswerEvent):
                answer = event.answer
                if rest := _rest(sent, answer.text):
                    sent += rest
                    yield chunk({"content": rest})
                cited = [dump(annotation) for annotation in annotations_of(sent, answer, base_url)]
                yield chunk({"annotations": cited}, "stop", assistant=dump(answer))
                if include_usage:
                    yield _data({**head, "choices": [], "usage": dump(usage_of(answer))})
    except Exception as error:  # the status is sent already: the error goes where clients look for it
        status, message, code = describe(error)
        yield b"data: " + encode(error_reply(status, message, code=code)) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _rest(sent: str, text: str) -> str:
    """What the whole text has after the part already sent; nothing when it was worded anew meanwhile."""
    if not sent:
        return text
    words = sent.split()
    matched = re.match(r"\s*" + r"\s*".join(map(re.escape, words)), text)
    return text[matched.end() :] if matched else ""


def _marked(claim: Claim) -> str:
    marks = "".join(f"[{number}]" for number in claim.citations)
    return f"{claim.text} {marks}" if marks else claim.text


def _identifier() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode("ascii") + b"\n\n"
