"""Compares the parts of an index: the catalogue, Chroma, and the lexical index."""

from __future__ import annotations

import contextlib

from assistant.index.builds import Build
from assistant.index.catalog import Snapshot
from assistant.index.lexical import LexicalIndex

_SAMPLE = 8


def lexical_of(build: Build, snapshot: Snapshot) -> LexicalIndex:
    """The lexical index of a state: the saved one, or one built anew when that is missing or damaged."""
    lexical = build.load_lexical(snapshot.stamp)
    if lexical is None:
        lexical = LexicalIndex.build(build.catalog.passages(list(snapshot.documents)), snapshot.stamp)
        if build.is_there and build.catalog.stamp()[1] == snapshot.stamp:
            # A reader can do without the file: the disk may be full or not its own.
            with contextlib.suppress(OSError):
                build.save_lexical(lexical)
    return lexical


def missing_passages(build: Build) -> str:
    """What Chroma lacks of the passages of the catalogue, in words; empty when nothing."""
    expected, found = build.catalog.passage_count(), build.store.count()
    return f"of {expected} passages {found} have vectors" if found < expected else ""


def sample_vectors(build: Build, snapshot: Snapshot) -> str:
    """What Chroma lacks of the vectors of a few passages, in words; empty when nothing.

    Without its graph Chroma still counts its passages, and searches among those it has not yet put into one.

    Raises:
        Exception: Chroma cannot read them.
    """
    documents = list(snapshot.documents)
    if not documents:
        return ""
    some = {documents[at * (len(documents) - 1) // _SAMPLE] for at in range(_SAMPLE + 1)}
    first: dict[str, str] = {}
    for passage in build.catalog.passages(list(some)):
        first.setdefault(passage.document.id, passage.id)
    found = build.store.vector_count(list(first.values())) if first else 0
    return f"of {len(first)} passages that were looked at {found} have vectors" if found < len(first) else ""


def check_build(build: Build, snapshot: Snapshot) -> list[str]:
    """One line for every disagreement between the parts of a build."""
    problems: list[str] = []
    rows = build.catalog.rows("writing", "staged", "live", "dead")
    problems += [f"{row.path}: unfinished ({row.state})" for row in rows if row.state != "live"]
    expected = {p.id: p.document.id for p in build.catalog.passages([row.id for row in rows])}
    stored = build.store.contents()
    problems += [f"passage {i} is missing in Chroma" for i in expected.keys() - stored.keys()]
    problems += [f"passage {i} in Chroma belongs to no document" for i in stored.keys() - expected.keys()]
    lexical = lexical_of(build, snapshot)
    live = {row.id for row in rows if row.state == "live"}
    searchable = {i for i, document in expected.items() if document in live}
    if set(lexical.ids) != searchable or len(lexical.ids) != len(searchable):
        problems.append("the lexical index holds other passages than the catalogue")
    return sorted(problems)
