"""Measures the verifier on what it was not fitted on.

    python benchmarks/verification/evaluate.py pairs PAIRS.jsonl
    python benchmarks/verification/evaluate.py mtrag --data mtrag_reference_subset_with_human_evaluations.json

`pairs` reports the part `report`: share of changed claims caught (verdict not "supported") by kind and language and
share of faithful paraphrases passed. `mtrag` reports the AUROC of an answer's score, the mean over its sentences of
the score against all of its contexts, against a median human faithfulness below 3; nothing is fitted on it.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from train import corpus_names

from assistant.answering.verify import ClaimVerifier
from assistant.ingest.sentences import split_sentences

_ROOT = Path(__file__).parent.parent.parent


def auroc(positive: list[float], negative: list[float]) -> float:
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))


def pairs(path: Path, share: float) -> None:
    verifier = ClaimVerifier(names=corpus_names(_ROOT / "corpus"))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == "report"]
    if share < 1:
        step = round(1 / share)
        rows = [row for index, row in enumerate(rows) if row["by"] == "hand" or index % step == 0]
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in rows:
        verdict = verifier.check(row["claim"], row["evidence"], context=row["context"]).verdict
        ok = (verdict == "supported") == bool(row["label"])
        names = [row["kind"], "all faithful" if row["label"] else "all changed"]
        if row["label"] and row["by"] == "hand":
            names.append("by hand")
        for name in names:
            right[row["language"], name].append(ok)
    for (language, name), values in sorted(right.items()):
        print(f"{language} {name:16} {len(values):5} {sum(values) / len(values):.3f}")


def mtrag(path: Path) -> None:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    texts = {document["document_id"]: document["text"] for document in data["documents"]}
    tasks = {task["task_id"]: task for task in data["tasks"]}
    verifier = ClaimVerifier()
    results: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for item in data["evaluations"]:
        task = tasks[item["task_id"]]
        evidence = "\n\n".join(texts[context["document_id"]] for context in task["contexts"])
        rating = statistics.median(
            float(vote["value"]) for vote in item["annotations"]["faithfulness"].values()
        )
        answer = re.sub(r"[*#`]", "", item["model_response"])
        claims = [answer[start:end] for start, end in split_sentences(answer)]
        features = [verifier.compare(claim, evidence).features if evidence else None for claim in claims]
        checks = [verifier.check(claim, evidence).score if evidence else 0.0 for claim in claims]
        recall = [
            f["recall_window"] - 0.15 * f["numbers_missing"] - 0.15 * f["names_missing"] if f else 0.0
            for f in features
        ]
        for name, values in (("score", checks), ("overlap", recall)):
            for how, value in (("mean", statistics.fmean(values)), ("min", min(values))):
                for group in ("all", task["Answerability"][0]):
                    results[f"{name} {how} {group}"][int(rating < 3)].append(value)
    for name, (good, bad) in sorted(results.items()):
        if good and bad:
            print(f"{name:28} {len(good):4} faithful, {len(bad):3} not: AUROC {auroc(good, bad):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sub = parser.add_subparsers(dest="what", required=True)
    first = sub.add_parser("pairs")
    first.add_argument("pairs", type=Path)
    first.add_argument("--share", type=float, default=1.0, help="share of the pairs made by rule to read")
    second = sub.add_parser("mtrag")
    second.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.what == "pairs":
        pairs(arguments.pairs, arguments.share)
    else:
        mtrag(arguments.data)


if __name__ == "__main__":
    main()
