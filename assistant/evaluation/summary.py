"""Figures of a run with bootstrap intervals, by group of questions, and the paired comparison of two runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from assistant.errors import BatchError
from assistant.evaluation.metrics import EVIDENCE_WORDS, Metric, metrics_for
from assistant.evaluation.records import EvalRow, Evaluation

Array = NDArray[np.float64]

RESAMPLES = 2000
SEED = 20240229
"""The same draws every time, so that a report does not change unless its rows do."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figure(_Record):
    """A measured value with its 95 % bootstrap interval over questions."""

    value: float | None
    """None when no question of the group counts."""
    low: float | None
    high: float | None
    questions: int
    """How many questions count."""


class Summary(_Record):
    """All figures of one run."""

    name: str
    model: str
    questions: int
    errors: int
    groups: dict[str, dict[str, Figure]]
    """By group (`all`, `language: zh`, `type: why`, `topic: chips`), then by key of the metric."""


class Change(_Record):
    """A question on which two runs differ."""

    id: str
    before: float
    after: float


class Difference(_Record):
    """How the second run differs from the first on one metric, question by question."""

    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    """95 % interval of the difference, resampling questions and keeping the pairs."""
    wins: int
    losses: int
    ties: int
    changed: tuple[Change, ...]
    """Questions whose value differs, largest loss first; listed for the group `all`, and never for speed."""


class Comparison(_Record):
    """Two runs over the same questions."""

    first: str
    second: str
    questions: int
    groups: dict[str, dict[str, Difference]]
    """By group of questions, named as in `Summary.groups`, then by key of the metric."""

    @property
    def differences(self) -> dict[str, Difference]:
        """Over all questions."""
        return self.groups["all"]


def group_rows(rows: Sequence[EvalRow]) -> dict[str, list[int]]:
    """Positions of rows by language, type and topic, after the group `all`."""
    groups: dict[str, list[int]] = {"all": list(range(len(rows)))}
    keys: tuple[tuple[str, Callable[[EvalRow], str]], ...] = (
        ("language", lambda row: row.question.language),
        ("type", lambda row: row.question.type),
        ("topic", lambda row: row.question.topic),
    )
    for title, key in keys:
        for name in sorted({key(row) for row in rows}):
            groups[f"{title}: {name}"] = [at for at, row in enumerate(rows) if key(row) == name]
    return groups


def summarise(evaluation: Evaluation, *, evidence_words: int = EVIDENCE_WORDS) -> Summary:
    """Every metric for every group of questions."""
    metrics = metrics_for(evaluation.rows, evidence_words=evidence_words)
    # Observed once for all groups: matching facts is the slow part.
    seen = [(metric, *_observations(metric, evaluation.rows)) for metric in metrics]
    return Summary(
        name=evaluation.name,
        model=evaluation.model,
        questions=len(evaluation.rows),
        errors=len(evaluation.errors),
        groups={
            name: {m.key: _figure(m, tops[at], bottoms[at]) for m, tops, bottoms in seen}
            for name, at in group_rows(evaluation.rows).items()
        },
    )


def compare(first: Evaluation, second: Evaluation, *, evidence_words: int = EVIDENCE_WORDS) -> Comparison:
    """The second run against the first, on the questions that both have.

    Raises:
        BatchError: The runs share no question.
    """
    mine = {row.question.id: row for row in first.rows}
    pairs = [(mine[row.question.id], row) for row in second.rows if row.question.id in mine]
    if not pairs:
        raise BatchError("The two runs share no question.", "Compare runs over the same question sets.")
    metrics = metrics_for([row for pair in pairs for row in pair], evidence_words=evidence_words)
    ids = [old.question.id for old, _ in pairs]
    before = {metric.key: _observations(metric, [old for old, _ in pairs]) for metric in metrics}
    after = {metric.key: _observations(metric, [new for _, new in pairs]) for metric in metrics}
    return Comparison(
        first=first.name,
        second=second.name,
        questions=len(pairs),
        groups={
            name: {
                metric.key: _difference(
                    metric,
                    [ids[position] for position in at],
                    _pick(before[metric.key], at),
                    _pick(after[metric.key], at),
                    list_changes=name == "all" and metric.group != "speed",
                )
                for metric in metrics
            }
            for name, at in group_rows([new for _, new in pairs]).items()
        },
    )


