"""Rows of a benchmark as JSON Lines, kept as they come, so that a broken run can go on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class RowLog:
    """Rows by id.

    Args:
        path: The file; its folder is made.
        run: What the rows depend on (model and settings); rows of another run are left out.
    """

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run
        self.rows: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text and not text.endswith("\n"):
            # A line that was cut off must not swallow the next one.
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")
        lines = text.split("\n")
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                # The last line of a run that was cut off.
                continue
            if row.get("run") == run:
                self.rows[row["id"]] = row

    def add(self, name: str, row: dict[str, Any]) -> None:
        """Keep a row and write it to disk."""
        self.rows[name] = {"id": name, "run": self._run, **row}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.rows[name], ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
