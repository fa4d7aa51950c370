"""Fits the verifier on the part `fit` of the pairs and writes `assistant/answering/data/verifier.json`.

    python benchmarks/verification/make_pairs.py --squad DATA/squad2-cs224n/dev-v2.0.json --out pairs.jsonl
    python benchmarks/verification/train.py pairs.jsonl

Gradient boosted trees (scikit-learn) with monotonic constraints, so that more of what speaks against a claim never
raises its score. One model is for claims in the language of their evidence, one for the others. Calibration and
threshold come from five-fold predictions grouped by brief. Needs scikit-learn, which the package itself does not.
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
from sklearn.model_selection import GroupKFold

from assistant.answering.claim_features import FEATURES, compare_claim
from assistant.answering.glossary import Glossary
from assistant.answering.name_table import NameTable

_FOR = {
    "recall", "recall_sentence", "recall_window", "order", "anchors_window", "number_margin", "date_margin", "name_margin",
}  # fmt: skip
_FREE = {"length", "sentences_used", "hedge_dropped", "verbatim"}
_UNUSED = {"similarity", "similarity_window", "cross_language"}
# Weight of pairs in the language of their evidence when the model for other pairs is fitted: what speaks against a
# claim is much the same, and translated pairs alone are few.
_BORROWED = 0.1
# Share of the claims changed by the rules that the threshold catches, in the language of the evidence and across.
_CAUGHT, _CAUGHT_ACROSS = 0.95, 0.93
# Pairs written by hand are fewer, and closer to what a model writes than the rules are.
_BY_HAND = 1.5
# Iterations and leaves, chosen by five-fold predictions on the fitted part.
_SIZE = (250, 10)
_SIZE_ACROSS = (300, 6)


def corpus_names(corpus: Path) -> NameTable:
    """The names that an assistant over the corpus knows."""
    texts = (
        re.sub(r"\[\^\d+\]", "", path.read_text(encoding="utf-8")) for path in sorted(corpus.glob("*/*.md"))
    )
    return NameTable(Glossary.harvest(line for text in texts for line in text.splitlines()).pairs)


def features_of(rows: list[dict[str, Any]], table: NameTable) -> np.ndarray:
    return np.array([
        compare_claim(row["claim"], row["evidence"], context=row["context"], table=table).vector() for row in rows
    ])  # fmt: skip


def new_trees(iterations: int, leaves: int) -> HistGradientBoostingClassifier:
    signs = [0 if name in _FREE | _UNUSED else 1 if name in _FOR else -1 for name in FEATURES]
    return HistGradientBoostingClassifier(
        max_iter=iterations, learning_rate=0.08, max_leaf_nodes=leaves, min_samples_leaf=12, l2_regularization=2.0,
        monotonic_cst=signs, random_state=0, early_stopping=False,
    )  # fmt: skip


def export(model: HistGradientBoostingClassifier) -> dict[str, Any]:
    trees = [
        [
            [-1, 0, 0, 0, round(float(node["value"]), 5)] if node["is_leaf"] else
            [int(node["feature_idx"]), round(float(node["num_threshold"]), 6), int(node["left"]), int(node["right"]), 0]
            for node in predictor.nodes
        ]
        for (predictor,) in model._predictors
    ]  # fmt: skip
    return {"trees": trees, "baseline": float(np.ravel(model._baseline_prediction)[0])}


def fit(
    rows: list[dict[str, Any]],
    matrix: np.ndarray,
    target: np.ndarray,
    caught: float = _CAUGHT,
    size: tuple[int, int] = _SIZE,
) -> dict[str, Any]:
    """Fit one model; `target` marks the rows that it is for, the others lend their weight.

    The threshold catches the share `caught` of the claims that the rules changed.
    """
    labels = np.array([row["label"] for row in rows])
    # Other texts teach, but what the scores mean is said of the corpus.
    own = np.array([row["by"] != "public" for row in rows])
    target = target & own
    by_hand = np.array([row["by"] in ("hand", "written") for row in rows])
    groups = [row["brief"] for row in rows]
    weights = np.where(by_hand, _BY_HAND, 1.0) * np.where(target | ~own, 1.0, _BORROWED)
    raw = np.zeros(len(rows))
    for train, held in GroupKFold(5).split(matrix, labels, groups):
        raw[held] = (
            new_trees(*size)
            .fit(matrix[train], labels[train], sample_weight=weights[train])
            .decision_function(matrix[held])
        )
    calibration = LogisticRegression().fit(raw[target, None], labels[target], sample_weight=weights[target])
    slope, intercept = float(calibration.coef_[0, 0]), float(calibration.intercept_[0])
    scores = 1 / (1 + np.exp(-(slope * raw + intercept)))
    # Paraphrases by the rules alone are easy; they are fitted on, but not told here.
    faithful = target & (labels == 1) & np.array([row["by"] != "extra" for row in rows])
    supported = float(np.quantile(scores[target & ~by_hand & (labels == 0)], caught))
    print(f"five-fold, {target.sum()} pairs: AUROC {roc_auc_score(labels[target], scores[target]):.4f}, threshold {supported:.3f}, "
          f"passed {(scores[faithful] >= supported).mean():.3f} (by hand {(scores[faithful & by_hand] >= supported).mean():.3f}), "
          f"caught {(scores[target & (labels == 0)] < supported).mean():.3f} "
          f"(by hand {(scores[target & by_hand & (labels == 0)] < supported).mean():.3f})")  # fmt: skip
    model = new_trees(*size).fit(matrix, labels, sample_weight=weights)
    return {
        **export(model),
        "slope": slope,
        "intercept": intercept,
        "supported": round(supported, 4),
        "partly": round(0.35 * supported, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    root = Path(__file__).parent.parent.parent
    parser.add_argument("--corpus", type=Path, default=root / "corpus")
    parser.add_argument("--out", type=Path, default=root / "assistant/answering/data/verifier.json")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.pairs.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == "fit"]
    matrix = features_of(rows, corpus_names(arguments.corpus))
    write_model(rows, matrix, arguments.out)


def write_model(rows: list[dict[str, Any]], matrix: np.ndarray, out: Path) -> None:
    cross = matrix[:, FEATURES.index("cross_language")] == 1.0
    own = np.array([row["by"] != "public" for row in rows])
    corpus = [row for row in rows if row["by"] != "public"]
    same = [row for row, other in zip(rows, cross, strict=True) if not other]
    data = {
        "features": list(FEATURES),
        "same": fit(same, matrix[~cross], np.ones(len(same), dtype=bool)),
        # The embedding model tells what a translated claim has nothing to do with (`ClaimVerifier._on_subject`); fitted
        # on the public pairs too, or on sentences of XQuAD and their translations, this model was no better.
        "cross": fit(corpus, matrix[own], cross[own], _CAUGHT_ACROSS, _SIZE_ACROSS),
    }
    out.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
