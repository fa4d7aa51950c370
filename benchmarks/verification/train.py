"""Fits the verifier on the part `fit` of the pairs and writes `assistant/answering/data/verifier.json`.

    python benchmarks/verification/make_pairs.py --out pairs.jsonl
    python benchmarks/verification/train.py pairs.jsonl

Gradient boosted trees (scikit-learn) with monotonic constraints: more of what speaks against a claim never raises
its score. Calibration and thresholds come from five-fold predictions, grouped by brief. Needs scikit-learn, which
the package itself does not.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from assistant.answering.claim_features import FEATURES, compare_claim
from assistant.answering.names import NameTable, harvest_names

_AGAINST = {
    "numbers_missing", "dates_missing", "names_missing", "bound_conflict", "swap", "axis_conflict", "negation_added", "negation_dropped",
    "claimed_dropped", "said_dropped", "confirmed_added", "attribution_added", "possible_dropped", "plan_dropped", "will_added", "bound_dropped",
    "axis_unknown", "unmatched", "hope_dropped", "slot_names", "slot_numbers",
}  # fmt: skip
_FOR = {"recall", "recall_sentence", "recall_window", "order", "anchors_window", "number_margin", "date_margin", "name_margin", "similarity", "similarity_window"}
_TARGET_PASSED = 0.965


def corpus_names(corpus: Path) -> NameTable:
    table = NameTable()
    for path in corpus.glob("*/*.md"):
        table.add(harvest_names(re.sub(r"\[\^\d+\]", "", path.read_text(encoding="utf-8"))))
    return table


def features_of(rows: list[dict[str, Any]], table: NameTable, similarity: Any = None) -> np.ndarray:
    return np.array([
        compare_claim(row["claim"], row["evidence"], context=row["context"], table=table, similarity=similarity).vector()
        for row in rows
    ])  # fmt: skip


def similarity_function() -> Any:
    from assistant.answering.verify import ClaimVerifier
    from assistant.models.embeddings import load_embeddings
    from assistant.settings import load_settings

    return ClaimVerifier(load_embeddings(load_settings()))._similarity


def weights_of(rows: list[dict[str, Any]]) -> np.ndarray:
    """Hand-written and Chinese pairs count more: they are few, and what users see is closer to them."""
    return np.array([(2.5 if row["by"] == "hand" else 1.0) * (1.5 if row["language"] == "zh" else 1.0) for row in rows])


def new_trees() -> HistGradientBoostingClassifier:
    signs = [-1 if name in _AGAINST else 1 if name in _FOR else 0 for name in FEATURES]
    return HistGradientBoostingClassifier(
        max_iter=160, learning_rate=0.07, max_leaf_nodes=12, min_samples_leaf=15, l2_regularization=2.0, monotonic_cst=signs, random_state=0,
    )  # fmt: skip


def export(model: HistGradientBoostingClassifier) -> dict[str, Any]:
    trees = []
    for (predictor,) in model._predictors:
        trees.append([
            [-1 if node["is_leaf"] else int(node["feature_idx"]), round(float(node["num_threshold"]), 6) if not node["is_leaf"] else 0,
             int(node["left"]), int(node["right"]), round(float(node["value"]), 5)]
            for node in predictor.nodes
        ])  # fmt: skip
    return {"trees": trees, "baseline": float(np.ravel(model._baseline_prediction)[0])}


def threshold(scores: np.ndarray, labels: np.ndarray, passed: float) -> float:
    return float(np.quantile(scores[labels == 1], 1 - passed))


def fit(rows: list[dict[str, Any]], matrix: np.ndarray) -> dict[str, Any]:
    labels = np.array([row["label"] for row in rows])
    groups = np.array([row["brief"] for row in rows])
    weights = weights_of(rows)
    raw = cross_val_predict(
        new_trees(), matrix, labels, groups=groups, cv=GroupKFold(5), method="decision_function", params={"sample_weight": weights}
    )
    calibration = LogisticRegression().fit(raw[:, None], labels, sample_weight=weights)
    slope, intercept = float(calibration.coef_[0, 0]), float(calibration.intercept_[0])
    scores = 1 / (1 + np.exp(-(slope * raw + intercept)))
    cross = np.array([row["language"] == "zh" for row in rows])
    limits = {}
    for name, mask in (("same", ~cross), ("cross", cross)):
        hand = mask & np.array([row["by"] == "hand" or row["kind"] == "two sentences" for row in rows])
        high = min(threshold(scores[mask], labels[mask], _TARGET_PASSED), threshold(scores[hand], labels[hand], 0.96))
        limits[name] = [round(high, 4), round(high * 0.35, 4)]
        caught = float((scores[mask & (labels == 0)] < high).mean())
        print(f"  {name}: five-fold AUROC {roc_auc_score(labels[mask], scores[mask]):.4f}, threshold {high:.3f}, passed {(scores[mask & (labels == 1)] >= high).mean():.3f}, caught {caught:.3f}")
    model = new_trees().fit(matrix, labels, sample_weight=weights)
    return {**export(model), "slope": slope, "intercept": intercept, "thresholds": limits}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    root = Path(__file__).parent.parent.parent
    parser.add_argument("--corpus", type=Path, default=root / "corpus")
    parser.add_argument("--out", type=Path, default=root / "assistant/answering/data/verifier.json")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.pairs.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == "fit"]
    table = corpus_names(arguments.corpus)
    data: dict[str, Any] = {"features": list(FEATURES)}
    for name, similarity in (("without_embeddings", None), ("with_embeddings", similarity_function())):
        print(name)
        data[name] = fit(rows, features_of(rows, table, similarity))
    arguments.out.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
