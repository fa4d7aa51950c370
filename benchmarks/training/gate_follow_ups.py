"""Follow-ups of `follow-ups.yaml`: are they understood, and does the gate answer what the documents answer?

    python benchmarks/training/gate_follow_ups.py --home FOLDER --out FILE

Each is asked in its conversation; beside it stand the same without the conversation, completed by rule alone, and
the complete question that it goes back to (the ranker was fitted on that one, so it is an upper bound). Prints the
share of facts among the sentences that the gate is shown, and what it refuses. Rows are kept in `--out`
(JSON Lines), so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ranker_data import HERE, open_corpus, training_questions

from assistant.answering.gate import SHOWN, Gate
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.evaluation.facts import found_facts
from assistant.models.chat import ModelSession, choose_model
from assistant.retrieval.rerank import SentenceRanker
from assistant.schema import Turn
from assistant.settings import load_settings

WAYS = {
    "asked": "as asked",
    "rule": "completed by rule",
    "model": "completed by the model",
    "complete": "the complete question",
}
# The model takes its time.
JUDGED = ("model", "complete")


def main() -> None:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument("--out", type=Path, required=True, help="file of the rows, made or continued")
    parser.add_argument("--limit", type=int, default=10_000, help="ask the first so many of a random order")
    arguments = parser.parse_args()
    index, retriever, embeddings = open_corpus(arguments.home)
    ranker, prompts = SentenceRanker(index, embeddings=embeddings), Prompts()
    gate = Gate(prompts)
    session = ModelSession(choose_model(load_settings(), "local"))
    known = {}
    if arguments.out.is_file():
        known = {row["number"]: row for row in map(json.loads, arguments.out.read_text("utf-8").splitlines())}
    complete = {record["id"]: record for record in training_questions()}
    follow_ups = yaml.safe_load((HERE / "follow-ups.yaml").read_text("utf-8"))
    for number in map(int, np.random.default_rng(3).permutation(len(follow_ups))[: arguments.limit]):
        if number in known:
            continue
        asked, record = follow_ups[number], complete[follow_ups[number]["of"]]
        history = [Turn(question=question, answer=answer) for question, answer in asked["history"]]
        row: dict[str, Any] = {"number": number, "answerable": bool(record["answers"])}
        for way in WAYS:
            query = understand(
                record["question"] if way == "complete" else asked["question"],
                history=history if way in ("rule", "model") else (),
                session=session if way == "model" else None,
                prompts=prompts,
                glossary=Glossary(),
            )
            ranked = ranker.rank(query, retriever.retrieve(query.searches, 20, query.filters))
            shown = " ".join(item.sentence.text for item in ranked[:SHOWN])
            row[way] = {
                "standalone": query.standalone,
                "facts": float(np.mean(found_facts(shown, record["facts"]))) if record["facts"] else None,
                **({"refused": gate.decide(query, ranked, session).refuse} if way in JUDGED else {}),
            }
        known[number] = row
        with arguments.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    show(list(known.values()))


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Prints the figures of each way to ask."""
    yes = [row for row in rows if row["answerable"]]
    no = [row for row in rows if not row["answerable"]]
    print(f"{len(yes)} answerable, {len(no)} not")
    for way, name in WAYS.items():
        print(f"{name}: facts shown {np.mean([row[way]['facts'] for row in yes]):.3f}")
    for way in JUDGED:
        refused = [np.mean([row[way]["refused"] for row in some]) for some in (yes, no)]
        print(f"{WAYS[way]}: answerable refused {refused[0]:.3f}, unanswerable {refused[1]:.3f}")


if __name__ == "__main__":
    main()
