"""The record of a run on disk: one line a finished row, so that a killed run continues where it stopped.

The journal is the truth; the output files are made from it. Each line is appended in one write and forced to
disk before the row counts as done. A kill can only leave a torn last line, which the next run cuts off.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from assistant.batch.questions import QuestionRow
from assistant.errors import BatchError
from assistant.schema import Answer

RowStatus = Literal["answered", "partial", "not_in_corpus", "about", "failed"]
_VERSION = 1


class Outcome(BaseModel):
    """What became of one row."""

    model_config = ConfigDict(frozen=True)

    status: RowStatus
    error: str = ""
    """Why it failed; empty otherwise."""
    attempts: int = 1
    seconds: float = 0.0
    finished: dt.datetime
    answer: Answer | None = None


class RowResult(BaseModel):
    """A row of the list with its outcome, as the outputs show it."""

    model_config = ConfigDict(frozen=True)

    row: QuestionRow
    outcome: Outcome


class _Entry(BaseModel):
    """Where the latest outcome of a row stands in the file, and what is needed to plan the run."""

    offset: int
    length: int
    digest: str
    status: RowStatus
    settings: int


class Journal:
    """Appends outcomes and reads them back by row.

    Args:
        path: The file; its folder exists.
        settings: Names and values of everything that shapes an answer.
    """

    def __init__(self, path: Path, settings: Mapping[str, str]) -> None:
        self.path = path
        self._entries: dict[str, _Entry] = {}
        self._settings: list[dict[str, str]] = []
        if not path.exists():
            self._create(settings)
        self._file = path.open("r+b")
        try:
            self._lock()
            self._scan()
        except BaseException:
            self._file.close()
            raise
        self._current = dict(settings)

    def _create(self, settings: Mapping[str, str]) -> None:
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        new.write_bytes(_line({"type": "settings", "version": _VERSION, "values": dict(settings)}))
        new.replace(self.path)

    def _lock(self) -> None:
        """Two runs on one journal would double rows; the lock ends with the process, however it ends."""
        try:
            import fcntl
        except ImportError:  # no such lock on this system
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BatchError(
                f"Another run is writing {self.path.name}.", "Wait until it ends, or use another output."
            ) from None

    def _scan(self) -> None:
        offset, whole = 0, 0
        for line in self._file:
            record = _parse(line)
            if record is not None:
                self._index(record, offset, len(line))
            offset += len(line)
            if line.endswith(b"\n"):
                whole = offset
        if not self._settings:
            raise BatchError(
                f"{self.path.name} is not the journal of a run.", "Move it away, or use another output."
            )
        # What a killed run left of its last line.
        self._file.truncate(whole)
        self._end = whole

    def _index(self, record: dict[str, Any], offset: int, length: int) -> None:
        if record.get("type") == "settings" and record.get("version") == _VERSION:
            self._settings.append(record["values"])
        elif record.get("type") == "row" and self._settings:
            try:
                self._entries[record["key"]] = _Entry(
                    offset=offset,
                    length=length,
                    digest=record["digest"],
                    status=record["outcome"]["status"],
                    settings=len(self._settings) - 1,
                )
            except (KeyError, TypeError, ValueError):
                return  # a damaged line: its row is asked again

    def changes(self) -> list[str]:
        """What differs from the settings of the rows done so far, in words."""
        last = self._settings[-1]
        names = [name for name in {**last, **self._current} if last.get(name) != self._current.get(name)]
        return [f"{name}: {last.get(name, 'unset')} -> {self._current.get(name, 'unset')}" for name in names]

    def adopt(self) -> None:
        """Goes on with the current settings; rows from now on are marked as theirs."""
        if self._settings[-1] != self._current:
            self._append({"type": "settings", "version": _VERSION, "values": self._current})
            self._settings.append(self._current)

    def status(self, key: str, digest: str) -> RowStatus | None:
        """Status of a row, or None when it is not done or was a different question."""
        entry = self._entries.get(key)
        return entry.status if entry is not None and entry.digest == digest else None

    def mixed(self, keys: list[str]) -> bool:
        """Whether these rows were answered under different settings."""
        return len({self._entries[key].settings for key in keys if key in self._entries}) > 1

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, key: str, digest: str, outcome: Outcome) -> None:
        """Records an outcome; when this returns it is on the disk.

        Raises:
            BatchError: The disk is full or the file is gone; everything recorded before is kept.
        """
        record = {"type": "row", "key": key, "digest": digest, "outcome": outcome.model_dump(mode="json")}
        self._index(record, *self._append(record))

    def _append(self, record: dict[str, Any]) -> tuple[int, int]:
        line = _line(record)
        try:
            self._file.seek(self._end)
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._end)
            raise BatchError(
                f"{self.path} cannot be written: {error.strerror}.",
                "Make room and run the same command again; finished rows are kept.",
            ) from error
        start, self._end = self._end, self._end + len(line)
        return start, len(line)

    def outcome(self, key: str) -> Outcome | None:
        """The latest outcome of a row."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._file.seek(entry.offset)
        return Outcome.model_validate(json.loads(self._file.read(entry.length))["outcome"])

    def results(self, rows: list[tuple[str, str, QuestionRow]]) -> Iterator[RowResult]:
        """Finished rows in the order given, each read from the disk when it is needed.

        Args:
            rows: Key, digest and row.
        """
        for key, digest, row in rows:
            if self.status(key, digest) is not None and (outcome := self.outcome(key)) is not None:
                yield RowResult(row=row, outcome=outcome)

    def close(self) -> None:
        """Releases the file."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _parse(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
