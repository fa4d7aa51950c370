"""Decides whether the documents answer a question, before anything is written.

A relevance score does not tell: an unanswerable question can have very relevant passages. What does is whether
a language model, shown the best sentences, says when it is asked whether they state the exact answer (the
difference of the log-probabilities of yes and no). Reading takes its time, so it is shown three sentences first, and
six only where it is not sure of an answer in these. It is not asked at all where that is hopeless: a small regression
over what ranking knows refuses what the documents have nothing to do with, and decides alone where there is no language
model. `benchmarks/training/fit_gate.py` says what fits the weights.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from assistant.answering.dates import date_matches, find_dates
from assistant.answering.fencing import fenced_excerpts
from assistant.answering.prompts import Prompts
from assistant.models.chat import ModelSession
from assistant.retrieval.logistic import LogisticModel, probability
from assistant.retrieval.query import Query, split_parts
from assistant.retrieval.rerank import RankedSentence

WEIGHTS = Path(__file__).parent / "data" / "gate.json"
# Sentences that the model is shown first, and those that it is shown when it is not sure of an answer in these. Titles
# among them make it worse: on 52 development questions AUROC .94 without and .91 with them.
FIRST, SHOWN = 3, 6
# Sentences whose dates are compared with those of the question.
_DATED = 8
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
    mean over its `PROBES`; None without a model that tells, and where it was not asked."""
    uncovered: tuple[str, ...] = ()
    """Parts of the question that the evidence does not answer."""
    refuse: bool = False


@dataclass(frozen=True)
class SmallModel:
    """A regression over what ranking knows, which costs nothing, and where it decides alone."""

    model: LogisticModel
    hopeless: float
    """Below this logit a question is refused without asking the language model."""
    alone: float
    """Below this it is refused where there is no language model."""


@dataclass(frozen=True)
class Combined:
    """Logistic regression over the counted logit and the language model's margins."""

    counted: float
    margins: Sequence[float]
    """One coefficient a probe."""
    intercept: float
    threshold: float
    """Least probability of an answered question."""
    sure: float
    """From this probability on the first sentences suffice."""
    part_sure: float
    """A part of a refused question whose margin is at least this is answered all the same."""
    part_missing: float
    """A part of an answered question whose margin is below this is not covered."""


