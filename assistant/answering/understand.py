"""Makes a question ready for retrieval: resolves follow-ups, and names in English what a Chinese question names.

What a model writes here is only searched with; it never reaches the answer. Its output is checked for form
and replaced by a rule when it does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.follow_ups import standalone_question
from assistant.answering.glossary import Glossary
from assistant.answering.name_table import NameTable
from assistant.answering.prompts import Prompts
from assistant.answering.subjects import subjects_of
from assistant.ingest.scripts import is_traditional, simplified
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
    names: NameTable | None = None,
) -> Query:
    """A query from a question and its conversation.

    Args:
        question: As asked.
        history: Earlier turns, oldest first.
        filters: What the caller allows.
        session: The language model, for follow-ups; without one they get the names of the turns before.
        prompts: For the model.
        glossary: Names in both languages.
        names: Other spellings, for names that the question sets side by side; these are not looked for when None.
    """
    in_traditional = is_traditional(question) and language_of(question) == "zh"
    asked = simplified(question) if in_traditional else question
    standalone = standalone_question(asked, history, session, prompts)
    extra = () if standalone == asked else (SearchQuery(asked, 0.3),)
    language = language_of(standalone)
    # Not translated: the embedding model compares the languages, and on 93 Chinese questions .80 of the facts are within
    # five sentences this way; a translation took four seconds.
    english = glossary.to_english(standalone) if language == "zh" else standalone
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
        subjects=subjects_of(standalone, names) if names is not None else (),
        traditional=in_traditional,
        extra=extra,
    )
