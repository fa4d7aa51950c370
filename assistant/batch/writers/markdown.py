"""A report in Markdown: the summary, then each question with its answer and footnotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary
from assistant.batch.writers.cells import STATUS_WORDS, place_of, source_text, web_address
from assistant.schema import Answer

_DOUBT = {"partly_supported": "partly supported", "unsupported": "not supported"}


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))


def write_markdown(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes the report, UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("# Answers\n\n| | |\n|---|---|\n")
        for label, value in summary.lines():
            file.write(f"| {plain(label)} | {plain(value)} |\n")
        for number, result in enumerate(results(), start=1):
            file.write("\n" + _section(result, number) + "\n")


def _section(result: RowResult, number: int) -> str:
    row, outcome = result.row, result.outcome
    asked = plain(row.question[:2000]) or "(no question)"
    lines = [
        f"## {plain(row.id)}. {asked}",
        "",
        f"*{STATUS_WORDS[outcome.status]}, {outcome.seconds:.1f} s*",
        "",
    ]
    if outcome.answer is None:
        return "\n".join([*lines, f"Failed: {plain(outcome.error)}"])
    return "\n".join(lines + _answer(outcome.answer, number)).rstrip()


def _answer(answer: Answer, number: int) -> list[str]:
    # The row's number keeps the footnotes of all answers of the file apart.
    def mark(citation: int) -> str:
        return f"[^{number}-{citation}]"

    sentences = [
        plain(claim.text)
        + "".join(mark(n) for n in claim.citations)
        + (f" *({_DOUBT[claim.verdict]})*" if claim.verdict in _DOUBT else "")
        for claim in answer.claims
    ]
    lines = [" ".join(sentences) or plain(answer.text), ""]
    if answer.uncovered:
        lines += ["Not covered by the documents:", "", *(f"- {plain(part)}" for part in answer.uncovered), ""]
    for item in answer.disagreements:
        lines += [f"Sources disagree on {plain(item.quantity)}:", ""]
        lines += [
            f"- {plain(v.value)}: {plain(v.publisher)}, {v.date or 'undated'}{mark(v.citation)}"
            for v in item.values
        ]
        lines.append("")
    for citation in answer.citations:
        sources = "; ".join(
            plain(source_text(note)) + (f" <{url}>" if (url := _bracketed(note.url)) else "")
            for note in citation.sources
        )
        lines.append(
            f"[^{number}-{citation.number}]: {plain(place_of(citation))}: “{plain(citation.quote)}”"
            + (f" Source: {sources}" if sources else "")
        )
    return lines


def _bracketed(url: str | None) -> str:
    """An address that stays within `<>`."""
    address = web_address(url)
    return "" if re.search(r"[<>\s]", address) else address
