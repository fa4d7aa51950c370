"""Answers that a model writes from numbered passages; each sentence is checked before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering.compose import CheckedSentence, Support
from assistant.answering.evidence import budget_for
from assistant.answering.fencing import fenced_passages
from assistant.answering.markers import DraftSentence, is_refusal, read_draft
from assistant.answering.prompts import Prompts
from assistant.answering.reasons import reason
from assistant.answering.verify import Check, ClaimVerifier, passage_context
from assistant.index.lexical import tokenize
from assistant.ingest.sentences import language_of, word_count
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence
from assistant.schema import Passage, SearchHit

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|javascript:|data:)[^\s<>\"'()（）\[\]，。；]+", re.I
)
# Share of a sentence's longer words that its passages must hold, whatever else speaks for it.
_FEWEST_WORDS = 0.2
_LANGUAGES = {"en": "English", "zh": "Simplified Chinese"}


def write_claims(
    query: Query,
    hits: Sequence[SearchHit],
    read: Sequence[RankedSentence],
    *,
    language: str,
    session: ModelSession,
    prompts: Prompts,
    verifier: ClaimVerifier,
) -> Iterator[CheckedSentence]:
    """The sentences that the model wrote, each with its verdict, as they come.

    A sentence is checked against the passages it names; one that names none, or none that supports it, gets
    the passage that does, or the verdict `unsupported`.

    Args:
        query: The question.
        hits: Passages, best first.
        read: The sentences that fit into the evidence.
        language: Of the answer.
        session: The model.
        prompts: For the answer.
        verifier: Checks the sentences.
    """
    passages = evidence_passages(hits, read)
    budget = budget_for(query)
    order = "- Put events in the order of their dates." if "timeline" in query.kinds else ""
    messages = prompts.messages(
        "answer", evidence=fenced_passages(passages), question=query.standalone,
        language=_LANGUAGES.get(language, "the language of the question"), sentences=str(budget.sentences), order=order,
    )  # fmt: skip
    done = 0
    text = ""
    for piece in session.stream(messages):
        text += piece
        if is_refusal(text):
            return
        sentences = read_draft(text, len(passages), complete=False)
        # The last sentence may still grow, or get its mark.
        for sentence in sentences[done:-1]:
            yield check_sentence(sentence, passages, verifier)
        done = max(done, len(sentences) - 1)
    for sentence in read_draft(text, len(passages))[done:]:
        yield check_sentence(sentence, passages, verifier)


def evidence_passages(hits: Sequence[SearchHit], read: Sequence[RankedSentence]) -> list[Passage]:
    """The passages of the chosen sentences, whole, as long as they fit into as many words as the sentences had."""
    allowed = sum(word_count(item.sentence.text) for item in read)
    wanted = {item.passage.id for item in read}
    out: list[Passage] = []
    used = 0.0
    for hit in hits:
        cost = word_count(hit.passage.text)
        if hit.passage.id in wanted and (not out or used + cost <= allowed):
            out.append(hit.passage)
            used += cost
    return out


def check_sentence(
    sentence: DraftSentence, passages: Sequence[Passage], verifier: ClaimVerifier
) -> CheckedSentence:
    """Checks one sentence, first against the passages that it names, then against all.

    An address that no passage holds is never shown, however well the rest of the sentence is supported.
    """
    for address in _ADDRESS.findall(sentence.text):
        if not any(address.rstrip(".,;:!?。，；") in passage.text for passage in passages):
            unknown = reason("address_unknown", said=address[:80])
            return CheckedSentence(sentence.text, Check("unsupported", 0.0, (unknown,)), ())
    named = [number - 1 for number in sentence.numbers]
    result = _attributed(sentence.text, named, passages, verifier)
    if result is None or result.check.verdict != "supported":
        everywhere = _attributed(sentence.text, range(len(passages)), passages, verifier)
        if everywhere is not None and (result is None or everywhere.check.score > result.check.score):
            result = everywhere
    if result is None or _speaks_of_something_else(result):
        return CheckedSentence(sentence.text, Check("unsupported", 0.0, (reason("unstated"),)), ())
    return result


def _speaks_of_something_else(checked: CheckedSentence) -> bool:
    """Whether hardly a word of a sentence occurs in its passages; across languages words cannot tell."""
    passages = [support.passage for support in checked.supports]
    if not passages or any(language_of(checked.text) != language_of(passage.text) for passage in passages):
        return False
    said = {term for term in tokenize(checked.text) if len(term) > 3 or not term.isascii()}
    known = {term for p in passages for term in tokenize(f"{passage_context(p)} {p.text}")}
    return bool(said) and len(said & known) < _FEWEST_WORDS * len(said)


def _attributed(
    text: str, positions: Sequence[int], passages: Sequence[Passage], verifier: ClaimVerifier
) -> CheckedSentence | None:
    if not positions:
        return None
    candidates = [passages[position] for position in positions]
    found = verifier.attribute(text, candidates)
    supports = []
    for position, check in found:
        passage = candidates[position]
        start, end = check.quote or (0, len(passage.text))
        supports.append(Support(passage, passage.char_start + start, passage.char_start + end, check.score))
    worst = min((check for _, check in found), key=lambda check: check.score)
    return CheckedSentence(text, worst, tuple(supports))
