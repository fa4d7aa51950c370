"""Logistic regression over named features, with the weights in a file; `benchmarks/training/fitting.py` fits them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LogisticModel:
    """Weighs features by name; those that it does not know weigh nothing."""

    terms: Mapping[str, tuple[float, float, float]]
    """Weight, mean and standard deviation of each feature."""
    intercept: float

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> LogisticModel:
        """From the form of a weight file: `terms` and `intercept`."""
        return cls({name: tuple(term) for name, term in stored["terms"].items()}, float(stored["intercept"]))

    def logits(self, names: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of each row; a value that is not known (NaN) counts as the mean.

        Args:
            names: Of the columns.
            values: Shape (rows, columns).
        """
        weight, mean, scale = np.array([self.terms.get(name, (0.0, 0.0, 1.0)) for name in names]).T
        found: NDArray[np.float64] = np.nan_to_num((values - mean) / scale) @ weight + self.intercept
        return found

    def logit(self, values: Mapping[str, float]) -> float:
        """Log-odds of one example."""
        return float(self.logits(list(values), np.array([list(values.values())]))[0])


def probability(logit: float) -> float:
    """Of a log-odds."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
