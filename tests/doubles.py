"""Doubles that several rooms' tests share: passages, an embedding model of words, and a scripted chat model."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from pydantic import PrivateAttr

from assistant.answering import gate
from assistant.index.lexical import tokenize
from assistant.ingest.sentences import split_sentences
from assistant.models.chat import ChatChoice, ModelSession
from assistant.models.embeddings import EmbeddingModel
from assistant.retrieval.rerank import RankedSentence
from assistant.schema import DocumentInfo, Passage, SearchHit, Sentence, SourceNote


def make_passage(
    text: str,
    *,
    path: str = "chips/2026-05-01-ascend.md",
    title: str = "Huawei's Ascend plans",
    date: dt.date | None = dt.date(2026, 5, 1),
    headings: tuple[str, ...] = (),
    start: int = 0,
    sources: tuple[SourceNote, ...] = (),
) -> Passage:
    """A passage with its sentences; every sentence carries all of its sources."""
    digest = hashlib.sha256(f"{path}\0{start}\0{text}".encode()).hexdigest()
    document = DocumentInfo(
        id=hashlib.sha256(path.encode()).hexdigest()[:16],
        path=path,
        title=title,
        date=date,
        topic=path.partition("/")[0],
    )
    labels = tuple(note.label for note in sources)
    return Passage(
        id=digest[:24],
        document=document,
        text=text,
        char_start=start,
        char_end=start + len(text),
        heading_path=headings,
        sentences=tuple(
            Sentence(text=text[a:b], char_start=start + a, char_end=start + b, note_labels=labels)
            for a, b in split_sentences(text)
        ),
        sources=sources,
    )


def make_hits(*passages: Passage) -> list[SearchHit]:
    return [SearchHit(passage=passage, score=1 / (1 + rank)) for rank, passage in enumerate(passages)]


def rank_all(
    *passages: Passage, probability: float = 0.9, cross: float = math.nan, likeness: float = math.nan
) -> list[RankedSentence]:
    """All sentences in order, each a little less likely than the one before it."""
    items = [(p, s, i) for p in passages for i, s in enumerate(p.sentences)]
    return [
        RankedSentence(passage, sentence, position, probability * 0.99**number, cross, likeness=likeness)
        for number, (passage, sentence, position) in enumerate(items)
    ]


def plain_gate_weights(*, hopeless: float = -99.0, sure: float = 0.5) -> dict[str, Any]:
    """Weights of a gate that follows the language model, and without one wants a best sentence likelier than .35.

    Args:
        hopeless: Logit of the small model, ten times the best probability less 3.5, below which nobody is asked.
        sure: Probability from which on the first sentences suffice.
    """
    combined = {
        kind: {
            "counted": 0.0,
            "margins": [1.0] * len(probes),
            "intercept": 0.0,
            "threshold": 0.5,
            "sure": sure,
        }
        | {"part_sure": 0.0, "part_missing": 0.0}
        for kind, probes in gate.PROBES.items()
    }
    small = {"terms": {"best": [10.0, 0.0, 1.0]}, "intercept": -3.5, "hopeless": hopeless, "alone": 0.0}
    return {"small": {"read": small, "unread": small}, "counted": small, "combined": combined}


class WordEmbeddings(EmbeddingModel):
    """Counts words into hashed places: texts that share words are near each other."""

    name = "words"
    dimension = 512  # type: ignore[assignment]
    max_tokens = 512  # type: ignore[assignment]

    def count_tokens(self, text: str) -> int:
        return 2 + len(text) // 4

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        vectors = []
        for text in texts:
            vector = [1e-3] * 512
            for term in tokenize(text):
                vector[zlib.crc32(term.encode()) % 512] += 1.0
            vectors.append(vector)
        return vectors


class EvenWeights:
    """An index whose terms are all equally rare."""

    def __init__(self, weight: float = 3.0) -> None:
        self.weight = weight

    def term_weights(self, text: str) -> dict[str, float]:
        return dict.fromkeys(tokenize(text), self.weight)

    def sentence_vectors(self, passages: Sequence[Passage]) -> list[NDArray[np.float16] | None]:
        return [each.sentences for each in WordEmbeddings().embed_passages(passages)]


class ScriptedModel(BaseChatModel):
    """Says what a function of the prompt says, in pieces; tells yes-no margins when given them."""

    reply: Callable[[str], str]
    """From the text of the last message to the reply."""
    margin: Callable[[str], float] | None = None
    """From the text of the last message to the log-probability of yes minus no."""
    piece: int = 7
    """Characters a streamed chunk has."""
    _prompts: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _options: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def prompts(self) -> list[str]:
        """The last message of each call."""
        return [str(messages[-1].content) for messages in self._prompts]

    @property
    def options(self) -> list[dict[str, Any]]:
        """The arguments of each call."""
        return self._options

    def _ask(self, messages: list[BaseMessage], options: dict[str, Any]) -> str:
        self._prompts.append(messages)
        self._options.append(options)
        return self.reply(str(messages[-1].content))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = self._ask(messages, {**kwargs, "stop": stop})
        metadata: dict[str, Any] = {}
        if kwargs.get("logprobs") and self.margin is not None:
            metadata["logprobs"] = {"content": [{"top_logprobs": yes_no(self.margin(self.prompts[-1]))}]}
        usage = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
        message = AIMessage(content=text, response_metadata=metadata, usage_metadata=usage)  # type: ignore[arg-type]
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        text = self._ask(messages, {**kwargs, "stop": stop})
        for at in range(0, max(1, len(text)), self.piece):
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[at : at + self.piece]))


def yes_no(margin: float) -> list[dict[str, Any]]:
    """OpenAI's form of the likeliest first tokens."""
    yes = -math.log1p(math.exp(-margin))
    return [{"token": " Yes", "logprob": yes}, {"token": "no", "logprob": yes - margin}]


def local_session(model: BaseChatModel) -> ModelSession:
    """A session that treats a double like the embedded model."""
    return ModelSession(ChatChoice("local", "fake", model))
