"""Paragraph retrieval on public sets, through the project's own lexical index, embeddings and fusion.

    python benchmarks/public_retrieval.py --data DATA --sets squad xquad-zh zh-en

DATA holds `squad2-cs224n/dev-v2.0.json`, `xquad/xquad.{en,zh}.json` and `cmrc2018/cmrc2018_dev.json`. Every
paragraph is one passage, without the title of its article; every question has one right paragraph; R@k is the
share of questions whose paragraph is among the first k. `squad` asks the 2,910 questions that their paragraph
answers, `squad-all` also the 3,168 that were written for a paragraph but have no answer in it. `zh-en` asks
the Chinese questions of XQuAD over its English paragraphs; with --translate the configured language model
translates them first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from kept_vectors import KeptVectors
from langchain_core.embeddings import Embeddings
from memory_index import MemoryIndex
from project import make_passage, open_reader
from public_sets import Paragraph, ParagraphQuestion, read_squad
from rich.console import Console
from rich.table import Table
from row_log import RowLog

from assistant.errors import AssistantError
from assistant.models.embeddings import load_embeddings
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import SearchQuery, read_question
from assistant.settings import load_settings

SETS = ["squad", "squad-all", "xquad-en", "xquad-zh", "zh-en", "cmrc"]
CUTOFFS = (1, 5, 10)
DEPTH = 10


Search = Callable[[str, str], list[str]]
"""Ids of passages, best first, for a question and its translation (or the question again)."""


def systems(index: MemoryIndex, embeddings: Embeddings | None) -> dict[str, Search]:
    """The ways to search that are compared."""
    found: dict[str, Search] = {
        "BM25": lambda question, english: [p.document.path for p, _ in index.search_lexical(english, DEPTH)]
    }
    if embeddings is None:
        return found
    retriever = HybridRetriever(index, embeddings)

    def dense(question: str, english: str) -> list[str]:
        return [p.document.path for p, _ in index.search_dense(embeddings.embed_query(question), DEPTH)]

    def hybrid(question: str, english: str) -> list[str]:
        queries = [SearchQuery(question)] + ([SearchQuery(english)] if english != question else [])
        return [hit.passage.document.path for hit in retriever.retrieve(queries, DEPTH)]

    def project(question: str, english: str) -> list[str]:
        # What the assistant searches with: the parts of a question too.
        queries = [*read_question(question).searches]
        if english != question:
            queries.append(SearchQuery(english))
        return [hit.passage.document.path for hit in retriever.retrieve(queries, DEPTH)]

    return found | {"dense": dense, "fused": hybrid, "fused, parts": project}


def measure(
    questions: Sequence[ParagraphQuestion], search: Search, english: dict[str, str]
) -> dict[str, dict[str, float]]:
    """R@k and MRR@10 with 95 % bootstrap intervals over questions."""
    ranks = []
    for question in questions:
        names = search(question.text, english.get(question.id, question.text))
        ranks.append(names.index(question.paragraph) + 1 if question.paragraph in names else np.inf)
    values = {f"R@{k}": np.array(ranks) <= k for k in CUTOFFS} | {f"MRR@{DEPTH}": 1 / np.array(ranks)}
    draws = np.random.default_rng(1).integers(0, len(ranks), size=(1000, len(ranks)))
    report = {}
    for name, each in values.items():
        low, high = np.quantile(each[draws].mean(axis=1), [0.025, 0.975])
        report[name] = {"value": float(each.mean()), "low": float(low), "high": float(high)}
    return report


def read_set(name: str, data: Path) -> tuple[list[Paragraph], list[ParagraphQuestion]]:
    """Paragraphs and questions of a set by its name on the command line."""
    if name in {"squad", "squad-all"}:
        paragraphs, questions = read_squad(data / "squad2-cs224n" / "dev-v2.0.json")
        return paragraphs, [question for question in questions if question.answerable or name == "squad-all"]
    if name == "cmrc":
        return read_squad(data / "cmrc2018" / "cmrc2018_dev.json")
    paragraphs, questions = read_squad(data / "xquad" / f"xquad.{'zh' if name == 'xquad-zh' else 'en'}.json")
    if name == "zh-en":
        # The two files are parallel, question by question.
        _, questions = read_squad(data / "xquad" / "xquad.zh.json")
    return paragraphs, questions


def translations(questions: Sequence[ParagraphQuestion], folder: Path, model: str) -> dict[str, str]:
    """English versions by the assistant's own stage; kept in a file, since a model takes seconds for each."""
    log = RowLog(folder / "translations.jsonl", model)
    reader = open_reader(load_settings(model=model))
    for question in questions:
        if question.id not in log.rows:
            log.add(question.id, {"question": question.text, "english": reader(question.text, ()).english})
    return {question.id: str(log.rows[question.id]["english"]) for question in questions}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--embedding", default="e5", help="`none` measures BM25 alone")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="keep vectors here for the next run")
    parser.add_argument("--titles", action="store_true", help="put the article's title before each paragraph")
    parser.add_argument("--limit", type=int, help="so many questions of each set, evenly spread")
    parser.add_argument(
        "--translate", type=Path, metavar="FOLDER", help="translate for zh-en and keep the results here"
    )
    parser.add_argument("--model", default="local", help="language model that translates")
    parser.add_argument("--out", type=Path, help="JSON file of the figures")
    arguments = parser.parse_args()
    console, figures = Console(), {}
    embeddings = None
    if arguments.embedding != "none":
        model = load_embeddings(load_settings(embedding=arguments.embedding))
        embeddings = KeptVectors(model, arguments.vectors)
    for name in arguments.sets:
        paragraphs, questions = read_set(name, arguments.data)
        if arguments.limit and arguments.limit < len(questions):
            questions = [questions[at * len(questions) // arguments.limit] for at in range(arguments.limit)]
        english: dict[str, str] = {}
        if name == "zh-en" and arguments.translate:
            english = translations(questions, arguments.translate, arguments.model)
        index = MemoryIndex(
            [make_passage(each.id, each.text, each.title if arguments.titles else "") for each in paragraphs],
            embeddings,
        )
        table = Table(
            title=f"{name}: {len(questions)} questions, {len(paragraphs)} paragraphs", title_justify="left"
        )
        for heading in ("", *(f"R@{k}" for k in CUTOFFS), f"MRR@{DEPTH}", "95 % of R@1"):
            table.add_column(heading, justify="right")
        for system, search in systems(index, embeddings).items():
            result = measure(questions, search, english)
            figures[f"{name}: {system}"] = result
            table.add_row(
                system,
                *(f"{result[key]['value']:.3f}" for key in (*(f"R@{k}" for k in CUTOFFS), f"MRR@{DEPTH}")),
                f"{result['R@1']['low']:.3f} to {result['R@1']['high']:.3f}",
            )
        console.print(table)
        if embeddings is not None:
            embeddings.keep()
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssistantError as error:
        sys.exit(f"Error: {error}")
