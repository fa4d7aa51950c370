"""Child processes of the benchmark: of this working tree, or of another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.performance.record import ROOT


def environment(tree: Path = ROOT, **further: str) -> dict[str, str]:
    """The environment of a child: `assistant` comes from the working tree, settings of the user stay out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    # The assembled weights may lie where the user said.
    if "ASSISTANT_CACHE" in os.environ:
        kept["ASSISTANT_CACHE"] = os.environ["ASSISTANT_CACHE"]
    if tree == ROOT:
        # Some questions are asked several times, and each time is measured.
        kept["ASSISTANT_KEPT_ANSWERS"] = "0"
    return {**kept, "PYTHONPATH": str(tree), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **further}


def run_json(module: str, *arguments: str) -> dict[str, Any]:
    """The last line that a module of this package prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.performance.{module}", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)} failed; what it said stands above.")
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


class Worker:
    """A `worker` process that is asked line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready = self._read()

    def ask(self, line: str) -> dict[str, Any]:
        """The reply to one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("A worker ended; what it said stands above.")
        found = json.loads(line)
        assert isinstance(found, dict)
        return found


@contextmanager
def worker(arguments: Sequence[str], python: str = sys.executable) -> Iterator[Worker]:
    """A worker that ends with the block."""
    process = subprocess.Popen(
        [python, "-m", "benchmarks.performance.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.wait()
