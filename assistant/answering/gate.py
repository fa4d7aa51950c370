"""Decides whether the documents answer a question, before anything is written.

A relevance score does not tell: an unanswerable question can have very relevant passages. What does is whether
a language model, shown the best sentences, says when it is asked whether they state the exact answer (the
difference of the log-probabilities of yes and no), together with what can be counted: years of the question that
the evidence lacks and what the ranker thinks of the best sentence. One logistic regression weighs what is
counted, a second its logit and the model's margins; both are fitted on the training questions by
`benchmarks/training/fit_gate.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answering.dates import date_matches, find_dates
from assistant.answering.fencing import fenced_excerpts
from assistant.answering.prompts import Prompts
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query, split_parts
from assistant.retrieval.rerank import RankedSentence

WEIGHTS = Path(__file__).parent / "data" / "gate.json"
# Sentences that the model is shown and whose dates are counted. With 3 it tells as well on the training questions
# and in half the time, but refuses questions whose facts stand further down.
SHOWN = 6
# Sentences whose dates are compared with those of the question.
_DATED = 8
# More of them (coverage of the question's words, names and rare terms that are missing) told nothing more on the
# training questions, AUROC .79 with and without them, and less on other subjects.
FEATURES = ("best", "cross_best", "years_found", "number_present")
# What a model is asked, by the name of the prompt. The embedded one says yes to the second, too, when the answer is
# there: it is too small to turn the question round. But its errors there are others (on the training questions
# the two together refuse .67 of the unanswerable where the first alone refuses .58, for 5 % of the answerable),
# so its yes counts for an answer in both. No other model is asked the second.
PROBES = {"embedded": ("answerable", "about_another"), "other": ("answerable",)}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# "The plan for 2026-2030" names a thing; its documents need not name its last year.
_SPAN = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s*(?:[-–—]|to|until|through|至|到)\s*(?:(?:19|20)\d\d|\d\d)(?!\d)", re.I
)


@dataclass(frozen=True)
class Decision:
    """Whether a question can be answered."""

    probability: float
    """That the evidence answers the whole question."""
    margin: float | None
    """How much surer the model is that the whole question is answered than that it is not, in nats, the weighted
    mean over its `PROBES`; None without a model that tells."""
    uncovered: tuple[str, ...] = ()
    """Parts of the question that the evidence does not answer."""
    refuse: bool = False


@dataclass(frozen=True)
class _Counted:
    """Logistic regression over what can be counted."""

    coefficients: NDArray[np.float64]
    intercept: float
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    threshold: float

    def logit(self, features: Sequence[float]) -> float:
        standard = np.nan_to_num((np.array(features) - self.mean) / self.scale, nan=0.0)
        return float(standard @ self.coefficients + self.intercept)


@dataclass(frozen=True)
class _Combined:
    """Logistic regression over the counted logit and the model's margins."""

    counted: float
    margins: Sequence[float]
    """One coefficient a probe."""
    intercept: float
    threshold: float
    part_sure: float
    """A part of a refused question whose margin is at least this is answered all the same."""
    part_missing: float
    """A part of an answered question whose margin is below this is not covered."""


@cache
def _load() -> tuple[_Counted, dict[str, _Combined]]:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    counted: dict[str, Any] = {
        k: np.array(v) if isinstance(v, list) else v for k, v in stored["counted"].items()
    }
    combined = {kind: _Combined(**fit) for kind, fit in stored["combined"].items()}
    return _Counted(**counted), combined


def _as_asked(query: Query) -> list[str]:
    """The parts without the names that were added for the search, in the language of the question if they match."""
    own = split_parts(query.standalone) if query.standalone != query.english else ()
    parts, question = (
        (own, query.standalone) if len(own) == len(query.parts) else (query.parts, query.english)
    )
    return [part if part in question else re.sub(r"\s*\([^()]*\)$", "", part) for part in parts]


