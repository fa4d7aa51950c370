"""Answers made of sentences of the documents: nothing is restated, so nothing can be turned round.

An English answer quotes; a Chinese one gives each sentence in translation, with the original as its quote,
and falls back to the original where the translation does not pass the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from assistant.answering.chinese_amounts import with_chinese_amounts
from assistant.answering.compose import CheckedSentence, Support
from assistant.answering.evidence import choose_sentences, reading_order, with_antecedents
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.quantities import find_quantities, quantity_matches
from assistant.answering.reasons import reason
from assistant.answering.render import words
from assistant.answering.verify import Check, ClaimVerifier, passage_context
from assistant.ingest.sentences import language_of
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence

_MOST_NAMES = 8


def quote_claims(
    query: Query,
    ranked: Sequence[RankedSentence],
    *,
    language: str,
    session: ModelSession | None,
    prompts: Prompts,
    verifier: ClaimVerifier,
    glossary: Glossary,
) -> Iterator[CheckedSentence]:
    """The sentences of the answer in reading order.

    Args:
        query: The question.
        ranked: Sentences of the retrieved passages, likeliest first.
        language: Of the answer.
        session: The model that translates; without one sentences stay in their language.
        prompts: For the translation.
        verifier: Checks the translation against the original.
        glossary: Names to use in the translation.
    """
    chosen = reading_order(query, with_antecedents(choose_sentences(query, ranked)))

    def said(item: RankedSentence) -> CheckedSentence:
        return _said(item, language, session, prompts, verifier, glossary)

    if session is None or language != "zh":
        yield from map(said, chosen)
        return
    # The engine writes two translations in little more time than one.
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(copy_context().run, said, item) for item in chosen]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _said(
    item: RankedSentence,
    language: str,
    session: ModelSession | None,
    prompts: Prompts,
    verifier: ClaimVerifier,
    glossary: Glossary,
) -> CheckedSentence:
    """The sentence itself, or its checked translation."""
    text = " ".join(item.sentence.text.split())
    start, end = item.sentence.char_start, item.sentence.char_end
    verbatim = CheckedSentence(text, Check("supported", 1.0), (Support(item.passage, start, end, 1.0),))
    if session is None or language != "zh" or language_of(text) == "zh":
        return verbatim
    # A small model adds a figure or turns a name at times; a second, freer attempt often does not.
    doubtful = None
    for temperature in (0.0, 0.6):
        translated = _translated(text, session, prompts, glossary, temperature)
        if not translated or not keeps_figures(text, translated) or _LEFT_ENGLISH.search(translated):
            continue
        check = verifier.check(translated, text, context=passage_context(item.passage))
        said = CheckedSentence(
            translated, _of_small_model(check, session), (Support(item.passage, start, end, check.score),)
        )
        if check.verdict == "supported":
            return said
        if check.verdict == "partly_supported":
            doubtful = doubtful or said
    return doubtful or verbatim


def _of_small_model(check: Check, session: ModelSession) -> Check:
    """The check of a translation by the embedded model, which never counts as fully supported.

    Of 41 of its translations that passed, read by hand, 7 were wrong in ways no check saw: "compared with" became
    "more than", a first half a first quarter.
    """
    if session.choice.kind != "local" or check.verdict != "supported":
        return check
    translated = reason("translated", words=words("zh")["translated"])
    return Check("partly_supported", check.score, (*check.reasons, translated))


# English words that a translation left standing; names begin with a capital.
_LEFT_ENGLISH = re.compile(r"(?<![A-Za-z.@/-])[a-z]{4,}(?![A-Za-z.@/-])")
_CODE = re.compile(r"[A-Za-z]*\d+[A-Za-z]+[A-Za-z0-9]*|[A-Z]+[A-Z0-9]*\d+[A-Z0-9]*")
_UNITS = re.compile(r"^\d+(?:st|nd|rd|th|nm|bn|m|k|s|x)$", re.I)


def keeps_figures(original: str, translated: str) -> bool:
    """Whether a translation has every quantity of the original, and every product code such as H20 or UE8M0."""
    codes = [code for code in _CODE.findall(original) if not _UNITS.match(code)]
    if any(code.lower() not in translated.lower() for code in codes):
        return False
    there = find_quantities(translated)
    return all(
        any(quantity_matches(other, own) or quantity_matches(own, other) for other in there)
        for own in find_quantities(original)
    )


def _translated(
    text: str, session: ModelSession, prompts: Prompts, glossary: Glossary, temperature: float
) -> str:
    names = glossary.found_in(text)[:_MOST_NAMES]
    listed = "Names: " + "; ".join(f"{english} = {chinese}" for english, chinese in names) if names else ""
    reply = session.complete(
        prompts.messages("translate_sentence", names=listed, sentence=with_chinese_amounts(text)),
        max_tokens=220,
        temperature=temperature,
        stop=["\n"],
    )
    translated = reply.text.strip().strip('"“”')
    return translated if language_of(translated) == "zh" else ""
