"""Measures how fast the assistant is, beside what it is compared with, and writes `docs/performance.md`.

    python -m benchmarks.performance                 # all parts; a part that is there already is not measured again
    python -m benchmarks.performance --quick         # a quarter of an hour: to see that it works
    python -m benchmarks.performance --only answers startup
    python -m benchmarks.performance --page          # only the page, from the figures that are there

Each part writes its figures to a JSON file as it goes, and goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from benchmarks.performance import answers, crowd, evidence, ingestion, page, retrieval, startup
from benchmarks.performance.options import Options
from benchmarks.performance.record import ROOT, Part

PARTS: dict[str, Callable[[Part, Options], dict[str, Any]]] = {
    "startup": startup.measure,
    "evidence": evidence.measure,
    "answers": answers.measure,
    "ingestion": ingestion.measure,
    "crowd": crowd.measure,
    "retrieval": retrieval.measure,
}
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--quick", action="store_true", help="few questions; its figures go to --work")
    parser.add_argument("--again", action="store_true", help="measure again what is there")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    parser.add_argument("--model", default="local", help="the language model of all systems")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "performance", help="indexes, vectors and answers"
    )
    parser.add_argument("--out", type=Path, help="folder of the figures; this one's `results` when left out")
    parser.add_argument(
        "--llama-index",
        metavar="PYTHON",
        help="a Python that has LlamaIndex; left out of the comparison if unset",
    )
    parser.add_argument(
        "--against", type=Path, metavar="FOLDER", help="an older working tree to compare ingestion with"
    )
    parser.add_argument("--sizes", help="passages of the synthetic indexes, parted by commas")
    arguments = parser.parse_args()
    options = Options(
        quick=arguments.quick,
        work=arguments.work.resolve(),
        model=arguments.model,
        llama_index=arguments.llama_index,
        against=arguments.against,
        sizes=tuple(int(size) for size in (arguments.sizes or "").split(",") if size),
    )
    options.work.mkdir(parents=True, exist_ok=True)
    out = arguments.out or (options.work / "quick" if options.quick else RESULTS)
    if not arguments.page:
        ready(options)
        for name in PARTS:
            if name in arguments.only:
                run(name, out, options, again=arguments.again)
    docs = options.work / "quick" if options.quick else ROOT / "docs"
    print(f"written: {page.write(out, docs)}")


def ready(options: Options) -> None:
    """The index of the briefs, which most parts search."""
    from assistant import Assistant

    with Assistant(model="extractive", home=options.home) as assistant:
        assistant.sync()


def run(name: str, out: Path, options: Options, *, again: bool) -> None:
    """One part, unless it is there."""
    part = Part(out / f"{name}.json", options.deciding(name), again=again)
    if part.finished:
        print(f"{name}: there already")
        return
    print(f"{name}:", flush=True)
    started = time.perf_counter()
    part.finish(PARTS[name](part, options))
    print(f"  {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssistantError as error:
        sys.exit(f"Error: {error}")
