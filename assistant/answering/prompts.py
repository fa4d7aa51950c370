"""Prompts: one Markdown file each, with a `# System` and a `# User` part and `{{name}}` places.

Files of the folder in `Settings.prompts` replace those of the same name. Values are put in as they are, in
one pass: braces in a document's text are never read as places.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from assistant.errors import ConfigurationError
from assistant.resources import prompts_folder

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_PART = re.compile(r"^# (System|User)\s*$", re.M)


class Prompts:
    """Loads prompts by name and fills them.

    Args:
        overrides: Folder whose files replace prompts of the same name.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        if overrides is not None and not overrides.is_dir():
            raise ConfigurationError(
                f"The prompts folder {overrides} does not exist.", "Correct ASSISTANT_PROMPTS."
            )
        self._overrides = overrides

    def messages(self, name: str, **values: str) -> list[BaseMessage]:
        """The messages of a prompt with its places filled.

        Raises:
            ConfigurationError: The file is missing, has no `# User` part, or names a place that has no value.
        """
        path = self._path(name)
        system, user = _parts(path)
        unknown = set(_PLACE.findall(system + user)) - set(values)
        if unknown:
            raise ConfigurationError(
                f"{path} has the unknown place {{{{{sorted(unknown)[0]}}}}}.",
                f"It can use: {', '.join(sorted(values))}.",
            )

        def fill(text: str) -> str:
            return _PLACE.sub(lambda match: values[match[1]], text)

        messages: list[BaseMessage] = [SystemMessage(fill(system))] if system else []
        return [*messages, HumanMessage(fill(user))]

    def _path(self, name: str) -> Path:
        for folder in filter(None, (self._overrides, prompts_folder())):
            if (folder / f"{name}.md").is_file():
                return folder / f"{name}.md"
        raise ConfigurationError(f"The prompt '{name}.md' is missing.", "Reinstall the package.")


@cache
def _parts(path: Path) -> tuple[str, str]:
    pieces = _PART.split(path.read_text(encoding="utf-8"))
    parts = {pieces[i]: pieces[i + 1].strip() for i in range(1, len(pieces) - 1, 2)}
    if "User" not in parts:
        raise ConfigurationError(
            f"{path} has no '# User' part.", "Add the line '# User' above the text of the prompt."
        )
    return parts.get("System", ""), parts["User"]
