"""Ingestion: the briefs indexed by the assistant, by LlamaIndex, and by an older working tree of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from assistant.resources import corpus_folder
from benchmarks.performance.figures import spread
from benchmarks.performance.options import Options
from benchmarks.performance.processes import environment
from benchmarks.performance.record import ROOT, Part, commit

_FILES, _QUICK_FILES = 98, 10


def measure(part: Part, options: Options) -> dict[str, Any]:
    """In turn, each time in a new process and a new home folder."""
    corpus = _corpus(options)
    systems = {"assistant": (sys.executable, ROOT)}
    if options.llama_index:
        systems["llamaindex"] = (options.llama_index, ROOT)
    if options.against:
        systems["against"] = (sys.executable, options.against.resolve())
    repeats = 1 if options.quick else 2
    for repeat in range(repeats):
        for name, (python, tree) in systems.items():
            part.step(
                f"{name} {repeat}",
                lambda name=name, python=python, tree=tree: _once(corpus, name, python, tree, options.work),  # type: ignore[misc]
            )
    runs = {name: [part.steps[f"{name} {repeat}"] for repeat in range(repeats)] for name in systems}
    ours = spread([run["seconds"] for run in runs["assistant"]])["median"]
    found: dict[str, Any] = {"documents": len(list(corpus.rglob("*.md")))}
    for name, each in runs.items():
        seconds = spread([run["seconds"] for run in each])
        found[name] = {
            "seconds": seconds,
            "passages": each[0]["passages"],
            "passages_a_second": round(each[0]["passages"] / seconds["median"], 1),
            "characters_a_second": round(each[0]["characters"] / seconds["median"]),
            "peak_mb": max(run["peak_mb"] for run in each),
            "assistant_ratio": round(ours / seconds["median"], 3),
        }
    if options.against:
        found["against"]["commit"] = commit(options.against)
    return found


def _corpus(options: Options) -> Path:
    """The briefs, or the first of them."""
    folder = options.work / ("corpus-quick" if options.quick else "corpus")
    shutil.rmtree(folder, ignore_errors=True)
    source = corpus_folder()
    for file in sorted(source.rglob("*.md"))[: _QUICK_FILES if options.quick else _FILES]:
        target = folder / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return folder


def _once(corpus: Path, name: str, python: str, tree: Path, work: Path) -> dict[str, Any]:
    script = Path(__file__).parent / "ingest_once.py"
    system = "llamaindex" if name == "llamaindex" else "assistant"
    done = subprocess.run(
        [python, str(script), str(corpus), system],
        stdout=subprocess.PIPE,
        text=True,
        # Where no other `assistant` lies.
        cwd=work,
        env=environment(tree),
    )
    if done.returncode:
        raise SystemExit(f"Ingestion by {name} failed; what it said stands above.")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found.pop("tree", str(tree)) != str(tree):
        raise SystemExit(f"The assistant of {tree} was not the one that ran.")
    print(f"  {name}: {found['passages']} passages in {found['seconds']:.1f} s", flush=True)
    return found
