"""What is measured on one question: retrieval, evidence, answer, refusal and speed.

Every measure gives, for one row, a numerator and a denominator, or None where it does not apply. The figure
of a set is the sum of numerators over the sum of denominators: with denominators of 1 that is the mean over
questions, and for refusal it gives precision, recall and F1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal

from assistant.evaluation.facts import count_words, fact_recall, found_facts
from assistant.evaluation.records import EvalRow
from assistant.schema import Answer

Group = Literal["retrieval", "evidence", "answer", "citations", "refusal", "speed"]
Observation = tuple[float, float] | None

DOCUMENT_CUTOFFS = (1, 3, 5, 10)
PASSAGE_CUTOFFS = (4, 6, 10, 20)
EVIDENCE_WORDS = 450


@dataclass(frozen=True)
class Metric:
    """A named measure over rows."""

    key: str
    """Name in JSON."""
    label: str
    """Name in tables."""
    group: Group
    observe: Callable[[EvalRow], Observation]
    kind: Literal["share", "median", "p90"] = "share"
    unit: Literal["", "words", "s"] = ""
    better: Literal["higher", "lower", "neither"] = "higher"
    explanation: str = ""


def document_name(path: str) -> str:
    """File name of a document, by which question sets name it."""
    return PurePosixPath(path).name


def is_refusal(answer: Answer | None) -> bool:
    """Whether the answer says that the documents do not hold what was asked."""
    return answer is not None and answer.status == "not_in_corpus"


def answer_facts(row: EvalRow, *, by_value: bool = False) -> list[bool]:
    """For each fact of the question, whether the answer's text contains it; none of a refusal counts."""
    text = "" if row.answer is None or is_refusal(row.answer) else row.answer.text
    return found_facts(text, row.question.facts, by_value=by_value)


def cut_evidence(text: str, words: int) -> str:
    """The beginning of a text, about so many words of it."""
    length = count_words(text)
    # The same share of characters as of words: near enough, and the same for every script.
    return text if length <= words else text[: int(len(text) * words / length)]


@lru_cache(maxsize=512)
def _ranking_measures(documents: tuple[str, ...], briefs: tuple[str, ...]) -> dict[str, float]:
    """Standard measures of one ranking of documents, by ir-measures (trec_eval's definitions)."""
    import ir_measures

    measures = {f"recall@{k}": ir_measures.R @ k for k in DOCUMENT_CUTOFFS}
    measures |= {"mrr": ir_measures.RR, "ndcg@10": ir_measures.nDCG @ 10}
    if not documents:
        return dict.fromkeys(measures, 0.0)
    relevant = {"q": dict.fromkeys(briefs, 1)}
    run = {"q": {name: 1.0 / rank for rank, name in enumerate(documents, start=1)}}
    values = ir_measures.calc_aggregate(list(measures.values()), relevant, run)
    return {name: float(values[measure]) for name, measure in measures.items()}


def _ranking(name: str) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if row.retrieved is None or not row.question.answerable:
            return None
        documents = tuple(dict.fromkeys(document_name(passage.document) for passage in row.retrieved))
        return _ranking_measures(documents, row.question.briefs)[name], 1.0

    return observe


def _facts_at(k: int) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if row.retrieved is None or not row.question.answerable:
            return None
        text = "\n".join(passage.text for passage in row.retrieved[:k])
        return fact_recall(text, row.question.facts), 1.0

    return observe


def _evidence_facts(row: EvalRow) -> Observation:
    if row.evidence is None or not row.question.answerable:
        return None
    return fact_recall(row.evidence, row.question.facts), 1.0


def _evidence_facts_within(words: int) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if row.evidence is None or not row.question.answerable:
            return None
        return fact_recall(cut_evidence(row.evidence, words), row.question.facts), 1.0

    return observe


def _evidence_words(row: EvalRow) -> Observation:
    if row.evidence is None:
        return None
    return float(count_words(row.evidence)), 1.0


def _on_answerable(value: Callable[[EvalRow], float]) -> Callable[[EvalRow], Observation]:
    """For answerable questions, failed ones included: an error finds nothing."""

    def observe(row: EvalRow) -> Observation:
        if not row.question.answerable or (row.answer is None and not row.error):
            return None
        return value(row), 1.0

    return observe


