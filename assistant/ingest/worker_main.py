"""The process that reads files of foreign formats: it may hang, crash or use up memory without harm.

It is started with no more of the environment than it needs, gets one line of JSON a request and answers with
lines of JSON. It never answers with code: what a broken reader may send is checked before it is used.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from assistant.errors import DocumentError
from assistant.ingest.archive import unpack
from assistant.ingest.readers import SUPPORTED_SUFFIXES, Limits, load, read_source
from assistant.ingest.readers.source import beyond_memory, over_limit, relative_name


def main() -> None:
    """Answers requests until its input ends."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    # Libraries print: what they print must not mix with the answers.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with os.fdopen(quiet, "wb") as null:
        _send(out, {"kind": "ready"})
        for line in sys.stdin.buffer:
            request = json.loads(line)
            limits = Limits(**request["limits"])
            _limit_memory(limits.memory_bytes)
            watch = _Watch(null, limits.seconds)
            watch.restart()
            answer = _answer(request, limits, out, watch)
            _send(out, {**answer, "last": _is_bloated(limits.memory_bytes)})
            faulthandler.cancel_dump_traceback_later()


class _Watch:
    """Ends the process when it hangs and nobody is left to end it."""

    def __init__(self, null: Any, seconds: float) -> None:
        self._null = null
        self._seconds = seconds

    def restart(self) -> None:
        faulthandler.dump_traceback_later(self._seconds * 2 + 30, exit=True, file=self._null)


def _answer(request: dict[str, Any], limits: Limits, out: BinaryIO | Any, watch: _Watch) -> dict[str, Any]:
    path, root = Path(request["path"]), Path(request["root"])

    def alive() -> None:
        watch.restart()
        _send(out, {"kind": "alive"})

    def on_try(reader: str, left: int) -> None:
        watch.restart()
        _send(out, {"kind": "try", "reader": reader, "left": left})

    try:
        if request["task"] == "unpack":
            name = relative_name(path, root)
            archive = unpack(path, name=name, suffixes=SUPPORTED_SUFFIXES, limits=limits)
            return {"kind": "archive", **asdict(archive)}
        source = load(path, root=root, collection=request["collection"], limits=limits)
        document = read_source(replace(source, alive=alive), skip=request["skip"], on_try=on_try)
        return {"kind": "document", "document": document.model_dump(mode="json")}
    except DocumentError as error:
        return {"kind": "error", "what": error.what, "hint": error.hint}
    except MemoryError:
        large = over_limit(path.name, beyond_memory(limits), "memory_bytes")
        return {"kind": "error", "what": large.what, "hint": large.hint}


def _limit_memory(most: int) -> None:
    try:
        import resource
    except ImportError:
        return
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (OSError, ValueError):
        # Some systems know the limit but do not let it be set.
        return


def _is_bloated(most: int) -> bool:
    """Whether the process once used so much memory that the next file should get a fresh one."""
    try:
        import resource
    except ImportError:
        return False
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) > most // 2


def _send(out: BinaryIO | Any, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    view = memoryview(data)
    while view:
        view = view[out.write(view) :]


if __name__ == "__main__":
    main()
