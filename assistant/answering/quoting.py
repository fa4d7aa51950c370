"""Answers made of sentences of the documents: nothing is restated, so nothing can be turned round.

An English answer quotes; a Chinese one gives each sentence in translation, with the original as its quote: the
translation that came with the documents, else one by the model. It falls back to the original where the translation
does not pass the check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace

from assistant.answering.compose import CheckedSentence, Support
from assistant.answering.evidence import choose_sentences, reading_order, with_antecedents
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.repeats import repeats
from assistant.answering.translating import checked_translation, translate
from assistant.answering.verify import Check, ClaimVerifier, passage_context
from assistant.ingest.sentences import language_of
from assistant.ingest.translations import one_line
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence

# Sentences that are compared with one that is quoted, and documents that are named beside its own.
_COMPARED = 60
_MORE = 2


def quote_claims(
    query: Query,
    ranked: Sequence[RankedSentence],
    *,
    language: str,
    session: ModelSession | None,
    prompts: Prompts,
    verifier: ClaimVerifier,
    glossary: Glossary,
    translations: Mapping[str, str],
) -> Iterator[CheckedSentence]:
    """The sentences of the answer in reading order.

    Args:
        query: The question.
        ranked: Sentences of the retrieved passages, likeliest first.
        language: Of the answer.
        session: The model that translates; without one sentences that have no translation stay in their language.
        prompts: For the translation.
        verifier: Checks the translation against the original.
        glossary: Names to use in the translation.
        translations: Chinese by English sentence, white space collapsed, as they came with the documents.
    """
    chosen = reading_order(query, with_antecedents(choose_sentences(query, ranked)))

    def said(item: RankedSentence) -> CheckedSentence:
        sentence = _said(item, language, session, prompts, verifier, glossary, translations)
        return replace(sentence, supports=(*sentence.supports, *_also_said(item, ranked)))

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


def _also_said(item: RankedSentence, ranked: Sequence[RankedSentence]) -> Iterator[Support]:
    """The same statement in other documents, the likeliest first."""
    text = item.sentence.text
    known = {item.passage.document.id}
    for other in ranked[:_COMPARED]:
        same = other.sentence.text
        if other.passage.document.id not in known and repeats(same, text) and repeats(text, same):
            known.add(other.passage.document.id)
            yield Support(other.passage, other.sentence.char_start, other.sentence.char_end, 1.0)
            if len(known) > _MORE:
                return


def _said(
    item: RankedSentence,
    language: str,
    session: ModelSession | None,
    prompts: Prompts,
    verifier: ClaimVerifier,
    glossary: Glossary,
    translations: Mapping[str, str],
) -> CheckedSentence:
    """The sentence itself, or its checked translation."""
    text = one_line(item.sentence.text)
    start, end = item.sentence.char_start, item.sentence.char_end
    verbatim = CheckedSentence(text, Check("supported", 1.0), (Support(item.passage, start, end, 1.0),))
    if language != "zh" or language_of(text) == "zh":
        return verbatim
    context = passage_context(item.passage)
    translated = None
    if (written := translations.get(text)) is not None:
        translated = checked_translation(text, written, context=context, verifier=verifier, glossary=glossary)
    if translated is None and session is not None:
        translated = translate(
            text, context=context, session=session, prompts=prompts, verifier=verifier, glossary=glossary
        )
    if translated is None:
        return verbatim
    said, check = translated
    return CheckedSentence(said, check, (Support(item.passage, start, end, check.score),))
