"""`docs/performance.md` and its plots, from the JSON files of the parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.performance import brief
from benchmarks.performance.plots import bars, lines
from benchmarks.performance.record import read_json, write_atomically

TRIED = Path(__file__).parent / "tried.md"
NAMES = {
    "assistant": "this assistant",
    "langchain": "LangChain, tutorial chain",
    "llamaindex": "LlamaIndex, CitationQueryEngine",
    "against": "the older working tree",
}
_LANGUAGES = {"all": "all", "en": "English", "zh": "Chinese"}
# The targets of retrieval, milliseconds of the 95th percentile by number of passages.
_TARGETS = {"100000": 50, "1000000": 200}


def write(results: Path, docs: Path) -> Path:
    """The page, with the parts that are finished.

    Args:
        results: Folder of the JSON files.
        docs: Where the page goes; its plots go into `images/` beside it.
    """
    parts = {
        file.stem: data
        for file in sorted(results.glob("*.json"))
        if (data := read_json(file)) and data["finished"]
    }
    plots: dict[str, str] = {}
    sections = [section(parts[name], plots) for name, section in _SECTIONS.items() if name in parts]
    text = "\n\n".join(
        [_head(parts), *sections, "## What was tried and did not help", TRIED.read_text("utf-8").strip()]
    )
    for name, plot in plots.items():
        write_atomically(docs / "images" / f"performance-{name}.svg", plot)
    page = docs / "performance.md"
    write_atomically(page, text + "\n")
    return page


def _head(parts: dict[str, Any]) -> str:
    lines_ = [
        "<!-- Written by `python -m benchmarks.performance`; change that, or benchmarks/performance/tried.md. -->",
        "# Performance",
        "How fast the assistant is, beside what it is compared with: `python -m benchmarks.performance` measures all of it"
        " anew and writes this page. A ratio is of two medians of the same questions, asked in turn in one run; below 1,"
        " the assistant is faster. *n* is the number of measurements.",
    ]
    if in_short := brief.rows({name: data["summary"] for name, data in parts.items()}):
        lines_.append(_table(["in short", "aim", "reached", "n"], in_short))
    machines = {str(data["machine"]): data for data in parts.values()}
    for data in machines.values():
        here = data["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
        load = max((max(each["load"], default=0.0) for each in parts.values()), default=0.0)
        lines_.append(
            f"**Machine.** {here['processor']}, {here['cores']} cores, {here['memory_gb']} GB of memory, {here['system']};"
            f" instructions {', '.join(here['instructions']) or 'unknown'}. Python {here['python']}, {versions}."
            f" The load of the machine before a step was {load:.1f} at most; it counts what the step before it left."
        )
    when = [
        [name, data["finished"], data["commit"], "yes" if data["options"]["quick"] else ""]
        for name, data in parts.items()
    ]
    lines_.append(_table(["part", "finished", "commit", "quick"], when))
    return "\n\n".join(lines_)


def _answers(data: dict[str, Any], plots: dict[str, str]) -> str:
    summary = data["summary"]
    rows = []
    for language, label in _LANGUAGES.items():
        for name, figures in summary[language].items():
            ratio = figures["assistant_ratio"]
            seconds = figures["seconds"]
            rows.append(
                [
                    label,
                    NAMES[name],
                    f"{seconds['median']:.2f} / {seconds['p95']:.2f}",
                    seconds["n"],
                    ""
                    if name == "assistant"
                    else f"**{ratio['median']:.2f}** ({ratio['interval'][0]:.2f} to {ratio['interval'][1]:.2f}) / {ratio['p95']:.2f}",
                    f"{_share(figures['facts'])} ({_share(figures['assistant_facts'])})",
                    f"{figures['unanswerable_refused']} of {figures['unanswerable']}",
                    f"{figures['refused']} of {figures['answerable']}",
                    f"{figures['words']:.0f}",
                    f"{figures['peak_mb'] / 1024:.1f}",
                ]
            )
    plots["answers"] = bars(
        "Seconds until the answer: median, whisker to the 95th percentile",
        [
            (f"{NAMES[name].split(',')[0]}, {label}", f["seconds"]["median"], f["seconds"]["p95"])
            for language, label in _LANGUAGES.items()
            if language != "all"
            for name, f in summary[language].items()
        ],
        "s",
    )
    ours = summary["zh"]["assistant"]["seconds"]["median"] / summary["en"]["assistant"]["seconds"]["median"]
    head = [
        "language", "system", "seconds, median / p95", "n", "assistant ÷ it, median (95 %) / p95",
        "facts found (assistant, same questions)", "unanswerable refused", "answerable refused", "words", "memory, GB",
    ]  # fmt: skip
    return "\n\n".join(
        [
            "## Answers, beside LangChain and LlamaIndex",
            f"Questions of `tests/gold`, the language model `{data['options']['model']}` and the embedding model of this project for all"
            " systems, each in a process of its own. LlamaIndex reads about seven times as much and is asked the first"
            " questions only. The assistant was developed on questions of these files, the chains were not.",
            "![Seconds until the answer](images/performance-answers.svg)",
            _table(head, rows),
            f"The assistant's Chinese median is {ours:.2f} times the English one.",
        ]
    )


def _evidence(data: dict[str, Any], plots: dict[str, str]) -> str:
    summary = data["summary"]
    rows = [
        [
            f"warm, {label}",
            _spread(summary[key]["evidence"]),
            _spread(summary[key]["answer"]),
            summary[key]["answer"]["n"],
        ]
        for key, label in _LANGUAGES.items()
    ]
    rows.append(
        [
            "in a fresh process",
            _spread(summary["fresh"]["evidence"]),
            _spread(summary["fresh"]["answer"]),
            summary["fresh"]["answer"]["n"],
        ]
    )
    return "\n\n".join(
        [
            "## Until evidence is shown, and without a language model",
            "`--model extractive`: seconds from the question (warm) or from starting Python (fresh) to the first passages on"
            f" the screen, and to the answer. Peak memory {summary['peak_mb'] / 1024:.1f} GB.",
            _table(["", "evidence, median / p95", "answer, median / p95", "n"], rows),
        ]
    )


def _ingestion(data: dict[str, Any], plots: dict[str, str]) -> str:
    summary = data["summary"]
    rows = []
    for name, label in NAMES.items():
        if name in summary:
            f = summary[name]
            label += f" ({f['commit']})" if f.get("commit") else ""
            rows.append([
                label, f"{f['seconds']['median']:.1f}", f["seconds"]["n"], f["passages"], f["passages_a_second"],
                f"{f['characters_a_second']:,}", "" if name == "assistant" else f"**{f['assistant_ratio']:.2f}**", f"{f['peak_mb']:.0f}",
            ])  # fmt: skip
    head = [
        "system",
        "seconds, median",
        "n",
        "passages",
        "passages/s",
        "characters/s",
        "assistant ÷ it, seconds",
        "memory, MB",
    ]
    return "\n\n".join(
        [
            "## Ingestion",
            f"{summary['documents']} briefs into an empty index, with the same embedding model, in turn. LlamaIndex keeps"
            " the vectors in memory and cuts larger pieces, so compare characters; the assistant also keeps them on"
            " disk, in a form that survives being killed, with a lexical index.",
            _table(head, rows),
        ]
    )


def _retrieval(data: dict[str, Any], plots: dict[str, str]) -> str:
    summary = data["summary"]
    first = next(iter(summary.values()))["search"][0]["filters"]
    rows, memory = [], []
    for size, each in summary.items():
        runs = each["search"]
        for name in first:
            cells = [
                " / ".join(
                    f"{_middle(run['filters'][name][kind]['passed'][p] for run in runs) * 1e3:.1f}"
                    for p in ("median", "p95")
                )
                for kind in ("dense", "lexical", "both")
            ]
            cpu = " / ".join(
                f"{_middle(run['filters'][name]['both']['cpu'][p] for run in runs) * 1e3:.1f}"
                for p in ("median", "p95")
            )
            rows.append(
                [
                    f"{int(size):,}",
                    name,
                    *cells,
                    cpu,
                    sum(run["filters"][name]["both"]["passed"]["n"] for run in runs),
                ]
            )
        fill = each["fill"]
        memory.append([
            f"{int(size):,}",
            f"{_middle(run['open'][0] + run['first_search'][0] for run in runs):.1f}",
            f"{max(run['resident_mb'] for run in runs):,.0f}",
            f"{max(run['peak_mb'] for run in runs):,.0f}",
            f"{sum(fill['disk_mb'].values()):,.0f}",
            f"{fill['cpu_seconds']:,.0f}",
            f"{fill['peak_mb']:,.0f}",
            f"{each['one_more']['cpu_seconds']:.1f}" if each["one_more"] else "–",
            f"{runs[0]['recall']['mean']:.3f}",
        ])  # fmt: skip
    series = {
        f"{name}{', p95' if p == 'p95' else ', median'}": [
            (float(size), _middle(run["filters"][key]["both"]["passed"][p] for run in each["search"]) * 1e3)
            for size, each in summary.items()
        ]
        for key, name in (("no filter", "no filter"), ("a tenth, by topic", "a tenth"))
        for p in ("median", "p95")
    }
    plots["retrieval"] = lines("Milliseconds of one search, by passages", series, "passages", "ms", 0.0)
    targets = " and ".join(f"{limit} ms at {int(size):,}" for size, limit in _TARGETS.items())
    return "\n\n".join(
        [
            "## Retrieval, from one thousand to one million passages",
            "Synthetic passages of four sentences with synthetic vectors of 384 numbers, so that the index is measured and"
            " not the embedding of the question, which comes on top once for each wording that is searched. *Both* is what an"
            f" answer uses: dense and lexical search, fused, the 20 best with their text. Target: the 95th percentile within {targets}.",
            "![Milliseconds of one search](images/performance-retrieval.svg)",
            _table(
                [
                    "passages",
                    "filter",
                    "dense, ms p50 / p95",
                    "lexical, ms p50 / p95",
                    "both, ms p50 / p95",
                    "both, CPU ms p50 / p95",
                    "n",
                ],
                rows,
            ),
            "Memory is that of the process that searches. *Recall* is the share of the 60 nearest passages, found by comparing"
            " every vector, that the dense search finds.",
            _table(
                [
                    "passages",
                    "open and first search, s",
                    "memory, MB",
                    "at most, MB",
                    "disk, MB",
                    "filling, CPU s",
                    "filling, MB",
                    "one more document, CPU s",
                    "recall",
                ],
                memory,
            ),
        ]
    )


def _startup(data: dict[str, Any], plots: dict[str, str]) -> str:
    names = {
        "help": "`assistant --help`",
        "documents": "`assistant documents`",
        "search": "`assistant search`",
        "ask": "`assistant ask --model extractive`",
        "page": "`assistant ui`, until the first byte of the page",
    }
    rows = [
        [label, _spread(data["summary"][name]), data["summary"][name]["n"]] for name, label in names.items()
    ]
    return "\n\n".join(
        [
            "## Start-up",
            "Each in a fresh process, the index of the briefs built, files in the cache of the system.",
            _table(["command", "seconds, median / p95", "n"], rows),
        ]
    )


def _crowd(data: dict[str, Any], plots: dict[str, str]) -> str:
    batches, users, plot = [], [], []
    for model, figures in data["summary"].items():
        b = figures["batch"]
        batches.append(
            [
                f"`{model}`",
                b["n"],
                b["at_once"],
                b["alone_a_minute"],
                b["batch_a_minute"],
                f"**{b['ratio']:.2f}**",
                b["failed"],
            ]
        )
        for count, f in figures["users"].items():
            users.append([
                f"`{model}`", count, f["seconds"]["n"], _spread(f["seconds"]), f"{f['p95_by_one']:.1f}", f["questions_a_minute"],
                f"{f['overtaken']:.2f}", f["longest_by_shortest"], f["errors"],
            ])  # fmt: skip
            plot.append((f"{model}, {count} at once", f["seconds"]["median"], f["seconds"]["p95"]))
    plots["crowd"] = bars("Seconds until the answer, users at once", plot, "s")
    return "\n\n".join(
        [
            "## Many questions",
            "A list in one batch against the same list one after the other:",
            _table(
                ["model", "n", "at once", "one at a time, a minute", "batch, a minute", "ratio", "failed"],
                batches,
            ),
            "Users who ask at the same moment, over HTTP. *Overtaken* is the share of pairs of requests in which the later one"
            " was answered first.",
            "![Seconds until the answer](images/performance-crowd.svg)",
            _table(
                [
                    "model",
                    "users",
                    "n",
                    "seconds, median / p95",
                    "p95 ÷ median of one user",
                    "questions a minute",
                    "overtaken",
                    "longest ÷ shortest",
                    "errors",
                ],
                users,
            ),
        ]
    )


_SECTIONS: dict[str, Callable[[dict[str, Any], dict[str, str]], str]] = {
    "answers": _answers,
    "evidence": _evidence,
    "crowd": _crowd,
    "ingestion": _ingestion,
    "retrieval": _retrieval,
    "startup": _startup,
}


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    assert all(len(row) == len(head) for row in rows), f"a row of another length than {head}"
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(out + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def _spread(figures: dict[str, Any]) -> str:
    return f"{figures['median']:.2f} / {figures['p95']:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _middle(values: Any) -> float:
    found = sorted(values)
    return float(
        found[len(found) // 2]
        if len(found) % 2
        else sum(found[len(found) // 2 - 1 : len(found) // 2 + 1]) / 2
    )
