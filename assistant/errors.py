"""What can go wrong, each with what to do about it.

Every error that reaches a user is an `AssistantError`: one line that names the file, row, question or
setting, and the way out. The command line prints that line; the web UI shows it as a notice.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all errors of this package.

    Args:
        what: What happened, naming the file, row, question or setting.
        hint: What the user can do about it; empty when there is nothing to do.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


class ConfigurationError(AssistantError):
    """A setting is unknown, has a wrong value or contradicts another."""


class DocumentError(AssistantError):
    """A document cannot be read or does not follow the format of the corpus."""


class IndexingError(AssistantError):
    """The index cannot be built, opened or written."""


class BrokenIndexError(IndexingError):
    """The index is damaged; `assistant index` builds it again."""


class ReadOnlyIndexError(IndexingError):
    """The index can be searched, but not written."""


class ModelError(AssistantError):
    """A language or embedding model is missing, refuses the key or fails."""


class QuestionError(AssistantError):
    """A question is empty, too long or not text."""


class BatchError(AssistantError):
    """A question list or its output file cannot be used."""
