"""What is under way when a question is given up, the assistant is closed, or the interpreter ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import QuestionError
from assistant.schema import Answer
from assistant.work import Work
from tests.doubles import WordEmbeddings

pytestmark = pytest.mark.usefixtures("steady", "bare_environment")
QUESTION = "How many quartz chips did Zorbium Works ship?"


class Gated(WordEmbeddings):
    """Stops at the second question until it is let go."""

    def __init__(self) -> None:
        self.armed = False
        self.reached, self.go = threading.Event(), threading.Event()

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        if self.armed:
            self.reached.set()
            assert self.go.wait(60)
        return super()._encode(texts, query=query)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for n in range(30):
        (folder / f"{n}.md").write_text(
            f"# Note {n}\n\nZorbium Works shipped {n} quartz chips in 2026. A second sentence on {n}.\n"
        )
    return folder


@pytest.fixture
def gated(tmp_path: Path, corpus: Path) -> Iterator[tuple[Assistant, Gated]]:
    embedding = Gated()
    assistant = Assistant(model="extractive", home=tmp_path / "home", corpus=corpus, embedding=embedding)
    assistant.sync()
    embedding.armed = True
    yield assistant, embedding
    embedding.go.set()
    assistant.close()


class Asking(threading.Thread):
    """Asks, and keeps what came of it."""

    def __init__(self, assistant: Assistant) -> None:
        super().__init__()
        self.assistant = assistant
        self.answer: Answer | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.answer = self.assistant.ask(QUESTION)
        except BaseException as error:
            self.error = error


def test_closing_ends_a_question_of_another_thread(gated: tuple[Assistant, Gated]) -> None:
    assistant, embedding = gated
    asking = Asking(assistant)
    asking.start()
    assert embedding.reached.wait(60)
    closing = threading.Thread(target=assistant.close)
    closing.start()
    while not assistant.work.closed:
        pass
    embedding.go.set()
    closing.join(60)
    asking.join(60)
    assert isinstance(asking.error, QuestionError)
    with pytest.raises(QuestionError, match="closed"):
        assistant.ask(QUESTION)


def test_closing_waits_within_a_bound_and_releases_later() -> None:
    released, begun, go = threading.Event(), threading.Event(), threading.Event()
    work = Work(released.set)

    def piece() -> None:
        with work.piece():
            begun.set()
            assert go.wait(60)

    thread = threading.Thread(target=piece)
    thread.start()
    assert begun.wait(60)
    assert work.close(0.0) is False and not released.is_set()
    go.set()
    thread.join(60)
    assert released.is_set() and work.close(0.0) is True


@pytest.mark.parametrize("how", ["cancel", "timeout", "leave the stream"])
async def test_a_question_that_is_given_up_ends_at_its_next_step(
    how: str, gated: tuple[Assistant, Gated]
) -> None:
    assistant, embedding = gated
    if how == "leave the stream":
        stream = assistant.astream(QUESTION)
        first = asyncio.create_task(anext(stream))
        await asyncio.to_thread(embedding.reached.wait, 60)
        first.cancel()
    elif how == "timeout":
        asked = asyncio.create_task(asyncio.wait_for(assistant.aask(QUESTION), 0.01))
        with pytest.raises(TimeoutError):
            await asked
    else:
        task = asyncio.create_task(assistant.aask(QUESTION))
        await asyncio.to_thread(embedding.reached.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    embedding.go.set()
    # Nothing is left that closing would have to wait for.
    assert await asyncio.to_thread(assistant.work.close, 60)


def test_a_stream_that_lies_unread_holds_nothing_up(gated: tuple[Assistant, Gated]) -> None:
    assistant, embedding = gated
    embedding.armed = False
    stream = assistant.stream(QUESTION)
    next(stream)
    assert assistant.work.close(0.0)
    with pytest.raises(QuestionError, match="closed"):
        list(stream)


SCRIPT = """
import asyncio, sys, threading
from contextlib import suppress
from assistant import Assistant
from assistant.errors import AssistantError

assistant = Assistant(model=sys.argv[2], home=sys.argv[3], corpus=sys.argv[4], embedding=sys.argv[5])

async def cancelled():
    stream = assistant.astream(sys.argv[6])
    async for event in stream:
        if event.type in ("evidence", "step") and getattr(event, "stage", "retrieve") == "retrieve":
            return

how = sys.argv[1]
if how == "cancelled":
    asyncio.run(cancelled())
elif how == "left":
    stream = assistant.stream(sys.argv[6])
    next(stream)
elif how == "thread":
    begun = threading.Event()
    def ask():
        with suppress(AssistantError):
            for event in assistant.stream(sys.argv[6]):
                begun.set()
    threading.Thread(target=ask, daemon=True).start()
    begun.wait()
elif how == "warming up":
    def warm_up():
        with suppress(AssistantError):
            assistant.warm_up()
    threading.Thread(target=warm_up, daemon=True).start()
elif how == "closed":
    asyncio.run(cancelled())
    assistant.close()
print("the end")
"""


def run(how: str, model: str, embedding: str, home: Path, corpus: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, how, model, str(home), str(corpus), embedding, QUESTION]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)


@pytest.mark.embedding
@pytest.mark.parametrize("how", ["cancelled", "left", "thread", "warming up", "closed"])
def test_the_interpreter_ends_well(how: str, tmp_path: Path, corpus: Path) -> None:
    done = run(how, "extractive", "e5", tmp_path / "home", corpus)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")


@pytest.mark.model
@pytest.mark.parametrize("how", ["cancelled", "thread", "warming up", "closed"])
def test_the_interpreter_ends_well_with_the_language_model(how: str, tmp_path: Path, corpus: Path) -> None:
    done = run(how, "local", "e5", tmp_path / "home", corpus)
    assert (done.returncode, done.stdout) == (0, "the end\n"), done.stderr
