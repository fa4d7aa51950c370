"""Does the assistant refuse what the passages do not answer? On MTRAG-UN (arXiv 2602.23184).

    python benchmarks/mtrag_refusal.py --data DATA/mtrag --model local --out build/mtrag

MTRAG-UN gives its unanswerable tasks no passage at all, so that refusing those would take no judgement. Here each
task, whatever its label, is answered from the --passages that retrieval finds for it among all passages which
MTRAG's files hold for the task's collection (1,488 in four collections): the unanswerable get the nearest ones,
and an answerable task whose own passages are not found counts as answerable all the same. With --evidence own, the
task's own passages are among them in any case, which judges the gate without retrieval. The assistant's stages run
as in the assistant, on an index of the collection: understand, retrieve, rerank, gate.

Wanted is the refusal of UNANSWERABLE tasks. Beside the gate stand: refusing everything, and thresholds on the
similarity of the nearest passage and on the cross-encoder's best score, each chosen on four fifths of the tasks and
judged on the rest (the gate's threshold comes from other questions, and is shown with such a threshold too).
UNDERSPECIFIED tasks, where a good reply asks back, are left out. haiku.rag states .33 and .44 for the older MTRAG,
which is another set and protocol.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept_vectors import KeptVectors
from langchain_core.embeddings import Embeddings
from memory_index import MemoryIndex, NoVectors
from project import Stages, make_passage, open_stages
from public_sets import Conversation, read_mtrag_passages, read_mtrag_un
from refusal_figures import Judged, auroc, precision_recall, refused_above_threshold
from rich.console import Console
from rich.table import Table
from row_log import RowLog

from assistant.answering.gate import Gate
from assistant.errors import AssistantError
from assistant.models.embeddings import load_embeddings
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import SentenceRanker
from assistant.schema import SearchHit
from assistant.settings import load_settings

REFUSE = "UNANSWERABLE"
LABELS = ("ANSWERABLE", "PARTIAL", REFUSE)


class Collection:
    """The passages of one collection, with the stages that read them."""

    def __init__(self, passages: Mapping[str, str], embeddings: Embeddings, stages: Stages) -> None:
        self._embeddings, self._stages = embeddings, stages
        self._by_name = {name: make_passage(name, text) for name, text in passages.items()}
        self._index = MemoryIndex(self._by_name.values(), embeddings)
        self._retriever = HybridRetriever(self._index, embeddings)
        self._ranker = SentenceRanker(self._index, embeddings=embeddings)
        self._gate = Gate(stages.prompts)

    def judge(self, task: Conversation, count: int, own_first: bool) -> dict[str, Any]:
        """What the gate makes of a task, and what simpler rules would look at."""
        start = time.perf_counter()
        session = self._stages.session()
        query = self._stages.understand(task.question, task.history, session)
        hits = self._evidence(task, query, count, own_first)
        ranked = self._ranker.rank(query, hits)
        decision = self._gate.decide(query, ranked, session)
        seconds = time.perf_counter() - start
        own = {name for name, _ in task.passages}
        found = own & {hit.passage.document.path for hit in hits}
        return {
            "label": task.answerability,
            "collection": task.collection,
            "question": task.question,
            "standalone": query.standalone,
            "refuse": decision.refuse,
            "probability": decision.probability,
            "margin": decision.margin,
            "uncovered": list(decision.uncovered),
            "similarity": self._index.similarity(query.english, self._embeddings),
            "cross": max((item.cross for item in ranked if not math.isnan(item.cross)), default=-20.0),
            "own_found": len(found) / len(own) if own else None,
            "seconds": round(seconds, 2),
        }

    def _evidence(self, task: Conversation, query: Query, count: int, own_first: bool) -> list[SearchHit]:
        hits = self._retriever.retrieve(query.searches, len(self._by_name) if own_first else count)
        if not own_first:
            return hits
        own = {name for name, text in task.passages if text}
        others = [hit for hit in hits if hit.passage.document.path not in own][: max(0, count - len(own))]
        kept = {hit.passage.id for hit in others} | {self._by_name[name].id for name in own}
        # In the order of the search, so that their place tells nothing of who chose them.
        return [hit for hit in hits if hit.passage.id in kept]


def choose(tasks: Sequence[Conversation], limits: Sequence[int], seed: int) -> list[Conversation]:
    """At most so many tasks of each label of `LABELS`, drawn at random; all when no limit is given."""
    chosen = []
    for number, label in enumerate(LABELS):
        of_label = [task for task in tasks if task.answerability == label]
        limit = limits[min(number, len(limits) - 1)] if limits else len(of_label)
        chosen += random.Random(seed).sample(of_label, min(limit, len(of_label)))
    # Mixed, so that a run that was stopped has some of each.
    return random.Random(seed).sample(chosen, len(chosen))


def figures(rows: Sequence[dict[str, Any]], population: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of each rule, and the area under the curve where it has a score."""
    judged = Judged.of([row["label"] for row in rows], REFUSE, population)
    scores = {
        "gate": np.array([-row["probability"] for row in rows]),
        "similarity": np.array([-row["similarity"] for row in rows]),
        "cross": np.array([-row["cross"] for row in rows]),
    }
    rules = {
        "gate": (np.array([row["refuse"] for row in rows]), auroc(scores["gate"], judged)),
        "gate, threshold of this set": (
            refused_above_threshold(scores["gate"], judged),
            auroc(scores["gate"], judged),
        ),
        "similarity below a threshold": (
            refused_above_threshold(scores["similarity"], judged),
            auroc(scores["similarity"], judged),
        ),
        "cross-encoder below a threshold": (
            refused_above_threshold(scores["cross"], judged),
            auroc(scores["cross"], judged),
        ),
        "refuse everything": (np.ones(len(rows), bool), 0.5),
    }
    margins = [row["margin"] for row in rows]
    if all(margin is not None for margin in margins):
        doubt = -np.array(margins, dtype=float)
        rules["the model's yes or no"] = (doubt > 0, auroc(doubt, judged))
        rules["the model's, threshold of this set"] = (
            refused_above_threshold(doubt, judged),
            auroc(doubt, judged),
        )
    report: dict[str, dict[str, Any]] = {}
    for name, (refused, area) in rules.items():
        shares = {
            label: float(refused[np.array(judged.labels) == label].mean())
            for label in sorted(set(judged.labels))
        }
        report[name] = {**precision_recall(refused, judged), "AUROC": area, "refused": shares}
    return report


