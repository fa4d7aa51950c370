"""One question of a list, and which columns of the list hold what."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field

from assistant.request import AnswerLanguage
from assistant.schema import Filters


class ColumnMap(BaseModel):
    """Names of the columns to read; None: found by its usual names, or absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str | None = None
    id: str | None = None
    conversation: str | None = None
    """Rows with the same value are one conversation, asked in the order of the list."""
    topic: str | None = None
    since: str | None = None
    until: str | None = None
    language: str | None = None
    """Language of the documents to search, `en` or `zh`."""
    answer_language: str | None = None


USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "question": ("question", "questions", "query", "prompt", "问题"),
    "id": ("id", "question_id", "key", "编号"),
    "conversation": ("conversation", "conversation_id", "thread", "对话"),
    "topic": ("topic", "topics", "主题"),
    "since": ("since", "from", "开始"),
    "until": ("until", "to", "结束"),
    "language": ("language", "languages", "lang", "语言"),
    "answer_language": ("answer_language", "回答语言"),
}
"""Column names that are understood without a mapping, compared without regard to case."""


class QuestionRow(BaseModel):
    """One row of a question list, ready to be asked, or with the reason why it cannot be."""

    model_config = ConfigDict(frozen=True)

    number: int
    """Row of a table or line of a text file, counted from 1, header included."""
    id: str
    """From the id column; otherwise the row number."""
    question: str
    filters: Filters | None = None
    conversation: str = ""
    answer_language: AnswerLanguage | None = None
    extra: dict[str, str] = Field(default_factory=dict)
    """All other columns, handed on to the output."""
    problem: str = ""
    """Why this row cannot be asked; empty when it can."""

    def digest(self, before: str = "") -> str:
        """Identifies what is asked: question, filters, language, and the row before in its conversation."""
        filters = self.filters.model_dump(mode="json", exclude_defaults=True) if self.filters else {}
        asked: list[object] = [self.question, filters, self.problem, before]
        if self.answer_language is not None:
            asked.append(self.answer_language)
        content = json.dumps(asked, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:20]
