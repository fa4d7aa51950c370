"""What one evaluated question leaves behind, and the whole of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from assistant.evaluation.gold import GoldQuestion
from assistant.schema import Answer, SearchHit


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RankedPassage(_Record):
    """A retrieved passage, cut down to what the metrics need."""

    document: str
    """Path of its document."""
    text: str

    @classmethod
    def of(cls, hit: SearchHit) -> RankedPassage:
        """From a search hit."""
        return cls(document=hit.passage.document.path, text=hit.passage.text)


class EvalRow(_Record):
    """One question with everything that was observed."""

    question: GoldQuestion
    answer: Answer | None = None
    """None when the question failed, or when only retrieval was asked for."""
    evidence: str | None = None
    """The text that was read to answer, best first; None when nothing was told of it."""
    retrieved: tuple[RankedPassage, ...] | None = None
    """What a search for the stand-alone question finds, best first; None when it was not searched."""
    seconds: float | None = None
    """From asking to the finished answer."""
    first_claim_seconds: float | None = None
    """From asking to the first checked sentence."""
    error: str = ""

    def to_json(self) -> str:
        """One line of JSON that `model_validate_json` reads back."""
        return self.model_dump_json()


class Evaluation(_Record):
    """The rows of one configuration over one list of questions."""

    name: str
    """How reports call the configuration."""
    model: str = ""
    settings: dict[str, str] = {}
    rows: tuple[EvalRow, ...]

    @property
    def errors(self) -> tuple[EvalRow, ...]:
        """Rows whose question failed."""
        return tuple(row for row in self.rows if row.error)
