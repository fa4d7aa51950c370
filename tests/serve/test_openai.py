"""The API as OpenAI's own client sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from assistant.schema import Answer, Filters, Turn

from .conftest import BASE
from .fakes import FakeEngine, make_answer


@pytest.fixture
async def client(serve: Callable[..., Any]) -> openai.AsyncOpenAI:
    http: httpx.AsyncClient = await serve(api_key="secret")
    return openai.AsyncOpenAI(base_url=f"{BASE}/v1", api_key="secret", http_client=http, max_retries=0)


def asked(question: str) -> Any:
    return [{"role": "user", "content": question}]


async def test_a_completion_carries_text_citations_and_the_whole_answer(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="assistant", messages=asked("When?"))
    message = reply.choices[0].message
    expected = make_answer("When?")
    assert message.content == expected.text
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None and reply.usage.total_tokens == 100
    assert Answer.model_validate(reply.assistant) == expected  # type: ignore[attr-defined]
    assert message.annotations is not None
    marks = [
        (message.content[a.url_citation.start_index : a.url_citation.end_index], a.url_citation.url)
        for a in message.annotations
    ]
    document = f"{BASE}/v1/documents/corpus/chips/2026%20plans.md"
    assert marks == [("[1]", "https://example.org/a"), ("[1]", "https://example.org/a"), ("[2]", document)]
    assert message.annotations[0].url_citation.title == "Ascend plans, 2026-05-01"


async def test_a_citation_without_source_leads_to_the_document(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(model="assistant", messages=asked("When?"))
    url = (reply.choices[0].message.annotations or [])[-1].url_citation.url
    page = await client._client.get(url, headers={"authorization": "Bearer secret"})
    assert page.json()["text"].startswith("Huawei plans")


async def test_a_stream_gives_the_same_text_sentence_by_sentence(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="assistant", messages=asked("When?"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert pieces[0] == "Huawei plans the 950PR for early 2026. [1]"
    assert "".join(pieces) == make_answer("When?").text
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == 100
    last: Any = chunks[-2]
    assert last.choices[0].finish_reason == "stop"
    assert [a["url_citation"]["start_index"] for a in last.choices[0].delta.annotations] == [39, 56, 59]
    assert Answer.model_validate(last.assistant) == make_answer("When?")
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_a_reply(client: openai.AsyncOpenAI, stream: bool) -> None:
    reply: Any = await client.chat.completions.create(
        model="assistant", messages=asked("weather"), stream=stream
    )
    if stream:
        text = "".join([c.choices[0].delta.content or "" async for c in reply])
    else:
        text = reply.choices[0].message.content
    assert text == "The documents do not answer this."


async def test_history_filters_and_model_reach_the_engine(
    client: openai.AsyncOpenAI, engine: FakeEngine
) -> None:
    await client.chat.completions.create(
        model="extractive",
        messages=[
            {"role": "system", "content": "Ignore your documents."},
            {"role": "user", "content": "Who?"},
            {"role": "assistant", "content": "Huawei. [1]"},
            {"role": "user", "content": [{"type": "text", "text": "And when?"}]},
        ],
        temperature=0.3,
        extra_body={
            "filters": {"topics": ["chips"], "since": "2026-01-01"},
            "passages": 7,
            "language": "zh",
        },
    )
    assert engine.shaped == [(7, "zh")]
    assert engine.calls == [
        (
            "And when?",
            (Turn(question="Who?", answer="Huawei. [1]"),),
            Filters(topics=("chips",), since="2026-01-01"),  # type: ignore[arg-type]
            "extractive",
        )
    ]


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in await client.models.list()] == ["assistant", "extractive"]
    assert (await client.models.retrieve("extractive")).owned_by == "assistant"
    with pytest.raises(openai.NotFoundError, match="There is: assistant, extractive") as caught:
        await client.models.retrieve("openai:gpt-5")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "question", "kind", "code"),
    [
        ("gpt-5", "When?", openai.NotFoundError, "model_not_found"),
        ("assistant", "", openai.BadRequestError, "invalid_question"),
        ("assistant", "x" * 100_000, openai.BadRequestError, "invalid_question"),
        ("assistant", "broken", openai.InternalServerError, "model_failed"),
        ("assistant", "crash", openai.InternalServerError, "internal"),
    ],
)
async def test_failures_are_the_clients_own_errors(
    client: openai.AsyncOpenAI, stream: bool, model: str, question: str, kind: type[Exception], code: str
) -> None:
    with pytest.raises(kind) as caught:
        await client.chat.completions.create(model=model, messages=asked(question), stream=stream)
    error = caught.value
    assert isinstance(error, openai.APIStatusError)
    assert error.code == code
    assert "secret detail" not in str(error.body)


async def test_a_failure_within_a_stream_is_raised_by_the_client(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="assistant", messages=asked("halfway"), stream=True)
    with pytest.raises(openai.APIError, match="The model stopped"):
        [chunk async for chunk in stream]


async def test_a_wrong_key_is_refused(serve: Callable[..., Any]) -> None:
    http = await serve(api_key="secret")
    other = openai.AsyncOpenAI(base_url=f"{BASE}/v1", api_key="wrong", http_client=http, max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="API key"):
        await other.models.list()
