"""One process writes all the time, another reads: every answer of the reader is of one state."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from assistant.index.reader import Index
from tests.index.conftest import Place, fake_embeddings, open_index, read
from tests.index.writing_process import NEW, ingest_of, states

ROOT = Path(__file__).parents[2]
_EVERYTHING = 10_000

pytestmark = pytest.mark.usefixtures("place")
Texts = frozenset[tuple[str, str]]


def expected(tmp_path: Path) -> list[Texts]:
    """Path and text of every passage, state by state."""
    found = []
    for number, (chunker, files) in enumerate(states()):
        root = tmp_path / f"expected-{number}"
        passages = []
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            passages += ingest_of(chunker).chunk(read(file, root, "corpus"), fake_embeddings())
        found.append(frozenset((p.document.path, p.text) for p in passages))
    return found


def listen(lines: Iterable[str], said: queue.Queue[str]) -> None:
    for line in (each for part in (lines, ["end"]) for each in part):
        said.put(line)


def test_a_reader_sees_one_state_at_a_time_while_another_process_writes(tmp_path: Path) -> None:
    wanted = expected(tmp_path)
    assert len(set(wanted)) == len(wanted)
    listed = [sorted(files) for _, files in states()]
    command = [
        sys.executable,
        "-m",
        "tests.index.writing_process",
        str(tmp_path / "home"),
        str(tmp_path / "files"),
    ]
    if Place.server is not None:
        command += [Place.server.url, Place.server.database]
    writer = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdin is not None and writer.stdout is not None
    said: queue.Queue[str] = queue.Queue()
    threading.Thread(target=listen, args=(writer.stdout, said), daemon=True).start()
    embeddings = fake_embeddings()
    vector = embeddings.embed_query("x")
    looks: Counter[int] = Counter()

    def look(index: Index, at_least: int) -> int:
        """One round of reading; the number of the newest state that it saw."""
        for dense in (True, False):
            found = (
                index.search_dense(vector, _EVERYTHING)
                if dense
                else index.search_lexical("huawei", _EVERYTHING)
            )
            hits = [(p.document.path, p.text) for p, _ in found]
            assert len(hits) == len(set(hits)) and frozenset(hits) in wanted, sorted(hits)
            state = wanted.index(frozenset(hits))
            assert state >= at_least, "an older state came back"
            at_least = state
            looks[state] += 1
        paths = [document.path for document in index.documents()]
        assert paths in listed[at_least:]
        return at_least

    try:
        assert said.get() == "published 0\n", "the writer failed"
        seen = 0
        with open_index(tmp_path / "home", embeddings, NEW) as index:
            generations = [index.generation]
            for number in range(1, len(wanted) + 1):
                # What was published is seen by the very next search.
                assert look(index, seen) == number - 1
                assert index.check() == []
                generations.append(index.generation)
                writer.stdin.write("go on\n")
                writer.stdin.flush()
                seen = number - 1
                while said.empty():
                    seen = look(index, seen)
                assert said.get() == (f"published {number}\n" if number < len(wanted) else "end")
            assert index.rebuild_reason == "" and index.fingerprint.chunker == NEW
        assert writer.wait() == 0
        assert sorted(looks) == list(range(len(wanted)))
    finally:
        writer.kill()
        writer.wait()
