import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from assistant.errors import BatchError, ConfigurationError, ModelError
from assistant.evaluation.records import EvalRow
from assistant.evaluation.run import parse_configuration, run_eval, select
from assistant.evaluation.runner import evaluate
from assistant.schema import AnswerEvent, Event, EvidenceEvent, Turn

from .fakes import FakeAssistant, answer, gold, hits, passage

A = passage("a.md", "Huawei planned 600,000 dies in 2026.")
RIGHT = answer("How many?", [("They planned 600,000 dies.", A, "supported")])
SET = """
- {id: q1, question: 'How many?', type: fact, facts: ['600,000'], briefs: [a.md]}
- {id: q2, question: 'What price?', type: unanswerable}
- {id: q3, question: '有多少？', type: fact, facts: ['600,000'], briefs: [a.md]}
"""


def assistant(**answers: object) -> FakeAssistant:
    replies = {
        "How many?": RIGHT,
        "What price?": answer("What price?", status="not_in_corpus"),
        "有多少？": RIGHT,
    }
    return FakeAssistant(answers={**replies, **answers}, evidence=hits(A), found=hits(A))  # type: ignore[dict-item]


QUESTIONS = [gold("q1"), gold("q2", "What price?"), gold("q3", "有多少？", language="zh")]


def test_keeps_what_was_observed() -> None:
    fake = assistant()
    history = (Turn(question="Before?", answer="Yes."),)
    seen: list[tuple[int, int]] = []
    question = gold("q1", history=history)
    result = evaluate(fake, [question], lambda done, total, row: seen.append((done, total)))
    (row,) = result.rows
    assert fake.asked == [("How many?", history)]
    assert row.answer == RIGHT
    assert row.evidence == A.text
    assert row.retrieved and row.retrieved[0].text == A.text
    assert row.seconds is not None and row.first_claim_seconds is not None
    assert seen == [(1, 1)]
    assert result.name == "fake"


def test_evidence_is_what_was_read_of_the_passages() -> None:
    class Reader(FakeAssistant):
        def stream(self, question: str, **options: object) -> Iterator[Event]:
            yield EvidenceEvent(hits=hits(A), text="Only this.")
            yield AnswerEvent(answer=RIGHT)

    (row,) = evaluate(Reader(), [gold()]).rows
    assert row.evidence == "Only this."


def test_searches_for_the_stand_alone_question() -> None:
    rewritten = RIGHT.model_copy(update={"standalone_question": "How many dies did Huawei plan?"})
    fake = FakeAssistant(answers={"How many?": rewritten}, found=hits(A))
    evaluate(fake, [gold()])
    assert fake.searched == ["How many dies did Huawei plan?"]


def test_retrieval_alone_asks_no_model() -> None:
    fake = assistant()
    (row,) = evaluate(fake, [gold()], retrieval_only=True).rows
    assert fake.asked == []
    assert row.answer is None and row.retrieved and not row.error


def test_a_failure_is_kept_and_the_run_goes_on() -> None:
    fake = FakeAssistant(
        answers={
            "How many?": ModelError("No key.", "Set one."),
            "What price?": ValueError("odd"),
            "有多少？": RIGHT,
        }
    )
    rows = evaluate(fake, QUESTIONS).rows
    assert [row.error for row in rows] == ["No key. Set one.", "ValueError: odd", ""]


def test_a_wrong_setting_ends_the_run() -> None:
    fake = FakeAssistant(answers={"How many?": ConfigurationError("No such model.")})
    with pytest.raises(ConfigurationError):
        evaluate(fake, QUESTIONS)


def test_row_survives_json() -> None:
    (row,) = evaluate(assistant(), [gold()]).rows
    assert EvalRow.model_validate_json(row.to_json()) == row


class Interrupted(BaseException):
    pass


