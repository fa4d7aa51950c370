"""The part of the page that shows every question with its answers, facts and citations."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from assistant.evaluation.facts import alternatives, found_facts
from assistant.evaluation.metrics import answer_facts, document_name, is_refusal
from assistant.evaluation.records import EvalRow, Evaluation
from assistant.evaluation.report import Report, format_value
from assistant.schema import Answer, Claim

_FILTERS = {
    "all": "All",
    "missed": "Facts missed",
    "refused": "Wrongly refused",
    "answered": "Wrongly answered",
    "unsupported": "Unsupported sentence",
    "changed": "Changed",
    "failed": "Failed",
}
_STATUS = {
    "answered": "answered",
    "partial": "answered in part",
    "not_in_corpus": "refused",
    "about": "no question",
}


def question_sections(report: Report, evaluations: Sequence[Evaluation]) -> str:
    """Filters, then one foldable section a question, with all runs side by side."""
    rows: dict[str, list[tuple[str, EvalRow]]] = {}
    for evaluation in evaluations:
        for row in evaluation.rows:
            rows.setdefault(row.question.id, []).append((evaluation.name, row))
    changed: set[str] = set()
    if report.comparison:
        for key in ("fact_recall", "refused_unanswerable", "refused_answerable"):
            difference = report.comparison.differences.get(key)
            changed |= {change.id for change in difference.changed} if difference else set()
    kinds = {name: _kinds([row for _, row in runs], name in changed) for name, runs in rows.items()}
    filters = "".join(
        f'<input type="radio" name="show" id="show-{kind}"{" checked" if kind == "all" else ""}>'
        f'<label for="show-{kind}">{label} ({_count(kinds, kind)})</label>'
        for kind, label in _FILTERS.items()
        if kind == "all" or _count(kinds, kind)
    )
    sections = "".join(_section(runs, kinds[name]) for name, runs in rows.items())
    return f'<h2>Questions</h2><fieldset class="filters" aria-label="Show">{filters}</fieldset>{sections}'


def _count(kinds: dict[str, set[str]], kind: str) -> int:
    return sum(kind == "all" or kind in found for found in kinds.values())


def _kinds(rows: Sequence[EvalRow], changed: bool) -> set[str]:
    kinds = {"changed"} if changed else set()
    for row in rows:
        answer = row.answer
        if row.error:
            kinds.add("failed")
        if answer is None:
            continue
        if row.question.answerable:
            if not all(answer_facts(row)):
                kinds.add("missed")
            if is_refusal(answer):
                kinds.add("refused")
        elif not is_refusal(answer):
            kinds.add("answered")
        if any(claim.verdict == "unsupported" for claim in answer.claims):
            kinds.add("unsupported")
    return kinds


def _section(runs: Sequence[tuple[str, EvalRow]], kinds: set[str]) -> str:
    question = runs[0][1].question
    tags = "".join(_result(row) for _, row in runs)
    history = "".join(
        f'<div class="history"><p>{escape(turn.question)}</p><p>{escape(turn.answer)}</p></div>'
        for turn in question.history
    )
    bodies = "".join(_run(name if len(runs) > 1 else "", row) for name, row in runs)
    briefs = (
        ", ".join(escape(brief) for brief in question.briefs) or "none: the documents do not hold the answer"
    )
    return (
        f'<details class="question {" ".join(sorted(kinds))}"><summary>'
        f'<span class="id">{escape(question.id)}</span>'
        f'<span class="text" lang="{question.language}">{escape(question.question)}</span>{tags}</summary>'
        f'<div class="body">{history}<p class="soft">{escape(question.type)} · documents: {briefs}</p>'
        f'<div class="runs">{bodies}</div></div></details>'
    )


def _result(row: EvalRow) -> str:
    """The outcome in a few letters, for the closed section."""
    if row.error:
        return _tag("bad", "failed")
    if row.answer is None:
        return ""
    refused = is_refusal(row.answer)
    if not row.question.answerable:
        return _tag("good", "refused") if refused else _tag("bad", "not refused")
    if refused:
        return _tag("bad", "refused")
    found = answer_facts(row)
    css = "good" if all(found) else "warn" if any(found) else "bad"
    return _tag(css, f"{sum(found)}/{len(found)} facts")


def _tag(css: str, text: str) -> str:
    return f'<span class="tag {css}">{escape(text)}</span>'


def _run(name: str, row: EvalRow) -> str:
    heading = f"<h3>{escape(name)}</h3>" if name else ""
    if row.error:
        heading += f"<p>{_tag('bad', 'failed')} {escape(row.error)}</p>"
    answer = row.answer
    if answer is None:
        return f'<div class="run">{heading}{_facts(row)}</div>'
    time = f" in {format_value(row.seconds, 's')}" if row.seconds is not None else ""
    rewritten = ""
    if answer.standalone_question != row.question.question:
        rewritten = f'<p class="soft">asked as: {escape(answer.standalone_question)}</p>'
    text = f'<blockquote lang="{escape(answer.language)}">{escape(answer.text)}</blockquote>'
    return (
        f'<div class="run">{heading}<p class="soft">{_STATUS[answer.status]}{time}</p>{rewritten}{text}'
        f"{_facts(row)}{_doubts(answer.claims, 'Sentences not fully supported')}"
        f"{_doubts(answer.removed, 'Sentences that were removed')}"
        f"{_citations(answer, row.question.briefs)}</div>"
    )


def _facts(row: EvalRow) -> str:
    if not row.question.facts:
        return ""
    lost = _where_lost(row)
    items = []
    for fact, found, place in zip(row.question.facts, answer_facts(row), lost, strict=True):
        wording = escape(" or ".join(alternatives(fact)))
        if row.answer is None and not row.error:
            items.append(
                f'<li class="tag {"bad" if place else "good"}">{"✗" if place else "✓"} {wording}{place}</li>'
            )
        elif found:
            items.append(f'<li class="tag good">✓ {wording}</li>')
        else:
            items.append(f'<li class="tag bad">✗ {wording}{place}</li>')
    return f'<ul class="facts">{"".join(items)}</ul>'


def _where_lost(row: EvalRow) -> list[str]:
    """For each fact, the last place that had it, as far as that is known."""
    evidence = found_facts(row.evidence or "", row.question.facts)
    retrieved = found_facts("\n".join(passage.text for passage in row.retrieved or ()), row.question.facts)
    places = []
    for in_evidence, in_retrieved in zip(evidence, retrieved, strict=True):
        if in_evidence:
            places.append(": was in the evidence")
        elif in_retrieved:
            places.append(": retrieved, not in the evidence" if row.evidence is not None else "")
        else:
            places.append(": not retrieved" if row.retrieved is not None else "")
    return places


def _doubts(claims: Sequence[Claim], title: str) -> str:
    items = "".join(
        f"<p>{_tag('bad' if claim.verdict == 'unsupported' else 'warn', claim.verdict.replace('_', ' '))} "
        f"{escape(claim.text)}"
        f'<br><small class="soft">{escape("; ".join(claim.reasons))}</small></p>'
        for claim in claims
        if claim.verdict != "supported"
    )
    return f"<details><summary>{title}</summary>{items}</details>" if items else ""


def _citations(answer: Answer, briefs: Sequence[str]) -> str:
    items = "".join(
        f'<li value="{citation.number}">{_tag("good" if name in briefs else "warn", name)} '
        f"{escape(citation.quote)}</li>"
        for citation in answer.citations
        for name in (document_name(citation.passage.document.path),)
    )
    return f'<ol class="citations">{items}</ol>' if items else ""
