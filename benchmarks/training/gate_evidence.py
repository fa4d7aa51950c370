"""What the gate sees of each question, as it is and with the sentences that answer it taken out.

    python benchmarks/training/gate_evidence.py --home FOLDER --out FOLDER training unseen gold xquad --xquad FOLDER

Writes one pickle file a set, row by row, so that an interrupted run goes on. No language model is asked: follow-ups
are completed by rule. Rows of a question that can be answered come in pairs: `shown` is `whole` for what search and
ranking find, `without` for the same after every sentence is gone that holds one of the question's facts or that the
set names as an answer. The questions of XQuAD (Artetxe et al. 2020, CC BY-SA 4.0), in English and Chinese, are about
other things than the corpus: nothing in it answers them.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from gate_rows import Row, read_rows
from langchain_core.embeddings import Embeddings
from public_sets import read_squad
from ranker_data import fold_of, is_answer, open_corpus, training_questions

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.evaluation.facts import found_facts
from assistant.evaluation.gold import load_gold
from assistant.ingest.translations import read_translations
from assistant.resources import corpus_folder
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence, SentenceRanker
from assistant.schema import Passage, SearchHit, Sentence, Turn

# Sentences that are kept of each question.
KEPT = 16


@dataclass(frozen=True)
class Asked:
    """A question of any of the sets."""

    source: str
    id: str
    fold: int
    question: str
    facts: tuple[str, ...]
    history: tuple[Turn, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    briefs: tuple[str, ...] = ()
    """File names of the briefs that answer."""


class RememberedCross(CrossEncoder):
    """A cross-encoder that reads no pair twice: a question is ranked once with its answer and once without."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self._known: dict[tuple[str, str], float] = {}

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Logits, one a pair."""
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        self._known.update(zip(missing, super().score(missing).tolist(), strict=True))
        return np.array([self._known[pair] for pair in pairs], dtype=np.float32)

    def forget(self) -> None:
        """Before the next question."""
        self._known.clear()


def id_fold(name: str) -> int:
    """A stable fold of a question that no brief answers, or of a conversation."""
    return hashlib.sha256(name.encode()).digest()[0] % 2


def corpus_glossary() -> Glossary:
    """Names of the packaged corpus."""
    files = sorted(corpus_folder().rglob("*.md"))
    return Glossary.harvest(line for path in files for line in path.read_text("utf-8").splitlines())


def corpus_questions(which: str) -> Iterator[Asked]:
    """Questions about the corpus: `training`, `unseen` or `gold`."""
    if which == "training":
        for record in training_questions(None):
            fold = fold_of(record) if record["answers"] else id_fold(record["id"])
            yield Asked(
                which, record["id"], fold, record["question"], tuple(record["facts"]), record=record,
                label=record["language"],
            )  # fmt: skip
        return
    for gold in load_gold(["tests/gold" if which == "gold" else "benchmarks/unseen.yaml"]):
        fold = id_fold(gold.briefs[0]) if gold.briefs else id_fold(gold.id)
        briefs = tuple(Path(brief).name for brief in gold.briefs)
        yield Asked(which, gold.id, fold, gold.question, gold.facts, gold.history, {}, gold.type, briefs)


def xquad_questions(folder: Path, each: int = 120) -> Iterator[Asked]:
    """Questions about other things, in two languages."""
    for language in ("en", "zh"):
        _, questions = read_squad(folder / f"xquad.{language}.json")
        for question in random.Random(4).sample(questions, each):
            name = f"{language} {question.id}"
            yield Asked("xquad", name, id_fold(question.id), question.text, (), label=language)


class Reduced:
    """An index whose passages lack some of their sentences."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.whole: dict[str, Passage] = {}
        self.term_weights = index.term_weights

    def sentence_vectors(self, passages: Sequence[Passage]) -> list[Any]:
        """Of the sentences that are left."""
        wholes = [self.whole.get(passage.id, passage) for passage in passages]
        found = self._index.sentence_vectors(wholes)
        return [
            vectors if vectors is None or whole is passage
            else vectors[[whole.sentences.index(s) for s in passage.sentences]]
            for passage, whole, vectors in zip(passages, wholes, found, strict=True)
        ]  # fmt: skip


class Gatherer:
    """Searches and ranks as the assistant does."""

    def __init__(self, index: Any, embeddings: Embeddings, glossary: Glossary, passages: int = 20) -> None:
        self._retriever, self._glossary, self._passages = (
            HybridRetriever(index, embeddings),
            glossary,
            passages,
        )
        self._cross, self._index = RememberedCross(), Reduced(index)
        self._ranker = SentenceRanker(
            self._index, self._cross, embeddings, translations=read_translations(corpus_folder())
        )
        self._prompts = Prompts()

    def rows(self, asked: Asked) -> Iterator[Row]:
        """A question as it is, and without its answer."""
        self._cross.forget()
        self._index.whole = {}
        query = understand(
            asked.question, history=asked.history, prompts=self._prompts, glossary=self._glossary
        )
        hits = self._retriever.retrieve(query.searches, self._passages, query.filters)
        ranked = self._ranker.rank(query, hits)
        yield self._row(asked, query, ranked, "whole")
        if not asked.facts:
            return
        self._index.whole = {hit.passage.id: hit.passage for hit in hits}
        kept = [hit for hit in (_without(hit, asked) for hit in hits) if hit.passage.sentences]
        yield self._row(asked, query, self._ranker.rank(query, kept), "without")

    def _row(self, asked: Asked, query: Query, ranked: Sequence[RankedSentence], shown: str) -> Row:
        best = tuple(replace(item, features=()) for item in ranked[:KEPT])
        first = " ".join(i.sentence.text for i in best[:6])
        return Row(
            asked.source, asked.id, asked.fold, bool(asked.facts), shown, query, best,
            asked.facts,
            float(np.mean(found_facts(first, asked.facts))) if asked.facts else 0.0, asked.label,
        )  # fmt: skip


def _without(hit: SearchHit, asked: Asked) -> SearchHit:
    passage = hit.passage
    kept = tuple(s for s in passage.sentences if not _tells(asked, passage, s))
    if len(kept) == len(passage.sentences):
        return hit
    return SearchHit(passage=passage.model_copy(update={"sentences": kept}), score=hit.score)


def _tells(asked: Asked, passage: Passage, sentence: Sentence) -> bool:
    named = bool(asked.record) and is_answer(asked.record, passage, sentence)
    return named or any(found_facts(sentence.text, asked.facts))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", choices=["training", "unseen", "gold", "xquad"])
    parser.add_argument("--xquad", type=Path, help="folder of XQuAD")
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pickle files")
    arguments = parser.parse_args()
    index, _, embeddings = open_corpus(arguments.home)
    gatherer = Gatherer(index, embeddings, corpus_glossary())
    for which in arguments.sets:
        file = arguments.out / f"{which}.pickle"
        known = {row.id for row in read_rows(file)}
        every = xquad_questions(arguments.xquad) if which == "xquad" else corpus_questions(which)
        questions = [asked for asked in every if asked.id not in known]
        if which == "training":
            # The cross-encoder has learnt the English ones by heart.
            questions = [asked for asked in questions if asked.label == "zh"]
        # Mixed, so that an interrupted run has some of each.
        random.Random(5).shuffle(questions)
        with file.open("ab") as out:
            for number, asked in enumerate(questions, start=1):
                out.write(b"".join(pickle.dumps(row) for row in gatherer.rows(asked)))
                out.flush()
                if number % 20 == 0:
                    print(which, number, len(questions), flush=True)


if __name__ == "__main__":
    main()
