"""One synthetic index, in a process of its own: filled, searched, or given one more document; prints a line of JSON.

python -m benchmarks.performance.at_size FOLDER --passages 100000 --fill
python -m benchmarks.performance.at_size FOLDER --passages 100000 --queries 200
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from assistant.index.reader import Index
from assistant.retrieval.hybrid import HybridRetriever
from assistant.schema import Filters
from benchmarks.performance.figures import spread
from benchmarks.performance.synthetic import TOPICS, MadeUpVectors, corpus_sentences, fill, one_more

# As many as an answer is made from, and as each of the two searches hands on for it.
_PASSAGES, _DEPTH = 20, 60
_WORDS = 12
_EXACT = 50
FILTERS = {
    "no filter": None,
    "a collection that holds everything": Filters(collections=("corpus",)),
    "half of the documents, by date": Filters(since=dt.date(2025, 3, 26)),
    "a tenth, by topic": Filters(topics=("topic-3",)),
    "a hundredth, by entity": Filters(entities=("Entity 7",)),
}


def made_up_questions(count: int, seed: int) -> list[str]:
    """Twelve words of a sentence of the briefs, and a topic."""
    sentences, rng = corpus_sentences(), random.Random(seed)
    questions = []
    for _ in range(count):
        words = rng.choice(sentences).split()
        at = rng.randrange(max(1, len(words) - _WORDS))
        questions.append(" ".join(words[at : at + _WORDS]) + f" topic {rng.randrange(TOPICS)}?")
    return questions


def resident_mb() -> float:
    """Memory of this process now."""
    with Path("/proc/self/statm").open() as file:
        return round(int(file.read().split()[1]) * resource.getpagesize() / 2**20, 1)


def search(home: Path, queries: int) -> dict[str, Any]:
    """Times of a search: as they passed, and on a CPU, which other programs on the machine change less."""
    embeddings = MadeUpVectors()
    embeddings.embed_query("load numpy")
    before = resident_mb()
    clock = _Clock()
    with Index.open(home, embeddings) as index:
        opened = clock.lap()
        retriever = HybridRetriever(index, embeddings)
        retriever.retrieve(["the first question topic 5"], _PASSAGES)
        first = clock.lap()
        figures: dict[str, Any] = {
            "documents": len(index.documents()),
            "open": opened,
            "first_search": first,
            "filters": {},
        }
        for seed, (name, filters) in enumerate(FILTERS.items()):
            questions = made_up_questions(queries, seed)
            # The first question with a filter finds out which documents pass; that is told apart.
            clock.lap()
            index.documents(filters)
            chosen = clock.lap()
            times: dict[str, list[tuple[float, float]]] = {"dense": [], "lexical": [], "both": []}
            for question in questions:
                vector = embeddings.embed_query(question)
                clock.lap()
                index.dense_ids(vector, _DEPTH, filters)
                times["dense"].append(clock.lap())
                index.lexical_ids(question, _DEPTH, filters)
                times["lexical"].append(clock.lap())
            # The vectors of questions are counted out: made up here, 8 ms each with a real model.
            for question in made_up_questions(queries, 100 + seed):
                clock.lap()
                embeddings.embed_query(question)
                embedding = clock.lap()
                retriever.retrieve([question], _PASSAGES, filters)
                both = clock.lap()
                times["both"].append((max(0.0, both[0] - embedding[0]), max(0.0, both[1] - embedding[1])))
            figures["filters"][name] = {
                "choosing": chosen,
                **{
                    kind: {"passed": spread([t for t, _ in each]), "cpu": spread([t for _, t in each])}
                    for kind, each in times.items()
                },
            }
        figures |= {"resident_mb": resident_mb(), "at_start_mb": before}
        figures["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        figures["recall"] = recall(index, embeddings)
    return figures


def recall(index: Index, embeddings: MadeUpVectors) -> dict[str, Any]:
    """Share of the nearest passages, found by comparing every vector, that the search finds too."""
    vectors = np.array([embeddings.embed_query(question) for question in made_up_questions(_EXACT, 7)])
    best: list[list[tuple[float, str]]] = [[] for _ in vectors]
    catalog = index.wanted.catalog
    ids = {row.id: row.passage_count for row in catalog.rows("live")}
    for batch in catalog.vectors(list(ids)):
        cosines = vectors @ np.concatenate([matrix for _, matrix in batch]).T
        names = [f"{document} {row}" for document, matrix in batch for row in range(len(matrix))]
        for found, row in zip(best, cosines, strict=True):
            top = np.argpartition(-row, min(_DEPTH, len(row) - 1))[:_DEPTH]
            found += [(float(row[at]), names[at]) for at in top]
            found[:] = sorted(found, reverse=True)[:_DEPTH]
    shares = []
    for vector, found in zip(vectors, best, strict=True):
        hits = {f"{p.document.id} {p.ordinal}" for p, _ in index.search_dense(vector.tolist(), _DEPTH)}
        shares.append(len(hits & {name for _, name in found}) / len(found))
    return {"n": len(shares), "at": _DEPTH, "mean": round(float(np.mean(shares)), 4)}


class _Clock:
    def __init__(self) -> None:
        self._last = self._now()

    def lap(self) -> tuple[float, float]:
        """Seconds since the last lap, as they passed and on a CPU."""
        now = self._now()
        (passed, cpu), self._last = (now[0] - self._last[0], now[1] - self._last[1]), now
        return passed, cpu

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def timed(work: Callable[[], None]) -> dict[str, Any]:
    """Seconds and memory of a piece of work."""
    clock = _Clock()
    work()
    passed, cpu = clock.lap()
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return {"seconds": round(passed, 1), "cpu_seconds": round(cpu, 1), "peak_mb": peak}


def disk_mb(home: Path) -> dict[str, float]:
    """What the parts of an index take on disk."""
    parts = {"catalogue": "catalog.sqlite3*", "Chroma": "chroma", "BM25": "lexical-*"}
    return {
        name: round(
            sum(
                file.stat().st_size
                for found in home.glob(f"index/*/{pattern}")
                for file in ([found] if found.is_file() else found.rglob("*"))
                if file.is_file()
            )
            / 1e6,
            1,
        )
        for name, pattern in parts.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--passages", type=int, required=True)
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--one-more", action="store_true")
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    if options.fill:
        built = timed(lambda: fill(options.home, options.passages, MadeUpVectors()))
        print(json.dumps(built | {"disk_mb": disk_mb(options.home)}))
    elif options.one_more:
        print(json.dumps(one_more(options.home, MadeUpVectors(), timed)))
    else:
        print(json.dumps(search(options.home, options.queries)))


if __name__ == "__main__":
    main()
