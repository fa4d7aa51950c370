"""Figures of refusal: precision, recall, F1, area under the curve, and thresholds that are not fitted on what they judge.

Tasks may be a sample that takes more of one label than of another; each then counts for as many tasks of the
whole set as it stands for, so that precision is that of the whole set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2000
_FOLDS = 5

Interval = tuple[float, float, float]
"""A value with the ends of its 95 % bootstrap interval."""


@dataclass(frozen=True)
class Judged:
    """Tasks with their labels: which should be refused, and how many tasks of the whole set each stands for."""

    wanted: NDArray[np.bool_]
    weights: NDArray[np.float64]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[str], refuse: str, population: Mapping[str, int] | None = None) -> Judged:
        """Tasks by label.

        Args:
            labels: Of each task.
            refuse: The label whose tasks should be refused.
            population: Tasks of each label in the whole set; as many as there are here when None.
        """
        here = Counter(labels)
        whole = population or here
        return cls(
            np.array([label == refuse for label in labels]),
            np.array([whole[label] / here[label] for label in labels]),
            tuple(labels),
        )


def precision_recall(refused: NDArray[np.bool_], judged: Judged) -> dict[str, Interval]:
    """Precision, recall and F1 of refusing; the bootstrap draws within each label."""
    rng = np.random.default_rng(1)
    labels = np.array(judged.labels)
    draws = np.concatenate(
        [
            rng.choice(np.flatnonzero(labels == label), size=(_DRAWS, int((labels == label).sum())))
            for label in sorted(set(judged.labels))
        ],
        axis=1,
    )
    wanted, weights = judged.wanted, judged.weights
    hit, given, due = (refused & wanted) * weights, refused * weights, wanted * weights
    result = {}
    for name, below in (("precision", given), ("recall", due), ("F1", (given + due) / 2)):
        with np.errstate(invalid="ignore", divide="ignore"):
            value = hit.sum() / below.sum()
            drawn = hit[draws].sum(axis=1) / below[draws].sum(axis=1)
        low, high = np.nanquantile(drawn, [0.025, 0.975]) if not np.isnan(drawn).all() else (np.nan, np.nan)
        result[name] = (float(value), float(low), float(high))
    return result


def auroc(doubt: NDArray[np.float64], judged: Judged) -> float:
    """Probability that a task to be refused has a higher doubt than one that is not; half for a tie."""
    bad, good = doubt[judged.wanted], doubt[~judged.wanted]
    pairs = np.outer(judged.weights[judged.wanted], judged.weights[~judged.wanted])
    higher = (bad[:, None] > good[None, :]) + 0.5 * (bad[:, None] == good[None, :])
    return float((higher * pairs).sum() / pairs.sum())


def refused_above_threshold(doubt: NDArray[np.float64], judged: Judged, seed: int = 1) -> NDArray[np.bool_]:
    """Which tasks a threshold refuses that has the best F1 on four fifths of the tasks, not on the task itself."""
    folds = np.empty(len(doubt), int)
    rng = np.random.default_rng(seed)
    for label in sorted(set(judged.labels)):
        rows = np.flatnonzero(np.array(judged.labels) == label)
        folds[rng.permutation(rows)] = np.arange(len(rows)) % _FOLDS
    refused = np.zeros(len(doubt), bool)
    for fold in range(_FOLDS):
        seen = folds != fold
        refused[~seen] = doubt[~seen] >= _best_threshold(
            doubt[seen], judged.wanted[seen], judged.weights[seen]
        )
    return refused


def _best_threshold(
    doubt: NDArray[np.float64], wanted: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float:
    order = np.argsort(-doubt, kind="stable")
    hit, given = np.cumsum((weights * wanted)[order]), np.cumsum(weights[order])
    f1 = 2 * hit / (given + (weights * wanted).sum())
    # Equal doubts cannot be told apart: only the last of them is a threshold.
    f1[:-1][np.diff(doubt[order]) == 0] = -1
    best = int(np.argmax(f1))
    following = doubt[order][min(best + 1, len(doubt) - 1)]
    return float((doubt[order][best] + following) / 2)
