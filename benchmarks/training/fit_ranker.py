"""Fits the linear sentence ranker on the training questions and reports it across folds.

    python benchmarks/training/fit_ranker.py --home FOLDER --models FOLDER

`--models` holds the cross-encoders `without_fold_0.onnx` and `without_fold_1.onnx` of `train_ranker.py`: each
question's features come from the one that did not see it. The printed figures are cross-fitted: the linear
model of a fold is fitted on the other. The stored weights use all questions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from ranker_data import fold_of, is_answer, open_corpus, repeats_facts, training_questions
from sklearn.linear_model import LogisticRegression

from assistant.evaluation.facts import found_facts
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.query import read_question
from assistant.retrieval.rerank import (
    DENSE_FEATURES,
    FEATURES,
    WEIGHTS,
    RankedSentence,
    SentenceRanker,
    weights_name,
)

CUTS = (1, 3, 5, 8, 12)


def gather(home: Path, models: Path | None, dense: bool = True) -> list[dict[str, Any]]:
    """Candidates of every answerable English question: features, labels, the sentences.

    They are kept in `home` for the other scripts; remove `features-*.pickle` there after a change of features.
    """
    kept = home / f"features-{weights_name(cross=models is not None, dense=dense)}.pickle"
    if kept.is_file():
        with kept.open("rb") as file:
            return pickle.load(file)
    index, retriever, embeddings = open_corpus(home)
    rows = []
    for fold in (0, 1):
        cross = CrossEncoder(models / f"without_fold_{fold}.onnx", threads=1) if models is not None else None
        ranker = SentenceRanker(index, cross, embeddings if dense else None)
        if models is None:
            ranker._cross = None
        for record in training_questions():
            if fold_of(record) != fold or not record["answers"]:
                continue
            query = read_question(record["question"])
            hits = retriever.retrieve(query.searches, 20)
            items = ranker.features(query, hits)
            labels = np.array([is_answer(record, i.passage, i.sentence) for i in items], dtype=float)
            unsure = np.array(
                [not y and repeats_facts(record, i.sentence) for y, i in zip(labels, items, strict=True)]
            )
            rows.append(
                {"record": record, "fold": fold, "items": items, "labels": labels, "keep": ~unsure,
                 "features": np.array([i.features for i in items])}
            )  # fmt: skip
    with kept.open("wb") as file:
        pickle.dump(rows, file)
    return rows


def fit(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Logistic regression over standardised features; each question weighs the same."""
    features = np.concatenate([r["features"][r["keep"]] for r in rows])
    labels = np.concatenate([r["labels"][r["keep"]] for r in rows])
    weights = np.concatenate([np.full(int(r["keep"].sum()), 1.0) for r in rows])
    mean, scale = features.mean(0), features.std(0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=1.0, max_iter=3000).fit(
        (features - mean) / scale, labels, sample_weight=weights
    )
    return {
        "coefficients": model.coef_[0].round(5).tolist(), "intercept": round(float(model.intercept_[0]), 5),
        "mean": mean.round(5).tolist(), "scale": scale.round(5).tolist(),
    }  # fmt: skip


def scores(row: dict[str, Any], weights: dict[str, Any]) -> np.ndarray:
    """Logits of a question's candidates."""
    standard = (row["features"] - np.array(weights["mean"])) / np.array(weights["scale"])
    return standard @ np.array(weights["coefficients"]) + weights["intercept"]


def recall(rows: list[dict[str, Any]], score: Any) -> dict[int, float]:
    """Share of a question's facts within its n best sentences, mean over questions."""
    out: dict[int, list[float]] = {n: [] for n in CUTS}
    for row in rows:
        order = np.argsort(-score(row))
        for n in CUTS:
            text = " ".join(_text(row["items"][i]) for i in order[:n])
            out[n].append(float(np.mean(found_facts(text, row["record"]["facts"]))))
    return {n: round(float(np.mean(values)), 3) for n, values in out.items()}


def _text(item: RankedSentence) -> str:
    return item.sentence.text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument(
        "--models", type=Path, required=True, help="folder with the cross-encoders of the folds"
    )
    arguments = parser.parse_args()
    stored = {}
    for models, dense in itertools.product((None, arguments.models), (False, True)):
        name = weights_name(cross=models is not None, dense=dense)
        features = FEATURES + (DENSE_FEATURES if dense else ())
        rows = gather(arguments.home, models, dense)
        print(f"{name}: {len(rows)} questions, all facts among the candidates: {recall_all(rows):.3f}")
        halves = {fold: fit([r for r in rows if r["fold"] != fold]) for fold in (0, 1)}
        print("  linear, cross-fitted", recall(rows, lambda r, h=halves: scores(r, h[r["fold"]])))
        if models is not None:
            column = FEATURES.index("cross")
            print("  cross-encoder alone ", recall(rows, lambda r, c=column: r["features"][:, c]))
        stored[name] = fit(rows)
        print("  weights", dict(zip(features, stored[name]["coefficients"], strict=True)))
    WEIGHTS.parent.mkdir(exist_ok=True)
    WEIGHTS.write_text(
        json.dumps({"features": FEATURES, "dense_features": DENSE_FEATURES, **stored}, indent=1) + "\n",
        encoding="utf-8",
    )


def recall_all(rows: list[dict[str, Any]]) -> float:
    """Share of the facts within all candidates."""
    return float(
        np.mean([np.mean(found_facts(" ".join(map(_text, r["items"])), r["record"]["facts"])) for r in rows])
    )


if __name__ == "__main__":
    main()
