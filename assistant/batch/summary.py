"""How a run went, in figures and in words."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from assistant.batch.journal import RowResult


class SlowRow(BaseModel):
    """One of the rows that took longest."""

    model_config = ConfigDict(frozen=True)

    id: str
    question: str
    seconds: float


class BatchSummary(BaseModel):
    """Figures over all rows of the list, those of earlier runs included."""

    model_config = ConfigDict(frozen=True)

    total: int
    answered: int = 0
    partial: int = 0
    refused: int = 0
    """The documents do not answer these."""
    failed: int = 0
    pending: int = 0
    """Not asked: the run was stopped before them."""
    asked_now: int = 0
    """Asked by this run; the others were done before."""
    claims: int = 0
    supported: int = 0
    partly_supported: int = 0
    unsupported: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    answer_seconds: float = 0.0
    """Sum over rows; more than the run took when several were asked at once."""
    run_seconds: float = 0.0
    """Of this run, by the clock."""
    slowest: tuple[SlowRow, ...] = ()
    failures: tuple[tuple[str, int], ...] = ()
    """Reasons of failed rows with their number, most frequent first."""
    stopped: str = ""
    """Why rows are pending: `budget`, `interrupted` or the error that ended the run."""
    notes: tuple[str, ...] = ()
    """What a reader must know, for example that the settings changed between rows."""
    outputs: tuple[str, ...] = ()
    model: str = ""

    @property
    def share_verified(self) -> float | None:
        """Supported claims of all claims, 0 to 1; None without claims."""
        return self.supported / self.claims if self.claims else None

    @property
    def exit_code(self) -> int:
        """0: every row has an answer or a refusal; 1: rows failed; 3: rows are pending; 130: interrupted."""
        if self.stopped == "interrupted":
            return 130
        if self.pending:
            return 3
        return 1 if self.failed else 0

    def lines(self) -> list[tuple[str, str]]:
        """Label and value of each line of the summary."""
        share = (
            "no claims"
            if self.share_verified is None
            else f"{self.share_verified:.1%} of {self.claims} claims"
        )
        lines = [
            ("Questions", str(self.total)),
            ("Answered", str(self.answered)),
            ("Partly answered", str(self.partial)),
            ("Refused (not in the documents)", str(self.refused)),
            ("Failed", str(self.failed)),
        ]
        if self.pending:
            lines.append(("Not asked", f"{self.pending} ({self.stopped})"))
        lines += [
            ("Claims fully supported", share),
            ("Claims partly supported, unsupported", f"{self.partly_supported}, {self.unsupported}"),
            ("Tokens read, written", f"{self.input_tokens:,}, {self.output_tokens:,}"),
            ("Time", f"{duration(self.run_seconds)} for {self.asked_now} questions of this run"),
            ("Time of all answers", duration(self.answer_seconds)),
        ]
        if self.model:
            lines.append(("Model", self.model))
        lines += [("Slowest", f"{r.id}: {duration(r.seconds)}, {_short(r.question)}") for r in self.slowest]
        lines += [("Failure", f"{count} x {_short(reason, 160)}") for reason, count in self.failures]
        return lines + [("Note", note) for note in self.notes]

    def to_text(self) -> str:
        """The summary as plain text, a line a figure."""
        return "\n".join(f"{label}: {value}" for label, value in self.lines())


def summarize(results: Iterable[RowResult], base: BatchSummary) -> BatchSummary:
    """Counts results.

    Args:
        results: All finished rows.
        base: Carries what results do not tell: total, time of the run, notes.
    """
    status: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    models: dict[str, None] = {}
    read = written = 0
    seconds = 0.0
    slowest: list[tuple[float, int, str, str]] = []
    for number, result in enumerate(results):
        outcome = result.outcome
        status[outcome.status] += 1
        seconds += outcome.seconds
        if outcome.status == "failed":
            failures[outcome.error] += 1
        if outcome.answer is not None:
            verdicts.update(claim.verdict for claim in outcome.answer.claims)
            read += outcome.answer.usage.input_tokens
            written += outcome.answer.usage.output_tokens
            models[outcome.answer.model] = None
            # The number breaks ties so that the result does not depend on the texts.
            heapq.heappush(slowest, (outcome.seconds, -number, result.row.id, result.row.question))
            if len(slowest) > 3:
                heapq.heappop(slowest)
    done = sum(status.values())
    return base.model_copy(
        update={
            "answered": status["answered"],
            "partial": status["partial"],
            "refused": status["not_in_corpus"] + status["about"],
            "failed": status["failed"],
            "pending": base.total - done,
            "claims": sum(verdicts.values()),
            "supported": verdicts["supported"],
            "partly_supported": verdicts["partly_supported"],
            "unsupported": verdicts["unsupported"],
            "input_tokens": read,
            "output_tokens": written,
            "answer_seconds": seconds,
            "failures": tuple(failures.most_common(5)),
            "slowest": tuple(
                SlowRow(id=row, question=question, seconds=time)
                for time, _, row, question in sorted(slowest, reverse=True)
            ),
            "model": ", ".join(m for m in models if m) or base.model,
        }
    )


def duration(seconds: float) -> str:
    """A time as a person says it: `42.0 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _short(text: str, limit: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
