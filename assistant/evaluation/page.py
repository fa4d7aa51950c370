"""The report as one self-contained HTML page: no script, nothing loaded, readable in light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path

from assistant.evaluation.charts import Line, Point, interval_plot
from assistant.evaluation.page_questions import question_sections
from assistant.evaluation.records import Evaluation
from assistant.evaluation.report import (
    HEADLINES,
    MetricInfo,
    Report,
    format_interval,
    format_value,
    write_text,
)
from assistant.evaluation.summary import Figure, Summary

_TILES = (
    "fact_recall",
    "evidence_facts_cut",
    "fact_recall@20",
    "cited_sentences",
    "citation_precision",
    "refused_unanswerable",
    "refused_answerable",
    "words",
    "seconds",
    "ndcg@10",
)
_PATH_OF_FACTS = ("fact_recall@20", "fact_recall@10", "evidence_facts", "evidence_facts_cut", "fact_recall")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_page(report: Report, evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write the page.

    Args:
        report: The figures.
        evaluations: The runs they come from, for answers and citations; in the report's order.
        path: The HTML file.

    Raises:
        BatchError: The file cannot be written.
    """
    write_text(path, render_page(report, evaluations))


def render_page(report: Report, evaluations: Sequence[Evaluation]) -> str:
    """The page as text; every word of questions, answers and documents in it is escaped."""
    style = resources.files("assistant.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    names = " and ".join(summary.name for summary in report.summaries)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Evaluation: {escape(names)}</title><style>{style}</style></head><body>",
        _header(report),
        _tiles(report),
        "<h2>Plots</h2>",
        _plots(report),
        "<h2>All figures</h2>",
        *(_figures(report, summary) for summary in report.summaries),
        _differences(report),
        "<h2>By type and topic</h2>",
        *(_breakdown(report, summary) for summary in report.summaries),
        question_sections(report, evaluations),
        _footer(),
        "</body></html>\n",
    ]
    return "".join(parts)


def _header(report: Report) -> str:
    runs = "".join(
        f'<p class="soft">{_key(report, at)}<strong>{escape(s.name)}</strong>'
        f"{f' ({escape(s.model)})' if s.model and s.model != s.name else ''}: {s.questions} questions"
        f"{f', <strong>{s.errors} failed</strong>' if s.errors else ''}</p>"
        for at, s in enumerate(report.summaries)
    )
    date = report.created.strftime("%Y-%m-%d %H:%M UTC")
    return f'<header><h1>Evaluation</h1><p class="soft">{date}</p>{runs}</header>'


def _key(report: Report, series: int) -> str:
    return f'<i class="key s{series}"></i>' if len(report.summaries) > 1 else ""


def _known(report: Report) -> dict[str, MetricInfo]:
    return {info.key: info for info in report.metrics}


def _tiles(report: Report) -> str:
    known = _known(report)
    tiles = []
    for key in _TILES:
        if key not in known:
            continue
        info = known[key]
        values = "".join(
            f"<b>{_key(report, at)}{format_value(figure.value, info.unit)}</b>"
            f"<small>{format_interval(figure.low, figure.high, info.unit)}</small>"
            for at, figure in enumerate(_all(report, key))
        )
        tiles.append(f'<div class="tile"><small>{escape(info.label)}</small>{values}</div>')
    return f'<section class="tiles" aria-label="Main figures">{"".join(tiles)}</section>'


def _all(report: Report, key: str) -> list[Figure]:
    return [_figure(summary, "all", key) for summary in report.summaries]


def _figure(summary: Summary, group: str, key: str) -> Figure:
    missing = Figure(value=None, low=None, high=None, questions=0)
    return summary.groups.get(group, {}).get(key, missing)


def _plots(report: Report) -> str:
    known = _known(report)
    names = [summary.name for summary in report.summaries]
    groups = list(dict.fromkeys(name for summary in report.summaries for name in summary.groups))
    languages = [name for name in groups if name.startswith("language: ")]
    scopes = (
        [("all", "")] if len(languages) < 2 else [(n, ", " + n.removeprefix("language: ")) for n in languages]
    )
    plots = []
    path = [
        Line(f"{known[key].label.removeprefix('facts ')}{suffix}", _points(report, group, key))
        for group, suffix in scopes
        for key in _PATH_OF_FACTS
        if key in known
    ]
    if path:
        plots.append(interval_plot("Where facts are lost: share of facts still there", path, names))
    for key in ("fact_recall", "citation_precision"):
        if key in known:
            lines = [
                Line(name, _points(report, name, key))
                for name in groups
                if not name.startswith("topic: ") and name != "type: unanswerable"
            ]
            plots.append(interval_plot(known[key].label.capitalize(), lines, names))
    refusal = [
        Line(f"{known[key].label}{suffix}", _points(report, group, key))
        for group, suffix in scopes
        for key in (
            "refused_unanswerable",
            "refused_answerable",
            "partial_unanswerable",
            "partial_answerable",
        )
        if key in known
    ]
    if refusal:
        plots.append(interval_plot("Refusals", refusal, names))
    plots += _difference_plot(report)
    return f'<section class="plots">{"".join(plots)}</section>'


