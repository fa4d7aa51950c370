"""How time, memory and disk of ingestion, and the latency of search, grow with the number of documents.

    python benchmarks/scaling.py --sizes 100,1000,10000 --embedding hash --out scaling.json
    python benchmarks/scaling.py --sizes 100 --embedding e5

The documents are synthetic: paragraphs of the corpus, drawn at random, with their numbers changed. `hash` is a
bag of hashed words projected to 384 numbers: it costs next to nothing, so that what is measured is the index;
`e5` is the embedding model that the assistant uses. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assistant.index.catalog import Catalog
from assistant.index.lexical import LexicalIndex
from assistant.index.reader import Index
from assistant.index.store import PassageStore
from assistant.index.sync import Ingest, sync_folder
from assistant.models.embeddings import E5Embeddings, EmbeddingModel
from assistant.resources import corpus_folder

STAGES = ("read", "chunk", "embed", "catalogue", "store", "lexical", "rest")
_PARAGRAPHS = (4, 14)


class HashEmbeddings(EmbeddingModel):
    """Sum of a random vector a word: texts that share words are near."""

    name = "benchmark-hash"
    dimension = 384  # type: ignore[assignment]
    max_tokens = 512  # type: ignore[assignment]

    def __init__(self) -> None:
        self._words: dict[str, Any] = {}

    def count_tokens(self, text: str) -> int:
        """About as many as e5's tokenizer gives for English."""
        return len(text) // 4 + 2

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        return [sum(map(self._word, text.lower().split()), np.zeros(384, np.float32)) for text in texts]

    def _word(self, word: str) -> Any:
        if word not in self._words:
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
            self._words[word] = np.random.default_rng(seed).standard_normal(384, dtype=np.float32)
        return self._words[word]


class Clock:
    """Seconds by stage: as they passed, and on a CPU, which other programs on the machine do not change."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.cpu = dict.fromkeys(STAGES, 0.0)

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted."""

        def call(*args: Any, **kwargs: Any) -> Any:
            started, cpu = time.perf_counter(), time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] += time.perf_counter() - started
                self.cpu[stage] += time.process_time() - cpu

        return call

    @contextmanager
    def watching(self, embeddings: EmbeddingModel) -> Iterator[Ingest]:
        """Count the time of the stages inside."""
        kept = (Catalog.record, PassageStore.add, LexicalIndex.build, LexicalIndex.save)
        Catalog.record = self.timed("catalogue", kept[0])  # type: ignore[method-assign]
        PassageStore.add = self.timed("store", kept[1])  # type: ignore[method-assign]
        LexicalIndex.build = self.timed("lexical", kept[2])  # type: ignore[method-assign]
        LexicalIndex.save = self.timed("lexical", kept[3])  # type: ignore[method-assign]
        embed = embeddings.embed_documents
        embeddings.embed_documents = self.timed("embed", embed)  # type: ignore[method-assign]
        usual = Ingest.default()
        try:
            yield Ingest(
                discover=usual.discover,
                read=self.timed("read", usual.read),
                chunk=self.timed("chunk", usual.chunk),
            )
        finally:
            Catalog.record, PassageStore.add, LexicalIndex.build, LexicalIndex.save = kept  # type: ignore[method-assign]
            embeddings.embed_documents = embed  # type: ignore[method-assign]


def paragraphs() -> list[str]:
    """Body paragraphs of the corpus, without headings, lists of sources and footnote marks."""
    found = []
    for file in sorted(corpus_folder().rglob("*.md")):
        body = file.read_text("utf-8").split("\n---\n", 1)[-1]
        for block in re.split(r"\n\s*\n", body):
            if not block.lstrip().startswith(("#", "[^", "---", "|", "-")) and len(block) > 80:
                found.append(re.sub(r"\[\^[^\]]+\]", "", block).strip())
    return found


def write_documents(folder: Path, count: int) -> None:
    """Synthetic documents, the same for the same count."""
    texts = paragraphs()
    rng = random.Random(20261124)
    for number in range(count):
        chosen = rng.sample(texts, rng.randint(*_PARAGRAPHS))
        lines = [f"# Synthetic report {number}"]
        for position, text in enumerate(chosen):
            if position % 4 == 0:
                lines.append(f"## Part {position // 4 + 1}")
            lines.append(re.sub(r"\d", lambda _: str(rng.randrange(10)), text))
        file = folder / f"{number % 100:02d}" / f"report-{number:06d}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n\n".join(lines) + "\n", "utf-8")


