"""Feeds broken files to every reader and counts what becomes of them.

    python benchmarks/fuzzing/run.py --inputs 10000
    python benchmarks/fuzzing/run.py --inputs 500 --formats .pdf --seed 7
    python benchmarks/fuzzing/run.py --formats .pdf --only 123        # one input again, with its traceback

Inputs are shared evenly among the formats, read in turns, and follow from the seed, the format and their number
alone. The files of `broken_files.py` come last. A worker process reads them; it is killed when one takes more
processor time than `--limit`, and inputs that crash, hang or kill it are written to `--out`. `--seconds` ends a run
early; what was counted until then is printed.

Counted: read; refused with an error that says what is wrong; refused by the catch-all of the reader chain
("unforeseen"); crashes (any other exception, a broken rule of `reading.check`, or the death of the process); hangs.
Memory: resident size of the worker every 200 inputs, and the slope of its growth after the first fifth of them.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import os
import random
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from broken_files import write
from mutations import Mutator
from reading import read
from seed_files import seeds

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# A reader that asks for more dies with MemoryError, which counts as a crash.
_MOST_MEMORY = 6 << 30
_OUTCOMES = ("read", "refused", "unforeseen", "crash", "hang")


def make(seed: int, suffix: str, number: int) -> tuple[str, bytes]:
    """The input of a number; the same in every run."""
    return f"{number}{suffix}", Mutator(random.Random(f"{seed}{suffix}{number}"), dict(seeds())).make(suffix)


def resident() -> int:
    """Bytes of memory that this process holds, after what is free was given back."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def work(seed: int) -> None:
    """Reads one input for each line of standard input and answers with a line."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        if order["broken"]:
            name, data = Path(order["broken"]).name, Path(order["broken"]).read_bytes()
        else:
            name, data = make(seed, order["suffix"], order["number"])
        started = time.process_time()
        result = read(name, data)
        spent = time.process_time() - started
        memory = resident() if order["measure"] else 0
        print(json.dumps([result.outcome, result.detail, spent, memory]), file=answers, flush=True)


class Worker:
    """The process that reads; a new one after each death."""

    def __init__(self, seed: int, limit: float) -> None:
        self._limit = limit
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--work", "--seed", str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, order: dict[str, Any]) -> list[Any]:
        """Outcome, detail, processor seconds and memory."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        before = self._spent()
        while not select.select([self._process.stdout], [], [], 1.0)[0]:
            if self._spent() - before > self._limit:
                self.end()
                return ["hang", f"more than {self._limit:.0f} s", self._limit, 0]
        line = self._process.stdout.readline()
        if line:
            answer: list[Any] = json.loads(line)
            return answer
        code = self._process.wait()
        return ["crash", f"the process died with {code}", 0.0, 0]

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def _spent(self) -> float:
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()


def orders(formats: list[str], inputs: int, broken: list[Path]) -> list[dict[str, Any]]:
    """What to read, the formats in turns; memory is measured every 200 inputs."""
    listed = [path for path in broken if path.suffix in formats]
    plan: list[dict[str, Any]] = []
    for number in range(max(inputs - len(listed), 0)):
        suffix = formats[number % len(formats)]
        plan.append({"suffix": suffix, "broken": "", "number": number // len(formats)})
    plan += [{"suffix": path.suffix, "broken": str(path), "number": 0} for path in listed]
    return [{**order, "measure": place % 200 == 0} for place, order in enumerate(plan)]


def run(options: argparse.Namespace, broken: list[Path]) -> int:
    """Reads all inputs and prints the table; returns how many crashed or hung."""
    worker = Worker(options.seed, options.limit)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    memory: list[tuple[int, int]] = []
    slowest: dict[str, tuple[float, str]] = {}
    unforeseen: Counter[str] = Counter()
    bad = spent_in_all = 0
    started = time.monotonic()
    plan = orders(options.formats, options.inputs, broken)
    for done, order in enumerate(plan):
        if options.seconds and time.monotonic() - started > options.seconds:
            break
        suffix, name = order["suffix"], Path(order["broken"]).name or f"{order['number']}{order['suffix']}"
        if not worker.alive:
            worker = Worker(options.seed, options.limit)
            memory.clear()
        outcome, detail, spent, held = worker.ask(order)
        counts[suffix][outcome] += 1
        slowest[suffix] = max(slowest.get(suffix, (0.0, "")), (spent, name))
        spent_in_all += spent
        if held:
            memory.append((done, held))
            print(
                f"{done} of {len(plan)}: {time.monotonic() - started:.0f} s, {held / 1e6:.0f} MB",
                file=sys.stderr,
                flush=True,
            )
        if outcome == "unforeseen":
            unforeseen[f"{suffix} {detail}"] += 1
        if outcome in ("crash", "hang"):
            bad += 1
            print(f"{name}: {outcome}: {detail}", flush=True)
            options.out.mkdir(parents=True, exist_ok=True)
            data = (
                Path(order["broken"]).read_bytes()
                if order["broken"]
                else make(options.seed, suffix, order["number"])[1]
            )
            (options.out / f"{outcome}-{name}").write_bytes(data)
    worker.end()
    print(f"\n| format | inputs | {' | '.join(_OUTCOMES)} | slowest (CPU s) |")
    print("|---|" + "---:|" * (len(_OUTCOMES) + 2))
    for suffix in options.formats:
        seconds, name = slowest.get(suffix, (0.0, ""))
        row = " | ".join(str(counts[suffix][outcome]) for outcome in _OUTCOMES)
        print(f"| {suffix} | {counts[suffix].total()} | {row} | {seconds:.1f} ({name}) |")
    total = sum(counts.values(), Counter())
    print(
        f"| all | {total.total()} | {' | '.join(str(total[o]) for o in _OUTCOMES)} | {spent_in_all:.0f} in all |"
    )
    print(
        "\nUnforeseen:", "; ".join(f"{what}: {count}" for what, count in unforeseen.most_common()) or "none"
    )
    print("Memory:", growth(memory))
    return bad


def growth(memory: list[tuple[int, int]]) -> str:
    """Resident size and its least-squares slope after the first fifth of the measurements."""
    kept = memory[len(memory) // 5 :]
    if len(kept) < 3:
        return "too few measurements"
    places, sizes = zip(*kept, strict=True)
    slope = statistics.linear_regression(places, sizes).slope
    return f"{sizes[0] / 1e6:.0f} MB after {places[0]} inputs, {sizes[-1] / 1e6:.0f} MB after {places[-1]}; {slope / 1e3:+.2f} kB an input"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--formats", nargs="*", default=list(seeds()))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=30.0, help="processor seconds for one input")
    parser.add_argument("--seconds", type=float, default=0.0, help="end after so long")
    parser.add_argument("--out", type=Path, default=Path("fuzzing-failures"))
    parser.add_argument("--only", type=int, help="read one input of the format, with its traceback")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.seed)
    elif options.only is not None:
        from reading import check

        from assistant.ingest.readers import SourceFile, read_source

        name, data = make(options.seed, options.formats[0], options.only)
        check(read_source(SourceFile(name=name, data=data)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            broken = [Path(folder) / name for name, _ in write(Path(folder))]
            sys.exit(1 if run(options, broken) else 0)


if __name__ == "__main__":
    main()
