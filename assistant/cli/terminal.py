"""What the command line prints: answers with footnotes, search hits, reports.

Texts of documents and of models are untrusted: control characters, which steer a terminal, are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Event,
    SearchHit,
    SourceNote,
    StepEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.doctor import Examination, Finding

# C0 and C1 controls, and the marks that reorder text; tabs and line ends stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_VERDICTS = {
    "supported": ("✓", "green", "supported"),
    "partly_supported": ("~", "yellow", "partly supported"),
    "unsupported": ("✗", "red", "unsupported"),
}

# A folder may hold thousands of pictures beside its documents; the count tells of the rest.
_MOST_SKIPPED = 20


class FileOutcome(Protocol):
    """What a report says of one file."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def passages(self) -> int: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def remarks(self) -> tuple[str, ...]: ...  # noqa: D102


class IndexingOutcome(Protocol):
    """A report of indexing; `assistant.index.sync.SyncReport` is one."""

    @property
    def files(self) -> Sequence[FileOutcome]: ...  # noqa: D102
    @property
    def passages(self) -> int: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102


def clean(text: str) -> str:
    """The text without characters that steer a terminal."""
    return _CONTROLS.sub("", text)


def error_line(message: str) -> str:
    """An error as the one line that a user gets."""
    return f"Error: {' '.join(clean(message).split())}"


def line(console: Console, *parts: str | tuple[str, str], indent: int = 0) -> None:
    """Print one paragraph; parts are texts or (text, style). Only a terminal gets it wrapped."""
    text = Text(" " * indent)
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(clean(words), style=style)
    console.print(text, soft_wrap=not console.is_terminal, highlight=False, markup=False)


def print_claim(console: Console, claim: Claim) -> None:
    """One sentence with its verdict, its marks and what is wrong with it."""
    mark, style, _ = _VERDICTS[claim.verdict]
    numbers = "".join(f"[{number}]" for number in claim.citations)
    line(console, (mark, style), f" {claim.text} ", (numbers, "cyan"))
    if claim.verdict != "supported" and claim.reasons:
        line(console, ("; ".join(claim.reasons), "dim"), indent=2)


def print_citation(console: Console, citation: Citation) -> None:
    """A numbered footnote: the document, the quoted words and their primary sources."""
    document = citation.passage.document
    page = f", page {citation.passage.page_name}" if citation.passage.page_name else ""
    date = f", {document.date}" if document.date else ""
    line(
        console,
        (f"[{citation.number}] ", "cyan"),
        (document.title, "bold"),
        f"{date}{page} ({document.path})",
    )
    line(console, (f"“{citation.quote}”", "italic"), indent=4)
    for source in citation.sources:
        line(console, source_text(source), indent=4)


def source_text(source: SourceNote) -> str:
    """A primary source in one line: publisher, title, date, address."""
    title = f"“{source.title}”" if source.title else ""
    fetched = f"fetched {source.fetched}" if source.fetched else ""
    parts = (source.publisher, title, source.date, source.url, fetched)
    return "Source: " + ", ".join(part for part in parts if part)


def print_rest(console: Console, answer: Answer) -> None:
    """All of an answer that follows its sentences."""
    for note in answer.notes:
        line(console, note)
    for part in answer.uncovered if answer.status == "partial" else ():
        line(console, ("Not in the documents: ", "yellow"), part)
    if answer.disagreements:
        line(console, "")
    for disagreement in answer.disagreements:
        line(console, ("The sources differ on ", "yellow"), disagreement.quantity, ":")
        for value in disagreement.values:
            said = ", ".join(part for part in (value.publisher, value.date) if part)
            line(
                console,
                f"{value.value} ({said}) " if said else f"{value.value} ",
                (f"[{value.citation}]", "cyan"),
                indent=2,
            )
    if answer.citations:
        line(console, "")
    for citation in answer.citations:
        print_citation(console, citation)
    if answer.status == "not_in_corpus" and answer.nearest:
        line(console, ("Nearest passages; they do not answer it:", "dim"))
        titles = dict.fromkeys(
            (hit.passage.document.title, hit.passage.document.path) for hit in answer.nearest
        )
        for title, path in list(titles)[:3]:
            line(console, (f"{title} ({path})", "dim"), indent=2)
    line(console, "")
    line(console, (summary(answer), "dim"))


def summary(answer: Answer) -> str:
    """One line: how much is supported, how old the evidence is, who answered and how long it took."""
    parts = []
    for verdict, (mark, _, name) in _VERDICTS.items():
        if count := sum(claim.verdict == verdict for claim in answer.claims):
            parts.append(f"{mark} {count} {name}")
    if answer.newest:
        oldest = f"{answer.oldest} to " if answer.oldest and answer.oldest != answer.newest else ""
        parts.append(f"evidence of {oldest}{answer.newest}")
    parts.append(f"{answer.searched} documents searched")
    if answer.model:
        parts.append(f"model {answer.model}")
    if answer.timings:
        parts.append(f"{answer.timings.get('total', sum(answer.timings.values())):.1f} s")
    return " · ".join(parts)


