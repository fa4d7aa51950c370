"""Medians, percentiles and ratios, each with the number of measurements that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_RESAMPLES = 2000


def spread(seconds: Sequence[float]) -> dict[str, Any]:
    """Median, 95th percentile and extremes, with the sample size."""
    values = np.asarray(seconds, dtype=float)
    return {
        "n": len(values),
        "median": _rounded(np.median(values)),
        "p95": _rounded(np.percentile(values, 95)),
        "min": _rounded(values.min()),
        "max": _rounded(values.max()),
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """Ratio of two medians and of two 95th percentiles over the same questions.

    The interval of the former is that of 95 % by bootstrap over questions.
    """
    pairs = np.array([ours, theirs], dtype=float)
    rng = np.random.default_rng(1)
    drawn = pairs[:, rng.integers(0, pairs.shape[1], (_RESAMPLES, pairs.shape[1]))]
    medians = np.median(drawn, axis=2)
    low, high = np.percentile(medians[0] / medians[1], [2.5, 97.5])
    whole, late = np.median(pairs, axis=1), np.percentile(pairs, 95, axis=1)
    return {
        "n": pairs.shape[1],
        "median": _rounded(whole[0] / whole[1]),
        "interval": [_rounded(low), _rounded(high)],
        "p95": _rounded(late[0] / late[1]),
    }


def _rounded(value: Any) -> float:
    """Four digits: more would claim too much."""
    return float(f"{float(value):.4g}")
