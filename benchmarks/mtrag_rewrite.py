"""How near do rewritten follow-ups come to those that people wrote? On MTRAG's retrieval tasks.

    python benchmarks/mtrag_rewrite.py --data DATA/mtrag --model local --out build/mtrag

For every task after the first turn, the assistant's stand-alone question is compared with the human one,
beside two rewrites that cost nothing: the question as it was asked, and the question after the one before it.
Compared are words: F1 of stemmed terms; of the terms that people added to the question, the share that the
rewrite added too, and of those that the rewrite added, the share that people added; and the cosine of
embeddings. What a rewrite is for is measured too: R@5, R@10 and MRR@10 of the passages that answer, for the
follow-ups that have any among the passages which MTRAG's files hold (its whole corpora are not part of the data).
There the assistant searches as it does, with the question as it was asked beside its rewrite.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept_vectors import KeptVectors
from langchain_core.embeddings import Embeddings
from memory_index import MemoryIndex, NoVectors
from project import make_passage, open_reader
from public_sets import (
    Conversation,
    Rewrite,
    read_mtrag_passages,
    read_mtrag_relevance,
    read_mtrag_rewrites,
)
from rich.console import Console
from rich.table import Table
from row_log import RowLog

from assistant.errors import AssistantError
from assistant.index.lexical import tokenize
from assistant.models.embeddings import load_embeddings
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import SearchQuery
from assistant.settings import load_settings


def term_f1(text: str, reference: str) -> float:
    """F1 of the bags of stemmed terms, as in SQuAD's evaluation but stemmed."""
    mine, other = Counter(tokenize(text)), Counter(tokenize(reference))
    common = sum((mine & other).values())
    total = sum(mine.values()) + sum(other.values())
    return 2 * common / total if total else 1.0


def added_terms(text: str, question: str) -> set[str]:
    """Terms of a rewrite that the question lacks."""
    return set(tokenize(text)) - set(tokenize(question))


def score(rewrites: Sequence[str], tasks: Sequence[Rewrite], cosines: Sequence[float]) -> dict[str, float]:
    """Figures of one way to rewrite."""
    pairs = [
        (added_terms(text, task.conversation.question), added_terms(task.human, task.conversation.question))
        for text, task in zip(rewrites, tasks, strict=True)
    ]
    restored = sum(len(mine & human) for mine, human in pairs)
    wanted, given = sum(len(human) for _, human in pairs), sum(len(mine) for mine, _ in pairs)
    return {
        "term F1": float(np.mean([term_f1(t, task.human) for t, task in zip(rewrites, tasks, strict=True)])),
        "added, recall": restored / wanted if wanted else 1.0,
        "added, precision": restored / given if given else float("nan"),
        "cosine": float(np.mean(cosines)),
        "words": float(np.mean([len(text.split()) for text in rewrites])),
    }


def as_asked(task: Conversation) -> str:
    """The question alone."""
    return task.question


def after_the_last(task: Conversation) -> str:
    """The question after the one before it."""
    return f"{task.history[-1].question} {task.question}"


def retrieval(
    tasks: Sequence[Rewrite],
    searches: Callable[[Rewrite], Sequence[SearchQuery]],
    retrievers: Mapping[str, HybridRetriever],
    relevant: Mapping[str, set[str]],
) -> dict[str, float]:
    """R@5, R@10 and MRR@10 of the passages that answer the tasks."""
    recalls: dict[int, list[float]] = {5: [], 10: []}
    reciprocal = []
    for task in tasks:
        wanted = relevant[task.conversation.id]
        hits = retrievers[task.conversation.collection].retrieve(searches(task), 10)
        names = [hit.passage.document.path for hit in hits]
        for k, values in recalls.items():
            values.append(len(wanted & set(names[:k])) / len(wanted))
        reciprocal.append(
            max((1 / rank for rank, name in enumerate(names, 1) if name in wanted), default=0.0)
        )
    return {f"R@{k}": float(np.mean(values)) for k, values in recalls.items()} | {
        "MRR@10": float(np.mean(reciprocal))
    }


