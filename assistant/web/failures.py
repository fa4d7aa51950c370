"""Failures that users of the page meet, in the language of the page."""

from __future__ import annotations

import re

from assistant.errors import AssistantError
from assistant.web.i18n import words

# What the engine says, and the words for it; its own words already are English.
_FAILURES = (
    (r"The question is empty\.", "failure_empty"),
    (r"The question has (?P<count>\d+) characters; (?P<most>\d+) are allowed\.", "failure_long"),
    (r"The key for '(?P<model>.+)' is missing or refused\.", "failure_key"),
    (r"The provider does not know the model '(?P<model>.+)'\.", "failure_unknown_model"),
    (r"The provider of '(?P<model>.+)' refuses more requests for now\.", "failure_rate"),
    (r"The model '(?P<model>.+)' did not answer in time\.", "failure_time"),
    (r"The server of the model '(?P<model>.+)' cannot be reached\.", "failure_reach"),
    (r"The model '(?P<model>.+)' failed \((?P<kind>\w+)\)\.", "failure_model"),
    (r"The embedded model is not installed\.", "failure_embedded"),
    (r"There is no document '(?P<path>.+)' in '.*'\.", "failure_document"),
)


def failure_words(language: str, error: AssistantError) -> str:
    """What happened and what to do; one that is not known here is told in the engine's words."""
    if language != "en":
        for pattern, key in _FAILURES:
            if match := re.fullmatch(pattern, error.what, re.DOTALL):
                return words(language, key, **match.groupdict())
    return str(error)
