"""Decides whether the documents answer a question, before anything is written.

A relevance score does not tell: an unanswerable question can have very relevant passages. What does is whether
a language model, shown the best sentences, says that they state the exact answer (the difference of the
log-probabilities of yes and no), together with what can be counted: names, years and words of the question
that the evidence lacks. A logistic regression over both gives one probability; it is fitted on the training
questions by `benchmarks/training/fit_gate.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assistant.answering.dates import find_dates
from assistant.answering.fencing import fenced_excerpts
from assistant.answering.prompts import Prompts
from assistant.index.lexical import tokenize
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query, names_in
from assistant.retrieval.rerank import RankedSentence, TermWeights

WEIGHTS = Path(__file__).parent / "data" / "gate.json"
# Sentences that the model is shown.
SHOWN = 8
FEATURES = (
    "margin", "best", "second", "cross_best", "coverage", "coverage_best", "names_found", "years_found", "months_found",
    "rare_missing", "number_present",
)  # fmt: skip
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True)
class Decision:
    """Whether a question can be answered."""

    probability: float
    """That the evidence answers the whole question."""
    margin: float | None
    """Log-probability of yes minus no for the whole question; None without a model that tells."""
    uncovered: tuple[str, ...] = ()
    """Parts of the question that the evidence does not answer."""
    refuse: bool = False


@dataclass(frozen=True)
class _Model:
    coefficients: np.ndarray
    intercept: float
    mean: np.ndarray
    scale: np.ndarray
    threshold: float
    part_threshold: float


@cache
def _load(name: str) -> _Model:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))[name]
    return _Model(
        np.array(stored["coefficients"]), stored["intercept"], np.array(stored["mean"]), np.array(stored["scale"]),
        stored["threshold"], stored["part_threshold"],
    )  # fmt: skip


class Gate:
    """Answers, answers in part, or refuses.

    Args:
        index: For the weight of words.
        prompts: For the question to the model.
    """

    def __init__(self, index: TermWeights, prompts: Prompts) -> None:
        self._index = index
        self._prompts = prompts

    def decide(
        self, query: Query, ranked: Sequence[RankedSentence], session: ModelSession | None
    ) -> Decision:
        """Weighs the best sentences for a question.

        Args:
            query: The question.
            ranked: Sentences, likeliest first.
            session: The language model; without one only what can be counted is weighed.
        """
        if not ranked:
            return Decision(0.0, None, refuse=True)
        shown = ranked[:SHOWN]
        margin = self.margin(query.english, shown, session) if session is not None else None
        model = _load("with_model" if margin is not None else "counted")
        values = np.array(self.features(query, ranked, margin))
        logit = float(((values - model.mean) / model.scale) @ model.coefficients + model.intercept)
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
        refuse = probability < model.threshold
        uncovered: tuple[str, ...] = ()
        if len(query.parts) > 1 and session is not None and margin is not None:
            margins = [self.margin(part, shown, session) for part in query.parts]
            missing = [
                p
                for p, m in zip(query.parts, margins, strict=True)
                if m is not None and m < model.part_threshold
            ]
            if refuse and len(missing) < len(query.parts):
                # One part is plainly answered: say which is not, instead of nothing.
                best = max((m for m in margins if m is not None), default=-99.0)
                refuse = best < -model.part_threshold
                uncovered = tuple(missing)
        return Decision(probability, margin, uncovered if not refuse else (), refuse)

    def margin(self, question: str, shown: Sequence[RankedSentence], session: ModelSession) -> float | None:
        """How much surer the model is of yes than of no, in nats."""
        # Sentences first: the same beginning is read once for the whole question and each part.
        evidence = fenced_excerpts([item.sentence.text for item in shown])
        return session.yes_no_margin(
            self._prompts.messages("answerable", evidence=evidence, question=question)
        )

    def features(self, query: Query, ranked: Sequence[RankedSentence], margin: float | None) -> list[float]:
        """The values of `FEATURES`."""
        shown = ranked[:SHOWN]
        text = " ".join(item.sentence.text for item in shown)
        context = " ".join(" ".join((i.passage.document.title, *i.passage.heading_path)) for i in shown)
        terms = set(tokenize(f"{text} {context}"))
        best_terms = set(tokenize(ranked[0].sentence.text)) | set(tokenize(ranked[0].passage.document.title))
        weights = self._index.term_weights(query.english)
        total = sum(weights.values()) or 1.0
        lowered = f"{text} {context}".lower()
        names = [name.lower() for name in names_in(query.english, skip_first=False)]
        years = set(_YEAR.findall(query.english))
        months = {(d.year, d.month) for d in find_dates(query.english) if d.month}
        known = {(d.year, d.month) for d in find_dates(text) if d.month}
        rare = [term for term, weight in weights.items() if weight > 4.0]
        crosses = sorted((i.cross for i in ranked if not math.isnan(i.cross)), reverse=True) or [0.0]
        return [
            max(-8.0, min(8.0, margin)) if margin is not None else 0.0,
            ranked[0].probability,
            ranked[1].probability if len(ranked) > 1 else 0.0,
            crosses[0],
            sum(w for t, w in weights.items() if t in terms) / total,
            sum(w for t, w in weights.items() if t in best_terms) / total,
            sum(name in lowered for name in names) / len(names) if names else 1.0,
            sum(year in text for year in years) / len(years) if years else 1.0,
            sum(m in known or (None, m[1]) in known for m in months) / len(months) if months else 1.0,
            sum(term not in terms for term in rare) / len(rare) if rare else 0.0,
            float("number" not in query.kinds or any(c.isdigit() for c in ranked[0].sentence.text)),
        ]
