"""Reads files in a process of its own, which is ended when it hangs and started anew when it died.

A hang, a crash and a lack of memory cost one file. The process is started at the first file that needs it,
serves one file after another, and ends when it was not needed for a while.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.errors import DocumentError
from assistant.ingest.archive import Archive, Member
from assistant.ingest.readers.source import Limits, Refusal, over_limit, relative_name, shown_name
from assistant.schema import Document

_MODULE = "assistant.ingest.worker_main"
_IDLE_SECONDS = 60.0
# A busy machine needs this long for the first imports.
_START_SECONDS = 300.0
_LONGEST_ANSWER = 400_000_000
# What a reader needs of the environment; keys and tokens stay out of reach of what it reads.
_ENVIRONMENT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "COMSPEC"}
    | {"USERPROFILE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TESSDATA_PREFIX", "VIRTUAL_ENV", "PYTHONHOME"}
)
_OPEN_AGAIN = "Check that it opens in another program and save it again."


class ReadingProcess:
    """A process that reads one file at a time; safe to use from several threads.

    Args:
        module: What it runs.
    """

    def __init__(self, module: str = _MODULE) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._idle: threading.Timer | None = None

    def read(self, path: Path, *, root: Path, collection: str, limits: Limits) -> Document:
        """Reads a file; a reader that hangs or crashes is left out, and the next is tried.

        Raises:
            DocumentError: It cannot be read, exceeds a limit, or ended the process.
        """
        failures: list[DocumentError] = []
        skip: list[str] = []
        while True:
            ask = {"task": "read", "path": str(path), "root": str(root), "collection": collection}
            answer = self._ask({**ask, "skip": skip}, limits, shown_name(relative_name(path, root)))
            if answer["kind"] == "document":
                remarks = [_remark(reader, error) for reader, error in zip(skip, failures, strict=True)]
                return _document(answer, path, remarks)
            error = _error_of(answer)
            failures.append(error)
            reader = answer.get("reader")
            # A process that answers has tried all readers itself.
            if answer["kind"] != "lost" or not reader or reader in skip or not answer.get("left"):
                raise failures[0]
            skip.append(reader)

    def unpack(self, path: Path, *, root: Path, limits: Limits) -> Archive:
        """Lists an archive; see `assistant.ingest.archive.unpack`.

        Raises:
            DocumentError: It is no archive, is damaged, exceeds a limit, or ended the process.
        """
        ask = {"task": "unpack", "path": str(path), "root": str(root)}
        answer = self._ask(ask, limits, shown_name(relative_name(path, root)))
        if answer["kind"] != "archive":
            raise _error_of(answer)
        members = tuple(Member(**member) for member in answer["members"])
        return Archive(members, tuple(Refusal(**refusal) for refusal in answer["refused"]))

    def close(self) -> None:
        """Ends the process, whatever it does; the next file starts another."""
        if (process := self._process) is not None and self._owner == os.getpid():
            _kill(process)
        with self._lock:
            self._end()

    def _ask(self, request: dict[str, Any], limits: Limits, name: str) -> dict[str, Any]:
        with self._lock:
            try:
                process = self._running()
                return self._exchange(process, {**request, "limits": asdict(limits)}, limits, name)
            except OSError as error:
                self._end()
                what = f"{name}: cannot be read, as no process can be started: {error.strerror or error}."
                raise DocumentError(what, "Free some memory or end other programs.") from error
            except BaseException:
                # Interrupted while it works: what it would answer belongs to no later request.
                self._end()
                raise

    def _exchange(
        self, process: subprocess.Popen[bytes], request: dict[str, Any], limits: Limits, name: str
    ) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        reader, left = "", 0
        late = threading.Event()
        timer = _timer(max(limits.seconds, _START_SECONDS), _stop, process, late)
        try:
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                # It ended; reading tells how.
                pass
            while True:
                line = process.stdout.readline(_LONGEST_ANSWER)
                message = _parsed(line)
                timer.cancel()
                if message is None:
                    break
                if message["kind"] not in ("ready", "try", "alive"):
                    if message.get("last"):
                        self._end()
                    self._retire_later()
                    return {**message, "reader": reader, "left": left}
                if message["kind"] == "try":
                    reader, left = str(message["reader"]), int(message["left"])
                timer = _timer(limits.seconds, _stop, process, late)
        finally:
            timer.cancel()
        if not late.is_set():
            _wait_for_end(process)
        self._end()
        if late.is_set():
            what = f"took more than {limits.seconds:g} seconds to read."
            error = over_limit(name, what, "seconds")
        else:
            error = DocumentError(f"{name}: made its reader crash ({_ending(process)}).", _OPEN_AGAIN)
        return {"kind": "lost", "what": error.what, "hint": error.hint, "reader": reader, "left": left}

    def _running(self) -> subprocess.Popen[bytes]:
        if self._idle is not None:
            self._idle.cancel()
        if self._owner != os.getpid():
            # After a fork the process belongs to the parent.
            self._process = None
        if self._process is None or self._process.poll() is not None:
            self._end()
            environment = {k: v for k, v in os.environ.items() if k.upper() in _ENVIRONMENT}
            environment["PYTHONPATH"] = str(Path(__file__).parents[2])
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                # A group of its own: what it starts ends with it, and Ctrl-C reaches this process first.
                start_new_session=os.name == "posix",
            )
            self._owner = os.getpid()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait()

    def _retire_later(self) -> None:
        self._idle = threading.Timer(_IDLE_SECONDS, self._retire)
        self._idle.daemon = True
        self._idle.start()

    def _retire(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                if threading.current_thread() is self._idle:
                    self._end()
            finally:
                self._lock.release()


def _document(answer: dict[str, Any], path: Path, remarks: list[str]) -> Document:
    try:
        document = Document.model_validate(answer["document"])
    except ValidationError as error:
        raise DocumentError(
            f"{path.name}: was read into something that is no document.", _OPEN_AGAIN
        ) from error
    return document.model_copy(update={"remarks": (*remarks, *document.remarks)}) if remarks else document


def _error_of(answer: dict[str, Any]) -> DocumentError:
    return DocumentError(str(answer.get("what", "")), str(answer.get("hint", "")))


def _remark(reader: str, error: DocumentError) -> str:
    return f"not read by {reader}: {error.what.partition(': ')[2] or error.what}"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A message; None when the process ended or sent something else."""
    if not line.endswith(b"\n"):
        return None
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("kind"), str) else None


def _timer(seconds: float, act: Callable[..., None], *arguments: object) -> threading.Timer:
    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), act, arguments)
    timer.daemon = True
    timer.start()
    return timer


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except OSError:
        # It has ended by itself.
        return


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    """Lets a process that closed its output end by itself, so that it tells how."""
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"


_shared = ReadingProcess()
atexit.register(_shared.close)


def reading_process() -> ReadingProcess:
    """The process that this program reads with; it starts at the first file."""
    return _shared
