"""What a run was asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.performance.record import commit


@dataclass(frozen=True)
class Options:
    """Of the command line, for all parts."""

    quick: bool
    """Fewer questions and repeats: to see that it works, and roughly how fast."""
    work: Path
    """Folder of indexes, vectors and answers, which serve the next run too."""
    model: str = "local"
    llama_index: str | None = None
    """The Python that has LlamaIndex; it is left out when None."""
    against: Path | None = None
    """Another working tree of this project, to compare ingestion with."""
    sizes: tuple[int, ...] = ()
    """Passages of the synthetic indexes."""
    python: str = field(default=sys.executable)

    def deciding(self, part: str) -> dict[str, Any]:
        """Those that decide the figures of a part: with others it is measured anew."""
        own: dict[str, dict[str, Any]] = {
            "answers": {"model": self.model, "llama_index": bool(self.llama_index)},
            "ingestion": {
                "llama_index": bool(self.llama_index),
                "against": commit(self.against) if self.against else "",
            },
            "crowd": {"model": self.model},
            "retrieval": {"sizes": list(self.sizes)},
        }
        return {"quick": self.quick, **own.get(part, {})}

    @property
    def home(self) -> Path:
        """Home folder of the assistant that is measured."""
        return self.work / "home"
