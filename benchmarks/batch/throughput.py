"""Questions a minute: one after the other with `ask`, against `run_batch` with the engine's parallel slots.

Both halves get questions of the same sets in turn, so that neither profits from what the other left in a cache.

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
    parser.add_argument("--questions", type=int, default=20, help="questions in all, half for each way")
    parser.add_argument("--model", default=None)
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--concurrency", type=int, default=None)
    arguments = parser.parse_args()
    asked = questions(arguments.questions)
    with Assistant(model=arguments.model, home=arguments.home) as assistant:
        assistant.sync()
        assistant.warm_up()
        assistant.ask(asked[0])
        started = time.perf_counter()
        for question in asked[0::2]:
            assistant.ask(question)
        alone = time.perf_counter() - started
        lines = "\n".join(json.dumps({"question": question}) for question in asked[1::2])
        with tempfile.TemporaryDirectory() as folder:
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
    first, second = len(asked[0::2]), len(asked[1::2])
    rate, batch_rate = 60 * first / alone, 60 * second / together
    print(f"model {name}, {concurrency} at once")
    print(f"ask, one after the other: {first} questions in {alone:.1f} s, {rate:.1f} a minute")
    print(
        f"run_batch: {second} questions in {together:.1f} s, {batch_rate:.1f} a minute, {summary.failed} failed"
    )
    print(f"ratio {batch_rate / rate:.2f}")


if __name__ == "__main__":
    main()
