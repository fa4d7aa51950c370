"""Passages made up in any number, with made-up vectors, written by the index's own writer."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.index.reader import Index
from assistant.index.writer import Writer
from assistant.ingest.sentences import split_sentences
from assistant.models.embedding_model import EmbeddingModel
from assistant.resources import corpus_folder
from assistant.schema import Document, Passage, Sentence

DIMENSION = 384
TOPICS = 1_000
PASSAGES_A_DOCUMENT = 8
_SENTENCES = 4
_GROUP = 4_000
_TOPIC = re.compile(r"topic (\d+)")


class MadeUpVectors(EmbeddingModel):
    """A vector for each text that costs next to nothing: the centre of its topic and noise of its own.

    Texts of one topic have a cosine of about 0.7, of different topics about 0. Vectors without any structure would be
    of no use: in 384 dimensions all of them are equally far from each other.
    """

    name = "made-up"
    dimension = DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        rng = np.random.default_rng(20261130)
        self._centres = rng.standard_normal((TOPICS, DIMENSION), dtype=np.float32)
        self._noise = rng.standard_normal((4096, DIMENSION), dtype=np.float32) * np.float32(0.38)

    def count_tokens(self, text: str) -> int:
        """About as many as for English."""
        return len(text) // 4 + 2

    def _encode(self, texts: Sequence[str], *, query: bool) -> Any:
        digests = [hashlib.sha256(text.encode()).digest() for text in texts]
        rows = np.frombuffer(b"".join(digests), dtype=np.uint16).reshape(len(texts), 16)[:, :3] % 4096
        topics = [int(found[1]) if (found := _TOPIC.search(text)) else 0 for text in texts]
        return self._centres[topics] + self._noise[rows].sum(1)


def corpus_sentences() -> list[str]:
    """Sentences of the briefs, without marks of footnotes."""
    found = []
    for file in sorted(corpus_folder().rglob("*.md")):
        body = file.read_text("utf-8").split("\n---\n", 1)[-1]
        for block in re.split(r"\n\s*\n", body):
            if not block.lstrip().startswith(("#", "[^", "---", "|", "-")) and len(block) > 80:
                text = " ".join(re.sub(r"\[\^[^\]]+\]", "", block).split())
                found += [text[start:end] for start, end in split_sentences(text)]
    return found


def made_up_documents(count: int) -> Iterator[tuple[Document, list[Passage]]]:
    """So many passages in documents of eight, the same for the same count.

    A passage is four sentences of the briefs with other numbers, and a name that three passages share on average.
    """
    sentences = corpus_sentences()
    rng = random.Random(count)
    for number, first in enumerate(range(0, count, PASSAGES_A_DOCUMENT)):
        title = f"Report {number} on topic {rng.randrange(TOPICS)}"
        spans: list[list[tuple[int, int]]] = []
        text = ""
        for _ in range(min(PASSAGES_A_DOCUMENT, count - first)):
            spans.append([])
            for at in range(_SENTENCES):
                sentence = re.sub(r"\d", lambda _: str(rng.randrange(10)), rng.choice(sentences))
                if not at:
                    sentence = f"Name{rng.randrange(max(1, count // 3)):06d}: {sentence}"
                text += " " if text else ""
                spans[-1].append((len(text), len(text) + len(sentence)))
                text += sentence
        digest = hashlib.sha256(f"{count}/{number}/{text}".encode()).hexdigest()
        document = Document(
            id=digest[:16],
            path=f"{number % 100:02d}/report-{number:07d}.md",
            title=title,
            date=dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(900)),
            topic=f"topic-{rng.randrange(10)}",
            entities=(f"Entity {rng.randrange(200)}", f"Entity {rng.randrange(200)}"),
            language="en",
            sha256=digest,
            text=text,
        )
        info = document.info()
        yield (
            document,
            [
                Passage(
                    id=f"{digest[:12]}{ordinal:04d}",
                    document=info,
                    text=text[within[0][0] : within[-1][1]],
                    char_start=within[0][0],
                    char_end=within[-1][1],
                    ordinal=ordinal,
                    sentences=tuple(Sentence(text=text[s:e], char_start=s, char_end=e) for s, e in within),
                )
                for ordinal, within in enumerate(spans)
            ],
        )


def fill(home: Path, count: int, embeddings: EmbeddingModel) -> None:
    """An index of so many passages in this home folder; what an interrupted run wrote is taken up."""
    with Index.open(home, embeddings) as index, index.writing(60) as check:
        writer = Writer(index, embeddings, lambda document, model: [], check=check)
        writer.begin()
        there = {row.id for row in index.wanted.catalog.rows("live", "staged")}
        group: list[tuple[Document, Sequence[Passage]]] = []
        for document, passages in made_up_documents(count):
            if document.id not in there:
                group.append((document, passages))
            if sum(len(each) for _, each in group) >= _GROUP:
                _write(writer, group)
                group = []
        _write(writer, group)
        writer.publish("corpus", [])
        writer.end()


def one_more(home: Path, embeddings: EmbeddingModel, measure: Callable[[Callable[[], None]], Any]) -> Any:
    """What it costs to add one document to an index; it is taken out again.

    Args:
        home: Where the index is.
        embeddings: The model that it was filled with.
        measure: Runs what adds the document, and tells what that took.
    """
    there, passages = next(made_up_documents(PASSAGES_A_DOCUMENT))
    document = there.model_copy(update={"id": "one-more", "path": "one-more.md"})
    passages = [
        p.model_copy(update={"id": f"one-more-{p.ordinal}", "document": document.info()}) for p in passages
    ]
    with Index.open(home, embeddings) as index, index.writing(60) as check:
        writer = Writer(index, embeddings, lambda document, model: [], check=check)

        def add() -> None:
            writer.begin()
            _write(writer, [(document, passages)])
            writer.publish("corpus", [])

        found = measure(add)
        writer.publish("corpus", [document.id])
        writer.end()
    return found


def _write(writer: Writer, group: list[tuple[Document, Sequence[Passage]]]) -> None:
    for error in writer.write(group) if group else ():
        if error is not None:
            raise error
