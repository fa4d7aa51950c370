"""The result of an evaluation as data, as JSON and as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assistant.errors import BatchError
from assistant.evaluation.facts import count_words
from assistant.evaluation.metrics import (
    EVIDENCE_WORDS,
    Metric,
    answer_facts,
    document_name,
    is_refusal,
    metrics_for,
)
from assistant.evaluation.records import EvalRow, Evaluation
from assistant.evaluation.summary import Comparison, Difference, Figure, Summary, compare, summarise

HEADLINES = {
    "ndcg@10": "nDCG@10",
    "fact_recall@10": "facts @10",
    "evidence_facts_cut": "in evidence",
    "fact_recall": "fact recall",
    "all_facts": "all facts",
    "cited_sentences": "cited",
    "citation_precision": "cit. prec.",
    "citation_recall": "cit. rec.",
    "refused_unanswerable": "right refusal",
    "refused_answerable": "false refusal",
    "words": "words",
    "seconds": "median",
}
"""The measures of the breakdown by type and topic, with the short names of its columns."""
# Characters of its columns; headings of two words take two lines.
_BREAKDOWN_WIDTH = 8


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class MetricInfo(_Record):
    """What a key of the figures means."""

    key: str
    label: str
    group: str
    unit: str
    kind: str
    better: str
    explanation: str


class QuestionOutcome(_Record):
    """What one run made of one question."""

    id: str
    question: str
    type: str
    language: str
    topic: str
    status: str
    """Status of the answer; `failed` with an error, `searched` when only retrieval was asked for."""
    facts_found: tuple[str, ...]
    facts_missed: tuple[str, ...]
    briefs: tuple[str, ...]
    cited: tuple[str, ...]
    words: int | None = None
    seconds: float | None = None
    answer: str = ""
    error: str = ""


class Report(_Record):
    """All of an evaluation that is written and shown."""

    created: dt.datetime
    metrics: tuple[MetricInfo, ...]
    summaries: tuple[Summary, ...]
    comparison: Comparison | None = None
    outcomes: dict[str, tuple[QuestionOutcome, ...]]
    """By name of the run."""

    def metric(self, key: str) -> MetricInfo:
        """The meaning of a key."""
        return next(metric for metric in self.metrics if metric.key == key)


def build_report(
    evaluations: Sequence[Evaluation],
    *,
    evidence_words: int = EVIDENCE_WORDS,
    created: dt.datetime | None = None,
) -> Report:
    """Measure one run, or two and their difference.

    Args:
        evaluations: One or two runs; with two, the second is compared with the first.
        evidence_words: The length to which evidence is cut when facts within it are counted.
        created: Time of the report; now when None.
    """
    rows = [row for evaluation in evaluations for row in evaluation.rows]
    metrics = metrics_for(rows, evidence_words=evidence_words)
    return Report(
        created=created or dt.datetime.now(dt.UTC),
        metrics=tuple(_info(metric) for metric in metrics),
        summaries=tuple(summarise(evaluation, evidence_words=evidence_words) for evaluation in evaluations),
        comparison=compare(evaluations[0], evaluations[1], evidence_words=evidence_words)
        if len(evaluations) > 1
        else None,
        outcomes={evaluation.name: tuple(map(outcome, evaluation.rows)) for evaluation in evaluations},
    )


def outcome(row: EvalRow) -> QuestionOutcome:
    """What a row says about its question."""
    question, answer = row.question, row.answer
    found = answer_facts(row)
    status = answer.status if answer else "failed" if row.error else "searched"
    return QuestionOutcome(
        id=question.id,
        question=question.question,
        type=question.type,
        language=question.language,
        topic=question.topic,
        status=status,
        facts_found=tuple(fact for fact, hit in zip(question.facts, found, strict=True) if hit),
        facts_missed=tuple(fact for fact, hit in zip(question.facts, found, strict=True) if not hit),
        briefs=question.briefs,
        cited=tuple(document_name(path) for path in answer.cited_documents) if answer else (),
        words=count_words(answer.text) if answer and not is_refusal(answer) else None,
        seconds=row.seconds,
        answer=answer.text if answer else "",
        error=row.error,
    )


def _info(metric: Metric) -> MetricInfo:
    return MetricInfo(
        key=metric.key,
        label=metric.label,
        group=metric.group,
        unit=metric.unit,
        kind=metric.kind,
        better=metric.better,
        explanation=metric.explanation,
    )


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        BatchError: It cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise BatchError(
            f"{path}: cannot be written ({error.strerror}).", "Choose another folder."
        ) from error


def write_json(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    write_text(path, report.model_dump_json(indent=2) + "\n")


def format_value(value: float | None, unit: str) -> str:
    """A figure for people: shares with two digits behind the point, words whole, seconds with one or two."""
    if value is None:
        return "–"
    if unit == "words":
        return f"{value:.0f}"
    if unit == "s":
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{value:.3f}"


def format_interval(low: float | None, high: float | None, unit: str) -> str:
    """The interval of a figure, without its unit."""
    if low is None or high is None:
        return ""
    ends = [format_value(end, unit).removesuffix(" s") for end in (low, high)]
    return f"{ends[0]} to {ends[1]}"


def print_report(report: Report, console: Console) -> None:
    """Print the tables of a report."""
    for summary in report.summaries:
        _print_summary(report, summary, console)
        _print_breakdown(report, summary, console)
    if report.comparison:
        _print_comparison(report, report.comparison, console)
    for name, outcomes in report.outcomes.items():
        failed = [entry for entry in outcomes if entry.error]
        if failed:
            console.print(f"[bold]{escape(name)}: {len(failed)} failed[/bold]")
        for entry in failed[:10]:
            console.print(f"  {escape(entry.id)}: {escape(entry.error)}")


def _print_summary(report: Report, summary: Summary, console: Console) -> None:
    model = f", {summary.model}" if summary.model and summary.model != summary.name else ""
    title = f"{summary.name}{model}: {summary.questions} questions, {summary.errors} failed"
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    languages = [name for name in summary.groups if name.startswith("language: ")]
    languages = languages if len(languages) > 1 else []
    table.add_column("")
    table.add_column("all", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("n", justify="right")
    for name in languages:
        table.add_column(name.removeprefix("language: "), justify="right")
    group = ""
    for info in report.metrics:
        figure = summary.groups["all"].get(info.key)
        if figure is None or figure.value is None:
            continue
        if info.group != group:
            group = info.group
            table.add_section()
        table.add_row(
            info.label,
            format_value(figure.value, info.unit),
            format_interval(figure.low, figure.high, info.unit),
            str(figure.questions),
            *(format_value(_value(summary.groups[name], info.key), info.unit) for name in languages),
        )
    console.print(table)


def _print_breakdown(report: Report, summary: Summary, console: Console) -> None:
    known = {info.key: info for info in report.metrics}
    keys = [key for key in HEADLINES if key in known]
    groups = [name for name in summary.groups if name.startswith(("type: ", "topic: "))]
    sizes = _sizes(report.outcomes[summary.name])
    # A figure that is cut off says nothing: what does not fit side by side comes below.
    room = max(1, (console.width - max(map(len, groups), default=0) - 10) // (_BREAKDOWN_WIDTH + 3))
    title = "by type and topic"
    for start in range(0, len(keys), room):
        shown = keys[start : start + room]
        table = Table(title=title, title_justify="left", header_style="bold")
        table.add_column("", no_wrap=True)
        table.add_column("n", justify="right", no_wrap=True)
        for key in shown:
            table.add_column(HEADLINES[key], justify="right", min_width=_BREAKDOWN_WIDTH)
        for name in groups:
            values = [format_value(_value(summary.groups[name], key), known[key].unit) for key in shown]
            table.add_row(escape(name), str(sizes[name]), *values)
        console.print(table)
        title = "by type and topic, further measures"


def _sizes(outcomes: Iterable[QuestionOutcome]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for entry in outcomes:
        for name in (f"type: {entry.type}", f"topic: {entry.topic}", f"language: {entry.language}"):
            sizes[name] = sizes.get(name, 0) + 1
    return sizes


def _value(figures: dict[str, Figure], key: str) -> float | None:
    return figures[key].value if key in figures else None


def _print_comparison(report: Report, comparison: Comparison, console: Console) -> None:
    title = f"{comparison.second} against {comparison.first}, {comparison.questions} questions"
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    table.add_column("")
    for heading in (comparison.first, comparison.second, "difference", "95 % interval", "better/worse/same"):
        table.add_column(escape(heading), justify="right")
    for info in report.metrics:
        difference = comparison.differences.get(info.key)
        if difference is None or difference.difference is None:
            continue
        table.add_row(
            info.label,
            format_value(difference.first, info.unit),
            format_value(difference.second, info.unit),
            f"{'+' if difference.difference >= 0 else ''}{format_value(difference.difference, info.unit)}",
            format_interval(difference.low, difference.high, info.unit),
            f"{difference.wins}/{difference.losses}/{difference.ties}",
        )
    console.print(table)
    changed = comparison.differences.get("fact_recall")
    if changed and changed.changed:
        console.print(f"[bold]Questions whose fact recall changed[/bold] ({len(changed.changed)})")
        _print_changes(changed, console)


def _print_changes(difference: Difference, console: Console) -> None:
    for change in difference.changed:
        console.print(f"  {escape(change.id)}: {change.before:.2f} -> {change.after:.2f}")
