from __future__ import annotations

import threading
from pathlib import Path

import pytest

from assistant.index.watch import watch

pytest.importorskip("watchfiles")
_PATIENCE = 60


class Watched:
    """`watch` in a thread, with what it did."""

    def __init__(self, *paths: Path) -> None:
        self.ran = threading.Event()
        self.stop = threading.Event()
        ready = threading.Event()
        self.thread = threading.Thread(
            target=watch, args=(paths, self.ran.set), kwargs={"stop": self.stop, "ready": ready.set}
        )
        self.thread.start()
        assert ready.wait(_PATIENCE)

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(_PATIENCE)
        assert not self.thread.is_alive()


def test_a_change_in_a_folder_runs_again(tmp_path: Path) -> None:
    with Watched(tmp_path) as watched:
        (tmp_path / "a.txt").write_text("x")
        assert watched.ran.wait(_PATIENCE)
        watched.ran.clear()
        (tmp_path / "a.txt").unlink()
        assert watched.ran.wait(_PATIENCE)


def test_a_file_that_its_editor_replaces_is_noticed_and_its_neighbours_are_not(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    with Watched(file) as watched:
        (tmp_path / "other.txt").write_text("x")
        (tmp_path / ".a.txt.swp").write_text("x")
        assert not watched.ran.wait(2)
        (tmp_path / "new").write_text("y")
        (tmp_path / "new").replace(file)
        assert watched.ran.wait(_PATIENCE)
