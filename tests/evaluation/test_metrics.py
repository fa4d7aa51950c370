import pytest

from assistant.evaluation.metrics import cut_evidence, metrics_for
from assistant.evaluation.records import EvalRow, Evaluation, RankedPassage
from assistant.evaluation.summary import compare, summarise
from assistant.schema import Answer

from .fakes import answer, gold, passage, unanswerable

A = passage("a.md", "Huawei planned 600,000 dies in 2026.")
B = passage("b.md", "Something else about 24 firms.")


def ranked(*documents: str, text: str = "x") -> tuple[RankedPassage, ...]:
    return tuple(RankedPassage(document=f"chips/{name}", text=text) for name in documents)


def value(metric: str, *rows: EvalRow) -> float | None:
    figures = summarise(Evaluation(name="run", rows=rows)).groups["all"]
    return figures[metric].value if metric in figures else None


def row(reply: Answer | None = None, **values: object) -> EvalRow:
    return EvalRow.model_validate({"question": gold(), "answer": reply, **values})


RIGHT = answer("q", [("They planned 600,000 dies.", A, "supported")])
WRONG = answer("q", [("They planned 24 dies.", B, "unsupported"), ("Nobody knows.", None, "unsupported")])
REFUSAL = answer("q", status="not_in_corpus")


def test_ranking_of_documents_by_their_best_passage() -> None:
    question = gold(briefs=["a.md", "b.md"])
    found = row(question=question, retrieved=ranked("x.md", "a.md", "a.md", "y.md", "b.md"))
    # Documents in order: x, a, y, b.
    assert value("brief_recall@1", found) == 0.0
    assert value("brief_recall@3", found) == 0.5
    assert value("brief_recall@5", found) == 1.0
    assert value("mrr", found) == 0.5
    # (1/log2(3) + 1/log2(5)) / (1/log2(2) + 1/log2(3))
    assert value("ndcg@10", found) == pytest.approx(0.6509, abs=1e-4)


def test_nothing_retrieved_is_zero_and_not_searched_is_not_counted() -> None:
    assert value("mrr", row(retrieved=())) == 0.0
    assert value("mrr", row(RIGHT)) is None
    assert value("mrr", row(question=unanswerable("u", "?"), retrieved=ranked("a.md"))) is None


def test_facts_within_passages_and_evidence() -> None:
    filler = "word " * 20
    passages = (*ranked(*"bcdef", text=filler), RankedPassage(document="a.md", text=A.text))
    text = "\n".join(each.text for each in passages)
    found = row(RIGHT, retrieved=passages, evidence=text)
    assert value("fact_recall@4", found) == 0.0
    assert value("fact_recall@6", found) == 1.0
    assert value("evidence_facts", found) == 1.0
    assert value("evidence_words", found) == 106


def test_evidence_is_cut_at_the_limit() -> None:
    text = "one two three four five six\none two three four five six"
    assert cut_evidence(text, 100) == text
    assert cut_evidence(text, 6) == text[:27]
    assert value("evidence_facts_cut", row(RIGHT, evidence="word " * 500 + A.text)) == 0.0
    assert value("evidence_facts", row(RIGHT, evidence="word " * 500 + A.text)) == 1.0


def test_sentences_that_were_removed() -> None:
    removed = RIGHT.model_copy(update={"removed": WRONG.claims})
    assert value("removed", row(removed)) == pytest.approx(2 / 3)


def test_answer_and_citations() -> None:
    assert value("fact_recall", row(RIGHT)) == 1.0
    assert value("fact_recall", row(RIGHT), row(WRONG)) == 0.5
    half = row(RIGHT, question=gold(facts=["600,000", "H20"]))
    assert value("fact_recall", half) == 0.5
    assert value("all_facts", half) == 0.0
    assert value("citation_precision", row(RIGHT), row(WRONG)) == 0.5
    assert value("citation_recall", row(RIGHT), row(WRONG)) == 0.5
    # One of three sentences lacks a citation, whichever answer it stands in.
    assert value("cited_sentences", row(RIGHT), row(WRONG)) == pytest.approx(2 / 3)
    assert value("supported", row(RIGHT), row(WRONG)) == pytest.approx(1 / 3)
    assert value("unsupported", row(RIGHT), row(WRONG)) == pytest.approx(2 / 3)
    assert value("words", row(RIGHT)) == 4