@dataclass(frozen=True)
class GateWeights:
    """What is fitted."""

    small: Mapping[str, SmallModel]
    """By what could be read: `read` by the cross-encoder, or `unread`."""
    counted: LogisticModel
    """Over what is weighed beside the margins."""
    combined: Mapping[str, Combined]
    """By kind of language model."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> GateWeights:
        """From the form of the weight file."""
        small = {
            kind: SmallModel(LogisticModel.of(fit), fit["hopeless"], fit["alone"])
            for kind, fit in stored["small"].items()
        }
        return cls(
            small,
            LogisticModel.of(stored["counted"]),
            {kind: Combined(**fit) for kind, fit in stored["combined"].items()},
        )


@cache
def packaged_weights(path: Path) -> GateWeights:
    """The weights of a file."""
    return GateWeights.of(json.loads(path.read_text(encoding="utf-8")))


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
        prompts: For the question to the language model.
        weights: The packaged ones when None.
    """

    def __init__(self, prompts: Prompts, weights: GateWeights | None = None) -> None:
        self._prompts = prompts
        self._given = weights

    @property
    def _weights(self) -> GateWeights:
        return self._given or packaged_weights(WEIGHTS)

    def decide(
        self, query: Query, ranked: Sequence[RankedSentence], session: ModelSession | None
    ) -> Decision:
        """Weighs the best sentences for a question.

        Args:
            query: The question.
            ranked: Sentences, likeliest first.
            session: The language model; without one the small model decides alone.
        """
        if not ranked or asks_of_another_time(query, ranked[:_DATED]):
            return Decision(0.0, None, refuse=True)
        values = features(query, ranked)
        small = self._weights.small[fit_for(values)]
        logit = small.model.logit(values)
        if session is None or logit < small.hopeless:
            least = small.alone if session is None else small.hopeless
            return Decision(probability(logit), None, refuse=logit < least)
        # In the language it was asked in: a translated question loses what the model must compare. On 34 Chinese
        # training questions over English sentences AUROC .99 as asked, .86 translated.
        fit = self._weights.combined[_kind(session)]
        counted = fit.counted * self._weights.counted.logit(values) + fit.intercept
        decision = Decision(0.0, None)
        for count in (FIRST, SHOWN):
            margins = self.margins(query.standalone, ranked[:count], session)
            if margins is None:
                return Decision(probability(logit), None, refuse=logit < small.alone)
            likely = probability(counted + sum(w * m for w, m in zip(fit.margins, margins, strict=True)))
            decision = Decision(likely, mixed(margins, fit.margins), refuse=likely < fit.threshold)
            if likely >= fit.sure or len(ranked) <= count:
                break
        return decision if len(query.parts) < 2 else self._by_part(query, ranked, session, decision)

    def _by_part(
        self, query: Query, ranked: Sequence[RankedSentence], session: ModelSession, whole: Decision
    ) -> Decision:
        """The decision, with the parts that are not answered."""
        fit, asked = self._weights.combined[_kind(session)], _as_asked(query)
        least = fit.part_sure if whole.refuse else fit.part_missing

        def is_missing(number: int, part: str) -> bool:
            best = sorted(
                (i for i in ranked if len(i.part_scores) > number), key=lambda i: -i.part_scores[number]
            )
            # Of an answered question no part is called missing on the model's word alone: the cross-encoder must have read
            # sentences for it, and found none. On 16 Chinese development questions, which it does not read, the model's
            # word was wrong for three of the five that it called answered in part.
            if not whole.refuse and (not best or best[0].part_scores[number] > 0):
                return False
            margins = self.margins(part, (best or ranked)[:FIRST], session)
            return margins is not None and mixed(margins, fit.margins) < least

        missing = tuple(part for number, part in enumerate(asked) if is_missing(number, part))
        # One part of a refused question may be plainly answered: then say which is not, instead of nothing.
        none = len(missing) == len(asked)
        return replace(
            whole, uncovered=() if none and not whole.refuse else missing, refuse=whole.refuse and none
        )

    def margins(
        self, question: str, shown: Sequence[RankedSentence], session: ModelSession
    ) -> list[float] | None:
        """How much surer the model is of yes than of no in each of its `PROBES`, in nats; None if it does not tell."""
        # Sentences first: the same beginning is read once for all probes.
        evidence = fenced_excerpts([item.sentence.text for item in shown])
        found = []
        for name in PROBES[_kind(session)]:
            margin = session.yes_no_margin(self._prompts.messages(name, evidence=evidence, question=question))
            if margin is None:
                return None
            found.append(_clipped(margin))
        return found


def features(query: Query, ranked: Sequence[RankedSentence]) -> dict[str, float]:
    """What ranking knows; NaN for what it does not."""
    text = " ".join(item.sentence.text for item in ranked[:SHOWN])
    years = set(_YEAR.findall(query.english))
    cross = sorted((item.cross for item in ranked if not math.isnan(item.cross)), reverse=True)
    return {
        "best": ranked[0].probability,
        "cross_best": cross[0] if cross else math.nan,
        "cross_third": cross[min(2, len(cross) - 1)] if cross else math.nan,
        "likeness": max((i.likeness for i in ranked if not math.isnan(i.likeness)), default=math.nan),
        "years_found": sum(year in text for year in years) / len(years) if years else 1.0,
    }


def fit_for(values: Mapping[str, float]) -> str:
    """Which of the small models fits the features: text that the cross-encoder does not read has one of its own."""
    return "unread" if math.isnan(values["cross_best"]) else "read"


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
