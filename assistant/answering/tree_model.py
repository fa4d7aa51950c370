"""Evaluates the fitted verifier, boosted decision trees with a calibration, from a small data file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from assistant.answering.claim_features import FEATURES
from assistant.errors import ConfigurationError


@dataclass(frozen=True)
class VerifierModel:
    """Boosted trees over `FEATURES`, a logistic calibration and the thresholds of the verdicts."""

    trees: tuple[tuple[tuple[int, float, int, int, float], ...], ...]
    """Per tree its nodes: feature (-1 for a leaf), threshold, left, right, value."""
    baseline: float
    slope: float
    intercept: float
    supported: float
    """Score from which a claim counts as supported."""
    partly: float
    """Score from which a claim counts as partly supported."""

    def score(self, vector: Sequence[float]) -> float:
        """Calibrated probability that the evidence supports the claim."""
        total = self.baseline
        for nodes in self.trees:
            feature, threshold, left, right, value = nodes[0]
            while feature >= 0:
                feature, threshold, left, right, value = nodes[
                    left if vector[feature] <= threshold else right
                ]
            total += value
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.slope * total + self.intercept))))


@lru_cache(maxsize=2)
def load_model(name: Literal["same", "cross"]) -> VerifierModel:
    """The model for claims in the language of their evidence (`same`) or in another (`cross`).

    Raises:
        ConfigurationError: The data file was made for other features.
    """
    text = resources.files("assistant.answering").joinpath("data/verifier.json").read_text(encoding="utf-8")
    data = json.loads(text)
    if tuple(data["features"]) != FEATURES:
        raise ConfigurationError(
            "The verifier's data file does not fit its features.", "Run benchmarks/verification/train.py."
        )
    model = data[name]
    return VerifierModel(
        tuple(tuple((int(f), float(t), int(a), int(b), float(v)) for f, t, a, b, v in tree) for tree in model["trees"]),
        model["baseline"], model["slope"], model["intercept"], model["supported"], model["partly"],
    )  # fmt: skip
