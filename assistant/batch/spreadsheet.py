"""The package for Excel files, which is installed on demand."""

from __future__ import annotations

from importlib.util import find_spec

from assistant.errors import BatchError


def require_openpyxl(name: str) -> None:
    """Checks that Excel files can be read and written.

    Raises:
        BatchError: The package is missing; names the file that needs it.
    """
    if find_spec("openpyxl") is None:
        raise BatchError(
            f"{name} needs the package openpyxl.",
            "Install it with `pip install 'china-ai-chip-assistant[batch]'`, or use CSV.",
        )
