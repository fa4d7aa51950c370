"""Makes a question ready for retrieval: resolves follow-ups, translates Chinese, matches names.

What a model writes here is only searched with; it never reaches the answer. Its output is checked for form
and replaced by a rule when it does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.index.lexical import tokenize
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

# Words that point back to an earlier turn. "that", "this" and "there" mostly do not: they join clauses.
_ANAPHORA = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|those|these|"
    r"(?:this|that|the) (?:same|other|former|latter|company|firm|deal|rule|law|chip|one|two|ones)|"
    r"(?:this|the) (?:plan|ban|order|fund)|"
    r"both|either|neither|else|instead|as well|such an?)\b"
    r"|\b(?:this|that)\b(?=\s*(?:[?.!,]|$|(?:is|was|does|did|has|will|mean|compare|affect|apply|change|cost|work)\b))",
    re.I,
)
# At the end of a question they rarely mean a word of its own.
_ANAPHORA_LAST = re.compile(r"\b(?:there|then|too|again|as well|this|that|instead|else)\s*[?.!]*$", re.I)
_ELLIPSIS = re.compile(r"^(?:and|but|so|or|what about|how about|since when|how so|which one)\b", re.I)
# A question needs that many words of its own to stand alone.
_OWN_TERMS = 3
# Share of these that a rewrite keeps: one in four rewrites by the embedded model of MTRAG's follow-ups kept none
# and asked something else.
_KEPT_TERMS = 0.34
# Of the turn before: more of them bury the question.
_TOPIC_TERMS = 4
_ANAPHORA_ZH = re.compile(
    r"它|他|她|这|那|其|该|上述|前者|后者|此|呢|两者|双方|同样|还有|怎么样|为什么$|为什么？$"
)
_WORD = re.compile(r"[A-Za-z0-9][\w&.'’-]*")
_CONTRACTION = re.compile(r"(?:n['’]t|['’](?:s|re|ve|ll|d|m))$")
_FUNCTION_WORDS = frozenset(
    """a an the and or but so of in on at to for from by with without about as than into over under between through
    during before after until since against is are was were be been being am do does did done has have had having
    can could will would shall should may might must ca wo i you he she it we they me him her us them my your his its
    our their mine yours theirs this that these those here there what which who whom whose when where why how not no
    yes if then too very just only also more most much many any some all each every other another such same own both
    either neither again else instead ever still already now one ones thing things something anything someone anyone
    ok okay please thanks thank hi hello well oh really actually tell know mean meant think say said sure like want
    get got let make talking speaking regarding way kind lot""".split()  # noqa: SIM905 - words, not code
)
_UNRESOLVED_ZH = re.compile(
    r"^那(?!么)|它|(?:那|这|该|两)(?:家|款|个|种|项)|该公司|前者|后者|两者|双方|呢[？?]?$"
)
_FIGURE = r"\d+(?:[.,]\d+)*"
_HISTORY_TURNS = 4
_ANSWER_CHARS = 600


def needs_history(question: str) -> bool:
    """Whether a question that follows others points back to them."""
    if language_of(question) == "zh":
        return len(question) <= 12 or bool(_ANAPHORA_ZH.search(question))
    text = question.strip()
    if len(content_words(text)) < _OWN_TERMS or _ELLIPSIS.match(text) or _ANAPHORA_LAST.search(text):
        return True
    pointer = _ANAPHORA.search(text)
    # After several words of content, a pronoun means one of them.
    return pointer is not None and len(content_words(text[: pointer.start()])) < _OWN_TERMS


def content_words(text: str) -> list[str]:
    """The words of an English text that are not grammar or conversation, in order."""
    words = (_CONTRACTION.sub("", word.strip(".'’")) for word in _WORD.findall(text))
    return [word for word in words if word and word.lower() not in _FUNCTION_WORDS]


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
        # The small model keeps the language of its instructions.
        name, asks, answers = (
            ("rewrite_chinese", "问：", "答：")
            if language_of(question) == "zh"
            else ("rewrite", "Q: ", "A: ")
        )
        told = "\n".join(
            f"{asks}{_one_line(t.question)}\n{answers}{_one_line(_plain(t.answer))[:_ANSWER_CHARS]}"
            for t in recent
        )
        reply = session.complete(
            prompts.messages(name, history=told, question=_one_line(question)), max_tokens=120, stop=["\n"]
        )
        rewritten = re.sub(
            r"^(?:Complete question:|完整的问题：)", "", reply.text.strip().strip('"“”')
        ).strip()
        if _is_rewrite(rewritten, question, told):
            return rewritten
    return _with_topic(question, history)


def _is_rewrite(text: str, question: str, told: str) -> bool:
    """A rewrite adds words of the conversation, not figures of its own, and keeps the language and what was asked.

    It points back no more.
    """
    if not 3 < len(text) < 400 or language_of(text) != language_of(question):
        return False
    if language_of(text) == "zh" and _UNRESOLVED_ZH.search(text):
        return False
    # By their beginnings: "suspended" is kept in "suspension".
    own = {term[:5] for word in content_words(question) for term in tokenize(word)}
    if own and len(own & {term[:5] for term in tokenize(text)}) < _KEPT_TERMS * len(own):
        return False
    return _figures(text) <= _figures(told) | _figures(question)


def _with_topic(question: str, history: Sequence[Turn]) -> str:
    """The question with what the turns before were about in parentheses, for want of a rewriting model.

    Names come first, then other words of content. A turn that points back itself brings those of the turn
    before it.
    """
    last = history[-1].question
    if language_of(last) == "zh":
        return f"{last.rstrip('？?。')}；{question}"
    said = {word.lower() for word in content_words(question)}
    names: list[str] = []
    words: list[str] = []
    for turn in reversed(history):
        if language_of(turn.question) == "zh":
            break
        for name in map(_bare_name, names_in(turn.question, skip_first=False)):
            terms = {word.lower() for word in content_words(name)}
            if not terms <= said:
                names.append(name)
                said |= terms
        for word in content_words(turn.question):
            if word.lower() not in said:
                words.append(word)
                said.add(word.lower())
        if not needs_history(turn.question):
            break
    topic = [*names, *words][:_TOPIC_TERMS]
    return f"{question} ({', '.join(topic)})" if topic else f"{last} {question}"


def _bare_name(name: str) -> str:
    """A name without the words of grammar that a capital at the start of a sentence joined to it."""
    return " ".join(word for word in name.split() if word.lower() not in _FUNCTION_WORDS)


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
