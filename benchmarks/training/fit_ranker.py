"""Fits the linear sentence ranker and reports it on questions that it was not fitted on.

    python benchmarks/training/fit_ranker.py --home FOLDER

Weights without the cross-encoder are fitted on the training questions of this folder and on one half of
`benchmarks/unseen.yaml`; those with it on that half alone, since the cross-encoder has learnt the training questions
by heart. A brief is in one of the halves only. Printed is the share of a question's facts within its n likeliest
sentences, for the other half, with the weights as they were and as they are now. Chinese questions have weights of
their own, fitted on the Chinese training questions; the figures printed for them are cross-fitted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fitting import fitted
from gate_evidence import corpus_glossary, corpus_questions
from gate_rows import LEARNT
from numpy.typing import NDArray
from ranker_data import is_answer, open_corpus, repeats_facts

from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.evaluation.facts import found_facts
from assistant.ingest.translations import read_translations
from assistant.resources import corpus_folder
from assistant.retrieval.logistic import LogisticModel
from assistant.retrieval.rerank import DENSE_FEATURES, FEATURES, WEIGHTS, SentenceRanker, weights_name

CUTS = (1, 3, 5, 8, 12)
STRENGTH = 0.1
# What the features of the cross-encoder are where it has read nothing.
UNREAD = {name: float(name == "cross_missing") for name in FEATURES if "cross" in name}


@dataclass(frozen=True)
class Example:
    """A question with all sentences that search brings up."""

    source: str
    fold: int
    chinese: bool
    features: NDArray[np.float64]
    labels: NDArray[np.bool_]
    sure: NDArray[np.bool_]
    """False where a sentence has the facts, but stands in another brief."""
    facts: NDArray[np.bool_]
    """Which sentence has which of the facts."""

    def columns(self, names: Sequence[str], *, cross: bool) -> NDArray[np.float64]:
        """The features of these names, with or without what the cross-encoder reads."""
        found = self.features[:, : len(names)].copy()
        if not cross:
            for name, value in UNREAD.items():
                found[:, names.index(name)] = value
        return found


def gather(home: Path) -> list[Example]:
    """Every question that can be answered."""
    index, retriever, embeddings = open_corpus(home)
    ranker = SentenceRanker(index, embeddings=embeddings, translations=read_translations(corpus_folder()))
    glossary, prompts = corpus_glossary(), Prompts()
    examples = []
    for asked in (*corpus_questions("training"), *corpus_questions("unseen")):
        if not asked.facts:
            continue
        query = understand(asked.question, prompts=prompts, glossary=glossary)
        items = ranker.features(query, retriever.retrieve(query.searches, 20))
        facts = np.array([found_facts(i.sentence.text, asked.facts) for i in items], dtype=bool)
        if asked.record:
            labels = np.array([is_answer(asked.record, i.passage, i.sentence) for i in items])
            sure = np.array(
                [y or not repeats_facts(asked.record, i.sentence) for y, i in zip(labels, items, strict=True)]
            )
        else:
            there = np.array([Path(i.passage.document.path).name in asked.briefs for i in items])
            labels, sure = facts.any(1) & there, ~(facts.any(1) & ~there)
        features = np.array([i.features for i in items])
        chinese = query.language == "zh"
        examples.append(Example(asked.source, asked.fold, chinese, features, labels, sure, facts))
        if len(examples) % 50 == 0:
            print(len(examples), flush=True)
    return examples


def recall(examples: Sequence[Example], logits: Callable[[Example], NDArray[np.float64]]) -> dict[int, float]:
    """Share of a question's facts within its n best sentences, mean over questions."""
    orders = [np.argsort(-logits(example)) for example in examples]
    return {
        n: round(
            float(np.mean([e.facts[o[:n]].any(0).mean() for e, o in zip(examples, orders, strict=True)])), 3
        )
        for n in CUTS
    }


def fit_chinese(examples: Sequence[Example], before: dict[str, Any]) -> dict[str, Any]:
    """Weights for Chinese questions, which the cross-encoder does not read."""
    names = FEATURES + DENSE_FEATURES

    def fit(chosen: Sequence[Example]) -> LogisticModel:
        values = np.concatenate([e.columns(names, cross=False)[e.sure] for e in chosen])
        return fitted(names, values, np.concatenate([e.labels[e.sure] for e in chosen]), strength=STRENGTH)

    halves = {fold: fit([e for e in examples if e.fold != fold]) for fold in (0, 1)}
    print(f"chinese_dense: {len(examples)} questions, cross-fitted")
    judge = LogisticModel.of(before)
    print("  before", recall(examples, lambda e: judge.logits(names, e.columns(names, cross=False))))
    print("  after", recall(examples, lambda e: halves[e.fold].logits(names, e.columns(names, cross=False))))
    model = fit(examples)
    return {"terms": model.terms, "intercept": model.intercept}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    arguments = parser.parse_args()
    gathered = gather(arguments.home)
    examples = [e for e in gathered if not e.chinese]
    before = json.loads(WEIGHTS.read_text("utf-8"))
    reported = [e for e in examples if e.source == "unseen" and e.fold != LEARNT]
    stored = {}
    for cross in (False, True):
        learnt = [e for e in examples if e.fold == LEARNT and e.source == "unseen"]
        if not cross:
            learnt += [e for e in examples if e.source == "training"]
        for dense in (False, True):
            names = FEATURES + (DENSE_FEATURES if dense else ())
            name = weights_name(cross=cross, dense=dense)
            values = np.concatenate([e.columns(names, cross=cross)[e.sure] for e in learnt])
            model = fitted(
                names, values, np.concatenate([e.labels[e.sure] for e in learnt]), strength=STRENGTH
            )
            stored[name] = {"terms": model.terms, "intercept": model.intercept}
            print(f"{name}: fitted on {len(learnt)} questions, reported on {len(reported)}")
            for label, weights in (("before", before[name]), ("after", stored[name])):
                judge = LogisticModel.of(weights)
                found = recall(
                    reported, lambda e, j=judge, n=names, c=cross: j.logits(n, e.columns(n, cross=c))
                )
                print(f"  {label}", found)
    asked_in_chinese = [e for e in gathered if e.chinese]
    stored["chinese_dense"] = fit_chinese(
        asked_in_chinese, before.get("chinese_dense", before["plain_dense"])
    )
    WEIGHTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
