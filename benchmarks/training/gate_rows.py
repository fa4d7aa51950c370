"""What the gate is given for a question, as `gate_evidence.py` keeps it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence

# What is fitted learns from this half of `unseen.yaml` alone; figures are reported on the other.
LEARNT = 0


@dataclass(frozen=True)
class Row:
    """What the gate is given for one question."""

    source: str
    id: str
    fold: int
    """By its first brief, or by its id where nothing answers it."""
    answerable: bool
    shown: str
    """`whole`, or `without` the sentences that answer."""
    query: Query
    ranked: tuple[RankedSentence, ...]
    facts: tuple[str, ...] = ()
    covered: float = 0.0
    """Share of the facts within the first six sentences."""
    label: str = ""
    """As the set says."""


def read_rows(file: Path) -> list[Row]:
    """What is gathered of a set."""
    rows = []
    if file.is_file():
        with file.open("rb") as stored:
            while True:
                try:
                    rows.append(pickle.load(stored))
                except EOFError:
                    break
    return rows
