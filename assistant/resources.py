"""What comes with the package: where its documents and prompts are, installed or in a clone, and its version."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from assistant.errors import ConfigurationError

DISTRIBUTION = "china-ai-chip-assistant"
_PACKAGE = Path(__file__).resolve().parent


def corpus_folder() -> Path:
    """Folder of the corpus that comes with the package.

    Raises:
        ConfigurationError: The installation is incomplete.
    """
    return _folder("corpus")


def prompts_folder() -> Path:
    """Folder of the prompts that come with the package.

    Raises:
        ConfigurationError: The installation is incomplete.
    """
    return _folder("prompts")


def version() -> str:
    """The installed version; 0 for a copy of the code that is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0"


def repository_folder() -> Path | None:
    """Root of the clone that the package runs from; None when it was installed from a wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "corpus").is_dir() else None


def _folder(name: str) -> Path:
    # A wheel carries both folders inside the package; in a clone they lie beside it.
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ConfigurationError(
        f"The {name} folder of the package is missing.",
        "Reinstall the package, or set ASSISTANT_" + name.upper() + " to a folder of your own.",
    )