def _share_of_facts(row: EvalRow, *, by_value: bool = False) -> float:
    found = answer_facts(row, by_value=by_value)
    return sum(found) / len(found)


def _all_facts(row: EvalRow) -> float:
    return float(all(answer_facts(row)))


def _cited_names(row: EvalRow) -> set[str]:
    return {document_name(path) for path in row.answer.cited_documents} if row.answer else set()


def _citation_precision(row: EvalRow) -> Observation:
    cited = _cited_names(row)
    # What is not cited can be neither right nor wrong; `cited` and citation recall show the lack.
    if not cited or not row.question.answerable or is_refusal(row.answer):
        return None
    return len(cited & set(row.question.briefs)) / len(cited), 1.0


def _citation_recall(row: EvalRow) -> float:
    briefs = set(row.question.briefs)
    return 0.0 if is_refusal(row.answer) else len(_cited_names(row) & briefs) / len(briefs)


def _claims(share: Callable[[Answer], tuple[float, float]]) -> Callable[[EvalRow], Observation]:
    """Over all sentences of all answers, so that long answers weigh more."""

    def observe(row: EvalRow) -> Observation:
        if row.answer is None or is_refusal(row.answer) or not row.answer.claims:
            return None
        return share(row.answer)

    return observe


def _cited(answer: Answer) -> tuple[float, float]:
    numbers = {citation.number for citation in answer.citations}
    cited = sum(bool(numbers.intersection(claim.citations)) for claim in answer.claims)
    return float(cited), float(len(answer.claims))


def _supported(answer: Answer) -> tuple[float, float]:
    return float(sum(claim.verdict == "supported" for claim in answer.claims)), float(len(answer.claims))


def _unsupported(answer: Answer) -> tuple[float, float]:
    return float(sum(claim.verdict == "unsupported" for claim in answer.claims)), float(len(answer.claims))


def _removed(row: EvalRow) -> Observation:
    if row.answer is None or not (row.answer.removed or row.answer.claims):
        return None
    return float(len(row.answer.removed)), float(len(row.answer.removed) + len(row.answer.claims))


def _verbatim(row: EvalRow) -> Observation:
    if row.answer is None or not row.answer.citations:
        return None
    quotes = [bool(c.quote) and c.quote in c.passage.text for c in row.answer.citations]
    return float(sum(quotes)), float(len(quotes))


def _answered(row: EvalRow) -> bool:
    return row.answer is not None or bool(row.error)


def _refusal_precision(row: EvalRow) -> Observation:
    if not _answered(row) or not is_refusal(row.answer):
        return None
    return float(not row.question.answerable), 1.0


def _refused_when(*, answerable: bool) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if not _answered(row) or row.question.answerable is not answerable:
            return None
        return float(is_refusal(row.answer)), 1.0

    return observe


def _refusal_f1(row: EvalRow) -> Observation:
    refused, unanswerable = is_refusal(row.answer), not row.question.answerable
    if not _answered(row) or not (refused or unanswerable):
        return None
    return 2.0 * (refused and unanswerable), float(refused + unanswerable)


def _partial_when(*, answerable: bool) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if row.answer is None or row.question.answerable is not answerable:
            return None
        return float(row.answer.status == "partial"), 1.0

    return observe


def _words(row: EvalRow) -> Observation:
    if row.answer is None or is_refusal(row.answer):
        return None
    return float(count_words(row.answer.text)), 1.0


def _seconds(row: EvalRow) -> Observation:
    return None if row.answer is None or row.seconds is None else (row.seconds, 1.0)


def _first_claim(row: EvalRow) -> Observation:
    return None if row.first_claim_seconds is None else (row.first_claim_seconds, 1.0)


def _stage(name: str) -> Callable[[EvalRow], Observation]:
    def observe(row: EvalRow) -> Observation:
        if row.answer is None or name not in row.answer.timings:
            return None
        return row.answer.timings[name], 1.0

    return observe


