"""A report as one HTML page without scripts; every text in it is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

from assistant.batch.journal import RowResult
from assistant.batch.summary import BatchSummary
from assistant.batch.writers.cells import STATUS_WORDS, place_of, source_text, web_address
from assistant.schema import Answer, Citation

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Answers</title>
<style>
:root { color-scheme: light dark; --line: #8886; --soft: #8881; }
body { font: 16px/1.55 system-ui, "Noto Sans SC", sans-serif; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
article { border-top: 1px solid var(--line); padding: 1rem 0; } h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
.status { font-size: .85rem; opacity: .75; } .failed { color: #b3261e; }
.doubt { text-decoration: underline dotted; }
ol { padding-left: 1.4rem; font-size: .9rem; } blockquote { margin: .2rem 0; padding: .2rem .8rem; }
blockquote { border-left: 3px solid var(--line); background: var(--soft); } a.mark { text-decoration: none; }
p, h2, td, li { overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>Answers</h1>
"""


def write_html(path: Path, results: Callable[[], Iterable[RowResult]], summary: BatchSummary) -> None:
    """Writes the page, UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD + "<table>\n")
        for label, value in summary.lines():
            file.write(f"<tr><th>{_text(label)}</th><td>{_text(value)}</td></tr>\n")
        file.write("</table>\n")
        for number, result in enumerate(results(), start=1):
            file.write(_article(result, number))
        file.write("</body>\n</html>\n")


def _text(value: str) -> str:
    # Control characters are not allowed in HTML and could hide text.
    return escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", value))


def _article(result: RowResult, number: int) -> str:
    row, outcome = result.row, result.outcome
    body = (
        f'<p class="failed">Failed: {_text(outcome.error)}</p>'
        if outcome.answer is None
        else _answer(outcome.answer, number)
    )
    title = f"{_text(row.id)}. {_text(row.question[:2000]) or '(no question)'}"
    return (
        f'<article id="q{number}">\n<h2>{title}</h2>\n'
        f'<p class="status">{STATUS_WORDS[outcome.status]}, {outcome.seconds:.1f} s</p>\n{body}\n</article>\n'
    )


def _answer(answer: Answer, number: int) -> str:
    def mark(citation: int) -> str:
        return f'<a class="mark" href="#q{number}-{citation}">[{citation}]</a>'

    sentences = []
    for claim in answer.claims:
        text = _text(claim.text)
        if claim.verdict != "supported":
            title = _text("; ".join(claim.reasons) or claim.verdict.replace("_", " "))
            text = f'<span class="doubt" title="{title}">{text}</span>'
        sentences.append(text + " " + "".join(mark(n) for n in claim.citations))
    parts = [f"<p>{' '.join(sentences) or _text(answer.text)}</p>"]
    if answer.uncovered:
        parts.append("<p>Not covered by the documents:</p><ul>")
        parts += [f"<li>{_text(part)}</li>" for part in answer.uncovered]
        parts.append("</ul>")
    for item in answer.disagreements:
        parts.append(f"<p>Sources disagree on {_text(item.quantity)}:</p><ul>")
        parts += [
            f"<li>{_text(v.value)}: {_text(v.publisher)}, {_text(v.date or 'undated')} "
            f"{mark(v.citation)}</li>"
            for v in item.values
        ]
        parts.append("</ul>")
    if answer.citations:
        parts.append("<ol>" + "".join(_citation(c, number) for c in answer.citations) + "</ol>")
    return "\n".join(parts)


def _citation(citation: Citation, number: int) -> str:
    sources = []
    for note in citation.sources:
        url, words = web_address(note.url), _text(source_text(note) or note.url or "")
        sources.append(
            f'<a href="{_text(url)}" rel="noopener noreferrer nofollow">{words}</a>' if url else words
        )
    return (
        f'<li id="q{number}-{citation.number}" value="{citation.number}">{_text(place_of(citation))}'
        f"<blockquote>{_text(citation.quote)}</blockquote>{'; '.join(sources)}</li>"
    )
