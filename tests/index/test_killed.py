from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_the_next_run_finishes_the_work(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.index.kill_rounds", str(tmp_path), "30", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    killed = re.search(r"killed (\d+) of 30", done.stdout)
    assert killed is not None and int(killed[1]) >= 10
