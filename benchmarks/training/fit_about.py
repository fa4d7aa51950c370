"""Fits what tells a greeting, or a question about the assistant itself, from a question for the documents.

    python benchmarks/training/fit_about.py --xquad FOLDER

Logistic regression over words, and over single characters and pairs of them in Chinese, with an L1 penalty, so that few
have a weight. Learnt from one half of `about.yaml`, of the questions of this folder, of `benchmarks/unseen.yaml` and of XQuAD, and of
the names and headings of the corpus; reported on the other half of each.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from pathlib import Path

import numpy as np
import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent.parent))
from gate_evidence import corpus_glossary, corpus_questions
from public_sets import read_squad

from assistant.answering.about import WEIGHTS, weighed_words
from assistant.resources import corpus_folder

# Log-odds that a learnt question for the documents must stay below.
MARGIN = 2.0


def half(text: str) -> int:
    """A stable half."""
    return hashlib.sha256(text.encode()).digest()[0] % 2


def keywords() -> list[str]:
    """What people type instead of a question: names in both languages, titles and headings, as written and in small letters."""
    named = [name for pair in corpus_glossary().pairs for name in pair]
    for path in sorted(corpus_folder().rglob("*.md")):
        named += [line.lstrip("# ") for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    named = list(dict.fromkeys(named))
    return named + [name.lower() for name in named]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--xquad", type=Path, required=True, help="folder of XQuAD")
    arguments = parser.parse_args()
    said = yaml.safe_load((Path(__file__).parent / "about.yaml").read_text("utf-8"))
    asked = [str(question) for question in said.pop("questions")]
    phrases = [str(phrase) for group in said.values() for phrase in group]
    asked += [a.question for name in ("training", "unseen") for a in corpus_questions(name)]
    for language in ("en", "zh"):
        _, questions = read_squad(arguments.xquad / f"xquad.{language}.json")
        asked += [q.text for q in random.Random(1).sample(questions, 400)]
    asked += keywords()
    texts = phrases + asked
    labels = np.array([True] * len(phrases) + [False] * len(asked))
    learnt = np.array([half(text) == 0 for text in texts])
    words = [dict.fromkeys(weighed_words(text), 1.0) for text in texts]
    table = DictVectorizer(sparse=False)
    matrix = table.fit_transform([w for w, mine in zip(words, learnt, strict=True) if mine])
    model = LogisticRegression(
        C=4.0, penalty="l1", solver="liblinear", class_weight="balanced", max_iter=2000
    )
    model.fit(matrix, labels[learnt])
    logits = model.decision_function(table.transform(words))
    threshold = max(0.0, float(logits[learnt & ~labels].max()) + MARGIN)
    for name, chosen in (("learnt", learnt), ("other half", ~learnt)):
        found = logits[chosen & labels] >= threshold
        wrong = logits[chosen & ~labels] >= threshold
        print(f"{name}: {found.mean():.3f} of {len(found)} phrases, {wrong.sum()} of {len(wrong)} questions")
    for text, logit, label, mine in zip(texts, logits, labels, learnt, strict=True):
        if not mine and (logit >= threshold) != label:
            print("  ", "missed" if label else "taken", round(float(logit), 1), text)
    # The stored weights use all.
    model.fit(table.fit_transform(words), labels)
    logits = model.decision_function(table.transform(words))
    threshold = max(0.0, float(logits[~labels].max()) + MARGIN)
    print(f"stored: {(logits[labels] >= threshold).mean():.3f} of the phrases, threshold {threshold:.2f}")
    weights = {
        w: round(float(c), 3)
        for w, c in zip(table.feature_names_, model.coef_[0], strict=True)
        if abs(c) > 0.01
    }
    stored = {
        "words": dict(sorted(weights.items())),
        "intercept": round(float(model.intercept_[0]), 3),
        "threshold": round(threshold, 3),
    }
    WEIGHTS.write_text(json.dumps(stored, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
