"""What LangChain's callbacks see of a real assistant: one chain, with its search and its model calls inside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.resources import corpus_folder
from assistant.settings import Settings
from tests.doubles import ScriptedModel, WordEmbeddings

pytestmark = pytest.mark.usefixtures("steady")

BRIEF = "trade/2025-09-17-rtx-pro-6000d-stop-order.md"
QUESTION = "Which companies received the instruction to stop testing and cancel orders of the RTX Pro 6000D?"


class Recorder(BaseCallbackHandler):
    """Keeps the tree of runs as a tracer does."""

    def __init__(self) -> None:
        self.kinds: dict[UUID, str] = {}
        self.parents: dict[UUID, UUID | None] = {}
        self.tags: dict[UUID, list[str]] = {}
        self.found: list[Any] = []
        self.open: set[UUID] = set()
        self.failed: list[str] = []
        self.query = ""

    def _start(self, kind: str, run: UUID, parent: UUID | None, tags: list[str] | None) -> None:
        self.kinds[run], self.parents[run], self.tags[run] = kind, parent, tags or []
        self.open.add(run)

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, **more: Any) -> None:
        self._start("chain", run_id, more["parent_run_id"], more["tags"])

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **more: Any) -> None:
        self.open.discard(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        self.failed.append(self.kinds[run_id])
        self.open.discard(run_id)

    def on_retriever_start(self, serialized: Any, query: str, *, run_id: UUID, **more: Any) -> None:
        self.query = query
        self._start("retriever", run_id, more["parent_run_id"], more["tags"])

    def on_retriever_end(self, documents: Any, *, run_id: UUID, **more: Any) -> None:
        self.found.append(documents)
        self.open.discard(run_id)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        self.failed.append(self.kinds[run_id])
        self.open.discard(run_id)

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: UUID, **more: Any) -> None:
        self._start("model", run_id, more["parent_run_id"], more["tags"])

    def on_llm_end(self, response: Any, *, run_id: UUID, **more: Any) -> None:
        self.open.discard(run_id)

    def all_of(self, kind: str) -> list[UUID]:
        return [run for run, its in self.kinds.items() if its == kind]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, steady: None) -> Iterator[Assistant]:
    corpus, home = tmp_path_factory.mktemp("corpus"), tmp_path_factory.mktemp("home")
    (corpus / BRIEF).parent.mkdir()
    shutil.copy(corpus_folder() / BRIEF, corpus / BRIEF)
    settings = Settings(_env_file=None, home=home, cache=home, corpus=corpus)  # type: ignore[call-arg]
    model = ScriptedModel(reply=lambda _: "ByteDance and Alibaba were among them [1].")
    with Assistant(settings=settings, embedding=WordEmbeddings(), model=model) as assistant:
        yield assistant


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "batch", "abatch"])
async def test_a_chain_holds_the_search_and_the_model_calls(assistant: Assistant, way: str) -> None:
    seen = Recorder()
    config: Any = {"callbacks": [seen], "tags": ["mine"]}
    asked: Any = [QUESTION] if "batch" in way else QUESTION
    result = getattr(assistant, way)(asked, config)
    if way.startswith("a"):
        await result
    (chain,) = seen.all_of("chain")
    (search,) = seen.all_of("retriever")
    models = seen.all_of("model")
    assert models
    assert {seen.parents[run] for run in (search, *models)} == {chain} and seen.parents[chain] is None
    assert all("mine" in seen.tags[run] for run in (chain, search, *models))
    assert not seen.open and not seen.failed
    assert QUESTION in seen.query
    assert {document.metadata["source"] for document in seen.found[0]} == {BRIEF}


async def test_astream_events_tells_of_the_search_before_the_model(assistant: Assistant) -> None:
    events = [event["event"] async for event in assistant.astream_events(QUESTION, version="v2")]
    order = [events.index(f"on_{name}") for name in ("chain_start", "retriever_start", "retriever_end")]
    assert order == sorted(order)
    assert order[-1] < events.index("on_chat_model_start") < len(events) - 1
    assert events[-1] == "on_chain_end"


def test_a_search_that_fails_is_told(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> Any:
        raise AssistantError("The embedding model is gone.")

    monkeypatch.setattr(assistant.library.embeddings, "embed_query", fail)
    seen = Recorder()
    with pytest.raises(AssistantError, match="is gone"):
        assistant.invoke(QUESTION, {"callbacks": [seen]})
    assert seen.failed == ["retriever", "chain"] and not seen.open


def test_the_retriever_is_one_run_also_within_a_chain(assistant: Assistant) -> None:
    for chain in (assistant.as_retriever(k=2), RunnableLambda(str) | assistant.as_retriever(k=2)):
        seen = Recorder()
        documents = chain.invoke(QUESTION, {"callbacks": [seen]})
        assert len(seen.all_of("retriever")) == 1
        assert seen.found == [documents]


def test_a_retry_is_seen_as_two_attempts(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls = assistant.library.embeddings.embed_query, 0

    def once(text: str) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise AssistantError("Not yet.")
        return search(text)

    monkeypatch.setattr(assistant.library.embeddings, "embed_query", once)
    seen = Recorder()
    again = assistant.with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    assert again.invoke(QUESTION, {"callbacks": [seen]}).question == QUESTION
    assert len(seen.all_of("retriever")) == 2 and seen.failed == ["retriever", "chain"]
