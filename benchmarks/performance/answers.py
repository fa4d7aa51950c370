"""Answers: the assistant beside LangChain's tutorial chain and LlamaIndex's CitationQueryEngine.

The same questions, the same language model and embedding model, asked in turn (A B C A B C ...), so that whatever else
the machine does meanwhile falls on all of them.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.evaluation.gold import GoldQuestion, load_gold
from assistant.evaluation.page import write_page
from assistant.evaluation.records import EvalRow, Evaluation
from assistant.evaluation.report import build_report, write_json
from benchmarks.performance.figures import ratio, spread
from benchmarks.performance.options import Options
from benchmarks.performance.processes import Worker, worker
from benchmarks.performance.record import ROOT, Part

GOLD = ROOT / "tests" / "gold"
# Questions a language: answerable and not.
_WHOLE = {"en": (10, 2), "zh": (5, 0)}
_QUICK = {"en": (2, 1), "zh": (2, 0)}
# LlamaIndex's engine reads seven times as much as the others: it is asked the first of them only.
_LLAMA_INDEX = {"en": 2, "zh": 1}
_LLAMA_INDEX_QUICK = {"en": 1, "zh": 1}


def chosen(quick: bool) -> list[GoldQuestion]:
    """The questions, always the same, the languages by turns; without those that follow others."""
    questions = random.Random(1).sample(found := [q for q in load_gold([GOLD]) if not q.history], len(found))
    lists = []
    for language, counts in (_QUICK if quick else _WHOLE).items():
        kinds = [
            [q for q in questions if q.language == language and q.answerable is answerable][:count]
            for answerable, count in zip((True, False), counts, strict=True)
        ]
        mixed = sorted((place / len(kind), q.id, q) for kind in kinds for place, q in enumerate(kind))
        lists.append([(place / len(mixed), language, q) for place, (_, _, q) in enumerate(mixed)])
    return [q for _, _, q in sorted((each for one in lists for each in one), key=lambda each: each[:2])]


def measure(part: Part, options: Options) -> dict[str, Any]:
    """Ask, and sum up."""
    questions = chosen(options.quick)
    systems = ["assistant", "langchain", *(["llamaindex"] if options.llama_index else [])]
    asked = {
        name: [q for q in questions if name != "llamaindex" or q in _first(questions, options.quick)]
        for name in systems
    }
    rows = options.work / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        workers: dict[str, Worker] = {}

        def ask(name: str, question: GoldQuestion) -> dict[str, Any]:
            if name not in workers:
                print(f"  loading {name}", flush=True)
                python = (
                    options.llama_index if name == "llamaindex" and options.llama_index else options.python
                )
                workers[name] = stack.enter_context(
                    worker(
                        [
                            name,
                            "--home",
                            str(options.home),
                            "--vectors",
                            str(options.work / "vectors"),
                            "--model",
                            options.model,
                        ],
                        python,
                    )
                )
            reply = workers[name].ask(question.model_dump_json())
            # Whole answers are read by `report`; the figures do without.
            with (rows / f"{name}.jsonl").open("a", encoding="utf-8") as file:
                file.write(reply.pop("row") + "\n")
            print(f"  {question.id} {name} {reply['seconds']:.1f} s {reply['error']}", flush=True)
            return reply

        for question in questions:
            for name in systems:
                if question in asked[name]:
                    part.step(f"{question.id} {name}", lambda name=name, q=question: ask(name, q))  # type: ignore[misc]
    report(rows)
    replies = {name: {q.id: part.steps[f"{q.id} {name}"] for q in asked[name]} for name in systems}
    return {
        language: {
            name: _figures(replies, name, [q for q in asked[name] if language in (q.language, "all")])
            for name in systems
        }
        for language in ("all", "en", "zh")
    }


def report(rows: Path) -> None:
    """All metrics of `assistant eval` over the answers of every system, as JSON and as a page."""
    evaluations = []
    for file in sorted(rows.glob("*.jsonl")):
        found = (EvalRow.model_validate_json(line) for line in file.read_text("utf-8").splitlines())
        # A question that was asked again counts once.
        latest = tuple({row.question.id: row for row in found}.values())
        evaluations.append(Evaluation(name=file.stem, model=file.stem, rows=latest))
    built = build_report(evaluations)
    write_json(built, rows / "report.json")
    write_page(built, evaluations, rows / "report.html")


def _first(questions: Sequence[GoldQuestion], quick: bool) -> list[GoldQuestion]:
    limits = _LLAMA_INDEX_QUICK if quick else _LLAMA_INDEX
    return [
        q
        for language, limit in limits.items()
        for q in [q for q in questions if q.language == language][:limit]
    ]


def _figures(
    replies: dict[str, dict[str, Any]], name: str, questions: Sequence[GoldQuestion]
) -> dict[str, Any]:
    mine = [replies[name][q.id] for q in questions]
    answerable = [replies[name][q.id] for q in questions if q.answerable]
    others = [replies[name][q.id] for q in questions if not q.answerable]
    ours = [replies["assistant"][q.id] for q in questions]
    return {
        "seconds": spread([reply["seconds"] for reply in mine]),
        "evidence_seconds": spread([reply["evidence_seconds"] for reply in mine]),
        "facts": _mean([reply["facts"][0] / reply["facts"][1] for reply in answerable]),
        # Over the same questions: a chain may have been asked fewer of them.
        "assistant_facts": _mean([r["facts"][0] / r["facts"][1] for r in ours if r["facts"][1]]),
        "answerable": len(answerable),
        "refused": sum(reply["refused"] for reply in answerable),
        "unanswerable": len(others),
        "unanswerable_refused": sum(reply["refused"] for reply in others),
        "words": spread([reply["words"] for reply in mine])["median"],
        "tokens_read": spread([reply["tokens"][0] for reply in mine])["median"],
        "model_asked": _mean([float(reply["tokens"][0] > 0) for reply in mine]),
        "peak_mb": max(reply["peak_mb"] for reply in mine),
        "errors": sum(bool(reply["error"]) for reply in mine),
        "assistant_ratio": ratio([r["seconds"] for r in ours], [r["seconds"] for r in mine]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
