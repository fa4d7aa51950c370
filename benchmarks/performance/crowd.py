"""Many questions: a list in a batch against one after the other, and 1, 4 and 16 users at once over HTTP."""

from __future__ import annotations

import argparse
import io
import itertools
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from assistant.evaluation.gold import load_gold
from benchmarks.performance.answers import GOLD
from benchmarks.performance.figures import spread
from benchmarks.performance.options import Options
from benchmarks.performance.processes import run_json
from benchmarks.performance.record import Part
from benchmarks.performance.startup import free_port, server, wait_for

USERS = (1, 4, 16)
_KEY = "benchmark"
_PATIENCE = 1_800.0


def questions(count: int, start: int = 0) -> list[str]:
    """English questions of all sets in turn, without those that follow others."""
    sets: dict[str, list[str]] = {}
    for question in load_gold([GOLD]):
        if question.language == "en" and not question.history:
            sets.setdefault(question.topic, []).append(question.question)
    turns = [each for group in itertools.zip_longest(*sets.values()) for each in group if each]
    return list(itertools.islice(itertools.cycle(turns), start, start + count))


def measure(part: Part, options: Options) -> dict[str, Any]:
    """For `extractive` and for the language model."""
    found: dict[str, Any] = {}
    for model in dict.fromkeys(("extractive", options.model)):
        quick = options.quick
        count = {"extractive": 10 if quick else 60}.get(model, 4 if quick else 16)
        batch = part.step(
            f"{model} batch",
            lambda model=model, count=count: run_json(  # type: ignore[misc]
                "crowd", str(options.home), "--model", model, "--questions", str(count)
            ),
        )
        print(f"  {model}: batch {batch['ratio']:.2f} times as fast as one at a time", flush=True)
        found[model] = {"batch": batch, "users": {}}
        # Questions of each user, one after the other.
        rounds = 2 if model == "extractive" and not quick else 1
        for users in (1, 4) if quick and model != "extractive" else USERS:
            # One user asks as often as it takes for a median.
            asked = rounds if users > 1 else (3 if quick else 6)
            each = part.step(
                f"{model} {users} users",
                lambda users=users, asked=asked, model=model: at_once(options, model, users, asked),  # type: ignore[misc]
            )
            found[model]["users"][str(users)] = figures(each)
            seconds = found[model]["users"][str(users)]["seconds"]
            print(
                f"  {model}, {users} users: median {seconds['median']:.1f} s, p95 {seconds['p95']:.1f} s",
                flush=True,
            )
        one = found[model]["users"]["1"]["seconds"]["median"]
        for each in found[model]["users"].values():
            each["p95_by_one"] = round(each["seconds"]["p95"] / one, 2)
    return found


def at_once(options: Options, model: str, users: int, rounds: int) -> list[dict[str, Any]]:
    """Every request of every user: when it was sent and answered, and how."""
    port = free_port()
    replies: list[dict[str, Any]] = []
    lock = threading.Lock()
    with server(
        options, ["serve", "--no-ui", "--model", model, "--rate-limit", "0"], port, ASSISTANT_SERVE_KEY=_KEY
    ):
        wait_for(port, "/health")
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {_KEY}"},
            timeout=_PATIENCE,
            trust_env=False,
            limits=httpx.Limits(max_connections=users),
        )

        def ask(question: str) -> str:
            body = {"model": "assistant", "messages": [{"role": "user", "content": question}]}
            try:
                answer = client.post("/v1/chat/completions", json=body)
            except httpx.HTTPError as error:
                return type(error).__name__
            return "" if answer.status_code == 200 else f"HTTP {answer.status_code}"

        # The first question pays for what is loaded late.
        if error := ask("Who makes chips?"):
            raise SystemExit(f"The server answered the first question with {error}.")
        start = threading.Barrier(users + 1)
        # Other questions in every round and for every user, so that no cache answers.
        lists = [questions(rounds, user * rounds + users) for user in range(users)]

        def use(user: int) -> None:
            start.wait()
            for question in lists[user]:
                sent = time.perf_counter()
                error = ask(question)
                with lock:
                    replies.append(
                        {
                            "user": user,
                            "sent": sent - begun,
                            "done": time.perf_counter() - begun,
                            "error": error,
                        }
                    )

        threads = [threading.Thread(target=use, args=(user,)) for user in range(users)]
        for thread in threads:
            thread.start()
        begun = time.perf_counter()
        start.wait()
        for thread in threads:
            thread.join()
        client.close()
    return replies


def figures(replies: list[dict[str, Any]]) -> dict[str, Any]:
    """Latency, errors, and whether those who asked first were answered first."""
    seconds = [reply["done"] - reply["sent"] for reply in replies]
    pairs = list(itertools.combinations(sorted(replies, key=lambda reply: reply["sent"]), 2))
    # Of two requests, the later one done earlier, by more than the time between their sending.
    overtaken = sum(late["done"] < early["done"] for early, late in pairs)
    return {
        "seconds": spread(seconds),
        "errors": sum(bool(reply["error"]) for reply in replies),
        "kinds_of_error": sorted({reply["error"] for reply in replies if reply["error"]}),
        "questions_a_minute": round(60 * len(replies) / max(reply["done"] for reply in replies), 2),
        "overtaken": round(overtaken / len(pairs), 3) if pairs else 0.0,
        "longest_by_shortest": round(max(seconds) / min(seconds), 2),
    }


def batch(home: Path, model: str, count: int) -> dict[str, Any]:
    """Questions a minute, each way with an engine that was just loaded and warmed up by another question."""
    from assistant import Assistant
    from assistant.batch import BatchOptions, run_batch
    from assistant.models.local import close_engines

    first, *asked = questions(count + 1)

    def opened() -> Assistant:
        close_engines()
        assistant = Assistant(model=model, home=home)
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
            assistant, io.BytesIO(lines.encode()), Path(folder) / "answers.jsonl", BatchOptions()
        )
        together = time.perf_counter() - started
        return {
            "n": count,
            "at_once": assistant.settings.parallel,
            "alone_a_minute": round(60 * count / alone, 2),
            "batch_a_minute": round(60 * count / together, 2),
            "failed": summary.failed,
            "ratio": round(alone / together, 3),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--questions", type=int, required=True)
    options = parser.parse_args()
    print(json.dumps(batch(options.home, options.model, options.questions)))


if __name__ == "__main__":
    main()
