"""Makes a question of a conversation readable without it.

A model writes the stand-alone question. Left free, the embedded one drops most of what was asked in 21 of the 91
follow-ups of `benchmarks/training/follow-ups.yaml`, mostly to repeat an earlier question. So it has to begin as the
user did, up to the word that points back, or to keep the user's words where little more than a name was said. What
does not fit all the same, and every follow-up without a model, gets names and words of the turns before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from assistant.answering.prompts import Prompts
from assistant.index.lexical import tokenize
from assistant.ingest.sentences import language_of
from assistant.models.chat import ModelSession
from assistant.retrieval.query import names_in
from assistant.schema import Turn

_PRONOUN = "it|its|they|them|their|theirs|he|him|his|she|her|those|these"
# Words that point back to an earlier turn. "that", "this" and "there" mostly do not: they join clauses.
_POINTS_BACK = re.compile(
    rf"\b(?:{_PRONOUN}|"
    r"(?:this|that|the) (?:same|other|former|latter|company|firm|deal|rule|law|chip|one|two|ones)|"
    r"(?:this|the) (?:plan|ban|order|fund)|"
    r"both|either|neither|else|instead|as well|such an?)\b"
    r"|\b(?:this|that)\b(?=\s*(?:[?.!,]|$|(?:is|was|does|did|has|will|mean|compare|affect|apply|change|cost|work)\b))",
    re.I,
)
# At the end of a question they rarely mean a word of its own.
_POINTS_BACK_LAST = re.compile(r"\b(?:there|then|too|again|as well|this|that|instead|else)\s*[?.!]*$", re.I)
_JOINS = re.compile(r"^(?:and|but|so|or)\b[,:]?\s*", re.I)
_ELLIPSIS = re.compile(r"^(?:and|but|so|or|what about|how about|since when|how so|which one)\b", re.I)
_WHAT_ABOUT = re.compile(r"^(?:what|how) about\s+", re.I)
_ASKS = re.compile(
    r"^(?:who|whom|whose|what|when|where|which|why|how|(?:on|in|at|by|for|from|to|until|since|with|under|against) "
    r"(?:whom|what|which|when)|(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|may|might)(?:n't)?)\b",
    re.I,
)
# Where the name goes that a word stands for. A possessive keeps its place: "its sales" are "the sales of SMIC", too.
_STANDS_FOR_NAME = re.compile(
    rf"\b(?:{_PRONOUN}|(?:this|that|the) (?:company|firm|group)|"
    r"the (?:two|former|latter)|(?<!is )(?<!are )(?<!was )(?<!were )(?<!^)there|"
    r"(?:(?<=did )|(?<=does )|(?<=do )|(?<=of )|(?<=for )|(?<=can )|(?<=will ))one(?! of))\b"
    r"|\b(?:this|that)\b(?=\s*(?:[?.!,]|$|(?:is|was|does|did|has|will|might|may|could|for|mean|compare|affect|apply|change|cost|work)\b))",
    re.I,
)
# What stands for them begins with a capital, and for "there" it is "in" such a place.
_PROPER = re.compile(r" (?:company|firm|group|two|former|latter)$|^there$", re.I)
_LOOSE_END = re.compile(r"\s+(?:there|then|by then|too|again|as well|instead|afterwards)$", re.I)
# A question needs that many words of its own to stand alone.
_OWN_TERMS = 3
# More of them are no name that was dropped into the conversation.
_DROPPED_WORDS = 6
# Share of these that a rewrite keeps: otherwise it asks something else.
_KEPT_TERMS = 0.34
# Of the turn before: more of them bury the question.
_TOPIC_TERMS = 4
_POINTS_BACK_ZH = re.compile(
    r"它|他|她|这|那|其|该|上述|前者|后者|此|呢|两者|双方|同样|还有|怎么样|为什么$|为什么？$"
)
_UNRESOLVED_ZH = re.compile(
    r"^那(?!么)|它|(?:那|这|该|两)(?:家|款|个|种|项)|该公司|前者|后者|两者|双方|呢[？?]?$"
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
_TURNS = 4
_ANSWER_CHARS = 600


def needs_history(question: str) -> bool:
    """Whether a question that follows others points back to them."""
    if language_of(question) == "zh":
        return len(question) <= 12 or bool(_POINTS_BACK_ZH.search(question))
    text = question.strip()
    if len(content_words(text)) < _OWN_TERMS or _ELLIPSIS.match(text) or _POINTS_BACK_LAST.search(text):
        return True
    pointer = _POINTS_BACK.search(text)
    if pointer is None:
        return False
    # After several words of content, a pronoun means one of them, if they name something.
    before = text[: pointer.start()]
    return len(content_words(before)) < _OWN_TERMS or not names_in(before)


def content_words(text: str) -> list[str]:
    """The words of an English text that are not grammar or conversation, in order."""
    words = (_CONTRACTION.sub("", word.strip(".'’")) for word in _WORD.findall(text))
    return [word for word in words if word and word.lower() not in _FUNCTION_WORDS]


def standalone_question(
    question: str, history: Sequence[Turn], session: ModelSession | None, prompts: Prompts
) -> str:
    """The question as one can ask it without the conversation; itself when it does not point back.

    Args:
        question: As asked.
        history: Earlier turns, oldest first.
        session: The language model; without one, the names of the turns before are added.
        prompts: For the model.
    """
    if not history or not needs_history(question):
        return question
    if session is None:
        return _with_topic(question, history)
    chinese = language_of(question) == "zh"
    # The small model keeps the language of its instructions.
    name, asks, answers = ("rewrite_chinese", "问：", "答：") if chinese else ("rewrite", "Q: ", "A: ")
    told = "\n".join(
        f"{asks}{_one_line(t.question)}\n{answers}{_one_line(_plain(t.answer))[:_ANSWER_CHARS]}"
        for t in history[-_TURNS:]
    )
    form = None if chinese or session.choice.kind != "local" else _form(_one_line(question))
    reply = session.complete(
        prompts.messages(name, history=told, question=_one_line(question)),
        max_tokens=120,
        stop=["\n"],
        **({"grammar": form} if form else {}),
    )
    text = re.sub(r"^(?:Complete question:|完整的问题：)", "", reply.text.strip().strip('"“”')).strip()
    return text if _is_rewrite(text, question, told) else _with_topic(question, history)


def _form(question: str) -> str | None:
    """What a rewrite of an English question may look like, as a grammar of llama.cpp; None when anything may.

    - up to the first word that stands for a name: as the user asked; then a name, and the rest freely;
    - without such a word: all as the user asked, then what is missing;
    - "And" or "what about" and a few words that ask nothing alone ("And Hua Hong's?"): they stand somewhere.
    """
    asked = question.rstrip("?.! ")
    joined = _JOINS.sub("", asked)
    text = _WHAT_ABOUT.sub("", joined)
    free = "c ::= [^?\\n]\nroot ::= "
    if text != joined or not _ASKS.match(text):
        few = 0 < len(text.split()) <= _DROPPED_WORDS and not _POINTS_BACK.search(text)
        return f'{free}c+ {json.dumps(text, ensure_ascii=False)} c* "?"' if text != asked and few else None
    text = _LOOSE_END.sub("", text[0].upper() + text[1:])
    if (pointer := _STANDS_FOR_NAME.search(text)) is not None:
        name = "[A-Z0-9]" if _PROPER.search(pointer.group()) else '([A-Z0-9] | "the " | "both ")'
        begin = text[: pointer.start()] + ("in " if pointer.group().lower() == "there" else "")
        return f'{free}{json.dumps(begin, ensure_ascii=False)} {name} c* "?"'
    return f'{free}{json.dumps(text, ensure_ascii=False)} " " [A-Za-z0-9] c* "?"'


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
    return set(figures_of(text)) <= {*figures_of(told), *figures_of(question)}


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


def figures_of(text: str) -> list[str]:
    """The figures of a text as they are written, in order."""
    return re.findall(r"\d+(?:[.,]\d+)*", text)


def _plain(answer: str) -> str:
    return re.sub(r"\s*\[\d+\]", "", answer)


def _one_line(text: str) -> str:
    return " ".join(text.split())