def show(report: dict[str, dict[str, Any]], title: str, console: Console) -> None:
    """A table of `figures`."""
    table = Table(title=title, title_justify="left")
    for heading in ("", "precision", "recall", "F1", "AUROC", "refused"):
        table.add_column(heading, justify="right")
    for name, row in report.items():
        table.add_row(
            name,
            *("{:.3f} ({:.2f}-{:.2f})".format(*row[key]) for key in ("precision", "recall", "F1")),
            f"{row['AUROC']:.3f}",
            ", ".join(f"{label[:5].lower()} {share:.2f}" for label, share in row["refused"].items()),
        )
    console.print(table)


def main() -> int:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--data", type=Path, required=True, help="folder with mtragun_reference.jsonl")
    parser.add_argument("--model", default="local", help="`extractive` gates without a language model")
    parser.add_argument("--embedding", default="e5", help="`none` retrieves by BM25 alone")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="keep vectors here for the next run")
    parser.add_argument(
        "--limit", type=int, nargs="+", default=[], help=f"tasks of each label: one number or {len(LABELS)}"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random draw of tasks")
    parser.add_argument("--passages", type=int, default=10, help="passages that each task has")
    parser.add_argument("--evidence", choices=["retrieved", "own"], default="retrieved")
    parser.add_argument("--minutes", type=float, help="stop after so long, and show what there is")
    parser.add_argument("--out", type=Path, default=Path("build/mtrag"))
    arguments = parser.parse_args()
    every = [
        task
        for task in read_mtrag_un(arguments.data / "mtragun_reference.jsonl")
        if task.answerability in LABELS
    ]
    population = Counter(task.answerability for task in every)
    tasks = choose(every, arguments.limit, arguments.seed)
    settings, stages = load_settings(), open_stages(load_settings(model=arguments.model))
    embeddings: Embeddings = NoVectors()
    if arguments.embedding != "none":
        embeddings = KeptVectors(load_embeddings(settings, arguments.embedding), arguments.vectors)
    evidence = f"{arguments.passages} passages, {arguments.evidence}"
    log = RowLog(arguments.out / "refusal.jsonl", f"{arguments.model} {arguments.embedding} {evidence}")
    console, collections = Console(), {}
    pools = read_mtrag_passages(arguments.data)
    began = time.monotonic()
    for number, task in enumerate(tasks, start=1):
        if arguments.minutes and time.monotonic() - began > 60 * arguments.minutes:
            break
        if task.id in log.rows:
            continue
        if task.collection not in collections:
            collections[task.collection] = Collection(pools[task.collection], embeddings, stages)
        log.add(
            task.id, collections[task.collection].judge(task, arguments.passages, arguments.evidence == "own")
        )
        row = log.rows[task.id]
        console.print(
            f"{number}/{len(tasks)} {row['label']} {'refused' if row['refuse'] else 'answered'}",
            highlight=False,
        )
    if isinstance(embeddings, KeptVectors):
        embeddings.keep()
    rows = [log.rows[task.id] for task in tasks if task.id in log.rows]
    result = {}
    for name, kept in (
        ("against ANSWERABLE", {REFUSE, LABELS[0]}),
        ("against ANSWERABLE and PARTIAL", set(LABELS)),
    ):
        some = [row for row in rows if row["label"] in kept]
        if len({row["label"] for row in some}) < 2:
            continue
        result[name] = figures(some, population)
        counts = ", ".join(
            f"{count} {label}" for label, count in Counter(row["label"] for row in some).items()
        )
        show(result[name], f"{arguments.model}, {evidence}; UNANSWERABLE {name}: {counts}", console)
    found = [row["own_found"] for row in rows if row["own_found"] is not None]
    if found:
        console.print(f"own passages among those shown: {np.mean(found):.3f}", highlight=False)
    (arguments.out / f"refusal-{arguments.model}-{arguments.evidence}.json").write_text(
        json.dumps(result, indent=2) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssistantError as error:
        sys.exit(f"Error: {error}")
