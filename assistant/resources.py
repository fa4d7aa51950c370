"""Where the documents and prompts that come with the package are, installed or in a clone."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ConfigurationError

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