def retrieval_table(
    tasks: Sequence[Rewrite],
    ways: Mapping[str, Callable[[Conversation], str]],
    read: Callable[[Conversation], dict[str, Any]],
    data: Path,
    embeddings: Embeddings,
) -> Table:
    """Retrieval by each way to rewrite, by all that the assistant searches with, and by the human question."""
    pools = read_mtrag_passages(data)
    relevant = {
        name: found
        for name, passages in read_mtrag_relevance(data).items()
        if (found := {passage for pool in pools.values() for passage in passages if passage in pool})
    }
    retrievers = {
        name: HybridRetriever(
            MemoryIndex([make_passage(each, text) for each, text in pool.items()], embeddings), embeddings
        )
        for name, pool in pools.items()
    }
    searched = [task for task in tasks if task.conversation.id in relevant]
    searches: dict[str, Callable[[Rewrite], Sequence[SearchQuery]]] = {
        name: lambda task, way=way: [SearchQuery(way(task.conversation))]  # type: ignore[misc]
        for name, way in ways.items()
    }
    searches["assistant, all it searches with"] = lambda task: [
        SearchQuery(text, weight) for text, weight in read(task.conversation)["searches"]
    ]
    searches["human"] = lambda task: [SearchQuery(task.human)]
    passages = sum(len(pool) for pool in pools.values())
    table = Table(title=f"{len(searched)} follow-ups over {passages} passages", title_justify="left")
    for name, each in searches.items():
        result = retrieval(searched, each, retrievers, relevant)
        if not table.columns:
            for heading in ("", *result):
                table.add_column(heading, justify="right")
        table.add_row(name, *(f"{value:.3f}" for value in result.values()))
    return table


def main() -> int:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with retrieval/ and the human ratings"
    )
    parser.add_argument("--model", default="local", help="`extractive` rewrites by rule")
    parser.add_argument("--embedding", default="e5", help="`none` compares words and searches by BM25 alone")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="keep vectors here for the next run")
    parser.add_argument("--limit", type=int, help="so many tasks, evenly spread")
    parser.add_argument("--out", type=Path, default=Path("build/mtrag"))
    arguments = parser.parse_args()
    tasks = [task for task in read_mtrag_rewrites(arguments.data) if task.conversation.history]
    if arguments.limit and arguments.limit < len(tasks):
        tasks = [tasks[at * len(tasks) // arguments.limit] for at in range(arguments.limit)]
    console = Console()
    log = RowLog(arguments.out / "rewrites.jsonl", arguments.model)
    reader = open_reader(load_settings(model=arguments.model))

    def read(task: Conversation) -> dict[str, Any]:
        if task.id not in log.rows:
            query = reader(task.question, task.history)
            searches = [[search.text, search.weight] for search in query.searches]
            log.add(task.id, {"question": task.question, "rewrite": query.standalone, "searches": searches})
        return log.rows[task.id]

    def by_the_assistant(task: Conversation) -> str:
        return str(read(task)["rewrite"])

    ways: dict[str, Callable[[Conversation], str]] = {
        "as asked": as_asked,
        "after the question before": after_the_last,
        f"assistant ({arguments.model})": by_the_assistant,
    }
    embeddings: Embeddings = NoVectors()
    if arguments.embedding != "none":
        embeddings = KeptVectors(
            load_embeddings(load_settings(embedding=arguments.embedding)), arguments.vectors
        )
    human = np.array(embeddings.embed_documents([task.human for task in tasks]))
    changed = np.array([bool(added_terms(task.human, task.conversation.question)) for task in tasks])
    tables = {
        "all": Table(title=f"{len(tasks)} follow-ups", title_justify="left"),
        "changed": Table(title=f"the {changed.sum()} to which people added words", title_justify="left"),
    }
    for name, way in ways.items():
        rewrites = []
        for number, task in enumerate(tasks, start=1):
            rewrites.append(way(task.conversation))
            if way is by_the_assistant and number % 50 == 0:
                console.print(f"{number}/{len(tasks)}", highlight=False)
        vectors = np.array(embeddings.embed_documents(rewrites))
        cosines = (vectors * human).sum(axis=1) if vectors.size else np.full(len(tasks), np.nan)
        for table, kept in ((tables["all"], np.ones(len(tasks), bool)), (tables["changed"], changed)):
            figures = score(
                [text for text, keep in zip(rewrites, kept, strict=True) if keep],
                [task for task, keep in zip(tasks, kept, strict=True) if keep],
                cosines[kept].tolist(),
            )
            if not table.columns:
                for heading in ("", *figures):
                    table.add_column(heading, justify="right")
            table.add_row(
                name,
                *(f"{value:.1f}" if key == "words" else f"{value:.3f}" for key, value in figures.items()),
            )
    for table in tables.values():
        console.print(table)
    console.print(retrieval_table(tasks, ways, read, arguments.data, embeddings))
    if isinstance(embeddings, KeptVectors):
        embeddings.keep()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssistantError as error:
        sys.exit(f"Error: {error}")
