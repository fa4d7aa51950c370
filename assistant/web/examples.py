"""Questions to begin and to go on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assistant.answering.about import examples
from assistant.answering.glossary import Glossary
from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.schema import Answer, DocumentInfo
from assistant.web.i18n import words


@dataclass(frozen=True)
class Welcome:
    """What an empty chat shows."""

    count: int
    oldest: str
    newest: str
    examples: Sequence[tuple[str, Sequence[str]]]
    reading: bool = False
    """Whether the documents are still being read."""


@cache
def _names() -> Glossary:
    """The names of the field that come with the package, in both languages."""
    return Glossary.harvest(())


def welcome(
    language: str, documents: Sequence[DocumentInfo], topics: int = 6, *, reading: bool = False
) -> Welcome:
    """Examples for the topics that hold most documents; a topic without its own gets its newest title.

    While the documents are not known yet, the first topics that have examples stand in.
    """
    dates = sorted(str(d.date) for d in documents if d.date)
    counts = Counter(d.topic for d in documents if d.topic)
    groups: list[tuple[str, Sequence[str]]] = []
    shown = [topic for topic, _ in counts.most_common(topics)]
    if reading and not documents:
        shown = list(examples())[:topics]
    for topic in shown:
        own = [entry[language] for entry in examples().get(topic, [])]
        if not own:
            newest = max((d for d in documents if d.topic == topic), key=lambda d: str(d.date or ""))
            own = [words(language, "follow_about", title=newest.title)]
        groups.append((topic, own))
    return Welcome(
        count=len(documents),
        oldest=dates[0] if dates else "",
        newest=dates[-1] if dates else "",
        examples=groups,
        reading=reading,
    )


def followups(
    engine: Engine, language: str, answer: Answer, asked: Sequence[str] = (), limit: int = 3
) -> list[str]:
    """Questions that the cited documents can answer: their sections that the answer did not use.

    The parts of the question that stayed without an answer are not among them: asking again would fail again.
    """
    found: list[str] = []
    used = {
        (c.passage.document.path, c.passage.heading_path[-1])
        for c in answer.citations
        if c.passage.heading_path
    }
    for path, collection in dict.fromkeys(
        (c.passage.document.path, c.passage.document.collection) for c in answer.citations
    ):
        try:
            document = engine.document(path, collection)
        except AssistantError:
            continue
        headings = [
            document.text[b.char_start : b.char_end]
            for b in document.blocks
            if b.kind == "heading" and b.level > 1
        ]
        fresh = next((h for h in headings if (path, h) not in used), None)
        if fresh:
            found.append(words(language, "follow_section", heading=fresh, title=document.title))
    for entity, _ in Counter(e for c in answer.citations for e in c.passage.document.entities).most_common(4):
        if len(found) >= limit:
            break
        name = _names().to_chinese(entity) if language == "zh" else entity
        found.append(words(language, "follow_entity", entity=name))
    known = {q.strip().casefold() for q in asked}
    return [q for q in dict.fromkeys(found) if q.strip().casefold() not in known][:limit]
