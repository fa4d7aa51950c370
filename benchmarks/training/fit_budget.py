"""How many sentences an answer should quote: facts found against words, on the training questions.

    python benchmarks/training/fit_budget.py --home FOLDER --models FOLDER

Prints, for each budget, fact recall, share of the quoted documents that the questions name, and median words,
apart for questions that ask for one thing and for several. The rankings are cross-fitted.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import fit_ranker
import numpy as np

from assistant.answering.evidence import Budget, choose_sentences, is_several, with_antecedents
from assistant.evaluation.facts import found_facts
from assistant.ingest.sentences import word_count
from assistant.retrieval.query import read_question
from assistant.retrieval.rerank import RankedSentence


def _document_precision(record: dict[str, Any], chosen: list[RankedSentence]) -> float:
    named = {answer["brief"] for answer in record["answers"]}
    cited = {Path(item.passage.document.path).name for item in chosen}
    return len(cited & named) / len(cited)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument(
        "--models", type=Path, required=True, help="folder with the cross-encoders of the folds"
    )
    arguments = parser.parse_args()
    rows = fit_ranker.gather(arguments.home, arguments.models)
    weights = {fold: fit_ranker.fit([r for r in rows if r["fold"] != fold]) for fold in (0, 1)}
    prepared = []
    for row in rows:
        probabilities = 1 / (1 + np.exp(-fit_ranker.scores(row, weights[row["fold"]])))
        ranked = [
            RankedSentence(i.passage, i.sentence, i.position, float(p), i.cross, i.part_scores)
            for i, p in zip(row["items"], probabilities, strict=True)
        ]
        ranked.sort(key=lambda item: -item.probability)
        prepared.append((row["record"], read_question(row["record"]["question"]), ranked))
    for several in (False, True):
        part = [entry for entry in prepared if is_several(entry[1]) == several]
        print(f"{'several' if several else 'single'}: {len(part)} questions")
        for sentences, words, relative, elsewhere in itertools.product(
            (4, 5, 6), (110, 130, 180), (0.08, 0.15), (0.3, 0.5, 0.7)
        ):
            budget = Budget(sentences, words, relative, 0.03, elsewhere)
            facts, precision, lengths = [], [], []
            for record, query, ranked in part:
                chosen = with_antecedents(choose_sentences(query, ranked, budget))
                text = " ".join(item.sentence.text for item in chosen)
                facts.append(np.mean(found_facts(text, record["facts"])))
                precision.append(_document_precision(record, chosen))
                lengths.append(word_count(text))
            print(
                f"  {sentences} sentences, {words} words, share {relative:.2f}, elsewhere {elsewhere:.2f}:"
                f" facts {np.mean(facts):.3f} precision {np.mean(precision):.3f}"
                f" median words {np.median(lengths):.0f} 90th {np.quantile(lengths, 0.9):.0f}"
            )


if __name__ == "__main__":
    main()
