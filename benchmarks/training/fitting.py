"""Fits the logistic regressions that the package keeps weights of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from assistant.retrieval.logistic import LogisticModel


def fitted(
    names: Sequence[str], values: NDArray[np.float64], labels: NDArray[np.bool_], *, strength: float
) -> LogisticModel:
    """Weights over standardised features.

    Args:
        names: Of the features.
        values: Shape (examples, features); NaN counts as the mean.
        labels: Shape (examples,).
        strength: Inverse of the L2 penalty.
    """
    mean, scale = np.nanmean(values, 0), np.nanstd(values, 0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=strength, max_iter=3000)
    model.fit(np.nan_to_num((values - mean) / scale), labels)
    terms = zip(names, model.coef_[0].tolist(), mean.tolist(), scale.tolist(), strict=True)
    return LogisticModel(
        {name: (round(weight, 5), round(middle, 5), round(size, 5)) for name, weight, middle, size in terms},
        round(float(model.intercept_[0]), 5),
    )
