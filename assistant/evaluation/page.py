"""The report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.evaluation.records import Evaluation
from assistant.evaluation.report import Report, write_text


def write_page(report: Report, evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write the page."""
    write_text(path, "")
