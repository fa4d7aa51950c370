"""A process that writes an index step by step, while `test_two_processes.py` reads it.

    python -m tests.index.writing_process HOME FILES [SERVER DATABASE]

It says `published N` when state N is visible, and goes on to the next when it is told to.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.index.server import ChromaServer
from assistant.index.sync import Ingest, sync_folder
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document, Passage
from tests.index.conftest import INGEST, Place, chunk, discover, fake_embeddings, open_index, read

OLD, NEW = "test-1", "test-2"
Files = dict[str, str]


def states() -> list[tuple[str, Files]]:
    """Chunker and files of each state, in their order; no two hold the same passages."""

    def text(name: str, version: int) -> str:
        return "\n".join(f"Huawei {name} {version} line {n}" for n in range(5))

    files = {f"a/{n}.txt": text(f"a{n}", 0) for n in range(12)}
    found = [(OLD, dict(files))]

    def then(changes: Files, gone: tuple[str, ...] = (), chunker: str = OLD) -> None:
        for name in gone:
            del files[name]
        files.update(changes)
        found.append((chunker, dict(files)))

    then({f"b/{n}.txt": text(f"b{n}", 1) for n in range(6)})
    then({f"a/{n}.txt": text(f"a{n}", 2) for n in range(6)})
    then({}, gone=tuple(f"a/{n}.txt" for n in range(4, 10)))
    then(
        {"c/moved.txt": files["b/0.txt"], "a/0.txt": text("a0", 4), "d.txt": text("d", 4)}, gone=("b/0.txt",)
    )
    # Everything anew, beside the old index.
    then({}, chunker=NEW)
    then({"a/1.txt": text("a1", 6), "e.txt": text("e", 6)}, gone=("b/5.txt", "d.txt"), chunker=NEW)
    return found


def ingest_of(chunker: str) -> Ingest:
    """Readers and chunker; the new one makes a passage of two lines."""
    return INGEST if chunker == OLD else Ingest(discover=discover, read=read, chunk=chunk_pairs)


def chunk_pairs(document: Document, embeddings: EmbeddingModel | None = None) -> list[Passage]:
    """Passages that begin at every second line and end with the next."""
    lines = chunk(document)
    pairs = [(one, lines[at + 1] if at + 1 < len(lines) else one) for at, one in enumerate(lines)][::2]
    return [
        one.model_copy(
            update={
                "id": f"pair-{one.id}",
                "text": document.text[one.char_start : last.char_end],
                "char_end": last.char_end,
                "ordinal": number,
            }
        )
        for number, (one, last) in enumerate(pairs)
    ]


def put(root: Path, files: Files) -> None:
    """Make a folder hold exactly these files."""
    root.mkdir(exist_ok=True)
    for file in discover(root):
        if file.relative_to(root).as_posix() not in files:
            file.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)


def main(home: Path, root: Path, server: ChromaServer | None) -> None:
    """Publish all states."""
    Place.server = server
    embeddings = fake_embeddings()
    for number, (chunker, files) in enumerate(states()):
        put(root, files)
        with open_index(home, embeddings, chunker) as index:
            sync_folder(index, embeddings, root, ingest=ingest_of(chunker))
        print(f"published {number}", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    place = sys.argv[3:]
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        ChromaServer(place[0], database=place[1]) if place else None,
    )
