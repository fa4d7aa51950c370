"""Opens an index for a look at what a sync would do, without leaving anything behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.index.builds import current_fingerprint
from assistant.index.fingerprint import Fingerprint
from assistant.index.reader import Index
from assistant.index.server import ChromaServer
from assistant.models.embeddings import EmbeddingModel


@contextmanager
def open_for_preview(
    home: Path,
    embeddings: EmbeddingModel,
    server: ChromaServer | None = None,
    *,
    chunker: str | int | None = None,
) -> Iterator[Index]:
    """The index of a home folder; where there is none of this model, an empty one that vanishes afterwards.

    With a server, this machine's copy of its documents is brought up to date.
    """
    if chunker is None:
        from assistant.ingest.chunking import CHUNKER_VERSION

        chunker = CHUNKER_VERSION
    wanted = Fingerprint.of(embeddings, chunker)
    root = home / "index"
    if server is not None or (root / wanted.key / "catalog.sqlite3").exists():
        with Index.open(home, embeddings, chunker=chunker, server=server) as index:
            yield index
        return
    with (
        tempfile.TemporaryDirectory(prefix="assistant-preview-") as folder,
        Index.open(Path(folder), embeddings, chunker=chunker) as index,
    ):
        old = current_fingerprint(root)
        if old is not None and old != wanted:
            index.rebuild_reason = f"The documents must be indexed again, because {old.difference(wanted)}."
        yield index
