"""Start-up: the help, a question on the command line, and the first byte of the page, each in a fresh process."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.performance.figures import spread
from benchmarks.performance.options import Options
from benchmarks.performance.processes import environment
from benchmarks.performance.record import ROOT, Part

_QUESTION = "What is Huawei's plan for the Ascend 950?"
_PATIENCE = 300.0


def measure(part: Part, options: Options) -> dict[str, Any]:
    """Several times each; the files are in the cache of the system after the first, which is not counted."""
    repeats = 2 if options.quick else 5
    commands = {
        "help": ["--help"],
        "documents": ["documents"],
        "search": ["search", _QUESTION],
        "ask": ["ask", "--model", "extractive", "--json", _QUESTION],
    }
    found: dict[str, Any] = {}
    for name, words in commands.items():
        part.step(f"{name} first", lambda words=words: command(options, words))  # type: ignore[misc]
        runs = [part.step(f"{name} {n}", lambda words=words: command(options, words)) for n in range(repeats)]  # type: ignore[misc]
        found[name] = spread(runs)
        print(f"  assistant {words[0]}: {found[name]['median']:.2f} s", flush=True)
    part.step("page first", lambda: page(options))
    found["page"] = spread([part.step(f"page {n}", lambda: page(options)) for n in range(repeats)])
    print(f"  page: {found['page']['median']:.2f} s", flush=True)
    return found


def command(options: Options, words: list[str]) -> float:
    """Seconds that the console command takes."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(ASSISTANT_HOME=str(options.home)),
    )
    if done.returncode:
        raise SystemExit(f"assistant {' '.join(words)} failed: {done.stderr.strip()}")
    return time.perf_counter() - started


def page(options: Options) -> float:
    """Seconds from starting the program to the first byte of the page."""
    port = free_port()
    with server(options, ["ui", "--no-browser", "--model", "extractive"], port) as started:
        return wait_for(port, "/") - started


@contextmanager
def server(options: Options, words: list[str], port: int, **settings: str) -> Iterator[float]:
    """A server of the console command, ended with the block; gives the time when it was started."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", *words, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(ASSISTANT_HOME=str(options.home), **settings),
    )
    try:
        yield started
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str) -> float:
    """The time at which the first byte of an answer with status 200 came.

    Raises:
        SystemExit: None came within five minutes.
    """
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.02)
    raise SystemExit(f"The server did not answer {path} within {_PATIENCE:.0f} s.")
