"""Where the benchmarks touch the project: models and stages, opened from settings."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.errors import ConfigurationError
from assistant.ingest.sentences import language_of, split_sentences
from assistant.models.chat import ModelSession, choose_model
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


def open_reader(settings: Settings) -> Reader:
    """The stage that rewrites follow-ups and translates; by rule alone when the model is `extractive`."""
    choice = choose_model(settings)
    session = ModelSession(choice) if choice.model is not None else None
    corpus = settings.corpus or corpus_folder()
    lines = (line for path in sorted(corpus.rglob("*.md")) for line in path.read_text("utf-8").splitlines())
    prompts, glossary = Prompts(settings.prompts), Glossary.harvest(lines, settings.glossary)
    return lambda question, history: understand(
        question, history=history, session=session, prompts=prompts, glossary=glossary
    )


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
