"""Chinese training questions and the gate: put to the embedded model as asked, or translated?

    python benchmarks/training/gate_chinese.py --home FOLDER --out FILE

The sentences are those that the assistant's own search and ranking find, in English. Prints the AUROC of the mixed
margins each way; what the model said is kept in `--out` (JSON Lines), so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from ranker_data import open_corpus, training_questions
from sklearn.metrics import roc_auc_score

from assistant.answering.gate import SHOWN, WEIGHTS, Gate, mixed
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.models.chat import ModelSession, choose_model
from assistant.resources import corpus_folder
from assistant.retrieval.rerank import SentenceRanker
from assistant.settings import load_settings


def main() -> None:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument(
        "--out", type=Path, required=True, help="file of the model's margins, made or continued"
    )
    parser.add_argument(
        "--limit", type=int, default=34, help="ask so many, half of them unanswerable if there are as many"
    )
    arguments = parser.parse_args()
    index, retriever, embeddings = open_corpus(arguments.home)
    ranker, prompts = SentenceRanker(index, embeddings=embeddings), Prompts()
    gate = Gate(prompts)
    session = ModelSession(choose_model(load_settings(), "local"))
    lines = (
        line
        for path in sorted(corpus_folder().rglob("*.md"))
        for line in path.read_text("utf-8").splitlines()
    )
    glossary = Glossary.harvest(lines)
    rows = []
    if arguments.out.is_file():
        rows = [json.loads(line) for line in arguments.out.read_text("utf-8").splitlines()]
    known = {row["id"] for row in rows}
    records = training_questions("zh")
    random.Random(8).shuffle(records)
    halves = [r for r in records if not r["answers"]][: arguments.limit // 2]
    halves += [r for r in records if r["answers"]][: arguments.limit - len(halves)]
    for record in halves:
        if record["id"] in known:
            continue
        query = understand(record["question"], session=session, prompts=prompts, glossary=glossary)
        shown = ranker.rank(query, retriever.retrieve(query.searches, 20))[:SHOWN]
        row = {
            "id": record["id"], "label": bool(record["answers"]), "english": query.english,
            "asked": gate.margins(query.standalone, shown, session),
            "translated": gate.margins(query.english, shown, session),
        }  # fmt: skip
        rows.append(row)
        with arguments.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    weights = json.loads(WEIGHTS.read_text("utf-8"))["combined"]["embedded"]["margins"]
    labels = [row["label"] for row in rows]
    print(f"{sum(labels)} answerable, {len(labels) - sum(labels)} not")
    for way in ("asked", "translated"):
        print(f"{way}: AUROC {roc_auc_score(labels, [mixed(row[way], weights) for row in rows]):.3f}")


if __name__ == "__main__":
    main()
