"""Written translations of the sentences of documents: `translations.jsonl` in the folder of the documents.

One JSON object a line, `{"en": "The sentence.", "zh": "译文。"}`. A Chinese answer says the translation where it
quotes the sentence; a sentence without one is left to the language model.
"""

from __future__ import annotations

import json
from pathlib import Path

from assistant.errors import DocumentError

FILE_NAME = "translations.jsonl"
_MOST_BYTES = 50_000_000
_FORM = 'Each line is an object such as {"en": "The sentence.", "zh": "译文。"}.'


def read_translations(folder: Path) -> dict[str, str]:
    """Chinese by English sentence, white space collapsed; empty when the folder has no such file.

    Raises:
        DocumentError: The file or a line of it cannot be used.
    """
    return {english: chinese for _, english, chinese in translation_rows(folder)}


def translation_rows(folder: Path) -> list[tuple[int, str, str]]:
    """Line number, English and Chinese of each row; see `read_translations`."""
    file = folder / FILE_NAME
    if not file.is_file():
        return []
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise DocumentError(f"{file} is larger than {_MOST_BYTES // 1_000_000} MB.", "Shorten it.")
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{file} cannot be read.", "Save it as UTF-8 text, or remove it.") from error
    rows, seen = [], set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        values = [row.get("en"), row.get("zh")] if isinstance(row, dict) else []
        english, chinese = (one_line(value) if isinstance(value, str) else "" for value in values or ("", ""))
        if not (english and chinese):
            raise DocumentError(f"{file}, line {number}: no sentence with its translation.", _FORM)
        if english in seen:
            raise DocumentError(f"{file}, line {number}: the sentence was translated above.", "Remove one.")
        seen.add(english)
        rows.append((number, english, chinese))
    return rows


def one_line(text: str) -> str:
    """A sentence as translations are looked up by: white space collapsed."""
    return " ".join(text.split())
