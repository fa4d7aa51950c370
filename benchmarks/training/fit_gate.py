"""Fits the gate on what `gate_evidence.py` has gathered, and reports it on questions that it was not fitted on.

    python benchmarks/training/fit_gate.py --rows FOLDER --margins FILE --minutes 60

The embedded model is asked about the questions of one half of `benchmarks/unseen.yaml`, an answerable and an
unanswerable one by turns, for as long as `--minutes` says; its margins are kept in `--margins` (JSON Lines), so that an
interrupted run goes on. Fitted are the small model, whose figures are those of the other half, and the probability from which
on the first look suffices. `counted` and `combined` stay as they are: they were fitted on 341 training questions, six
sentences each, ranked by cross-encoders that had not seen them (`train_ranker.py --fold`). `assistant eval` has the figures
of the whole.
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
from sklearn.metrics import roc_auc_score

from assistant.answering.gate import FIRST, PROBES, WEIGHTS, Gate, GateWeights, features, fit_for
from assistant.answering.prompts import Prompts
from assistant.models.chat import ModelSession, choose_model
from assistant.settings import load_settings

STRENGTH = 0.3
# Shares of the answerable questions that may be refused: without a language model, and before it is asked.
# Of Chinese questions there are too few to tell 1 from 4 percent.
ALONE, HOPELESS = {"read": 0.04, "unread": 0.0}, 0.005
# Share of the near misses that the first look may answer.
PASSED = 0.25


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
        known[row.id] = gate.margins(row.query.standalone, row.ranked[:FIRST], session) or []
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"id": row.id, "margins": known[row.id]}) + "\n")
    return known


def first_look(
    rows: Sequence[Row], margins: dict[str, list[float]], weights: GateWeights, kind: str
) -> float:
    """The probability from which on the first sentences suffice: few near misses reach it."""
    fit, probes = weights.combined[kind], len(PROBES[kind])
    asked = [row for row in rows if row.id in margins]
    labels = np.array([row.answerable for row in asked])
    logits = np.array(
        [
            fit.counted * weights.counted.logit(features(row.query, row.ranked))
            + float(np.dot(fit.margins, margins[row.id][:probes]))
            + fit.intercept
            for row in asked
        ]
    )
    sure = float(np.quantile(logits[~labels], 1 - PASSED))
    print(f"{kind}: {len(labels)} questions, AUROC of the first look {roc_auc_score(labels, logits):.3f}")
    print(
        f"  decided by it: answerable {np.mean(logits[labels] >= sure):.3f}, unanswerable {np.mean(logits[~labels] >= sure):.3f}"
    )
    return probability_of(sure)


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
    stored = json.loads(WEIGHTS.read_text("utf-8"))
    weights = GateWeights.of(stored)
    for kind in PROBES:
        stored["combined"][kind]["sure"] = first_look(asked, margins, weights, kind)
    WEIGHTS.write_text(json.dumps({**stored, "small": small}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
