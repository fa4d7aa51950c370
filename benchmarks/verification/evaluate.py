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
import math
import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from train import corpus_names

from assistant.answering.claim_features import Comparison
from assistant.answering.verify import ClaimVerifier
from assistant.ingest.sentences import split_sentences

_ROOT = Path(__file__).parent.parent.parent


def auroc(positive: list[float], negative: list[float]) -> float:
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.96
    share, room = right / count, z * z / count
    middle = (share + room / 2) / (1 + room)
    half = z * math.sqrt(share * (1 - share) / count + room / (4 * count)) / (1 + room)
    return middle - half, middle + half


class Recall(ClaimVerifier):
    """Remembers the features of the claim checked last."""

    last: dict[str, float] | None = None

    def compare(self, *arguments: Any, **named: Any) -> Comparison:
        """The features, which are kept."""
        comparison = super().compare(*arguments, **named)
        self.last = comparison.features
        return comparison


def pairs(path: Path, share: float, part: str, out: Path | None) -> None:
    verifier = ClaimVerifier(names=corpus_names(_ROOT / "corpus"))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == part]
    if share < 1:
        step = round(1 / share)
        rows = [
            row for index, row in enumerate(rows) if row["by"] in ("hand", "written") or index % step == 0
        ]
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in rows:
        check = verifier.check(row["claim"], row["evidence"], context=row["context"])
        row["score"], row["verdict"] = check.score, check.verdict
        ok = (check.verdict == "supported") == bool(row["label"])
        total = "all faithful" if row["label"] else "all changed"
        if row["by"] == "extra":
            # Rules that came later are told apart, so that the other figures stay comparable.
            total = total.replace("all", "further")
        if row["by"] in ("translated", "new"):
            total = total.replace("all", row["by"])
        apart = {"extra": "further ", "translated": "translated ", "new": "new "}.get(row["by"], "")
        names = [f"{apart}{row['kind']}", total]
        if row["by"] == "written" or (row["label"] and row["by"] == "hand"):
            names.append(f"{total} (by hand)")
        chinese = len(re.findall("[\u3400-\u9fff]", row["evidence"])) > 0.2 * len(row["evidence"])
        for name in names:
            right[row["language"], name].append(ok)
        if chinese:
            right[f"{row['language']} over Chinese", total].append(ok)
    if out is not None:
        out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    for (language, name), values in sorted(right.items()):
        low, high = interval(sum(values), len(values))
        print(
            f"{language} {name:22} {len(values):5} {sum(values) / len(values):.3f} ({low:.3f} to {high:.3f})"
        )


def mtrag(path: Path) -> None:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    texts = {document["document_id"]: document["text"] for document in data["documents"]}
    tasks = {task["task_id"]: task for task in data["tasks"]}
    verifier = Recall()
    results: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for item in data["evaluations"]:
        task = tasks[item["task_id"]]
        passages = [texts[context["document_id"]] for context in task["contexts"]]
        evidence = "\n\n".join(passages)
        rating = statistics.median(
            float(vote["value"]) for vote in item["annotations"]["faithfulness"].values()
        )
        answer = re.sub(r"[*#`]", "", item["model_response"])
        checks, overlaps = [0.0], [0.0]
        if evidence:
            checks, overlaps = [], []
            for start, end in split_sentences(answer):
                # As the assistant does: each passage by itself, the best counts.
                checks.append(max(verifier.check(answer[start:end], text).score for text in passages))
                verifier.last = None
                verifier.check(answer[start:end], evidence)
                f = verifier.last
                overlaps.append(
                    f["recall_window"] - 0.15 * f["numbers_missing"] - 0.15 * f["names_missing"] if f else 1.0
                )
        for name, values in (("score", checks), ("overlap", overlaps)):
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
    first.add_argument("--part", choices=("fit", "report"), default="report")
    first.add_argument("--out", type=Path, help="file for the pairs with their scores")
    second = sub.add_parser("mtrag")
    second.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.what == "pairs":
        pairs(arguments.pairs, arguments.share, arguments.part, arguments.out)
    else:
        mtrag(arguments.data)


if __name__ == "__main__":
    main()
