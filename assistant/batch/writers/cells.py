"""What the tables and reports say of one row, format apart."""

from __future__ import annotations

from assistant.batch.journal import RowResult
from assistant.schema import Citation, SourceNote

COLUMNS: tuple[str, ...] = (
    "id", "question", "status", "answer", "citations", "links", "supported", "partly_supported",
    "unsupported", "doubts", "uncovered", "disagreements", "newest", "oldest", "documents", "model",
    "input_tokens", "output_tokens", "seconds", "attempts", "error", "conversation", "topics", "since",
    "until", "languages",
)  # fmt: skip
STATUS_WORDS = {
    "answered": "answered",
    "partial": "partly answered",
    "not_in_corpus": "not in the documents",
    "about": "no question for the documents",
    "failed": "failed",
}


def web_address(url: str | None) -> str:
    """The address when it is safe to make a link of, else empty."""
    return url if url is not None and url.lower().startswith(("http://", "https://")) else ""


def place_of(citation: Citation) -> str:
    """Where a quote stands: title, date, file and page."""
    document = citation.passage.document
    parts = [document.title, str(document.date or ""), document.path]
    if citation.passage.page_name:
        parts.append(f"page {citation.passage.page_name}")
    return ", ".join(part for part in parts if part)


def source_text(note: SourceNote) -> str:
    """A primary source in words."""
    fetched = f"fetched {note.fetched}" if note.fetched else ""
    return ", ".join(part for part in (note.publisher, note.title, note.date or "", fetched) if part)


def links_of(citation: Citation) -> list[str]:
    """Addresses of the primary sources of a citation."""
    return [url for note in citation.sources if (url := web_address(note.url))]


def values_of(result: RowResult) -> dict[str, str | int | float]:
    """The cells of a row by column name; columns of the list that clash get `input_` before their names."""
    row, outcome, answer = result.row, result.outcome, result.outcome.answer
    filters = row.filters
    values: dict[str, str | int | float] = dict.fromkeys(COLUMNS, "")
    values |= {
        "id": row.id,
        "question": row.question,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 2),
        "attempts": outcome.attempts,
        "error": outcome.error,
        "conversation": row.conversation,
    }
    if filters is not None:
        values |= {
            "topics": "; ".join(filters.topics),
            "since": str(filters.since or ""),
            "until": str(filters.until or ""),
            "languages": "; ".join(filters.languages),
        }
    if answer is not None:
        verdicts = [claim.verdict for claim in answer.claims]
        values |= {
            "answer": answer.text,
            "citations": "\n".join(f"[{c.number}] {place_of(c)}: “{c.quote}”" for c in answer.citations),
            "links": "\n".join(f"[{c.number}] {url}" for c in answer.citations for url in links_of(c)),
            "supported": verdicts.count("supported"),
            "partly_supported": verdicts.count("partly_supported"),
            "unsupported": verdicts.count("unsupported"),
            "doubts": "\n".join(f"{c.text}: {'; '.join(c.reasons)}" for c in answer.claims if c.reasons),
            "uncovered": "\n".join(answer.uncovered),
            "disagreements": "\n".join(
                f"{d.quantity}: "
                + " / ".join(
                    f"{v.value} ({v.publisher}, {v.date or 'undated'}) [{v.citation}]" for v in d.values
                )
                for d in answer.disagreements
            ),
            "newest": str(answer.newest or ""),
            "oldest": str(answer.oldest or ""),
            "documents": "\n".join(answer.cited_documents),
            "model": answer.model,
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
        }
    for name, value in row.extra.items():
        values[f"input_{name}" if name in COLUMNS else name] = value
    return values
