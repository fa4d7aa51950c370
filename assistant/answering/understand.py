"""Makes a question ready for retrieval: resolves follow-ups, translates Chinese, matches names.

What a model writes here is only searched with; it never reaches the answer. Its output is checked for form
and replaced by a rule when it does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.ingest.sentences import language_of
from assistant.models.chat import ModelSession
from assistant.retrieval.query import (
    Query,
    SearchQuery,
    kinds_of,
    names_in,
    split_parts,
    time_filters,
    wants_latest,
)
from assistant.schema import Filters, Turn

# Words that point back to an earlier turn.
_ANAPHORA = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|those|these|that|this|there|then|the (?:same|other|former|latter|company|firm|deal|"
    r"rule|law|plan|chip|ban|order|fund|one|two|ones)|both|such|one|ones|else|instead|again|too|as well|either|neither)\b",
    re.I,
)
_ELLIPSIS = re.compile(
    r"^(?:and|but|so|or|what about|how about|why|when|where|who|how so|which one|how much|how many|since when)\b[^,]{0,40}\??$|^(?:and|but|so|what about|how about)\b",
    re.I,
)
_ANAPHORA_ZH = re.compile(
    r"它|他|她|这|那|其|该|上述|前者|后者|此|呢|两者|双方|同样|还有|怎么样|为什么$|为什么？$"
)
_FIGURE = r"\d+(?:[.,]\d+)*"
_HISTORY_TURNS = 4
_ANSWER_CHARS = 600


def needs_history(question: str) -> bool:
    """Whether a question that follows others points back to them."""
    if language_of(question) == "zh":
        return len(question) <= 12 or bool(_ANAPHORA_ZH.search(question))
    words = question.split()
    return len(words) <= 5 or bool(_ANAPHORA.search(question)) or bool(_ELLIPSIS.match(question.strip()))


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
    standalone = question
    extra: tuple[SearchQuery, ...] = ()
    if history and needs_history(question):
        standalone = _standalone(question, history, session, prompts)
        if standalone != question:
            extra = (SearchQuery(question, 0.3),)
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


def _standalone(
    question: str, history: Sequence[Turn], session: ModelSession | None, prompts: Prompts
) -> str:
    recent = history[-_HISTORY_TURNS:]
    if session is not None:
        told = "\n".join(
            f"Q: {_one_line(t.question)}\nA: {_one_line(_plain(t.answer))[:_ANSWER_CHARS]}" for t in recent
        )
        reply = session.complete(
            prompts.messages("rewrite", history=told, question=_one_line(question)),
            max_tokens=120,
            stop=["\n"],
        )
        rewritten = reply.text.strip().strip('"').removeprefix("Complete question:").strip()
        if _is_rewrite(rewritten, question, told):
            return rewritten
    return _with_names(question, recent)


def _is_rewrite(text: str, question: str, told: str) -> bool:
    """A rewrite adds words of the conversation, not figures of its own, and keeps the language."""
    if not 3 < len(text) < 400 or language_of(text) != language_of(question):
        return False
    return _figures(text) <= _figures(told) | _figures(question)


def _with_names(question: str, history: Sequence[Turn]) -> str:
    """The question with the names of the last question in parentheses, for want of a rewriting model."""
    last = history[-1].question
    if language_of(last) == "zh":
        return f"{last.rstrip('？?。')}；{question}"
    found = [name for name in names_in(last, skip_first=False) if name not in question]
    return f"{question} ({', '.join(found[:4])})" if found else f"{last} {question}"


def _english(question: str, session: ModelSession | None, prompts: Prompts, glossary: Glossary) -> str:
    prepared = glossary.to_english(question)
    if session is None:
        return prepared
    reply = session.complete(
        prompts.messages("translate_question", question=_one_line(prepared)), max_tokens=120, stop=["\n"]
    )
    text = reply.text.strip()
    if not text or language_of(text) == "zh":
        return prepared
    # A figure that the translation lost is still wanted.
    kept = _figures(text)
    lost = [n for n in re.findall(_FIGURE, prepared) if n not in kept]
    lost += [n for n in re.findall(r"[A-Za-z][A-Za-z0-9.&-]+", prepared) if n.lower() not in text.lower()]
    return f"{text} ({', '.join(dict.fromkeys(lost))})" if lost else text


def _figures(text: str) -> set[str]:
    return set(re.findall(_FIGURE, text))


def _plain(answer: str) -> str:
    return re.sub(r"\s*\[\d+\]", "", answer)


def _one_line(text: str) -> str:
    return " ".join(text.split())
