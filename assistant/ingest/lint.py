"""Checks that every brief of a corpus follows its format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.errors import DocumentError
from assistant.ingest.cleaning import clean_title, date_of_name, has_invisible, iso_date, safe_url
from assistant.ingest.discover import discover
from assistant.ingest.footnotes import CORPUS_FORM, take_definitions
from assistant.ingest.readers.encoding import decode
from assistant.ingest.readers.markdown import front_matter_end, parse_front_matter, read
from assistant.ingest.readers.source import load
from assistant.ingest.sentences import split_sentences
from assistant.ingest.translations import FILE_NAME as TRANSLATIONS
from assistant.ingest.translations import one_line, translation_rows
from assistant.schema import Document

_REQUIRED = ("title", "date", "topic", "entities")
_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")


@dataclass(frozen=True)
class Problem:
    """Something in a document that does not follow the format.

    Attributes:
        path: Relative to the corpus folder.
        line: Counted from 1.
        message: What is wrong.
        severity: A `warning` may stay; an `error` misleads readers or breaks citations.
    """

    path: str
    line: int
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity}: {self.message}"


def check_corpus(root: Path) -> list[Problem]:
    """Problems of all Markdown documents of a folder, by path and line.

    Checked are: front matter with title, date, topic and entities; that the date is that of the file name,
    the topic a folder's name or another document's topic, the first heading the title; that footnotes are
    defined once, used, and of the form `Publisher, "Title", date, URL`; that no two documents have one title;
    that each sentence has a footnote; and that what is translated stands in a document.

    Raises:
        DocumentError: The folder does not exist.
    """
    folders = {path.name for path in root.iterdir() if path.is_dir()} if root.is_dir() else set()
    topics: dict[str, list[str]] = {}
    problems: list[Problem] = []
    titles: dict[str, str] = {}
    texts: list[str] = []
    for path in discover(root, (".md", ".markdown")):
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        try:
            source = load(path, root=root if root.is_dir() else root.parent)
            lines = decode(source).split("\n")
            document = read(source)
        except DocumentError as error:
            problems.append(Problem(name, 1, error.what))
            continue
        topics.setdefault(document.topic, []).append(name)
        texts.append(one_line(document.text))
        found = [*_check_front_matter(lines, path), *_check_body(lines, document)]
        problems += [Problem(name, line, message, severity) for line, message, severity in found]
        other = titles.setdefault(document.title.casefold(), name)
        if other != name:
            problems.append(Problem(name, 1, f"has the same title as {other}"))
    for topic, names in topics.items():
        if topic and topic not in folders and len(names) == 1:
            message = f"topic '{topic}' is neither a folder of the corpus nor another document's topic"
            problems.append(Problem(names[0], 1, message, "warning"))
    problems += _check_translations(root, "\n".join(texts))
    return sorted(problems, key=lambda problem: (problem.path, problem.line, problem.message))


def _check_translations(root: Path, text: str) -> Iterator[Problem]:
    try:
        rows = translation_rows(root)
    except DocumentError as error:
        yield Problem(TRANSLATIONS, 1, str(error))
        return
    for line, english, _ in rows:
        if english not in text:
            yield Problem(
                TRANSLATIONS, line, f"translates no sentence of a document: {english[:80]}", "warning"
            )


_Found = tuple[int, str, Literal["error", "warning"]]


def _check_front_matter(lines: list[str], path: Path) -> Iterator[_Found]:
    end = front_matter_end(lines)
    if end is None:
        yield 1, "has no front matter", "error"
        return
    try:
        values = parse_front_matter(lines[1:end])
    except ValueError as error:
        yield 1, f"front matter: {error}", "error"
        return

    def line_of(name: str) -> int:
        return next((i for i, line in enumerate(lines[:end], 1) if line.lower().startswith(f"{name}:")), 1)

    for name in _REQUIRED:
        if not values.get(name):
            yield line_of(name), f"front matter lacks {name}", "error"
    yield from ((line_of(name), message, "error") for name, message in _wrong_values(values, path))
    title = clean_title(values.get("title"))
    first = next(
        ((i, line) for i, line in enumerate(lines[end + 1 :], end + 2) if line.startswith("# ")), None
    )
    if first is None:
        yield end + 2, "has no first-level heading", "error"
    elif title and clean_title(first[1][2:]) != title:
        yield first[0], "the first heading is not the title", "error"


def _wrong_values(values: dict[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    date = values.get("date")
    written = iso_date(date)
    named = date_of_name(path.stem)
    if date and (written is None or len(written) < 10):
        yield "date", f"date '{date}' is not a day of the form 2026-05-01"
    elif named is None:
        yield "date", "the file name does not begin with a date"
    elif date and written != named.isoformat():
        yield "date", f"date {written} is not the file name's {named}"
    entities = values.get("entities")
    if entities and not (
        isinstance(entities, list) and all(isinstance(e, str) and e.strip() for e in entities)
    ):
        yield "entities", "entities is not a list of names"


def _check_body(lines: list[str], document: Document) -> Iterator[_Found]:
    for number, line in enumerate(lines, 1):
        if has_invisible(line):
            yield number, "holds invisible characters", "error"
    kept, definitions = take_definitions(lines)
    yield from _check_footnotes(kept, definitions)
    plain = [_REFERENCE.sub("", line) for line in kept]
    positions = sorted(reference.position for reference in document.note_references)
    for block in document.blocks:
        if block.kind == "heading":
            continue
        text = document.text[block.char_start : block.char_end]
        spans = split_sentences(text)
        for index, (start, end) in enumerate(spans):
            until = spans[index + 1][0] if index + 1 < len(spans) else len(text)
            if not any(block.char_start + start < at <= block.char_start + until for at in positions):
                sentence = text[start:end]
                number = next((i for i, words in enumerate(plain, 1) if sentence[:60] in words), 1)
                yield number, f"sentence without a footnote: {sentence[:80]}", "warning"


def _check_footnotes(lines: list[str], definitions: list[tuple[int, str, str]]) -> Iterator[_Found]:
    used: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for match in _REFERENCE.finditer(line):
            used.setdefault(match[1], number)
    counts = Counter(label for _, label, _ in definitions)
    for label, number in used.items():
        if label not in counts:
            yield number, f"footnote [^{label}] is not defined", "error"
    for index, label, text in definitions:
        if label not in used:
            yield index + 1, f"footnote [^{label}] is not used", "error"
        if counts[label] > 1:
            yield index + 1, f"footnote [^{label}] is defined {counts[label]} times", "error"
        form = CORPUS_FORM.fullmatch(text.strip())
        if form is None or not (form["publisher"] or "").strip(" ,"):
            yield index + 1, f'footnote [^{label}] is not of the form Publisher, "Title", date, URL', "error"
            continue
        if not iso_date(form["date"]):
            yield index + 1, f"footnote [^{label}] has no date that can be read", "error"
        if form["url"] and safe_url(form["url"]) is None:
            yield index + 1, f"footnote [^{label}] has no well-formed http or https address", "error"