def print_answer(console: Console, answer: Answer) -> None:
    """A finished answer with its footnotes."""
    if answer.claims and answer.status != "not_in_corpus":
        for claim in answer.claims:
            print_claim(console, claim)
    else:
        line(console, answer.text)
    print_rest(console, answer)


def print_stream(console: Console, events: Iterable[Event]) -> Answer | None:
    """Print an answer while it is made: each sentence as soon as it is checked.

    Returns:
        The finished answer; None when the stream ended without one.
    """
    printed: list[Claim] = []
    answer: Answer | None = None
    with console.status("Reading the question") as status:
        for event in events:
            if isinstance(event, StepEvent):
                status.update(Text(clean(event.message)))
            elif isinstance(event, ClaimEvent):
                printed.append(event.claim)
                print_claim(console, event.claim)
            elif isinstance(event, AnswerEvent):
                answer = event.answer
    if answer is None:
        return None
    if not answer.claims or answer.status == "not_in_corpus" or list(answer.claims) != printed:
        # Composing dropped or renumbered sentences: the answer as it stands is what counts.
        if printed:
            line(console, "", ("The answer after all checks:", "bold"))
        print_answer(console, answer)
    else:
        print_rest(console, answer)
    return answer


def print_hits(console: Console, hits: Sequence[SearchHit]) -> None:
    """Search hits, best first."""
    if not hits:
        line(console, "Nothing found.")
    for rank, hit in enumerate(hits, start=1):
        passage = hit.passage
        date = f", {passage.document.date}" if passage.document.date else ""
        page = f", page {passage.page_name}" if passage.page_name else ""
        head = " > ".join((passage.document.title, *passage.heading_path))
        line(
            console,
            (f"{rank}. ", "cyan"),
            (head, "bold"),
            f"{date}{page} ({passage.document.path}) ",
            (f"{hit.score:.3f}", "dim"),
        )
        line(console, " ".join(passage.text.split()), indent=3)


def print_report(console: Console, report: IndexingOutcome) -> None:
    """What indexing did: files that failed, were skipped or read in part one by one, the rest as counts."""
    counts: dict[str, int] = {}
    for file in report.files:
        counts[file.status] = counts.get(file.status, 0) + 1
        if file.status == "failed":
            line(console, ("failed ", "red"), f"{file.path}: {file.reason}")
        elif file.status == "skipped" and counts["skipped"] <= _MOST_SKIPPED:
            line(console, ("skipped ", "dim"), f"{file.path}: {file.reason}")
        for remark in file.remarks:
            line(console, ("note ", "yellow"), f"{file.path}: {remark}")
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no files"
    line(console, f"{told}; {report.passages} passages; {report.seconds:.1f} s")


@contextmanager
def progress_bar(
    console: Console, title: str, *, tell: bool = False
) -> Iterator[Callable[[int, int, str], None]]:
    """A callback (done, total, name) that draws a bar on a terminal, from its first call on.

    Args:
        console: Where it is drawn.
        title: What is being done.
        tell: Elsewhere than on a terminal, say once that it is.
    """
    if not console.is_terminal:
        told = not tell

        def say(done: int, total: int, name: str) -> None:
            nonlocal told
            if not told and done < total:
                line(console, f"{title} {total} documents ...")
            told = True

        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = None

    def advance(done: int, total: int, name: str) -> None:
        nonlocal task
        if task is None:
            bar.start()
            task = bar.add_task(title, total=total)
        bar.update(task, completed=done, total=total, description=f"{title} {clean(name)[-40:]}")

    try:
        yield advance
    finally:
        bar.stop()


def print_examination(console: Console, report: Examination) -> None:
    """Findings of `assistant doctor`: what is well in short, what is not with its remedy."""
    marks = {"ok": ("✓", "green"), "optional": ("-", "yellow"), "problem": ("✗", "red")}
    area = ""
    for finding in _shortened(report.findings):
        if finding.area != area:
            area = finding.area
            line(console, (area, "bold"))
        line(console, marks[finding.state], f" {finding.name}: {finding.detail}", indent=2)
        if finding.remedy:
            line(console, (finding.remedy, "cyan"), indent=6)
    problems = sum(finding.state == "problem" for finding in report.findings)
    line(console, "")
    line(
        console,
        "Ready to answer."
        if report.can_answer
        else f"{problems} {'problem' if problems == 1 else 'problems'} to mend before it can answer.",
    )


def _shortened(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings with all packages that are well in one line."""
    from assistant.doctor import Finding

    packages = [finding for finding in findings if finding.area == "Packages"]
    well = [finding for finding in packages if finding.state == "ok"]
    for finding in findings:
        if packages and finding is packages[0]:
            detail = f"{len(well)} of {len(packages)} installed, in their ranges"
            yield Finding(area="Packages", name="needed", state="ok", detail=detail)
        if finding.area != "Packages" or finding.state != "ok":
            yield finding
