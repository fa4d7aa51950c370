"""Names that a question sets side by side: each of them needs an answer, or is named as missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.answering.name_table import NameTable
from assistant.retrieval.query import Subject, enumerated_names
from assistant.retrieval.rerank import RankedSentence

# What may stand between two Chinese names that are set side by side.
_JOINED = re.compile(r"[\s、，,和与與及跟同]+(?:以及)?")
_MOST = 6


def subjects_of(question: str, table: NameTable) -> tuple[Subject, ...]:
    """The names in the order of the question, as written; empty when it names fewer than two side by side.

    Args:
        question: Stand-alone, in any language.
        table: Other spellings of names.
    """
    names = list(enumerated_names(question))
    if len(names) == 2:
        # "National Development and Reform Commission" is one, and "Compare SMIC" begins with no name.
        known = [_known(name, table) for name in names]
        names = [name for name in known if name] if all(known) else []
    names = names or _chinese(question, table)
    return tuple(Subject(name, frozenset(table.alternatives(name))) for name in dict.fromkeys(names[:_MOST]))


def _known(name: str, table: NameTable) -> str:
    """The longest end of it that the table knows; empty when there is none."""
    words = name.split()
    ends = (" ".join(words[at:]) for at in range(len(words)))
    return next((end for end in ends if len(table.alternatives(end)) > 1), "")


def _chinese(question: str, table: NameTable) -> list[str]:
    best: list[str] = []
    run: list[str] = []
    end = 0
    for start, name, _ in table.chinese_names(question):
        if run and not _JOINED.fullmatch(question[end:start]):
            run = []
        end = start + len(name)
        run.append(question[start:end])
        if len(run) > max(1, len(best)):
            best = list(run)
    return best


def names_subject(subject: Subject, *texts: str) -> bool:
    """Whether one of the texts names it, in any spelling."""
    said = " ".join(texts).casefold()
    return any(
        re.search(rf"(?<![a-z0-9]){re.escape(spelling)}(?![a-z0-9])", said)
        if spelling.isascii()
        else spelling in said
        for spelling in subject.spellings
    )


def speaks_of(subject: Subject, item: RankedSentence) -> bool:
    """Whether a sentence names it, or stands under a title or heading that does."""
    passage = item.passage
    return names_subject(subject, item.sentence.text, passage.document.title, *passage.heading_path)


def missing_subjects(subjects: Iterable[Subject], items: Iterable[RankedSentence]) -> list[Subject]:
    """Those that no sentence speaks of."""
    said = list(items)
    return [subject for subject in subjects if not any(speaks_of(subject, item) for item in said)]
