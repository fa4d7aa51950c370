"""Paragraphs and sentences of the corpus, without marks and footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.ingest.sentences import split_sentences


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a brief with what stands above it."""

    brief: str
    title: str
    date: str
    heading: str
    text: str
    sentences: tuple[str, ...]

    @property
    def context(self) -> str:
        """Title, date and heading, as the verifier wants them."""
        return f"{self.title}. {self.date}. {self.heading}".strip(". ")


def read_paragraphs(corpus: Path) -> Iterator[Paragraph]:
    for path in sorted(corpus.glob("*/*.md")):
        _, front, body = path.read_text(encoding="utf-8").split("---", 2)
        title = re.search(r'^title: "?(.*?)"?$', front, re.M)
        date = re.search(r"^date: (\S+)", front, re.M)
        body = re.sub(r"(?m)^\[\^\d+\]:.*$", "", body)
        body = re.sub(r"\[\^\d+\]", "", body)
        heading = ""
        for block in re.split(r"\n\s*\n|\n(?=#|- )|(?<=\n)(?=##)", body):
            block = block.strip()
            lines = block.split("\n")
            while lines and lines[0].startswith("#"):
                heading = "" if lines[0].startswith("# ") else lines[0].lstrip("# ")
                lines = lines[1:]
            text = " ".join(lines).strip()
            if len(text) < 40:
                continue
            sentences = tuple(text[start:end] for start, end in split_sentences(text))
            yield Paragraph(
                f"{path.parent.name}/{path.stem}",
                title[1] if title else "",
                date[1] if date else "",
                heading,
                text,
                sentences,
            )


def evidence_of(paragraph: Paragraph, index: int, words: int = 110) -> tuple[str, list[str]]:
    """A passage of about the size that retrieval returns, around one sentence."""
    low = high = index
    size = len(paragraph.sentences[index].split())
    while size < words and (low > 0 or high + 1 < len(paragraph.sentences)):
        if high + 1 < len(paragraph.sentences) and (low == 0 or high - index <= index - low):
            high += 1
            size += len(paragraph.sentences[high].split())
        else:
            low -= 1
            size += len(paragraph.sentences[low].split())
    chosen = paragraph.sentences[low : high + 1]
    return " ".join(chosen), [sentence for sentence in chosen if sentence != paragraph.sentences[index]]
