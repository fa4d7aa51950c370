"""Question lists in, answers out: resumable runs over hundreds of questions."""

from assistant.batch.journal import Outcome, RowResult
from assistant.batch.progress import Bar, ProgressReporter
from assistant.batch.questions import ColumnMap, QuestionRow
from assistant.batch.readers import read_questions
from assistant.batch.runner import BatchOptions, run_batch
from assistant.batch.summary import BatchSummary

__all__ = [
    "Bar",
    "BatchOptions",
    "BatchSummary",
    "ColumnMap",
    "Outcome",
    "ProgressReporter",
    "QuestionRow",
    "RowResult",
    "read_questions",
    "run_batch",
]