class Gate:
    """Answers, answers in part, or refuses.

    Args:
        prompts: For the question to the model.
    """

    def __init__(self, prompts: Prompts) -> None:
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
        if asks_of_another_time(query, ranked[:_DATED]):
            return Decision(0.0, None, refuse=True)
        counted, fits = _load()
        combined = fits[_kind(session)]
        # In the language it was asked in: a translated question loses what the model must compare. On 34 Chinese
        # training questions over English sentences AUROC .99 as asked, .86 translated.
        margin = self._margin(query.standalone, shown, session) if session is not None else None
        logit = counted.logit(self.features(query, ranked))
        threshold = counted.threshold
        if margin is not None:
            logit = combined.counted * logit + sum(combined.margins) * margin + combined.intercept
            threshold = combined.threshold
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
        refuse = probability < threshold
        if session is None or margin is None or len(query.parts) < 2:
            return Decision(probability, margin, refuse=refuse)
        asked = _as_asked(query)
        margins = [self._margin(part, shown, session) or 0.0 for part in asked]
        if refuse:
            # One part may be plainly answered: then say which is not, instead of nothing.
            missing = tuple(p for p, m in zip(asked, margins, strict=True) if m < combined.part_sure)
            return Decision(probability, margin, missing, refuse=len(missing) == len(query.parts))
        # A part for which the ranker has a sentence is not called missing on the model's word alone.
        found = [
            any(len(item.part_scores) > number and item.part_scores[number] > 0 for item in ranked)
            for number in range(len(asked))
        ]
        missing = tuple(
            part
            for part, value, there in zip(asked, margins, found, strict=True)
            if value < combined.part_missing and not there
        )
        return Decision(probability, margin, missing if len(missing) < len(query.parts) else ())

    def margins(
        self, question: str, shown: Sequence[RankedSentence], session: ModelSession
    ) -> list[float] | None:
        """How much surer the model is of yes than of no in each of its `PROBES`, in nats; None if it does not tell."""
        # Sentences first: the same beginning is read once for all probes of the whole question and of each part.
        evidence = fenced_excerpts([item.sentence.text for item in shown])
        found = []
        for name in PROBES[_kind(session)]:
            margin = session.yes_no_margin(self._prompts.messages(name, evidence=evidence, question=question))
            if margin is None:
                return None
            found.append(_clipped(margin))
        return found

    def _margin(self, question: str, shown: Sequence[RankedSentence], session: ModelSession) -> float | None:
        margins = self.margins(question, shown, session)
        return None if margins is None else mixed(margins, _load()[1][_kind(session)].margins)

    def features(self, query: Query, ranked: Sequence[RankedSentence]) -> list[float]:
        """The values of `FEATURES`."""
        text = " ".join(item.sentence.text for item in ranked[:SHOWN])
        years = set(_YEAR.findall(query.english))
        return [
            ranked[0].probability,
            # Text that the cross-encoder does not read (Chinese) counts as neither likely nor unlikely.
            max((i.cross for i in ranked if not math.isnan(i.cross)), default=math.nan),
            sum(year in text for year in years) / len(years) if years else 1.0,
            float("number" not in query.kinds or any(c.isdigit() for c in ranked[0].sentence.text)),
        ]


def asks_of_another_time(query: Query, best: Sequence[RankedSentence]) -> bool:
    """Whether the question names a month, quarter or year that none of the best sentences speaks of.

    Of the answerable training questions one in 126 with a year and none of 39 with a month or quarter would be
    refused by this. A timeline may name years at its ends that no event falls in.
    """
    if "timeline" in query.kinds:
        return False
    known = [mention for item in best for mention in find_dates(item.sentence.text)]
    for asked in find_dates(query.standalone):
        # "Late 2025" is too loose to refuse by.
        if asked.year is None or not (asked.month or asked.part.startswith(("Q", "H"))):
            continue
        if not any(date_matches(asked, other) for other in known):
            return True
    text = " ".join(
        " ".join((i.sentence.text, i.passage.document.title, *i.passage.heading_path)) for i in best
    )
    years = set(_YEAR.findall(_SPAN.sub(" ", query.standalone)))
    return any(year not in text for year in years)


def mixed(margins: Sequence[float], weights: Sequence[float]) -> float:
    """The weighted mean of the margins of the probes, in nats."""
    return sum(w * m for w, m in zip(weights, margins, strict=True)) / sum(weights)


def _kind(session: ModelSession | None) -> str:
    return "embedded" if session is not None and session.choice.kind == "local" else "other"


def _clipped(margin: float) -> float:
    """A margin without extremes, in nats."""
    return max(-8.0, min(8.0, margin))
