"""Fits the gate on what `gate_evidence.py` has gathered, and reports it on questions that it was not fitted on.

    python benchmarks/training/fit_gate.py --rows FOLDER --margins FILE --minutes 60

The embedded model is asked about the questions of one half of `benchmarks/unseen.yaml`, an answerable and an
unanswerable one by turns, for as long as `--minutes` says; its margins are kept in `--margins` (JSON Lines), so that an
interrupted run goes on. Figures of the small model are those of the other half; figures of the language model are
cross-validated, and `assistant eval` has those of the whole.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fitting import fitted
from gate_rows import LEARNT, Row, read_rows
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from assistant.answering.gate import PROBES, SHOWN, WEIGHTS, Gate, features, fit_for, mixed
from assistant.answering.prompts import Prompts
from assistant.models.chat import ModelSession, choose_model
from assistant.retrieval.logistic import LogisticModel
from assistant.settings import load_settings

STRENGTH = 0.3
# Shares of the answerable questions that may be refused: without a language model, before it is asked, and by it.
# Of Chinese questions there are too few to tell 1 from 4 percent.
ALONE, HOPELESS, REFUSED = {"read": 0.04, "unread": 0.0}, 0.005, 0.08
PARTS = ["small", *PROBES["embedded"]]


def small_fit(rows: Sequence[Row], kind: str) -> dict[str, Any]:
    """The regression over what ranking knows."""
    found = [(features(row.query, row.ranked), row) for row in rows if row.ranked and row.shown == "whole"]
    found = [(values, row) for values, row in found if fit_for(values) == kind]
    # How likely the ranker thinks its best sentence tells of the rest only where the cross-encoder has not read it.
    left_out = ("best",) if kind == "read" else ("cross_best", "cross_third")
    names = [name for name in found[0][0] if name not in left_out]
    matrix = np.array([[values[name] for name in names] for values, _ in found])
    learnt = np.array([row.fold == LEARNT for _, row in found])
    labels = np.array([row.answerable for _, row in found])
    other = np.array([row.source == "xquad" for _, row in found])
    model = fitted(names, matrix[learnt], labels[learnt], strength=STRENGTH)
    logits = model.logits(names, matrix)
    kept = np.sort(logits[learnt & labels])
    hopeless, alone = (float(np.quantile(kept, share)) for share in (HOPELESS, ALONE[kind]))
    hopeless = min(hopeless, alone)
    print(f"{kind}: fitted on {learnt.sum()}, weights { {n: t[0] for n, t in model.terms.items()} }")
    for name, wanted in (
        ("answerable", labels),
        ("near misses", ~labels & ~other),
        ("of other things", other),
    ):
        chosen = logits[wanted & ~learnt]
        if len(chosen):
            print(
                f"  {name}, {len(chosen)}: refused alone {np.mean(chosen < alone):.3f}, hopeless {np.mean(chosen < hopeless):.3f}"
            )
    return {
        "terms": model.terms,
        "intercept": model.intercept,
        "hopeless": round(hopeless, 4),
        "alone": round(alone, 4),
    }


def ask(rows: Sequence[Row], file: Path, minutes: float) -> dict[str, list[float]]:
    """The margins of the embedded model, by question."""
    known: dict[str, list[float]] = {}
    if file.is_file():
        known = {e["id"]: e["margins"] for e in map(json.loads, file.read_text("utf-8").splitlines())}
    gate, session = Gate(Prompts()), ModelSession(choose_model(load_settings(), "local"))
    halves = [[r for r in rows if r.answerable is yes] for yes in (True, False)]
    for half in halves:
        random.Random(9).shuffle(half)
    until = time.monotonic() + 60 * minutes
    for row in [row for pair in zip(*halves, strict=False) for row in pair]:
        if row.id in known:
            continue
        if time.monotonic() > until:
            break
        known[row.id] = gate.margins(row.query.standalone, row.ranked[:SHOWN], session) or []
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"id": row.id, "margins": known[row.id]}) + "\n")
    return known


def combined_fit(
    rows: Sequence[Row], margins: dict[str, list[float]], small: LogisticModel, probes: int
) -> dict[str, Any]:
    """The regression over the logit of the small model and the margins of the first `probes` probes."""
    asked = [row for row in rows if row.id in margins]
    table = np.array([[small.logit(features(r.query, r.ranked)), *margins[r.id][:probes]] for r in asked])
    labels, names = np.array([row.answerable for row in asked]), PARTS[: probes + 1]
    scores = cross_validated(names, table, labels)
    threshold = float(np.quantile(scores[labels], REFUSED))
    print(f"  {len(labels)} questions: AUROC {roc_auc_score(labels, scores):.3f}")
    print(
        f"  refused: answerable {np.mean(scores[labels] < threshold):.3f},"
        f" unanswerable {np.mean(scores[~labels] < threshold):.3f}"
    )
    model = fitted(names, table, labels, strength=STRENGTH)
    slopes = [model.terms[name][0] / model.terms[name][2] for name in names]
    intercept = model.intercept - sum(
        model.terms[n][0] * model.terms[n][1] / model.terms[n][2] for n in names
    )
    means = np.array([mixed(row[1:], slopes[1:]) for row in table])
    return {
        "small": round(slopes[0], 5), "margins": [round(v, 5) for v in slopes[1:]], "intercept": round(intercept, 5),
        "threshold": probability_of(threshold),
        # Surer than of 19 in 20 unanswerable questions, and less sure than of 19 in 20 answerable ones.
        "part_sure": round(float(np.quantile(means[~labels], 0.95)), 3),
        "part_missing": round(float(np.quantile(means[labels], 0.05)), 3),
    }  # fmt: skip


def cross_validated(
    names: Sequence[str], table: NDArray[np.float64], labels: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Log-odds of each question by a model that was fitted on the other nine tenths."""
    folds = np.arange(len(labels)) % 10
    out = np.zeros(len(labels))
    for fold in range(10):
        others = folds != fold
        model = fitted(names, table[others], labels[others], strength=STRENGTH)
        out[~others] = model.logits(names, table[~others])
    return out


def probability_of(logit: float) -> float:
    """Rounded."""
    return round(1 / (1 + math.exp(-logit)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, required=True, help="folder of `gate_evidence.py`")
    parser.add_argument("--margins", type=Path, required=True, help="file of the margins, made or continued")
    parser.add_argument("--minutes", type=float, default=0.0, help="ask the model for so long")
    arguments = parser.parse_args()
    rows = [
        row
        for name in ("unseen", "xquad", "training")
        for row in read_rows(arguments.rows / f"{name}.pickle")
    ]
    # The cross-encoder has learnt the English training questions by heart.
    rows = [row for row in rows if row.shown == "whole" and (row.source != "training" or row.label == "zh")]
    small = {kind: small_fit(rows, kind) for kind in ("read", "unread")}
    asked = [row for row in rows if row.source == "unseen" and row.fold == LEARNT and row.ranked]
    margins = ask(asked, arguments.margins, arguments.minutes)
    combined = {}
    for kind, probes in PROBES.items():
        print(f"{kind}:")
        combined[kind] = combined_fit(asked, margins, LogisticModel.of(small["read"]), len(probes))
    WEIGHTS.write_text(json.dumps({"small": small, "combined": combined}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
