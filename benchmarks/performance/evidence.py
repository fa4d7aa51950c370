"""The time until evidence is shown, and until an `extractive` answer is there: warm, and in a fresh process."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.performance.answers import chosen
from benchmarks.performance.figures import spread
from benchmarks.performance.options import Options
from benchmarks.performance.processes import environment, worker
from benchmarks.performance.record import ROOT, Part


def measure(part: Part, options: Options) -> dict[str, Any]:
    """Warm: one process and all questions. Fresh: a process for each question."""
    questions = chosen(options.quick)
    fresh = questions[: 2 if options.quick else 8]

    def warm() -> list[dict[str, Any]]:
        arguments = ["assistant", "--home", str(options.home), "--vectors", str(options.work / "vectors")]
        with worker([*arguments, "--model", "extractive"]) as asked:
            replies = [asked.ask(question.model_dump_json()) for question in questions]
        return [{k: v for k, v in reply.items() if k != "row"} for reply in replies]

    replies = part.step("warm", warm)
    lives = [
        part.step(f"fresh {question.id}", lambda q=question: fresh_process(options.home, q.question))  # type: ignore[misc]
        for question in fresh
    ]
    found: dict[str, Any] = {
        "fresh": {
            "evidence": spread([life["evidence"] for life in lives]),
            "answer": spread([life["answer"] for life in lives]),
        }
    }
    for language in ("all", "en", "zh"):
        mine = [r for r, q in zip(replies, questions, strict=True) if language in (q.language, "all")]
        found[language] = {
            "evidence": spread([reply["evidence_seconds"] for reply in mine]),
            "answer": spread([reply["seconds"] for reply in mine]),
        }
    found["peak_mb"] = replies[-1]["peak_mb"]
    return found


def fresh_process(home: Path, question: str) -> dict[str, float]:
    """Seconds from starting Python until the evidence and the answer are there."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.performance.evidence", str(home), question],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    found: dict[str, float] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found.setdefault(json.loads(line)["event"], time.perf_counter() - started)
    if process.wait() or "answer" not in found:
        raise SystemExit("A fresh process failed; what it said stands above.")
    print(f"  fresh: evidence {found['evidence']:.1f} s, answer {found['answer']:.1f} s", flush=True)
    return found


def main() -> None:
    from assistant import Assistant

    parser = argparse.ArgumentParser(description="Asks one question in this process.")
    parser.add_argument("home", type=Path)
    parser.add_argument("question")
    options = parser.parse_args()
    with Assistant(model="extractive", home=options.home) as assistant:
        for event in assistant.stream(options.question):
            if event.type in ("evidence", "answer"):
                print(json.dumps({"event": event.type}), flush=True)


if __name__ == "__main__":
    main()
