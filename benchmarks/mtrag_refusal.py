"""Does the assistant refuse what the given passages do not answer? On MTRAG-UN (arXiv 2602.23184).

    python benchmarks/mtrag_refusal.py --data DATA/mtrag --model local --out build/mtrag

Each task is a conversation whose last question is to be answered from given passages alone. The set gives its
unanswerable tasks no passage at all, so that refusing them would take no judgement; therefore every task gets at
least six: its own, and the nearest by BM25 of those that other tasks of its collection have, in the order of
BM25. (--own gives each its own alone.) A task counts as refused when the answer's status is `not_in_corpus`.
Precision and recall are those of refusing the tasks labelled UNANSWERABLE among UNANSWERABLE, PARTIAL and
ANSWERABLE ones; UNDERSPECIFIED tasks, where a good reply asks back, can be shown but are not counted. haiku.rag
states .33 and .44 for the older MTRAG with retrieval, which is another set and protocol.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from project import make_passage
from public_sets import Conversation, read_mtrag_un
from rich.console import Console
from rich.table import Table
from row_log import RowLog

from assistant.errors import AssistantError
from assistant.index.lexical import LexicalIndex
from assistant.settings import load_settings

if TYPE_CHECKING:
    from assistant.assistant import Assistant

LABELS = ("ANSWERABLE", "PARTIAL", "UNANSWERABLE", "UNDERSPECIFIED")
COUNTED = LABELS[:3]


def add_distractors(tasks: Sequence[Conversation], count: int) -> list[Conversation]:
    """The tasks with at least `count` passages each, the nearest of their collection among them.

    Args:
        tasks: All tasks of the set, since their passages are the pool.
        count: Passages that each task has in the end, unless it has more of its own.
    """
    pools: dict[str, dict[str, str]] = {}
    for task in tasks:
        pools.setdefault(task.collection, {}).update(task.passages)
    indexes = {}
    for collection, pool in pools.items():
        passages = {make_passage(name, text).id: name for name, text in pool.items() if text}
        built = LexicalIndex.build(make_passage(name, text) for name, text in pool.items() if text)
        indexes[collection] = (built, passages)
    filled = []
    for task in tasks:
        index, names = indexes[task.collection]
        # The question before tells what a bare follow-up is about.
        query = " ".join([*(turn.question for turn in task.history[-1:]), task.question])
        ranked = [names[found] for found, _ in index.search(query, len(names))]
        own = {name for name, text in task.passages if text}
        others = [name for name in ranked if name not in own][: max(0, count - len(own))]
        kept = [name for name in ranked if name in own or name in others]
        kept += [name for name in own if name not in kept]
        pool = pools[task.collection]
        filled.append(replace(task, passages=tuple((name, pool[name]) for name in kept)))
    return filled


def precision_recall(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and F1 of refusing UNANSWERABLE tasks, each with its 95 % bootstrap interval."""
    counted = [row for row in rows if row["label"] in COUNTED]
    refused = np.array([row["status"] == "not_in_corpus" for row in counted])
    wanted = np.array([row["label"] == "UNANSWERABLE" for row in counted])
    draws = np.random.default_rng(1).integers(0, len(counted), size=(2000, len(counted)))
    result = {}
    for name, denominator in (
        ("precision", refused.astype(float)),
        ("recall", wanted.astype(float)),
        ("F1", (refused.astype(float) + wanted) / 2),
    ):
        hits = (refused & wanted).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = hits.sum() / denominator.sum()
            resampled = hits[draws].sum(axis=1) / denominator[draws].sum(axis=1)
        low, high = np.nanquantile(resampled, [0.025, 0.975]) if not np.isnan(resampled).all() else (0, 0)
        result[name] = (float(value), float(low), float(high))
    return result


def ask(assistant: Assistant, task: Conversation) -> dict[str, Any]:
    """What the assistant makes of one task."""
    passages = [make_passage(name, text) for name, text in task.passages if text]
    start = time.perf_counter()
    try:
        answer = assistant.ask_passages(task.question, passages, history=task.history)
    except AssistantError as error:
        return {"label": task.answerability, "status": "failed", "error": str(error)}
    return {
        "label": task.answerability,
        "status": answer.status,
        "collection": task.collection,
        "question": task.question,
        "standalone": answer.standalone_question,
        "answer": answer.text,
        "seconds": round(time.perf_counter() - start, 2),
    }


def main() -> int:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--data", type=Path, required=True, help="folder with mtragun_reference.jsonl")
    parser.add_argument("--model", default="local")
    parser.add_argument("--embedding", default="e5")
    parser.add_argument("--limit", type=int, help="so many tasks of each label, evenly spread")
    parser.add_argument("--labels", nargs="+", choices=LABELS, default=list(COUNTED))
    parser.add_argument("--passages", type=int, default=6, help="passages that each task has at least")
    parser.add_argument("--own", action="store_true", help="each task's own passages alone")
    parser.add_argument("--out", type=Path, default=Path("build/mtrag"))
    arguments = parser.parse_args()
    every = read_mtrag_un(arguments.data / "mtragun_reference.jsonl")
    if not arguments.own:
        every = add_distractors(every, arguments.passages)
    tasks: list[Conversation] = []
    for label in arguments.labels:
        of_label = [task for task in every if task.answerability == label]
        count = min(arguments.limit or len(of_label), len(of_label))
        tasks += [of_label[at * len(of_label) // count] for at in range(count)]
    from assistant.assistant import Assistant

    evidence = "own passages" if arguments.own else f"{arguments.passages} passages"
    log = RowLog(arguments.out / "refusal.jsonl", f"{arguments.model} {arguments.embedding} {evidence}")
    console = Console()
    with Assistant(settings=load_settings(model=arguments.model, embedding=arguments.embedding)) as assistant:
        for number, task in enumerate(tasks, start=1):
            if log.rows.get(task.id, {}).get("status", "failed") == "failed":
                log.add(task.id, ask(assistant, task))
            row = log.rows[task.id]
            console.print(f"{number}/{len(tasks)} {row['label']} {row['status']}", highlight=False)
    rows = [log.rows[task.id] for task in tasks]
    table = Table(title=f"MTRAG-UN, {arguments.model}, {evidence}: {len(rows)} tasks", title_justify="left")
    statuses = sorted({row["status"] for row in rows})
    for heading in ("", *statuses):
        table.add_column(heading, justify="right")
    for label in arguments.labels:
        counts = Counter(row["status"] for row in rows if row["label"] == label)
        table.add_row(label, *(str(counts[status]) for status in statuses))
    console.print(table)
    for name, (value, low, high) in precision_recall(rows).items():
        console.print(
            f"{name} of refusing UNANSWERABLE: {value:.3f} ({low:.3f} to {high:.3f})", highlight=False
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssistantError as error:
        sys.exit(f"Error: {error}")
