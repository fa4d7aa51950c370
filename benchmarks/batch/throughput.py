"""Questions a minute: one after the other with `ask`, against `run_batch` with the engine's parallel slots.

Both ways get the same questions, each with an engine that was just loaded and warmed up by another question, so that
neither profits from what the other left in a cache.

    python benchmarks/batch/throughput.py --questions 20 --model local
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import time
from itertools import chain, zip_longest
from pathlib import Path

import yaml

from assistant import Assistant
from assistant.batch import BatchOptions, run_batch
from assistant.models.local import close_engines

GOLD = Path(__file__).parents[2] / "tests" / "gold"


def questions(count: int) -> list[str]:
    """Single questions of all sets, taken in turn."""
    sets = []
    for file in sorted(GOLD.glob("*.yaml")):
        items = yaml.safe_load(file.read_text("utf-8"))
        sets.append([item["question"] for item in items if isinstance(item, dict) and "question" in item])
    return [q for q in chain.from_iterable(zip_longest(*sets)) if q][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=20, help="questions for each way")
    parser.add_argument("--model", default=None)
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--concurrency", type=int, default=None)
    arguments = parser.parse_args()
    first, *asked = questions(arguments.questions + 1)

    def opened() -> Assistant:
        close_engines()
        assistant = Assistant(model=arguments.model, home=arguments.home)
        assistant.sync()
        assistant.warm_up()
        assistant.ask(first)
        return assistant

    with opened() as assistant:
        started = time.perf_counter()
        for question in asked:
            assistant.ask(question)
        alone = time.perf_counter() - started
    lines = "\n".join(json.dumps({"question": question}) for question in asked)
    with opened() as assistant, tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        summary = run_batch(
            assistant,
            io.BytesIO(lines.encode()),
            Path(folder) / "answers.jsonl",
            BatchOptions(max_concurrency=arguments.concurrency),
        )
        together = time.perf_counter() - started
        concurrency = arguments.concurrency or assistant.settings.parallel
        name = assistant.model_name
    count = len(asked)
    print(f"model {name}, {count} questions, {concurrency} at once")
    print(f"ask, one after the other: {alone:.1f} s, {60 * count / alone:.1f} a minute")
    print(f"run_batch: {together:.1f} s, {60 * count / together:.1f} a minute, {summary.failed} failed")
    print(f"ratio {alone / together:.2f}")


if __name__ == "__main__":
    main()
