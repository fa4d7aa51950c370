"""Makes a question ready for retrieval: resolves follow-ups, translates Chinese, matches names.

What a model writes here is only searched with; it never reaches the answer. Its output is checked for form
and replaced by a rule when it does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.follow_ups import figures_of, standalone_question
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.ingest.sentences import language_of
from assistant.models.chat import ModelSession
from assistant.retrieval.query import (
    Query,
    SearchQuery,
    kinds_of,
    split_parts,
    time_filters,
    wants_latest,
)
from assistant.schema import Filters, Turn


def understand(
    question: str,
    *,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    session: ModelSession | None = None,
    prompts: Prompts,
    glossary: Glossary,
) -> Query:
    """A query from a question and its conversation.

    Args:
        question: As asked.
        history: Earlier turns, oldest first.
        filters: What the caller allows.
        session: The language model; without one, follow-ups get the names of the turns before and a Chinese
            question is searched in Chinese, with the English names it holds.
        prompts: For the model.
        glossary: Names in both languages.
    """
    standalone = standalone_question(question, history, session, prompts)
    extra = () if standalone == question else (SearchQuery(question, 0.3),)
    language = language_of(standalone)
    english = _english(standalone, session, prompts, glossary) if language == "zh" else standalone
    # Parts in the language that the ranker reads.
    parts = split_parts(english)
    kinds = kinds_of(standalone)
    if english != standalone and kinds == ("other",):
        kinds = kinds_of(english)
    return Query(
        question=question,
        standalone=standalone,
        language=language_of(question),
        english=english,
        parts=parts,
        kinds=kinds,
        filters=time_filters(standalone, filters),
        prefer_recent=wants_latest(standalone),
        extra=extra,
    )


def _english(question: str, session: ModelSession | None, prompts: Prompts, glossary: Glossary) -> str:
    prepared = glossary.to_english(question)
    if session is None:
        return prepared
    reply = session.complete(
        prompts.messages("translate_question", question=" ".join(prepared.split())),
        max_tokens=120,
        stop=["\n"],
    )
    text = reply.text.strip()
    if not text or language_of(text) == "zh":
        return prepared
    # A figure that the translation lost is still wanted.
    kept = set(figures_of(text))
    lost = [n for n in figures_of(prepared) if n not in kept]
    lost += [n for n in re.findall(r"[A-Za-z][A-Za-z0-9.&-]+", prepared) if n.lower() not in text.lower()]
    return f"{text} ({', '.join(dict.fromkeys(lost))})" if lost else text
