"""What the gate sees of each question, as it is and with the sentences that answer it taken out.

    python benchmarks/training/gate_evidence.py --home FOLDER --out FOLDER training unseen gold mtrag --data DATA/mtrag

Writes one pickle file a set, row by row, so that an interrupted run goes on. No language model is asked: follow-ups
are completed by rule. Rows of a question that can be answered come in pairs: `shown` is `whole` for what search and
ranking find, `without` for the same after every sentence is gone that holds one of the question's facts or that the
set names as an answer.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from langchain_core.embeddings import Embeddings
from memory_index import MemoryIndex, NoVectors
from mtrag_refusal import LABELS, choose
from project import make_passage
from public_sets import read_mtrag_passages, read_mtrag_un
from ranker_data import fold_of, is_answer, open_corpus, training_questions

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.evaluation.facts import found_facts
from assistant.evaluation.gold import load_gold
from assistant.resources import corpus_folder
from assistant.retrieval.cross_encoder import CrossEncoder
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence, SentenceRanker
from assistant.schema import Passage, SearchHit, Sentence, Turn

# Sentences that are kept of each question.
KEPT = 16


@dataclass(frozen=True)
class Row:
    """What the gate is given for one question."""

    source: str
    id: str
    fold: int
    """Of its first brief, or of its id where nothing answers it."""
    answerable: bool
    shown: str
    """`whole`, or `without` the sentences that answer."""
    query: Query
    ranked: tuple[RankedSentence, ...]
    facts: tuple[str, ...] = ()
    covered: float = 0.0
    """Share of the facts within the first six sentences."""
    label: str = ""
    """As the set says."""


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
        yield Asked(which, gold.id, fold, gold.question, gold.facts, gold.history, label=gold.type)


def mtrag_questions(data: Path) -> Iterator[tuple[str, Asked]]:
    """MTRAG-UN's tasks with their collections; fold 1 is the conversations that `mtrag_refusal.py` reports on."""
    tasks = [t for t in read_mtrag_un(data / "mtragun_reference.jsonl") if t.answerability in LABELS]
    reported = {task.id for task in choose(tasks, (40, 10, 40), 1)}
    conversations = {name.split("<::>")[0] for name in reported}
    for task in tasks:
        fold = int(task.id.split("<::>")[0] in conversations)
        if fold == 0 or task.id in reported:
            yield (
                task.collection,
                Asked("mtrag", task.id, fold, task.question, (), task.history, label=task.answerability),
            )


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
            self._index, self._cross, None if isinstance(embeddings, NoVectors) else embeddings
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
            asked.source, asked.id, asked.fold, bool(asked.facts) or asked.label in ("ANSWERABLE", "PARTIAL"), shown, query, best,
            asked.facts,
            float(np.mean(found_facts(first, asked.facts))) if asked.facts else 0.0, asked.label,
        )  # fmt: skip


def _sample(questions: list[tuple[str, Asked]], answerable: int) -> list[tuple[str, Asked]]:
    counts: Counter[int] = Counter()
    kept = []
    for place, asked in questions:
        counts[asked.fold] += bool(asked.facts)
        if not asked.facts or counts[asked.fold] <= answerable:
            kept.append((place, asked))
    return kept


def _without(hit: SearchHit, asked: Asked) -> SearchHit:
    passage = hit.passage
    kept = tuple(s for s in passage.sentences if not _tells(asked, passage, s))
    if len(kept) == len(passage.sentences):
        return hit
    return SearchHit(passage=passage.model_copy(update={"sentences": kept}), score=hit.score)


def _tells(asked: Asked, passage: Passage, sentence: Sentence) -> bool:
    named = bool(asked.record) and is_answer(asked.record, passage, sentence)
    return named or any(found_facts(sentence.text, asked.facts))


def read_rows(file: Path) -> list[Row]:
    """What is gathered of a set."""
    rows = []
    if file.is_file():
        with file.open("rb") as stored:
            while True:
                try:
                    rows.append(pickle.load(stored))
                except EOFError:
                    break
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", choices=["training", "unseen", "gold", "mtrag"])
    parser.add_argument("--data", type=Path, help="folder of MTRAG")
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pickle files")
    parser.add_argument("--answerable", type=int, default=10_000, help="so many of each fold at most")
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1])
    arguments = parser.parse_args()
    lines = (
        line
        for path in sorted(corpus_folder().rglob("*.md"))
        for line in path.read_text("utf-8").splitlines()
    )
    glossary = Glossary.harvest(lines)
    gatherers: dict[str, Gatherer] = {}
    if set(arguments.sets) - {"mtrag"}:
        index, _, embeddings = open_corpus(arguments.home)
        gatherers[""] = Gatherer(index, embeddings, glossary)
    if "mtrag" in arguments.sets:
        for name, texts in read_mtrag_passages(arguments.data).items():
            pool = MemoryIndex([make_passage(at, text) for at, text in texts.items()], None)
            gatherers[name] = Gatherer(pool, NoVectors(), glossary, 10)
    for which in arguments.sets:
        file = arguments.out / f"{which}.pickle"
        known = {row.id for row in read_rows(file)}
        every = (
            mtrag_questions(arguments.data)
            if which == "mtrag"
            else (("", a) for a in corpus_questions(which))
        )
        questions = [(place, a) for place, a in every if a.fold in arguments.folds]
        # Mixed, so that an interrupted run has some of each.
        random.Random(5).shuffle(questions)
        questions = [each for each in _sample(questions, arguments.answerable) if each[1].id not in known]
        with file.open("ab") as out:
            for number, (place, asked) in enumerate(questions, start=1):
                out.write(b"".join(pickle.dumps(row) for row in gatherers[place].rows(asked)))
                out.flush()
                if number % 20 == 0:
                    print(which, number, len(questions), flush=True)


if __name__ == "__main__":
    main()