def _points(report: Report, group: str, key: str) -> tuple[Point, ...]:
    figures = [_figure(summary, group, key) for summary in report.summaries]
    return tuple(Point(figure.value, figure.low, figure.high) for figure in figures)


def _difference_plot(report: Report) -> list[str]:
    if report.comparison is None:
        return []
    lines = []
    for info in report.metrics:
        difference = report.comparison.differences.get(info.key)
        if info.kind != "share" or difference is None or difference.difference is None:
            continue
        note = "less is better" if info.better == "lower" else ""
        label = f"{info.label} ↓" if note else info.label
        point = Point(difference.difference, difference.low, difference.high)
        lines.append(Line(label, (point,), note))
    ends = [
        abs(end) for line in lines for p in line.points for end in (p.low, p.high, p.value) if end is not None
    ]
    reach = max(0.1, math.ceil(max(ends, default=0.1) * 10) / 10)
    title = f"Difference: {report.comparison.second} minus {report.comparison.first} (↓ less is better)"
    return [interval_plot(title, lines, ["difference"], span=(-reach, reach), signed=True)]


def _figures(report: Report, summary: Summary) -> str:
    languages = [name for name in summary.groups if name.startswith("language: ")]
    languages = languages if len(languages) > 1 else []
    head = "".join(f"<th>{escape(name.removeprefix('language: '))}</th>" for name in languages)
    rows, group = [], ""
    for info in report.metrics:
        figure = _figure(summary, "all", info.key)
        if figure.value is None:
            continue
        if info.group != group:
            group = info.group
            rows.append(f'<tr class="group"><td colspan="{4 + len(languages)}">{escape(group)}</td></tr>')
        explanation = (
            f'<br><small class="soft">{escape(info.explanation)}</small>' if info.explanation else ""
        )
        cells = "".join(
            f"<td>{format_value(_figure(summary, name, info.key).value, info.unit)}</td>"
            for name in languages
        )
        rows.append(
            f"<tr><td>{escape(info.label)}{explanation}</td><td>{format_value(figure.value, info.unit)}</td>"
            f"<td>{format_interval(figure.low, figure.high, info.unit)}</td>"
            f"<td>{figure.questions}</td>{cells}</tr>"
        )
    return (
        f"<h3>{escape(summary.name)}</h3>"
        + '<div class="scroll"><table><thead><tr><th></th><th>all</th><th>95 % interval</th>'
        + f"<th>questions</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _differences(report: Report) -> str:
    if report.comparison is None:
        return ""
    comparison, rows = report.comparison, []
    for info in report.metrics:
        difference = comparison.differences.get(info.key)
        if difference is None or difference.difference is None:
            continue
        sign = "+" if difference.difference >= 0 else ""
        rows.append(
            f"<tr><td>{escape(info.label)}</td><td>{format_value(difference.first, info.unit)}</td>"
            f"<td>{format_value(difference.second, info.unit)}</td>"
            f"<td>{sign}{format_value(difference.difference, info.unit)}</td>"
            f"<td>{format_interval(difference.low, difference.high, info.unit)}</td>"
            f"<td>{difference.wins}/{difference.losses}/{difference.ties}</td></tr>"
        )
    return (
        f"<h3>{escape(comparison.second)} against {escape(comparison.first)}, "
        f"the same {comparison.questions} questions</h3>"
        '<div class="scroll"><table><thead><tr><th></th>'
        f"<th>{escape(comparison.first)}</th><th>{escape(comparison.second)}</th><th>difference</th>"
        "<th>95 % interval</th><th>better/worse/same</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _breakdown(report: Report, summary: Summary) -> str:
    known = _known(report)
    keys = [key for key in HEADLINES if key in known]
    head = "".join(f'<th title="{escape(known[key].label)}">{escape(HEADLINES[key])}</th>' for key in keys)
    rows = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(
            f"<td>{format_value(_figure(summary, name, key).value, known[key].unit)}</td>" for key in keys
        )
        + "</tr>"
        for name in summary.groups
        if name.startswith(("type: ", "topic: "))
    )
    return (
        f'<h3>{escape(summary.name)}</h3><div class="scroll"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _footer() -> str:
    return (
        "<footer><p>Intervals: percentile bootstrap over questions, 2,000 resamples. Facts are matched "
        "after normalising case, digit grouping, percent, quotation marks, dashes, spaces and full-width "
        "forms; a number is not found inside a longer one. A refusal or a failed question finds nothing. "
        "Citation precision and recall compare documents. Rankings by ir-measures.</p></footer>"
    )