def test_resumes_where_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"

    def stop(done: int, total: int, row: EvalRow) -> None:
        if done == 2:
            raise Interrupted

    first = assistant()
    with pytest.raises(Interrupted):
        evaluate(first, QUESTIONS, stop, rows_path=path)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"fingerprint":"cut o')
    second = assistant()
    result = evaluate(second, QUESTIONS, rows_path=path, resume=True)
    assert [row.question.id for row in result.rows] == ["q1", "q2", "q3"]
    assert [question for question, _ in second.asked] == ["有多少？"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"]["question"]["id"] for line in lines] == ["q1", "q2", "q3"]


def test_asks_again_what_failed_or_changed(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    evaluate(FakeAssistant(answers={"How many?": ModelError("Down.")}), [gold()], rows_path=path)
    again = assistant()
    evaluate(again, [gold()], rows_path=path, resume=True)
    assert len(again.asked) == 1
    other = assistant()
    evaluate(other, [gold(facts=["H20"])], rows_path=path, resume=True)
    assert len(other.asked) == 1
    settings = assistant()
    evaluate(settings, [gold()], rows_path=path, resume=True, settings={"passages": "5"})
    assert len(settings.asked) == 1


def test_without_resume_everything_is_asked_anew(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    evaluate(assistant(), [gold()], rows_path=path)
    again = assistant()
    evaluate(again, [gold()], rows_path=path)
    assert len(again.asked) == 1
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_does_not_resume_from_another_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("something\nelse\n", encoding="utf-8")
    with pytest.raises(BatchError, match="line 1"):
        evaluate(assistant(), [gold()], rows_path=path, resume=True)


def test_text_with_unusual_line_separators_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    odd = RIGHT.model_copy(update={"text": "one\u2028two\x85three"})
    evaluate(FakeAssistant(answers={"How many?": odd}), [gold()], rows_path=path)
    again = assistant()
    (row,) = evaluate(again, [gold()], rows_path=path, resume=True).rows
    assert row.answer == odd and again.asked == []


def test_configurations_are_models_or_settings() -> None:
    assert parse_configuration("openai:gpt-5-mini").overrides == {"model": "openai:gpt-5-mini"}
    both = parse_configuration("model=extractive, embedding=minilm", {"passages": "5", "model": "local"})
    assert both.overrides == {"passages": "5", "model": "extractive", "embedding": "minilm"}
    for text in ("", "modell=x", "model=", "model=a,b", "model=a,model=b"):
        with pytest.raises(ConfigurationError):
            parse_configuration(text)


def test_limit_spreads_over_the_list() -> None:
    questions = [gold(f"q{n}") for n in range(10)]
    assert [question.id for question in select(questions, limit=3)] == ["q0", "q3", "q6"]
    assert len(select(questions, limit=99)) == 10
    with pytest.raises(BatchError):
        select(questions, languages=["zh"])
    with pytest.raises(BatchError):
        select(questions, limit=0)


def test_one_command_writes_reports(tmp_path: Path) -> None:
    questions = tmp_path / "set.yaml"
    questions.write_text(SET, encoding="utf-8")
    opened: list[Mapping[str, str]] = []

    def open_assistant(overrides: Mapping[str, str]) -> FakeAssistant:
        opened.append(overrides)
        return (
            assistant() if overrides["embedding"] == "e5" else assistant(**{"有多少？": ModelError("Down.")})
        )

    console = Console(record=True, width=200, quiet=False, file=(tmp_path / "log").open("w"))
    report = run_eval(
        [questions],
        tmp_path / "out",
        "extractive",
        ("embedding=e5", "embedding=minilm"),
        open_assistant=open_assistant,
        console=console,
    )
    assert opened == [
        {"model": "extractive", "embedding": "e5"},
        {"model": "extractive", "embedding": "minilm"},
    ]
    written = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [summary["errors"] for summary in written["summaries"]] == [0, 1]
    assert written["comparison"]["groups"]["all"]["fact_recall"]["difference"] == -0.5
    assert written["outcomes"]["embedding=e5"][0]["facts_found"] == ["600,000"]
    assert report.comparison and report.comparison.questions == 3
    text = console.export_text()
    for words in ("fact recall", "unanswerable refused", "embedding=minilm: 1 failed", "q3: 1.00 -> 0.00"):
        assert words in text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.html",
        "report.json",
        "rows-embedding=e5.jsonl",
        "rows-embedding=minilm.jsonl",
    ]


def test_same_configuration_twice_is_refused(tmp_path: Path) -> None:
    questions = tmp_path / "set.yaml"
    questions.write_text(SET, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="same"):
        run_eval([questions], tmp_path, None, ("local", "model=local"))
    with pytest.raises(ConfigurationError, match="passages"):
        run_eval([questions], tmp_path, None, ("local", "passages=many"))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_figure_of_the_breakdown_is_cut_off(tmp_path: Path, width: int) -> None:
    questions = tmp_path / "set.yaml"
    questions.write_text(SET, encoding="utf-8")
    console = Console(record=True, width=width, quiet=False, file=(tmp_path / "log").open("w"))
    run_eval(
        [questions], tmp_path / "out", "extractive", (), open_assistant=lambda _: assistant(), console=console
    )
    breakdown = console.export_text().partition("by type and topic")[2].partition("Written to")[0]
    assert "…" not in breakdown and "type: unanswerable" in breakdown
    assert breakdown.count("type: unanswerable") == {60: 6, 80: 3, 200: 1}[width]
    headings = re.sub(r"[\s┃]+", " ", breakdown)
    assert all(word in headings for word in ("nDCG@10", "evidence", "recall", "prec.", "words", "median"))
