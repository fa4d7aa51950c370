"""A small assistant over real briefs: the events of the engine's contract without its models."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from assistant.errors import DocumentError
from assistant.schema import (
    Answer,
    AnswerEvent,
    Block,
    Citation,
    Claim,
    ClaimEvent,
    Disagreement,
    DisagreementValue,
    Document,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    NoteReference,
    Passage,
    Reason,
    SearchHit,
    Sentence,
    SourceNote,
    StepEvent,
    Turn,
)
from assistant.settings import Settings

CORPUS = Path(__file__).parents[2] / "corpus"
_NOTE = re.compile(r"^\[\^(\w+)\]: (.*)$", re.M)
_MARK = re.compile(r"\[\^(\w+)\]")
_STOP = {
    "a",
    "an",
    "and",
    "are",
    "by",
    "did",
    "do",
    "does",
    "for",
    "how",
    "in",
    "is",
    "of",
    "on",
    "the",
    "to",
}
_STOP |= {"was", "were", "what", "when", "which", "who", "with"}


@dataclass(frozen=True)
class FileReport:
    path: str
    status: str
    passages: int
    reason: str = ""


@dataclass(frozen=True)
class SyncReport:
    files: tuple[FileReport, ...]
    passages: int = 0
    seconds: float = 0.0


def read_brief(file: Path, root: Path, collection: str = "corpus") -> Document:
    raw = file.read_text("utf-8")
    head: dict[str, object] = {}
    if raw.startswith("---"):
        _, front, raw = raw.split("---", 2)
        head = yaml.safe_load(front)
    notes = []
    for label, body in _NOTE.findall(raw):
        parts = re.match(r'(.*?), "(.*)", ([\d-]+), (\S+)$', body)
        values = parts.groups() if parts else (body, "", None, None)
        notes.append(
            SourceNote(label=label, publisher=values[0], title=values[1], date=values[2], url=values[3])
        )
    text, blocks, references = "", [], []
    for chunk in _NOTE.sub("", raw).strip().split("\n\n"):
        if not chunk.strip():
            continue
        level = len(chunk) - len(chunk.lstrip("#"))
        chunk = chunk.lstrip("# ")
        start = len(text)
        position = 0
        for mark in _MARK.finditer(chunk):
            text += chunk[position : mark.start()]
            references.append(NoteReference(label=mark[1], position=len(text)))
            position = mark.end()
        text += chunk[position:]
        blocks.append(
            Block(kind="heading" if level else "paragraph", level=level, char_start=start, char_end=len(text))
        )
        text += "\n\n"
    path = file.relative_to(root).as_posix()
    return Document(
        id=hashlib.sha256(path.encode()).hexdigest()[:16],
        path=path,
        title=str(head.get("title", file.stem)),
        date=head.get("date"),  # type: ignore[arg-type]
        topic=str(head.get("topic", "")),
        entities=tuple(head.get("entities", ())),  # type: ignore[arg-type]
        language="en",
        collection=collection,
        text=text,
        blocks=tuple(blocks),
        notes=tuple(notes),
        note_references=tuple(references),
    )


def read_pdf(file: Path, root: Path, collection: str) -> Document:
    from pypdf import PdfReader

    text, blocks = "", []
    reader = PdfReader(file)
    for number, page in enumerate(reader.pages, start=1):
        words = " ".join(page.extract_text().split())
        blocks.append(
            Block(kind="paragraph", char_start=len(text), char_end=len(text) + len(words), page=number)
        )
        text += words + "\n\n"
    return Document(
        id=hashlib.sha256(file.name.encode()).hexdigest()[:16],
        path=file.relative_to(root).as_posix(),
        title=file.stem,
        media_type="application/pdf",
        page_count=len(reader.pages),
        collection=collection,
        text=text,
        blocks=tuple(blocks),
    )


def passages_of(document: Document) -> list[Passage]:
    found: list[Passage] = []
    headings: tuple[str, ...] = ()
    for block in document.blocks:
        text = document.text[block.char_start : block.char_end]
        if block.kind == "heading":
            headings = (text,) if block.level > 1 else ()
            continue
        sentences = []
        for match in re.finditer(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]?\s*", text):
            start = block.char_start + match.start()
            end = start + len(match[0].rstrip())
            labels = tuple(
                r.label
                for r in document.note_references
                if start < r.position <= block.char_start + match.end()
            )
            sentences.append(
                Sentence(text=document.text[start:end], char_start=start, char_end=end, note_labels=labels)
            )
        used = dict.fromkeys(label for s in sentences for label in s.note_labels)
        found.append(
            Passage(
                id=f"{document.id}-{block.char_start}",
                document=document.info(),
                text=text,
                char_start=block.char_start,
                char_end=block.char_end,
                heading_path=headings,
                page=block.page,
                ordinal=len(found),
                sentences=tuple(sentences),
                sources=tuple(n for n in document.notes if n.label in used),
            )
        )
    return found


@cache
def _read_all(corpus: Path) -> tuple[Document, ...]:
    return tuple(read_brief(file, corpus) for file in sorted(corpus.rglob("*.md")))


@cache
def _cut_up(identifier: str, text: str, collection: str) -> list[tuple[Passage, set[str]]]:
    document = _by_key[identifier, collection]
    return [(p, _words(p.text) | _words(p.document.title)) for p in passages_of(document)]


_by_key: dict[tuple[str, str], Document] = {}


def _prepared(document: Document) -> list[tuple[Passage, set[str]]]:
    _by_key[document.id, document.collection] = document
    return _cut_up(document.id, document.text, document.collection)


def _words(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", text.lower()) if w not in _STOP}


class FakeAssistant:
    """Answers with the sentences that share most words with the question.

    Questions that hold `weather` are refused; `disagree` adds a disagreement; `slow` waits before the
    second sentence until `release` is set; `broken` raises.
    """

    def __init__(self, home: Path, corpus: Path = CORPUS) -> None:
        self.settings = Settings(home=home, corpus=corpus)
        self._documents: dict[tuple[str, str], Document] = {}
        for document in _read_all(corpus):
            self._documents["corpus", document.path] = document
        self.asked: list[tuple[str, list[Turn | tuple[str, str]], Filters | None]] = []
        self.given: list[tuple[str | None, int | None, str | None]] = []
        """Model, number of passages and answer language of each question."""
        self.release = asyncio.Event()

    model_name = "extractive"
    ready = True

    def _matching(self, filters: Filters | None) -> list[Document]:
        f = filters or Filters()
        return [
            d
            for d in self._documents.values()
            if (not f.topics or d.topic in f.topics)
            and (not f.entities or set(f.entities) & set(d.entities))
            and (not f.documents or d.path in f.documents)
            and (not f.collections or d.collection in f.collections)
            and (not f.since or (d.date and d.date >= f.since))
            and (not f.until or (d.date and d.date <= f.until))
        ]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return [d.info() for d in self._matching(filters)]

    def document(self, path: str, collection: str = "corpus") -> Document:
        try:
            return self._documents[collection, path]
        except KeyError:
            raise DocumentError(f"There is no document {path}.") from None

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        wanted = _words(query)
        scored = [
            SearchHit(passage=p, score=float(len(wanted & known)))
            for d in self._matching(filters)
            for p, known in _prepared(d)
            if wanted & known
        ]
        return sorted(scored, key=lambda h: -h.score)[:k]

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Turn | tuple[str, str]] = (),
        filters: Filters | None = None,
        model: str | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> AsyncIterator[Event]:
        self.asked.append((question, list(history), filters))
        self.given.append((model, passages, language))
        if "broken" in question:
            raise DocumentError("The index is damaged.", "Run `assistant index`.")
        searched = len(self._matching(filters))
        yield StepEvent(stage="understand", message=f"Understood as: {question}")
        hits = self.search(question, k=8, filters=filters)
        yield StepEvent(
            stage="retrieve", message=f"Searched {searched} documents, {len(hits)} passages found"
        )
        if "weather" in question or not hits:
            text = f"The {searched} documents searched do not answer this."
            yield AnswerEvent(
                answer=Answer(
                    question=question, standalone_question=question, status="not_in_corpus", text=text,
                    uncovered=(question,), nearest=tuple(hits[:4]), searched=searched, model=self.model_name,
                )
            )  # fmt: skip
            return
        yield EvidenceEvent(hits=tuple(hits))
        yield StepEvent(stage="verify", message="Checking each sentence against its passage")
        wanted, claims, citations, seen = _words(question), [], [], set()
        for hit in hits:
            if len(claims) == 4 or hit.passage.document.path in seen:
                continue
            seen.add(hit.passage.document.path)
            best = max(hit.passage.sentences, key=lambda s: len(wanted & _words(s.text)))
            citation = Citation(
                number=len(citations) + 1, passage=hit.passage, quote=best.text, score=0.9,
                char_start=best.char_start, char_end=best.char_end,
                sources=hit.passage.sources_of(best.char_start, best.char_end),
            )  # fmt: skip
            citations.append(citation)
            position = len(claims)
            claim = Claim(
                text=best.text, citations=(citation.number,), score=0.9,
                verdict="partly_supported" if position == 2 else "supported",
                reasons=("date 1 May is not in the passage",) if position == 2 else (),
                reason_codes=(Reason(code="date_missing", said="1 May"),) if position == 2 else (),
            )  # fmt: skip
            if position == 1 and "slow" in question:
                await self.release.wait()
            claims.append(claim)
            yield ClaimEvent(claim=claim, new_citations=(citation,))
        dates = [c.passage.document.date for c in citations if c.passage.document.date]
        values = tuple(
            DisagreementValue(value=v, publisher=p, date=d, citation=n)
            for v, p, d, n in (
                ("31.9 billion yuan", "China Daily Brief", "2026-05-13", 1),
                ("37 billion yuan", "Edgen", "2026-05", 2),
            )
        )
        yield StepEvent(stage="compose", message=f"{len(claims)} sentences checked")
        yield AnswerEvent(
            answer=Answer(
                question=question,
                standalone_question=question,
                status="answered",
                text=" ".join(f"{c.text} " + "".join(f"[{n}]" for n in c.citations) for c in claims),
                claims=tuple(claims),
                citations=tuple(citations),
                searched=searched,
                newest=max(dates, default=None),
                oldest=min(dates, default=None),
                disagreements=(Disagreement(quantity="Tencent capital expenditure, Q1 2026", values=values),)
                if "disagree" in question
                else (),
                model=self.model_name,
                embedding="fake",
                timings={"retrieve": 0.02, "verify": 0.03},
            )
        )

    def sync(self, progress: Callable[[int, int, str], None] | None = None) -> SyncReport:
        return SyncReport(files=())

    def add_documents(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str = "user",
        progress: Callable[[int, int, str], None] | None = None,
    ) -> SyncReport:
        reports = []
        for number, name in enumerate(paths, start=1):
            file = Path(name)
            if progress:
                progress(number, len(paths), file.name)
            if file.suffix == ".pdf":
                document = read_pdf(file, file.parent, collection)
            elif file.suffix in {".md", ".txt"}:
                document = read_brief(file, file.parent, collection)
            else:
                reports.append(
                    FileReport(file.name, "failed", 0, f"{file.suffix} is not a format that can be read")
                )
                continue
            self._documents[collection, document.path] = document
            reports.append(FileReport(document.path, "added", len(passages_of(document))))
        return SyncReport(files=tuple(reports))

    def remove(self, paths: Sequence[str], *, collection: str = "user") -> int:
        return sum(self._documents.pop((collection, path), None) is not None for path in paths)

    def warm_up(self) -> None:
        return None