def metrics_for(rows: Sequence[EvalRow], *, evidence_words: int = EVIDENCE_WORDS) -> tuple[Metric, ...]:
    """The measures that apply to these rows, in the order of a report.

    Args:
        rows: Rows of one or more runs; their answers say which stages were timed.
        evidence_words: The length to which evidence is cut when it is compared between configurations.
    """
    stages = dict.fromkeys(name for row in rows if row.answer for name in row.answer.timings)
    words = f"facts within its first {evidence_words} words"
    metrics = (
        *(
            Metric(f"brief_recall@{k}", f"briefs in top {k} documents", "retrieval", _ranking(f"recall@{k}"))
            for k in DOCUMENT_CUTOFFS
        ),
        Metric("mrr", "MRR of briefs", "retrieval", _ranking("mrr")),
        Metric("ndcg@10", "nDCG@10 of briefs", "retrieval", _ranking("ndcg@10")),
        *(
            Metric(f"fact_recall@{k}", f"facts in top {k} passages", "retrieval", _facts_at(k))
            for k in PASSAGE_CUTOFFS
        ),
        Metric("evidence_facts", "facts within the evidence", "evidence", _evidence_facts),
        Metric("evidence_facts_cut", words, "evidence", _evidence_facts_within(evidence_words)),
        *_spread("evidence_words", "words of evidence", "evidence", _evidence_words, "words", "neither"),
        Metric("fact_recall", "fact recall", "answer", _on_answerable(_share_of_facts), explanation=_MACRO),
        Metric(
            "fact_recall_by_value",
            "fact recall, equal values count",
            "answer",
            _on_answerable(lambda row: _share_of_facts(row, by_value=True)),
            explanation="64.97亿 counts for 6.497 billion, November 9 for 9 November",
        ),
        Metric("all_facts", "all facts found", "answer", _on_answerable(_all_facts)),
        *_spread("words", "words of the answer", "answer", _words, "words", "neither"),
        Metric("cited_sentences", "sentences with a citation", "citations", _claims(_cited)),
        Metric("citation_precision", "citation precision by document", "citations", _citation_precision),
        Metric(
            "citation_recall", "citation recall by document", "citations", _on_answerable(_citation_recall)
        ),
        Metric("verbatim_quotes", "quotes verbatim in their passage", "citations", _verbatim),
        Metric("supported", "sentences found supported", "citations", _claims(_supported)),
        Metric(
            "unsupported", "sentences found unsupported", "citations", _claims(_unsupported), better="lower"
        ),
        Metric("removed", "sentences written but removed", "citations", _removed, better="neither"),
        Metric("refused_unanswerable", "unanswerable refused", "refusal", _refused_when(answerable=False)),
        Metric(
            "refused_answerable",
            "answerable refused",
            "refusal",
            _refused_when(answerable=True),
            better="lower",
        ),
        Metric("refusal_precision", "refusal precision", "refusal", _refusal_precision),
        Metric("refusal_f1", "refusal F1", "refusal", _refusal_f1),
        Metric(
            "partial_answerable",
            "answerable answered in part",
            "refusal",
            _partial_when(answerable=True),
            better="neither",
        ),
        Metric(
            "partial_unanswerable",
            "unanswerable answered in part",
            "refusal",
            _partial_when(answerable=False),
            better="lower",
        ),
        *_spread("seconds", "whole answer", "speed", _seconds, "s", "lower"),
        *_spread("first_claim_seconds", "first sentence", "speed", _first_claim, "s", "lower"),
        *(
            metric
            for name in stages
            for metric in _spread(f"stage_{name}", f"stage {name}", "speed", _stage(name), "s", "lower")
        ),
    )
    return tuple(metric for metric in metrics if any(metric.observe(row) is not None for row in rows))


_MACRO = "mean over answerable questions; a refusal or failure finds nothing"


def _spread(
    key: str,
    label: str,
    group: Group,
    observe: Callable[[EvalRow], Observation],
    unit: Literal["words", "s"],
    better: Literal["lower", "neither"],
) -> tuple[Metric, Metric]:
    """Median and 90th percentile of one quantity."""
    return (
        Metric(key, f"{label}, median", group, observe, "median", unit, better),
        Metric(f"{key}_p90", f"{label}, 90th percentile", group, observe, "p90", unit, better),
    )
