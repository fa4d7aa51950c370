"""Where the benchmarks touch the project: models and stages, opened from settings."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.errors import ConfigurationError
from assistant.ingest.sentences import language_of, split_sentences
from assistant.models.chat import ChatChoice, ModelSession, choose_model
from assistant.resources import corpus_folder
from assistant.retrieval.query import Query
from assistant.schema import DocumentInfo, Passage, Sentence, Turn
from assistant.settings import Settings

Reader = Callable[[str, Sequence[Turn]], Query]
"""Makes a question of a conversation ready for retrieval, as the assistant does."""


def open_chat_model(settings: Settings) -> BaseChatModel:
    """The language model that the settings name.

    Raises:
        ConfigurationError: They name none.
    """
    model = choose_model(settings).model
    if model is None:
        raise ConfigurationError("This needs a language model.", "Name one with --model.")
    return model


@dataclass(frozen=True)
class Stages:
    """What reads a question, as the assistant does."""

    choice: ChatChoice
    prompts: Prompts
    glossary: Glossary

    def session(self) -> ModelSession | None:
        """For one question; None when the model is `extractive`."""
        return ModelSession(self.choice) if self.choice.model is not None else None

    def understand(self, question: str, history: Sequence[Turn], session: ModelSession | None) -> Query:
        """The question made ready for retrieval."""
        return understand(
            question, history=history, session=session, prompts=self.prompts, glossary=self.glossary
        )


def open_stages(settings: Settings) -> Stages:
    """The stages with the model that the settings name."""
    corpus = settings.corpus or corpus_folder()
    lines = (line for path in sorted(corpus.rglob("*.md")) for line in path.read_text("utf-8").splitlines())
    return Stages(
        choose_model(settings), Prompts(settings.prompts), Glossary.harvest(lines, settings.glossary)
    )


def open_reader(settings: Settings) -> Reader:
    """The stage that rewrites follow-ups and translates; by rule alone when the model is `extractive`."""
    stages = open_stages(settings)
    return lambda question, history: stages.understand(question, history, stages.session())


def make_passage(name: str, text: str, title: str = "", date: dt.date | None = None) -> Passage:
    """A passage that is a document of its own."""
    digest = hashlib.sha256(f"{name}\n{text}".encode()).hexdigest()[:16]
    document = DocumentInfo(
        id=digest, path=name, title=title, date=date, language=language_of(text), collection="benchmark"
    )
    sentences = tuple(
        Sentence(text=text[start:end], char_start=start, char_end=end) for start, end in split_sentences(text)
    )
    return Passage(
        id=digest, document=document, text=text, char_start=0, char_end=len(text), sentences=sentences
    )
