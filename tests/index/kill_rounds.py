"""Run by `test_killed.py` in a process of its own: syncs that are killed, then a comparison with the files.

Every sync runs in a forked child, so that this process never has Chroma's engine open.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Imported before forking, so that the children start at once.
import bm25s  # noqa: F401
import chromadb  # noqa: F401

from assistant.index.sync import sync_folder
from tests.index.conftest import INGEST, chunk, discover, fake_embeddings, open_index, read

WORDS = ["Huawei", "Baidu", "Nvidia", "chips", "shares", "9.3", "percent", "950PR", "plan", "昇腾", "芯片"]


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
            os._exit(9)

    embeddings = fake_embeddings()
    with open_index(home, embeddings) as index:
        sync_folder(index, embeddings, root, ingest=INGEST, on_write=on_write)


def compare(home: Path, root: Path) -> None:
    """The index must hold exactly what the files say, in all its parts."""
    embeddings = fake_embeddings()
    expected = {p.id: p for file in discover(root) for p in chunk(read(file, root, "corpus"))}
    with open_index(home, embeddings) as index:
        assert index.check() == []
        found = {p.id: p for p in index.wanted.store.all()}
        assert found == expected, (len(found), len(expected))
        for passage in random.Random(1).sample(list(expected.values()), min(30, len(expected))):
            vector = embeddings.embed_documents([passage.embedding_text()])[0]
            assert index.search_dense(vector, 1)[0][1] > 0.999
            terms = passage.text.rpartition(" ")[2]
            assert passage.id in [p.id for p, _ in index.search_lexical(terms, len(expected))]


def main(folder: Path, rounds: int, seed: int, by_signal: bool) -> None:
    """Kill at a random step or, by signal, at a random moment, with so much text that Chroma saves."""
    rng = random.Random(seed)
    home, root = folder / "home", folder / "files"
    root.mkdir(parents=True)
    killed = 0
    for number in range(rounds):
        mutate(root, rng, 150 if by_signal else 6)
        if by_signal:
            killed += fork(lambda: sync(home, root), kill_after=rng.uniform(0, 2.5)) != 0
        else:
            step = rng.randint(1, 16)
            status = fork(lambda step=step: sync(home, root, step))  # type: ignore[misc]
            assert status in (0, 9), status
            killed += status == 9
        if number % 3 == 2 or number == rounds - 1:
            assert fork(lambda: sync(home, root)) == 0
            assert fork(lambda: compare(home, root)) == 0
    print(f"killed {killed} of {rounds}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), "signal" in sys.argv)
