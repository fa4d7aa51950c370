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
from pathlib import Path
from typing import Any

import fit_ranker
import numpy as np
from ranker_data import fold_of, open_corpus, training_questions
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from assistant.answering.gate import FEATURES, SHOWN, WEIGHTS, Gate
from assistant.answering.prompts import Prompts
from assistant.evaluation.facts import found_facts
from assistant.models.chat import ModelSession, choose_model
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.query import read_question
from assistant.retrieval.rerank import RankedSentence, SentenceRanker
from assistant.settings import load_settings


def ranked(record: dict[str, Any], home: Path, models: Path, weights: dict[int, dict[str, Any]]) -> list[RankedSentence]:
    """Sentences of a question, ranked by what did not see it."""
    index, retriever = open_corpus(home)
    fold = fold_of(record)
    ranker = SentenceRanker(index, _cross(models, fold))
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument("--models", type=Path, required=True, help="folder with the cross-encoders of the folds")
    parser.add_argument("--margins", type=Path, required=True, help="file of the model's margins, made or continued")
    parser.add_argument("--answerable", type=int, default=220, help="how many answerable questions")
    parser.add_argument("--limit", type=int, default=10_000, help="ask the model about this many at most")
    arguments = parser.parse_args()
    rows = fit_ranker.gather(arguments.home, arguments.models)
    weights = {fold: fit_ranker.fit([r for r in rows if r["fold"] != fold]) for fold in (0, 1)}
    index, _ = open_corpus(arguments.home)
    gate = Gate(index, Prompts())
    known = {}
    if arguments.margins.is_file():
        known = {e["id"]: e for e in map(json.loads, arguments.margins.read_text("utf-8").splitlines())}
    session = ModelSession(choose_model(load_settings(), "local"))
    table = []
    for number, record in enumerate(chosen_questions(arguments.answerable)[: arguments.limit]):
        items = ranked(record, arguments.home, arguments.models, weights)
        shown = " ".join(i.sentence.text for i in items[:SHOWN])
        if record["id"] not in known:
            margin = gate.margin(record["question"], items[:SHOWN], session)
            known[record["id"]] = {"id": record["id"], "margin": margin}
            with arguments.margins.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[record["id"]]) + "\n")
        margin = known[record["id"]]["margin"]
        covered = float(np.mean(found_facts(shown, record["facts"]))) if record["facts"] else 0.0
        query = read_question(record["question"])
        table.append(
            {"fold": fold_of(record), "label": bool(record["answers"]), "covered": covered, "margin": margin,
             "features": gate.features(query, items, margin), "counted": gate.features(query, items, None)}
        )  # fmt: skip
        if number % 20 == 0:
            print(number, flush=True)
    stored = {}
    for name, column in (("with_model", "features"), ("counted", "counted")):
        stored[name] = report(name, table, column)
    WEIGHTS.write_text(json.dumps({"features": FEATURES, **stored}, indent=1) + "\n", encoding="utf-8")


def report(name: str, table: list[dict[str, Any]], column: str) -> dict[str, Any]:
    """Cross-validated figures, then the weights from all rows."""
    # An answerable question whose facts are not among the sentences shown teaches nothing about the gate.
    rows = [r for r in table if not r["label"] or r["covered"] >= 0.5]
    matrix, labels = np.array([r[column] for r in rows]), np.array([r["label"] for r in rows])
    folds = np.array([r["fold"] for r in rows])
    logits = np.zeros(len(rows))
    for fold in (0, 1):
        model, mean, scale = fitted(matrix[folds != fold], labels[folds != fold])
        logits[folds == fold] = model.decision_function((matrix[folds == fold] - mean) / scale)
    print(f"{name}: {labels.sum()} answerable, {(~labels).sum()} not; AUROC {roc_auc_score(labels, logits):.3f}")
    if column == "features":
        print(f"  margin alone: AUROC {roc_auc_score(labels, matrix[:, 0]):.3f}")
    best = None
    for threshold in np.quantile(logits, np.linspace(0.02, 0.7, 120)):
        right, wrong = float((logits[~labels] < threshold).mean()), float((logits[labels] < threshold).mean())
        # A wrong refusal costs as much as an answer to an unanswerable question.
        if best is None or right - wrong > best[0]:
            best = (right - wrong, float(threshold), right, wrong)
    assert best is not None
    for cut in (0.02, 0.05, 0.1):
        threshold = np.quantile(logits[labels], cut)
        print(f"  answerable refused {cut:.2f}: unanswerable refused {(logits[~labels] < threshold).mean():.3f}")
    print(f"  chosen: unanswerable refused {best[2]:.3f}, answerable refused {best[3]:.3f}")
    model, mean, scale = fitted(matrix, labels)
    print("  weights", dict(zip(FEATURES, model.coef_[0].round(3).tolist(), strict=True)))
    return {
        "coefficients": model.coef_[0].round(5).tolist(), "intercept": round(float(model.intercept_[0]), 5),
        "mean": mean.round(5).tolist(), "scale": scale.round(5).tolist(),
        "threshold": round(1 / (1 + np.exp(-best[1])), 4), "part_threshold": 0.5,
    }  # fmt: skip


def fitted(matrix: np.ndarray, labels: np.ndarray) -> tuple[LogisticRegression, np.ndarray, np.ndarray]:
    """A balanced logistic regression and its standardisation."""
    mean, scale = matrix.mean(0), matrix.std(0)
    scale[scale == 0] = 1.0
    return LogisticRegression(C=0.3, class_weight="balanced", max_iter=3000).fit((matrix - mean) / scale, labels), mean, scale


if __name__ == "__main__":
    main()
