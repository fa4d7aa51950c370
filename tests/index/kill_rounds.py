"""Syncs that are killed at random, then a comparison with a clean build; `test_kill.py` runs it.

    python -m tests.index.kill_rounds --kills 100

Every sync runs in a forked child, so that this process, which has imported all that is slow to import, never
has Chroma's engine open: the engine's threads and locks would not survive the fork.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Imported before forking, so that the children start at once.
import bm25s  # noqa: F401
import chromadb
import chromadb.api.fastapi
import chromadb.api.rust  # noqa: F401
import numpy as np

from assistant.index.reader import Index
from assistant.index.sync import sync_folder
from tests.index.chroma import chroma_server, new_database
from tests.index.conftest import INGEST, Place, chunk, discover, fake_embeddings, open_index, read

WORDS = ["Huawei", "Baidu", "Nvidia", "chips", "shares", "9.3", "percent", "950PR", "plan", "昇腾", "芯片"]
_STEPS = 18


def text(rng: random.Random, lines: int) -> str:
    return "\n".join(
        " ".join(rng.choices(WORDS, k=6)) + str(rng.random()) for _ in range(rng.randint(0, lines))
    )


def mutate(root: Path, rng: random.Random, lines: int) -> None:
    files = sorted(root.rglob("*.txt"))
    for _ in range(rng.randint(1, 5)):
        action = rng.choice(["add", "add", "edit", "move", "delete"])
        new = root / rng.choice("abc") / f"{rng.randint(0, 999)}.txt"
        new.parent.mkdir(parents=True, exist_ok=True)
        old = rng.choice(files) if files else new
        if action == "add" or not old.exists():
            new.write_text(text(rng, lines), encoding="utf-8")
        elif action == "edit":
            old.write_text(text(rng, lines), encoding="utf-8")
        elif action == "move":
            old.replace(new)
        else:
            old.unlink()


def fork(work: Callable[[], None], kill_after: float | None = None) -> int:
    """Run in a child; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sync(home: Path, root: Path, fatal_step: int = 0) -> None:
    steps = 0

    def on_write(name: str) -> None:
        nonlocal steps
        steps += 1
        if steps == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    embeddings = fake_embeddings()
    with open_index(home, embeddings) as index:
        sync_folder(index, embeddings, root, ingest=INGEST, on_write=on_write)


def compare(home: Path, clean: Path, root: Path) -> None:
    """Catalogue, Chroma and BM25 must agree with each other, with the files, and with a clean build."""
    embeddings = fake_embeddings()
    server, Place.server = Place.server, None
    with open_index(clean, embeddings) as fresh:
        sync_folder(fresh, embeddings, root, ingest=INGEST)
        expected = _all(fresh)
    Place.server = server
    with open_index(home, embeddings) as index:
        assert index.check() == []
        found = _all(index)
    assert set(expected[0]) == {p.id for f in discover(root) for p in chunk(read(f, root, "corpus"))}
    assert found[0] == expected[0], "passages differ from a clean build"
    assert found[1] == expected[1], "documents differ from a clean build"
    for place in (2, 3, 4):
        assert found[place].keys() == expected[place].keys()
        for passage_id, vector in expected[place].items():
            assert np.allclose(found[place][passage_id], vector, rtol=0, atol=1e-3 if place == 4 else 1e-5), (
                "vectors differ"
            )
    assert found[5] == expected[5], "BM25 finds other passages than a clean build"


def _all(index: Index) -> tuple:  # type: ignore[type-arg]
    """Passages, documents, vectors of Chroma, of the catalogue and of sentences, and what BM25 finds."""
    build = index.wanted
    rows = build.catalog.rows("live")
    loaded = [build.catalog.load(row.id) for row in rows]
    kept = {p.id: v for one in loaded if one for p, v in zip(one.passages, one.vectors, strict=True)}
    hits = {
        word: sorted((p.id, round(score, 4)) for p, score in index.search_lexical(word, 10_000))
        for word in WORDS
    }
    return (
        {passage.id: passage for passage in build.store.all()},
        [(row.path, row.sha256, row.passage_count) for row in rows],
        {i: vector for i, (_, vector) in build.store.contents().items()},
        {i: vectors.whole for i, vectors in kept.items()},
        {i: vectors.sentences for i, vectors in kept.items()},
        hits,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many runs are killed")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", action="store_true", help="only kill at steps of the writer")
    parser.add_argument("--server", action="store_true", help="with a Chroma server, which lives on")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = options.folder or Path(temporary)
        if options.server:
            address = stack.enter_context(chroma_server(folder / "server"))
            assert address is not None, "`chroma run` does not start here"
            Place.server = new_database(address)
        rounds(folder, options.kills, options.seed, options.steps)


def rounds(folder: Path, kills: int, seed: int, only_steps: bool) -> None:
    """Kill half of the runs just before a step of the writer, half at a random moment."""
    rng = random.Random(seed)
    home, root = folder / "home", folder / "files"
    root.mkdir(parents=True)
    killed = compared = runs = 0
    seconds = 1.0
    while killed < kills:
        by_step = only_steps or runs % 2 == 0
        # Enough text now and then that Chroma writes its graph to disk.
        mutate(root, rng, 6 if by_step else 150)
        runs += 1
        assert runs < 20 * kills + 100, "the runs end before they are killed"
        if by_step:
            step = rng.randint(1, _STEPS)
            status = fork(lambda step=step: sync(home, root, step))  # type: ignore[misc]
        else:
            status = fork(lambda: sync(home, root), kill_after=rng.uniform(0, seconds))
        assert status in (0, -signal.SIGKILL), status
        killed += status != 0
        if runs % 4 == 0 or killed == kills:
            started = time.monotonic()
            assert fork(lambda: sync(home, root)) == 0
            # A slow machine gets longer runs, so that the kills still fall into them.
            seconds = max(0.3, time.monotonic() - started)
            clean = folder / f"clean-{runs}"
            assert fork(lambda clean=clean: compare(home, clean, root)) == 0  # type: ignore[misc]
            compared += 1
            files = sorted(clean.rglob("*"), reverse=True)
            for path in files:
                path.rmdir() if path.is_dir() else path.unlink()
            clean.rmdir()
            print(f"killed {killed} of {runs} runs, all equal so far", flush=True)
    print(f"killed {killed} of {runs} runs; {compared} comparisons with a clean build, all equal")


if __name__ == "__main__":
    main()