def test_a_fact_in_a_refusal_or_in_a_mark_does_not_count() -> None:
    told = REFUSAL.model_copy(update={"text": "Nothing on 600,000 dies."})
    assert value("fact_recall", row(told)) == 0.0
    marked = answer("q", [("They planned it.", A, "supported")])
    assert value("fact_recall", row(marked, question=gold(facts=["1"]))) == 0.0


def test_an_answer_without_citation_has_no_precision_but_no_recall_either() -> None:
    bare = answer("q", [("They planned 600,000 dies.", None, "unsupported")])
    assert value("citation_precision", row(bare)) is None
    assert value("citation_recall", row(bare)) == 0.0


def test_quote_that_is_not_verbatim_is_seen() -> None:
    citation = RIGHT.citations[0].model_copy(update={"quote": "Huawei planned 700,000 dies"})
    forged = RIGHT.model_copy(update={"citations": (citation,)})
    assert value("verbatim_quotes", row(RIGHT)) == 1.0
    assert value("verbatim_quotes", row(forged)) == 0.0


def test_refusals() -> None:
    rows = [
        row(REFUSAL, question=unanswerable("u1", "?")),
        row(REFUSAL, question=unanswerable("u2", "?")),
        row(WRONG, question=unanswerable("u3", "?")),
        row(REFUSAL),
        row(RIGHT),
    ]
    assert value("refused_unanswerable", *rows) == pytest.approx(2 / 3)
    assert value("refused_answerable", *rows) == 0.5
    assert value("refusal_precision", *rows) == pytest.approx(2 / 3)
    assert value("refusal_f1", *rows) == pytest.approx(2 / 3)


def test_a_failed_question_counts_as_not_answered() -> None:
    failed = row(error="The model failed.")
    assert value("fact_recall", failed, row(RIGHT)) == 0.5
    assert value("refused_answerable", failed, row(RIGHT)) == 0.0
    assert summarise(Evaluation(name="run", rows=(failed,))).errors == 1


def test_speed_has_median_and_tail_by_stage() -> None:
    rows = [row(answer("q", timings={"verify": float(n)}), seconds=float(n)) for n in range(1, 12)]
    assert value("seconds", *rows) == 6.0
    assert value("seconds_p90", *rows) == 10.0
    assert value("stage_verify", *rows) == 6.0


def test_groups_and_intervals() -> None:
    rows = tuple(
        row(RIGHT if n % 3 else WRONG, question=gold(f"q{n}", language="zh" if n % 2 else "en"))
        for n in range(30)
    )
    summary = summarise(Evaluation(name="run", rows=rows))
    assert {"all", "language: en", "language: zh", "type: fact", "topic: chips"} == set(summary.groups)
    figure = summary.groups["all"]["fact_recall"]
    assert figure.value == pytest.approx(2 / 3)
    assert figure.questions == 30
    assert figure.low is not None and figure.high is not None
    # The normal approximation gives 0.498 to 0.835.
    assert 0.45 < figure.low < 0.55 and 0.78 < figure.high < 0.88
    assert summary == summarise(Evaluation(name="run", rows=rows))


def test_paired_comparison() -> None:
    def run(name: str, replies: dict[str, Answer]) -> Evaluation:
        return Evaluation(
            name=name, rows=tuple(row(reply, question=gold(key)) for key, reply in replies.items())
        )

    first = run("A", {"q1": WRONG, "q2": RIGHT, "q3": WRONG, "q4": RIGHT, "only": WRONG})
    second = run("B", {"q4": WRONG, "q1": RIGHT, "q2": RIGHT, "q3": RIGHT})
    comparison = compare(first, second)
    difference = comparison.differences["fact_recall"]
    assert comparison.questions == 4
    assert (difference.first, difference.second, difference.difference) == (0.5, 0.75, 0.25)
    assert (difference.wins, difference.losses, difference.ties) == (2, 1, 1)
    assert [change.id for change in difference.changed] == ["q4", "q1", "q3"]
    assert difference.low is not None and difference.high is not None
    assert difference.low <= 0.25 <= difference.high


def test_less_is_better_for_wrong_refusals() -> None:
    first = Evaluation(name="A", rows=(row(REFUSAL),))
    second = Evaluation(name="B", rows=(row(RIGHT),))
    difference = compare(first, second).differences["refused_answerable"]
    assert (difference.difference, difference.wins, difference.losses) == (-1.0, 1, 0)


def test_every_metric_has_its_own_key() -> None:
    rows = [row(answer("q", [("x 600,000", A, "supported")], timings={"verify": 1.0}), seconds=1.0)]
    keys = [metric.key for metric in metrics_for(rows)]
    assert len(keys) == len(set(keys))