def _observations(metric: Metric, rows: Sequence[EvalRow]) -> tuple[Array, Array]:
    """Numerators and denominators, both 0 where the metric does not apply."""
    seen = [metric.observe(row) or (0.0, 0.0) for row in rows]
    pairs = np.array(seen, dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _value(metric: Metric, numerators: Array, denominators: Array) -> Array:
    """The metric along the last axis; NaN where nothing counts. Quantiles need rows that all count."""
    if metric.kind == "share":
        total = denominators.sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(total > 0, numerators.sum(axis=-1) / total, np.nan))
    if numerators.shape[-1] == 0:
        return np.full(numerators.shape[:-1], np.nan)
    return np.asarray(np.quantile(numerators, 0.5 if metric.kind == "median" else 0.9, axis=-1))


@lru_cache(maxsize=64)
def _resamples(count: int) -> NDArray[np.int64]:
    if count == 0:
        return np.empty((RESAMPLES, 0), dtype=np.int64)
    return np.random.default_rng(SEED).integers(0, count, size=(RESAMPLES, count))


def _interval(values: Array) -> tuple[float | None, float | None]:
    """Percentile bootstrap (Efron 1979)."""
    kept = values[~np.isnan(values)]
    if kept.size == 0:
        return None, None
    low, high = np.quantile(kept, [0.025, 0.975])
    return float(low), float(high)


def _figure(metric: Metric, numerators: Array, denominators: Array) -> Figure:
    applies = denominators > 0
    numerators, denominators = numerators[applies], denominators[applies]
    if numerators.size == 0:
        return Figure(value=None, low=None, high=None, questions=0)
    draws = _resamples(numerators.size)
    low, high = _interval(_value(metric, numerators[draws], denominators[draws]))
    return Figure(
        value=float(_value(metric, numerators, denominators)), low=low, high=high, questions=numerators.size
    )


def _pick(observations: tuple[Array, Array], at: list[int]) -> tuple[Array, Array]:
    return observations[0][at], observations[1][at]


def _difference(
    metric: Metric,
    ids: Sequence[str],
    before: tuple[Array, Array],
    after: tuple[Array, Array],
    *,
    list_changes: bool,
) -> Difference:
    if metric.kind != "share":
        # A quantile has no parts to leave out: it is taken where both runs have a value.
        both = (before[1] > 0) & (after[1] > 0)
        before, after = (before[0][both], before[1][both]), (after[0][both], after[1][both])
        ids = [name for name, kept in zip(ids, both, strict=True) if kept]
    first, second = float(_value(metric, *before)), float(_value(metric, *after))
    draws = _resamples(len(ids))
    resampled = _value(metric, after[0][draws], after[1][draws]) - _value(
        metric, before[0][draws], before[1][draws]
    )
    low, high = _interval(resampled)
    changes = [
        Change(id=name, before=old_n / old_d, after=new_n / new_d)
        for name, old_n, old_d, new_n, new_d in zip(ids, *before, *after, strict=True)
        if old_d > 0 and new_d > 0
    ]
    sign = -1.0 if metric.better == "lower" else 1.0
    gains = [sign * (change.after - change.before) for change in changes]
    changed = sorted((change for change in changes if change.after != change.before), key=_loss(sign))
    return Difference(
        first=_none_if_nan(first),
        second=_none_if_nan(second),
        difference=_none_if_nan(second - first),
        low=low,
        high=high,
        wins=sum(gain > 0 for gain in gains),
        losses=sum(gain < 0 for gain in gains),
        ties=sum(gain == 0 for gain in gains),
        changed=tuple(changed) if list_changes else (),
    )


def _loss(sign: float) -> Callable[[Change], tuple[float, str]]:
    return lambda change: (sign * (change.after - change.before), change.id)


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else value
