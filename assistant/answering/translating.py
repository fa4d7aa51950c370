"""A sentence of a document in Chinese, checked against the original.

Small models stumble over amounts and names, so both are put into Chinese before the model reads the sentence. What
a translation lost is named to it in a second attempt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from langchain_core.messages import AIMessage

from assistant.answering.chinese_figures import chinese_date, with_chinese_figures
from assistant.answering.dates import date_matches, find_dates
from assistant.answering.glossary import Glossary
from assistant.answering.names import find_names
from assistant.answering.prompts import Prompts
from assistant.answering.quantities import find_quantities, quantity_matches
from assistant.answering.reasons import reason
from assistant.answering.verify import Check, ClaimVerifier
from assistant.ingest.sentences import language_of
from assistant.models.chat import ModelSession

_MOST_NAMES = 8
_MOST_TOKENS = 220
# Of the first attempt, and of the second: a freer one often keeps what the first lost.
_TEMPERATURES = (0.0, 0.3)
# Least mean log-probability of a translation by the embedded model. Of its translations of 44 random sentences of the
# corpus that passed every other check, 16 were wrong when read by hand; this leaves out 8 of these and 8 right ones.
_SURE = -0.35
# English words that a translation left standing; names begin with a capital.
_LEFT_ENGLISH = re.compile(r"(?<![A-Za-z.@/-])[a-z]{4,}(?![A-Za-z.@/-])")
_UNIT = re.compile(r"(?<=\d )(?:[A-Z]+i?[Bb](?:/s)?|nm|mm|kW|MW|GW|[A-Z]+FLOPS|TOPS|[KMGT]Hz)\b|(?<=\d)nm\b")
# What a chatty model says before it.
_LEAD = re.compile(r"^(?:(?:翻译(?:如下)?|译文|句子)\s*[：:]\s*|\d\.\s+|[.,;:]\s*)")
# What a translation consists of, besides names: a class in llama.cpp's grammar.
_CHARACTERS = r'[\u4e00-\u9fff0-9 ，。、；：（）“”《》·—～？！%.,:/+×"()-]'
_CODE = re.compile(r"[A-Za-z]*\d+[A-Za-z]+[A-Za-z0-9]*|[A-Z]+[A-Z0-9]*\d+[A-Z0-9]*")
_FIGURE_WITH_UNIT = re.compile(r"^\d+(?:st|nd|rd|th|nm|bn|m|k|s|x)$", re.I)


def translate(
    text: str,
    *,
    context: str,
    session: ModelSession,
    prompts: Prompts,
    verifier: ClaimVerifier,
    glossary: Glossary,
) -> tuple[str, Check] | None:
    """A sentence in Simplified Chinese with its check; None when no attempt keeps what the sentence says.

    Args:
        text: The sentence, in English.
        context: Title, date and headings of its passage.
        session: The model.
        prompts: For the model.
        verifier: Checks the translation against the sentence.
        glossary: Names in both languages.
    """
    doubtful = None
    small = session.choice.kind == "local"
    hints: list[str] = []
    lost_names: list[str] = []
    for temperature in _TEMPERATURES:
        translated, sureness = _attempt(text, hints, lost_names, session, prompts, glossary, temperature)
        if language_of(translated) != "zh":
            continue
        hints = [*lost_figures(text, translated), *_LEFT_ENGLISH.findall(translated)]
        lost_names = _lost_names(text, translated, glossary)
        if hints or lost_names:
            continue
        check = verifier.check(translated, text, context=context)
        if check.verdict == "supported":
            if not small:
                return translated, check
            if sureness is None or sureness >= _SURE:
                return translated, _of_small_model(check)
        elif check.verdict == "partly_supported" and not small:
            doubtful = doubtful or (translated, check)
    return doubtful


def checked_translation(
    text: str, written: str, *, context: str, verifier: ClaimVerifier, glossary: Glossary
) -> tuple[str, Check] | None:
    """A translation that came with the documents, with its check; None when it does not keep what the sentence says.

    Of the translations of the corpus that the check doubts, those that were read are right: they are shown with the
    doubt, as long as no figure and no name is lost.
    """
    check = verifier.check(written, text, context=context)
    if check.verdict == "unsupported":
        if lost_figures(text, written) or _lost_names(text, written, glossary):
            return None
        check = replace(check, verdict="partly_supported")
    return written, check


def lost_figures(original: str, translated: str) -> list[str]:
    """The quantities and dates of the original that a translation lacks, and its codes such as H20 or UE8M0."""
    codes = [code for code in _CODE.findall(original) if not _FIGURE_WITH_UNIT.match(code)]
    lost = [code for code in codes if code.lower() not in translated.lower()]
    there = find_quantities(translated)
    for own in find_quantities(original):
        written = original[own.start : own.end]
        chinese = with_chinese_figures(written)
        same = any(quantity_matches(other, own) or quantity_matches(own, other) for other in there)
        # Before Latin letters, as in "200万H200", a quantity is not read as one.
        if not same and not any(_stands_in(form, translated) for form in (written, chinese)):
            lost.append(chinese)
    dates = find_dates(translated)
    lost += [
        chinese_date(own)
        for own in find_dates(original)
        # A first quarter lies in a first half, but does not translate it.
        if not any(date_matches(own, other) and own.part[:1] == other.part[:1] for other in dates)
    ]
    return list(dict.fromkeys(lost))


def _stands_in(figure: str, text: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d|[.,]\d)", text) is not None


def _lost_names(original: str, translated: str, glossary: Glossary) -> list[str]:
    """The English names that were put into Chinese and are missing from the translation, in whatever spelling."""
    lost = []
    for english, spellings in glossary.put_into_chinese(original).items():
        # A person's last name is enough: 唐纳德·特朗普 is 特朗普, too.
        known = {english, *spellings, *(spelling.split("·")[-1] for spelling in spellings)}
        if english[0].isupper() and not any(name in translated for name in known):
            lost.append(english)
    return lost


def _attempt(
    text: str,
    lost: Sequence[str],
    lost_names: Sequence[str],
    session: ModelSession,
    prompts: Prompts,
    glossary: Glossary,
    temperature: float,
) -> tuple[str, float | None]:
    # A rare character such as that of 昇腾 is too hard for a small model to copy: then the Latin name goes through it.
    prepared = with_chinese_figures(glossary.to_chinese(text, leave=lost_names))
    settled = glossary.put_into_chinese(text)
    names = [pair for pair in glossary.found_in(prepared) if pair[0] not in settled][:_MOST_NAMES]
    hints = []
    if names:
        hints.append("Names: " + "; ".join(f"{english} = {chinese}" for english, chinese in names))
    if lost:
        hints.append("The translation must also say: " + "; ".join(lost))
    reply = session.complete(
        prompts.messages(
            "translate_sentence", hints="".join(f"{hint}\n" for hint in hints), sentence=prepared
        ),
        max_tokens=_MOST_TOKENS,
        temperature=temperature,
        stop=["\n"],
        **({"grammar": _grammar(prepared), "logprobs": True} if session.choice.kind == "local" else {}),
    )
    translated = _LEAD.sub("", reply.text.strip()).strip('"“”')
    return _with_years(prepared, glossary.to_chinese(translated)), _sureness(reply)


def _with_years(prepared: str, translated: str) -> str:
    """The translation with the year before a month that lost it: a model that writes Chinese likes to leave it out."""
    for date in find_dates(prepared):
        if date.year and date.month:
            bare = chinese_date(replace(date, year=None))
            if chinese_date(date) not in translated:
                translated = re.sub(
                    rf"(?<![\d年]){bare}(?![日初中底])", chinese_date(date), translated, count=1
                )
    return translated


def _grammar(prepared: str) -> str:
    """What the embedded model may write: Chinese, figures, marks, and the Latin words that are names of the sentence.

    In llama.cpp's form. Left free, the model keeps every third sentence in English or half of it.
    """
    latin = {word for name in find_names(prepared) for word in name.text.split() if word.isascii()}
    latin |= set(_CODE.findall(prepared)) | set(_UNIT.findall(prepared))
    words = " | ".join(json.dumps(word) for word in sorted(latin, key=lambda word: (-len(word), word)))
    return f"root ::= char+\nchar ::= {_CHARACTERS}{' | ' + words if words else ''}"


def _of_small_model(check: Check) -> Check:
    """The check of a translation by the embedded model, which never counts as fully supported.

    Its translations err in ways that no check sees: "compared with" became "more than", a first half a first quarter
    (`benchmarks/read-by-hand.md`).
    """
    translated = reason("translated")
    return Check("partly_supported", check.score, (*check.reasons, translated))


def _sureness(reply: AIMessage) -> float | None:
    """The mean log-probability of the tokens of a reply, in nats; None when the model does not tell.

    A measure of the quality of translations that needs no reference (Fomicheva et al. 2020, "Unsupervised Quality
    Estimation for Neural Machine Translation").
    """
    content = (reply.response_metadata.get("logprobs") or {}).get("content") or []
    values = [float(entry["logprob"]) for entry in content if entry.get("logprob") is not None]
    return sum(values) / len(values) if values else None
