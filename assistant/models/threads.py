"""How many threads compute."""

from __future__ import annotations

import os


def thread_count(wanted: int) -> int:
    """So many threads, or one for each core that this process may use when 0."""
    if wanted:
        return wanted
    # Not all platforms tell which cores a process may use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
