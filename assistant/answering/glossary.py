"""Names in both languages: harvested from documents ("Ascend (昇腾)") and read from a user's file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import yaml

from assistant.answering.names import harvest_names
from assistant.errors import ConfigurationError

_PACKAGED = Path(__file__).parent / "data" / "names.yaml"


class Glossary:
    """Which Chinese name stands for which English one.

    Args:
        pairs: English and Chinese names; the English name that occurs most often for a Chinese one is used.
        fixed: Pairs that outweigh any number of others; the first for a Chinese name is used.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), fixed: Iterable[tuple[str, str]] = ()) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.pairs: list[tuple[str, str]] = []
        for english, chinese in pairs:
            english = re.sub(r"^(?:[Tt]he|[Cc]hina's|[Ii]ts|Chinese)\s+", "", english.strip())
            if english and chinese:
                counts[chinese][english] += 1
                self.pairs.append((english, chinese))
        # Equally often: the shorter, which has less of its sentence in it.
        self._english = {zh: min(c, key=lambda en: (-c[en], len(en), en)) for zh, c in counts.items()}
        for english, chinese in reversed(list(fixed)):
            self.pairs.append((english, chinese))
            self._english[chinese] = english
        self._longest = max(map(len, self._english), default=0)

    @classmethod
    def harvest(cls, texts: Iterable[str], file: Path | None = None) -> Glossary:
        """Names of documents and of the field, with those of a YAML file (`English name: [中文名, …]`) on top.

        Raises:
            ConfigurationError: The file cannot be read or has another form.
        """
        pairs = _read(_PACKAGED)
        pairs += [pair for text in texts for pair in harvest_names(text)]
        return cls(pairs, _read(file) if file is not None else ())

    def __len__(self) -> int:
        return len(self._english)

    def to_english(self, text: str) -> str:
        """The text with its known Chinese names replaced by the English ones; the longest name wins."""
        out: list[str] = []
        position = 0
        while position < len(text):
            for length in range(min(self._longest, len(text) - position), 1, -1):
                if english := self._english.get(text[position : position + length]):
                    out.append(f" {english} ")
                    position += length
                    break
            else:
                out.append(text[position])
                position += 1
        return re.sub(r"\s+([，。？！、,?])", r"\1", re.sub(r" {2,}", " ", "".join(out))).strip()

    def found_in(self, text: str) -> list[tuple[str, str]]:
        """Pairs (English, Chinese) whose English name stands in a text, longest first."""
        found = [
            (en, zh) for zh, en in self._english.items() if re.search(rf"(?<!\w){re.escape(en)}(?!\w)", text)
        ]
        return sorted(found, key=lambda pair: -len(pair[0]))


def _read(file: Path) -> list[tuple[str, str]]:
    way_out = "Write a line `English name: [中文名]` for each name, or unset ASSISTANT_GLOSSARY."
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The glossary {file} cannot be read.", way_out) from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"The glossary {file} is not a list of names.", way_out)
    pairs = []
    for english, chinese in content.items():
        values = chinese if isinstance(chinese, list) else [chinese]
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise ConfigurationError(
                f"The name '{english}' in the glossary {file} has no Chinese name.", way_out
            )
        pairs += [(str(english), value.strip()) for value in values]
    return pairs
