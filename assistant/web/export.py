"""Answers and conversations as Markdown, JSON, Word and PDF."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError
from assistant.schema import Answer, Citation, Claim, DisagreementValue
from assistant.web.history import TurnRecord
from assistant.web.i18n import claim_reasons, words
from assistant.web.render import safe_url, show_date

Kind = Literal["md", "json", "docx", "pdf"]
KINDS: tuple[Kind, ...] = ("md", "json", "docx", "pdf")


def sentences(answer: Answer, language: str = "en") -> list[tuple[str, tuple[int, ...], str]]:
    """Text, citation numbers and doubt of each sentence; a refusal is one sentence without numbers."""
    if not answer.claims:
        return [(answer.text, (), "")]
    return [(c.text, c.citations, _doubt(c, language)) for c in answer.claims]


def _doubt(claim: Claim, language: str) -> str:
    """The verdict and its reasons; empty for what is fully supported."""
    if claim.verdict == "supported":
        return ""
    told = (words(language, f"verdict_{claim.verdict}"), claim_reasons(language, claim))
    return words(language, "colon").join(filter(None, told))


def summary(answer: Answer, language: str = "en") -> str:
    """The line above an answer: how much it rests on."""
    if answer.status == "about":
        return words(language, "export_about", count=answer.searched)
    if answer.status == "not_in_corpus":
        return words(language, "export_refused", count=answer.searched)
    key = "partly_answered_from" if answer.status == "partial" else "answered_from"
    parts = [words(language, key, cited=len(answer.cited_documents), searched=answer.searched)]
    if answer.newest:
        parts.append(words(language, "newest", date=answer.newest))
    if answer.model:
        parts.append(answer.model)
    return " · ".join(parts)


def footnote(citation: Citation, language: str = "en") -> tuple[str, str]:
    """Where a quote stands and the quote."""
    passage = citation.passage
    place = [passage.document.title, show_date(passage.document.date, language), passage.document.path]
    if passage.page_name:
        place.append(words(language, "page", n=passage.page_name))
    return words(language, "comma").join(place), citation.quote


def disagreement_line(value: DisagreementValue, language: str = "en") -> str:
    """One of the values that sources give, with who gives it and when."""
    who = words(language, "comma").join(filter(None, (value.publisher, show_date(value.date, language))))
    return f"{value.value}{words(language, 'colon')}{who}"


def heading(language: str, key: str, detail: str = "") -> str:
    """Words that introduce a list."""
    lead = words(language, key)
    return (
        f"{lead}{words(language, 'colon')}{detail}" if detail else lead + words(language, "colon")
    ).strip()


def sources(citation: Citation) -> list[tuple[str, str]]:
    """Description and address (empty when unsafe) of the primary sources of a citation."""
    notes = citation.sources or citation.passage.sources
    return [(", ".join(p for p in (n.publisher, n.title, n.date) if p), safe_url(n.url)) for n in notes]


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))


def answer_markdown(answer: Answer, prefix: str = "", language: str = "en") -> str:
    """An answer with footnotes; `prefix` keeps the footnotes of several answers apart."""
    lines = [f"*{_plain(summary(answer, language))}*", ""]
    body = []
    for text, numbers, doubt in sentences(answer, language):
        marks = "".join(f"[^{prefix}{n}]" for n in numbers)
        body.append(_plain(text) + marks + (f" *({_plain(doubt)})*" if doubt else ""))
    lines += [" ".join(body), ""]
    for note in answer.notes:
        lines += [_plain(note), ""]
    if answer.uncovered and answer.status != "not_in_corpus":
        lines += [heading(language, "uncovered"), "", *(f"- {_plain(u)}" for u in answer.uncovered), ""]
    for item in answer.disagreements:
        lines += [heading(language, "disagreement", _plain(item.quantity)), ""]
        lines += [f"- {_plain(disagreement_line(v, language))}[^{prefix}{v.citation}]" for v in item.values]
        lines.append("")
    for citation in answer.citations:
        place, quote = footnote(citation, language)
        links = "; ".join(_plain(name) + (f" <{url}>" if url else "") for name, url in sources(citation))
        lines.append(
            f"[^{prefix}{citation.number}]: {_plain(place)}{words(language, 'colon')}“{_plain(quote)}”"
            + (f" {heading(language, 'export_source', links)}" if links else "")
        )
    return "\n".join(lines).strip() + "\n"


def conversation_markdown(title: str, turns: Sequence[TurnRecord], language: str = "en") -> str:
    """A conversation as one Markdown document."""
    parts = [f"# {_plain(title)}\n"]
    for number, turn in enumerate(turns, start=1):
        prefix = f"{number}-" if len(turns) > 1 else ""
        lead = f"## {_plain(turn.question)}\n\n" if len(turns) > 1 or turn.question != title else ""
        parts.append(lead + answer_markdown(turn.answer, prefix, language))
    return "\n".join(parts)


def conversation_json(title: str, turns: Sequence[TurnRecord]) -> str:
    """A conversation as JSON; each answer has the names of the public contract."""
    document = {"title": title, "turns": [turn.model_dump(mode="json") for turn in turns]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def feedback_questions(turns: Sequence[TurnRecord]) -> str:
    """Rated answers as a question set in JSON lines: what was asked, what was said of the answer."""
    rows = [
        {
            "id": f"feedback-{turn.id}",
            "question": turn.question,
            "rating": turn.feedback.rating if turn.feedback else "",
            "wrong_source": bool(turn.feedback and turn.feedback.wrong_source),
            "comment": turn.feedback.comment if turn.feedback else "",
            "status": turn.answer.status,
            "answer": turn.answer.text,
            "documents": list(turn.answer.cited_documents),
            "filters": turn.filters.model_dump(mode="json", exclude_defaults=True, exclude={"collections"}),
            "asked": turn.created.isoformat(timespec="seconds") + "Z",
        }
        for turn in turns
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def file_name(title: str, kind: str) -> str:
    """A file name that every system takes."""
    stem = re.sub(r"[^\w\u4e00-\u9fff-]+", "-", title).strip("-")[:60] or "conversation"
    return f"{stem}.{kind}"


def write_export(
    title: str, turns: Sequence[TurnRecord], kind: str, folder: Path, *, language: str = "en"
) -> Path:
    """Write turns to a new file.

    Args:
        title: Title of the document, also its file name.
        turns: The turns, in order.
        kind: `md`, `json`, `docx` or `pdf`.
        folder: Where the file goes.
        language: Of the labels; the answers stay as they are.

    Raises:
        AssistantError: The kind is unknown or there is nothing to write.
    """
    if kind not in KINDS:
        raise AssistantError(f"There is no export as '{kind}'.", f"Choose one of {', '.join(KINDS)}.")
    if not turns:
        raise AssistantError("There is nothing to export yet.", "Ask a question first.")
    target = folder / file_name(title, kind)
    if kind == "md":
        target.write_text(conversation_markdown(title, turns, language), "utf-8")
    elif kind == "json":
        target.write_text(conversation_json(title, turns), "utf-8")
    elif kind == "docx":
        from assistant.web.export_docx import write_docx

        write_docx(target, title, turns, language)
    else:
        from assistant.web.export_pdf import write_pdf

        write_pdf(target, title, turns, language)
    return target
