"""Retrieval and memory at one thousand to one million passages, without the embedding of the question."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from assistant.index.fingerprint import Fingerprint
from assistant.ingest.chunking import CHUNKER_VERSION
from benchmarks.performance.options import Options
from benchmarks.performance.processes import run_json
from benchmarks.performance.record import Part, read_json, write_atomically
from benchmarks.performance.synthetic import MadeUpVectors

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
_ONE_MORE = 100_000


def measure(part: Part, options: Options) -> dict[str, Any]:
    """Fill what is not there yet, then search, each in a process of its own."""
    sizes = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    queries, repeats = ("30", 1) if options.quick else ("200", 2)
    for size in sizes:
        folder = options.work / "synthetic" / str(size)
        built = part.step(f"{size} fill", lambda size=size, folder=folder: filled(size, folder))  # type: ignore[misc]
        # The figures may be there without the index.
        filled(size, folder)
        for repeat in range(repeats):
            print(f"  {size:,} passages, filled in {built['seconds']:.0f} s, searched", flush=True)
            part.step(
                f"{size} search {repeat}",
                lambda size=size, folder=folder: run_json(  # type: ignore[misc]
                    "at_size", str(folder), "--passages", str(size), "--queries", queries
                ),
            )
        # BM25 is built anew, which at a million passages takes as long as at the end of the filling.
        if size <= _ONE_MORE:
            part.step(
                f"{size} one more",
                lambda size=size, folder=folder: run_json(  # type: ignore[misc]
                    "at_size", str(folder), "--passages", str(size), "--one-more"
                ),
            )
    return {
        str(size): {
            "fill": part.steps[f"{size} fill"],
            "one_more": part.steps.get(f"{size} one more"),
            "search": [part.steps[f"{size} search {repeat}"] for repeat in range(repeats)],
        }
        for size in sizes
    }


def filled(size: int, folder: Path) -> dict[str, Any]:
    """An index of so many passages: that of an earlier run, or a new one, which takes an hour for a million."""
    done = folder / "filled.json"
    # An index of an older form would be opened empty.
    form = Fingerprint.of(MadeUpVectors(), CHUNKER_VERSION).key
    found = read_json(done)
    if found is None or found["form"] != form:
        print(f"  filling an index of {size:,} passages", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        found = run_json("at_size", str(folder), "--passages", str(size), "--fill")
        found["form"] = form
        write_atomically(done, json.dumps(found))
    return found
