from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("options", [["--kills", "12"], ["--kills", "5", "--steps", "--server"]])
def test_killed_at_any_moment_the_next_run_makes_what_a_clean_build_makes(
    tmp_path: Path, options: list[str]
) -> None:
    """`python -m tests.index.kill_rounds --kills 100` does it more often."""
    command = [sys.executable, "-m", "tests.index.kill_rounds", "--folder", str(tmp_path), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "does not start here" in done.stdout + done.stderr:
        pytest.skip("`chroma run` does not start here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all equal" in done.stdout
