"""Fits the refusal gate on the training questions and reports it across folds.

    python benchmarks/training/fit_gate.py --home FOLDER --models FOLDER --margins FILE

The embedded model is asked about every chosen question once; its margins are kept in `--margins` (JSON Lines),
so that an interrupted run goes on. Sentences are ranked by the cross-encoder and linear weights that did not
see the question. Figures are cross-validated by fold; the stored weights use all.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fit_ranker
import numpy as np
from ranker_data import fold_of, open_corpus, training_questions
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.answering.gate import FEATURES, PROBES, SHOWN, WEIGHTS, Gate, mixed
from assistant.answering.prompts import Prompts
from assistant.evaluation.facts import found_facts
from assistant.models.chat import ModelSession, choose_model
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.query import read_question
from assistant.retrieval.rerank import RankedSentence, SentenceRanker
from assistant.settings import load_settings

# Share of the answerable training questions that may be refused: the goal with a model; without one more,
# as little would be refused otherwise.
_REFUSED = {"counted": 0.15, "combined": 0.05}


def ranked(
    record: dict[str, Any],
    home: Path,
    models: Path,
    weights: dict[int, dict[str, Any]],
    gathered: dict[str, list[RankedSentence]],
) -> list[RankedSentence]:
    """Sentences of a question, ranked by what did not see it."""
    fold = fold_of(record)
    items = gathered.get(record["id"])
    if items is None:
        index, retriever, embeddings = open_corpus(home)
        ranker = SentenceRanker(index, _cross(models, fold), embeddings)
        query = read_question(record["question"])
        items = ranker.features(query, retriever.retrieve(query.searches, 20))
    logits = fit_ranker.scores({"features": np.array([i.features for i in items])}, weights[fold])
    probabilities = 1 / (1 + np.exp(-logits))
    out = [
        RankedSentence(i.passage, i.sentence, i.position, float(p), i.cross, i.part_scores, i.features)
        for i, p in zip(items, probabilities, strict=True)
    ]
    return sorted(out, key=lambda item: -item.probability)


_crosses: dict[tuple[Path, int], CrossEncoder] = {}


def _cross(models: Path, fold: int) -> CrossEncoder:
    if (models, fold) not in _crosses:
        _crosses[models, fold] = CrossEncoder(models / f"without_fold_{fold}.onnx", threads=1)
    return _crosses[models, fold]


def chosen_questions(answerable: int) -> list[dict[str, Any]]:
    """All unanswerable English questions and a random sample of the answerable ones."""
    records = training_questions()
    yes = [r for r in records if r["answers"]]
    random.Random(7).shuffle(yes)
    both = [r for r in records if not r["answers"]] + yes[:answerable]
    # Mixed, so that an interrupted run has some of each.
    random.Random(8).shuffle(both)
    return both


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument(
        "--models", type=Path, required=True, help="folder with the cross-encoders of the folds"
    )
    parser.add_argument(
        "--margins", type=Path, required=True, help="file of the model's margins, made or continued"
    )
    parser.add_argument("--answerable", type=int, default=220, help="how many answerable questions")
    parser.add_argument("--limit", type=int, default=10_000, help="ask the model about this many at most")
    arguments = parser.parse_args()
    rows = fit_ranker.gather(arguments.home, arguments.models)
    weights = {fold: fit_ranker.fit([r for r in rows if r["fold"] != fold]) for fold in (0, 1)}
    gathered = {row["record"]["id"]: row["items"] for row in rows}
    gate = Gate(Prompts())
    known = {}
    if arguments.margins.is_file():
        known = {e["id"]: e for e in map(json.loads, arguments.margins.read_text("utf-8").splitlines())}
    session = ModelSession(choose_model(load_settings(), "local"))
    asked = {record["id"] for record in chosen_questions(arguments.answerable)[: arguments.limit]}
    table = []
    # Those that the model is asked about first, so that an interrupted run has what it needs.
    for record in sorted(training_questions(), key=lambda r: r["id"] not in asked):
        items = ranked(record, arguments.home, arguments.models, weights, gathered)
        if record["id"] in asked and record["id"] not in known:
            margins = gate.margins(record["question"], items[:SHOWN], session)
            known[record["id"]] = {"id": record["id"], "margins": margins}
            with arguments.margins.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[record["id"]]) + "\n")
        shown = " ".join(i.sentence.text for i in items[:SHOWN])
        covered = float(np.mean(found_facts(shown, record["facts"]))) if record["facts"] else 0.0
        table.append(
            # An answerable question whose facts are not among the sentences shown teaches nothing about the gate, but
            # its refusal is one of those that the threshold limits.
            {"fold": fold_of(record), "label": bool(record["answers"]), "teaches": not record["answers"] or covered >= 0.5,
             "features": gate.features(read_question(record["question"]), items),
             "margins": known.get(record["id"], {}).get("margins")}
        )  # fmt: skip
    counted, logits = fit_counted(table)
    for row, logit in zip(table, logits, strict=True):
        row["counted"] = logit
    asked_about = [row for row in table if row["margins"] is not None]
    combined = {kind: fit_combined(asked_about, probes) for kind, probes in PROBES.items()}
    WEIGHTS.write_text(
        json.dumps({"features": FEATURES, "counted": counted, "combined": combined}, indent=1) + "\n",
        encoding="utf-8",
    )


def cross_fitted(
    matrix: np.ndarray, labels: np.ndarray, folds: np.ndarray, teaches: np.ndarray
) -> np.ndarray:
    """Logits of each fold by the regression of what teaches in the other."""
    logits = np.zeros(len(labels))
    for fold in (0, 1):
        others = (folds != fold) & teaches
        model, mean, scale = fitted(matrix[others], labels[others])
        logits[folds == fold] = model.decision_function((matrix[folds == fold] - mean) / scale)
    return logits


def fit_counted(table: list[dict[str, Any]]) -> tuple[dict[str, Any], np.ndarray]:
    """The regression over what is counted, and the cross-fitted logit of each row."""
    matrix, labels, folds, teaches = (
        np.array([r[k] for r in table]) for k in ("features", "label", "fold", "teaches")
    )
    logits = cross_fitted(matrix, labels, folds, teaches)
    threshold = describe("counted", labels, logits)
    model, mean, scale = fitted(matrix[teaches], labels[teaches])
    print("  weights", dict(zip(FEATURES, model.coef_[0].round(3).tolist(), strict=True)))
    return {
        "coefficients": model.coef_[0].round(5).tolist(), "intercept": round(float(model.intercept_[0]), 5),
        "mean": mean.round(5).tolist(), "scale": scale.round(5).tolist(), "threshold": threshold,
    }, logits  # fmt: skip


def fit_combined(table: list[dict[str, Any]], probes: Sequence[str]) -> dict[str, Any]:
    """The regression over the counted logit and the model's margins."""
    # The embedded model, which is the one asked here, answers all of them, in this order.
    columns = [PROBES["embedded"].index(name) for name in probes]
    margins = np.array([r["margins"] for r in table])[:, columns]
    matrix = np.column_stack([[r["counted"] for r in table], margins])
    labels, folds, teaches = (np.array([r[k] for r in table]) for k in ("label", "fold", "teaches"))
    for name, column in zip(probes, margins.T, strict=True):
        print(f"{name} alone: AUROC {roc_auc_score(labels, column):.3f}")
    threshold = describe("combined", labels, cross_fitted(matrix, labels, folds, teaches))
    model, mean, scale = fitted(matrix[teaches], labels[teaches])
    slope = model.coef_[0] / scale
    means = np.array([mixed(row, slope[1:]) for row in margins])
    # Surer than of 19 in 20 unanswerable questions, and less sure than of 19 in 20 answerable ones.
    sure, missing = (
        float(np.quantile(means[~labels], 0.95)),
        float(np.quantile(means[labels & teaches], 0.05)),
    )
    return {
        "counted": round(float(slope[0]), 5), "margins": slope[1:].round(5).tolist(),
        "intercept": round(float(model.intercept_[0] - slope @ mean), 5), "threshold": threshold,
        "part_sure": round(sure, 3), "part_missing": round(missing, 3),
    }  # fmt: skip