def measure(count: int, embedding: str, queries: int, work: Path) -> dict[str, Any]:
    """One size, in this process."""
    embeddings: EmbeddingModel = HashEmbeddings() if embedding == "hash" else E5Embeddings()
    root, home = work / "files", work / "home"
    root.mkdir()
    write_documents(root, count)
    # Loading the engines is no part of the work.
    embeddings.embed_documents(["x"])
    clock = Clock()
    with Index.open(home, embeddings) as index:
        with clock.watching(embeddings) as ingest:
            started, cpu = time.perf_counter(), time.process_time()
            report = sync_folder(index, embeddings, root, ingest=ingest)
            total, cpu_total = time.perf_counter() - started, time.process_time() - cpu
        clock.seconds["rest"] = total - sum(clock.seconds.values())
        clock.cpu["rest"] = cpu_total - sum(clock.cpu.values())
        unchanged = _cpu_seconds(lambda: sync_folder(index, embeddings, root))
        changed = next(iter(sorted(root.rglob("*.md"))))
        changed.write_text(changed.read_text("utf-8") + "\n\nOne more paragraph about chips.\n", "utf-8")
        one = _cpu_seconds(lambda: sync_folder(index, embeddings, root))
        ingest_rss = _peak_mb()
        problems = index.check() if count <= 1_000 else []
    with Index.open(home, embeddings) as index:
        opened = _cpu_seconds(
            lambda: (index.search_lexical("chips"), index.search_dense(embeddings.embed_query("x")))
        )
        latencies = _latencies(index, embeddings, queries)
    return {
        "documents": count,
        "passages": report.passages,
        "failed": report.count("failed"),
        "problems": len(problems),
        "embedding": embedding,
        "seconds": total,
        "cpu_seconds": cpu_total,
        "stages": clock.seconds,
        "cpu_stages": clock.cpu,
        "unchanged_seconds": unchanged,
        "one_changed_seconds": one,
        "first_search_seconds": opened,
        "peak_mb": ingest_rss,
        "source_mb": _size_mb(root),
        "disk_mb": {
            "catalogue": sum(_size_mb(f) for f in home.glob("index/*/catalog.sqlite3*")),
            "chroma": sum(_size_mb(f) for f in home.glob("index/*/chroma")),
            "lexical": sum(_size_mb(f) for f in home.glob("index/*/lexical-*")),
        },
        "latency_ms": latencies[0],
        "latency_cpu_ms": latencies[1],
        "load": os.getloadavg()[0],
    }


def _latencies(index: Index, embeddings: EmbeddingModel, count: int) -> list[dict[str, list[float]]]:
    """Median and 95th percentile by kind: as time passed, and on a CPU."""
    rng = random.Random(7)
    texts = paragraphs()
    clocks = (time.perf_counter, time.process_time)
    kinds: list[dict[str, list[float]]] = [{"embed query": [], "dense": [], "lexical": []} for _ in clocks]
    for _ in range(count):
        words = rng.choice(texts).split()
        at = rng.randrange(max(1, len(words) - 10))
        query = " ".join(words[at : at + 10])
        marks = [[clock() for clock in clocks]]
        vector = embeddings.embed_query(query)
        marks.append([clock() for clock in clocks])
        index.search_dense(vector, 20)
        marks.append([clock() for clock in clocks])
        index.search_lexical(query, 20)
        marks.append([clock() for clock in clocks])
        for which, found in enumerate(kinds):
            for step, kind in enumerate(found):
                found[kind].append(marks[step + 1][which] - marks[step][which])
    return [
        {kind: [round(float(np.percentile(t, p)) * 1000, 2) for p in (50, 95)] for kind, t in found.items()}
        for found in kinds
    ]


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _size_mb(path: Path) -> float:
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def exponent(small: tuple[float, float], large: tuple[float, float]) -> float:
    """The power of the number of documents with which a cost grows."""
    return math.log(max(large[1], 1e-9) / max(small[1], 1e-9)) / math.log(large[0] / small[0])


def table(results: Sequence[dict[str, Any]]) -> str:
    """The results as Markdown, with the growth from the smallest to the largest size."""
    rows: list[tuple[str, Callable[[dict[str, Any]], float], str]] = [
        ("passages", lambda r: r["passages"], ",.0f"),
        *((f"{s}, CPU s", lambda r, s=s: r["cpu_stages"][s], ".2f") for s in STAGES),  # type: ignore[misc]
        ("total, CPU s", lambda r: r["cpu_seconds"], ".1f"),
        ("total as time passed, s", lambda r: r["seconds"], ".1f"),
        ("again, nothing changed, CPU s", lambda r: r["unchanged_seconds"], ".2f"),
        ("again, one changed, CPU s", lambda r: r["one_changed_seconds"], ".2f"),
        ("first search after opening, CPU s", lambda r: r["first_search_seconds"], ".2f"),
        ("peak memory, MB", lambda r: r["peak_mb"], ",.0f"),
        ("files, MB", lambda r: r["source_mb"], ",.1f"),
        *(
            (f"disk: {d}, MB", lambda r, d=d: r["disk_mb"][d], ",.1f")
            for d in ("catalogue", "chroma", "lexical")
        ),  # type: ignore[misc]
        *(
            (f"{k}, {p}, {w}", lambda r, k=k, i=i, f=f: r[f][k][i], ".1f")  # type: ignore[misc]
            for f, w in (("latency_cpu_ms", "CPU ms"), ("latency_ms", "ms as time passed"))
            for k in ("embed query", "dense", "lexical")
            for i, p in enumerate(("p50", "p95"))
        ),
    ]
    head = " | ".join(f"{r['documents']:,} documents" for r in results)
    lines = [f"| | {head} | exponent |", "|---" * (len(results) + 2) + "|"]
    for name, value, form in rows:
        cells = " | ".join(format(value(r), form) for r in results)
        first, last = results[0], results[-1]
        growth = (
            f"{exponent((first['documents'], value(first)), (last['documents'], value(last))):.2f}"
            if len(results) > 1
            else ""
        )
        lines.append(f"| {name} | {cells} | {growth} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of documents, parted by commas")
    parser.add_argument("--embedding", choices=("hash", "e5"), default="hash")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument(
        "--work", type=Path, help="folder for documents and indexes; a temporary one if unset"
    )
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.one:
        print(json.dumps(measure(sizes[0], options.embedding, options.queries, options.work)))
        return
    results = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix=f"scaling-{size}-", dir=options.work) as folder:
            command = [sys.executable, __file__, "--one", "--sizes", str(size), "--work", folder]
            command += ["--embedding", options.embedding, "--queries", str(options.queries)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
        print(json.dumps(results[-1]), file=sys.stderr, flush=True)
        if options.out:
            options.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print(table(results))


if __name__ == "__main__":
    main()
