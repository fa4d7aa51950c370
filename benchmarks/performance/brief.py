"""The page's first table: what was aimed at, and what was reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Summaries = Mapping[str, dict[str, Any]]
# Label, aim, and the figure with its sample size; a figure whose part or system is missing is left out.
_LINES: list[tuple[str, str, Callable[[Summaries], tuple[str, int]]]] = [
    (
        "answer ÷ LangChain's tutorial chain, median and p95",
        "≤ 0.15, ≤ 0.6",
        lambda all_: _ratio(all_["answers"]["all"]["langchain"]["assistant_ratio"]),
    ),
    (
        "answer ÷ LlamaIndex's CitationQueryEngine, median and p95",
        "≤ 0.10",
        lambda all_: _ratio(all_["answers"]["all"]["llamaindex"]["assistant_ratio"]),
    ),
    (
        "answers in Chinese ÷ in English, median",
        "≤ 1.3",
        lambda all_: (
            f"{_median(all_['answers']['zh']) / _median(all_['answers']['en']):.2f}",
            all_["answers"]["all"]["assistant"]["seconds"]["n"],
        ),
    ),
    (
        "questions for which the language model is asked",
        "≤ 30 %",
        lambda all_: (
            f"{all_['answers']['all']['assistant']['model_asked']:.0%}",
            all_["answers"]["all"]["assistant"]["seconds"]["n"],
        ),
    ),
    ("question to first evidence, s", "≤ 0.3", lambda all_: _both(all_["evidence"]["all"]["evidence"])),
    (
        "answer without language model, warm, s",
        "≤ 0.5",
        lambda all_: _both(all_["evidence"]["all"]["answer"]),
    ),
    (
        "answer without language model, fresh process, s",
        "≤ 5",
        lambda all_: _both(all_["evidence"]["fresh"]["answer"]),
    ),
    (
        "indexing the briefs ÷ the older working tree",
        "≤ 0.3",
        lambda all_: (
            f"{all_['ingestion']['against']['assistant_ratio']:.2f}",
            all_["ingestion"]["against"]["seconds"]["n"],
        ),
    ),
    ("search among 100,000 passages, p95, ms", "≤ 50", lambda all_: _search(all_, "100000")),
    ("search among 1,000,000 passages, p95, ms", "≤ 200", lambda all_: _search(all_, "1000000")),
    (
        "batch ÷ one at a time, questions a minute",
        "≥ 1.5",
        lambda all_: (f"{_crowd(all_)['batch']['ratio']:.2f}", _crowd(all_)["batch"]["n"]),
    ),
    (
        "16 users at once: p95 ÷ one user's median; errors",
        "≤ 16; 0",
        lambda all_: (
            f"{_crowd(all_)['users']['16']['p95_by_one']:.1f}; {_crowd(all_)['users']['16']['errors']}",
            _crowd(all_)["users"]["16"]["seconds"]["n"],
        ),
    ),
    (
        "memory of the application with the model, GB",
        "≤ 2.5",
        lambda all_: (
            f"{all_['answers']['all']['assistant']['peak_mb'] / 1024:.1f}",
            all_["answers"]["all"]["assistant"]["seconds"]["n"],
        ),
    ),
]


def rows(summaries: Summaries) -> list[list[object]]:
    """What was measured, aimed at, reached, and on how many measurements."""
    found: list[list[object]] = []
    for label, aim, figure in _LINES:
        try:
            reached, count = figure(summaries)
        except KeyError:
            continue
        found.append([label, aim, reached, count])
    return found


def _ratio(figures: dict[str, Any]) -> tuple[str, int]:
    return f"{figures['median']:.2f}, {figures['p95']:.2f}", figures["n"]


def _both(figures: dict[str, Any]) -> tuple[str, int]:
    return f"{figures['median']:.2f} (p95 {figures['p95']:.2f})", figures["n"]


def _median(figures: dict[str, Any]) -> float:
    return float(figures["assistant"]["seconds"]["median"])


def _crowd(summaries: Summaries) -> dict[str, Any]:
    """Of the language model, which is measured last."""
    last: dict[str, Any] = list(summaries["crowd"].values())[-1]
    return last


def _search(summaries: Summaries, size: str) -> tuple[str, int]:
    """Without a filter, and with the filter that takes longest."""
    late: dict[str, list[float]] = {}
    count = 0
    for run in summaries["retrieval"][size]["search"]:
        for name, kinds in run["filters"].items():
            late.setdefault(name, []).append(kinds["both"]["passed"]["p95"] * 1e3)
            count += kinds["both"]["passed"]["n"]
    means = {name: sum(each) / len(each) for name, each in late.items()}
    return f"{means['no filter']:.0f} ({max(means.values()):.0f} with the slowest filter)", count
