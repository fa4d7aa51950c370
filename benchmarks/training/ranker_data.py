"""Training groups for the sentence ranker: a question, the sentences that answer it, and ones that do not.

Two sources: SQuAD 2.0 (CC BY-SA 4.0; the sentence that holds the answer, against others of the same article),
and the training questions of this folder over the corpus. The development questions in `tests/gold` are never
read here.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import bm25s
import yaml

from assistant.evaluation.facts import found_facts
from assistant.index.lexical import tokenize
from assistant.index.reader import Index
from assistant.index.sync import sync_folder
from assistant.ingest.sentences import split_sentences
from assistant.models.embeddings import EmbeddingModel, load_embeddings
from assistant.resources import corpus_folder
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import read_question
from assistant.schema import Passage, SearchHit, Sentence
from assistant.settings import load_settings

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Group:
    """A question with texts in the form that the cross-encoder reads."""

    question: str
    positive: list[str]
    """Empty for a question without an answer."""
    hard: list[str]
    """Negatives that look most like an answer."""
    easy: list[str] = field(default_factory=list)


def training_questions(language: str | None = "en") -> list[dict[str, Any]]:
    """The questions of `questions-*.yaml`; all languages when None."""
    records = [
        r for file in sorted(HERE.glob("questions-*.yaml")) for r in yaml.safe_load(file.read_text("utf-8"))
    ]
    return [record for record in records if language in (None, record["language"])]


def fold_of(record: dict[str, Any], folds: int = 2) -> int:
    """A stable fold by the first brief that answers, so that no brief is in two folds."""
    key = record["answers"][0]["brief"] if record["answers"] else record["id"]
    return hashlib.sha256(key.encode()).digest()[0] % folds


@lru_cache(maxsize=1)
def open_corpus(home: Path) -> tuple[Index, HybridRetriever, EmbeddingModel]:
    """The index of the packaged corpus in a folder of its own, built when it is missing."""
    embeddings = load_embeddings(load_settings(home=home))
    index = Index.open(home, embeddings)
    sync_folder(index, embeddings, corpus_folder())
    return index, HybridRetriever(index, embeddings), embeddings


def is_answer(record: dict[str, Any], passage: Passage, sentence: Sentence) -> bool:
    """Whether a record names a sentence as part of its answer."""
    name = Path(passage.document.path).name
    return any(a["brief"] == name and sentence.text.startswith(a["starts"]) for a in record["answers"])


def repeats_facts(record: dict[str, Any], sentence: Sentence) -> bool:
    """Whether a sentence holds half of the facts or more: no negative, even when it is not named."""
    facts = record["facts"]
    return bool(facts) and 2 * sum(found_facts(sentence.text, facts)) >= len(facts)


def retrieve(record: dict[str, Any], home: Path, k: int = 20) -> list[SearchHit]:
    """The passages that the assistant itself would read for a question."""
    _, retriever, _ = open_corpus(home)
    return retriever.retrieve(read_question(record["question"]).searches, k)


def corpus_groups(records: Sequence[dict[str, Any]], home: Path) -> list[Group]:
    """Groups from training questions: negatives are what retrieval brings up beside the answer."""
    groups = []
    index, *_ = open_corpus(home)
    everything = [p for d in index.documents() for p in index._serving.catalog.passages([d.id])]
    for record in records:
        positive = [p.sentence_text(s) for p in everything for s in p.sentences if is_answer(record, p, s)]
        if record["answers"] and not positive:
            continue
        negatives = [
            hit.passage.sentence_text(sentence)
            for hit in retrieve(record, home)
            for sentence in hit.passage.sentences
            if not is_answer(record, hit.passage, sentence) and not repeats_facts(record, sentence)
        ]
        weights = index.term_weights(record["question"])
        negatives.sort(key=lambda text: -sum(weights.get(term, 0.0) for term in set(tokenize(text))))
        groups.append(Group(record["question"], positive, negatives[:8], negatives[8:40]))
    return groups


def squad_groups(file: Path, seed: int = 0) -> list[Group]:
    """Groups from a SQuAD 2.0 file: hard negatives by BM25 within the article and from the same paragraph."""
    rng = random.Random(seed)
    groups = []
    for article in json.loads(file.read_text("utf-8"))["data"]:
        title = article["title"].replace("_", " ")
        sentences = [
            (number, start, end, f"{title}: {paragraph['context'][start:end]}")
            for number, paragraph in enumerate(article["paragraphs"])
            for start, end in split_sentences(paragraph["context"])
        ]
        bm25 = bm25s.BM25()
        bm25.index([tokenize(text) for *_, text in sentences], show_progress=False)
        for number, paragraph in enumerate(article["paragraphs"]):
            for qa in paragraph["qas"]:
                holds = {
                    i
                    for i, (n, start, end, _) in enumerate(sentences)
                    if n == number and any(start <= a["answer_start"] < end for a in qa["answers"])
                }
                if not qa["is_impossible"] and not holds:
                    continue
                scores = bm25.get_scores(tokenize(qa["question"]) or [""])
                ranked = [int(i) for i in (-scores).argsort() if int(i) not in holds]
                same = [i for i, entry in enumerate(sentences) if entry[0] == number and i not in holds]
                rng.shuffle(same)
                hard = list(dict.fromkeys([*same[:3], *ranked[:3]]))
                texts = [sentences[i][3] for i in sorted(holds)[:1]] if not qa["is_impossible"] else []
                groups.append(Group(qa["question"], texts, [sentences[i][3] for i in hard]))
    return groups