def describe(name: str, labels: np.ndarray, logits: np.ndarray) -> float:
    """Prints what a threshold refuses; returns the probability below which `_REFUSED` of the answerable lie."""
    print(
        f"{name}: {labels.sum()} answerable, {(~labels).sum()} not; AUROC {roc_auc_score(labels, logits):.3f}"
    )
    for cut in (0.02, 0.05, 0.1, 0.15):
        threshold = np.quantile(logits[labels], cut)
        print(
            f"  answerable refused {cut:.2f}: unanswerable refused {(logits[~labels] < threshold).mean():.3f}"
        )
    best = float(np.quantile(logits[labels], _REFUSED[name]))
    print(
        f"  chosen: unanswerable refused {(logits[~labels] < best).mean():.3f}, answerable {(logits[labels] < best).mean():.3f}"
    )
    return round(float(1 / (1 + np.exp(-best))), 4)


def fitted(matrix: np.ndarray, labels: np.ndarray) -> tuple[LogisticRegression, np.ndarray, np.ndarray]:
    """A balanced logistic regression and its standardisation."""
    mean, scale = matrix.mean(0), matrix.std(0)
    scale[scale == 0] = 1.0
    return (
        LogisticRegression(C=0.3, class_weight="balanced", max_iter=3000).fit(
            (matrix - mean) / scale, labels
        ),
        mean,
        scale,
    )


if __name__ == "__main__":
    main()
