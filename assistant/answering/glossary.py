"""Names in both languages: harvested from documents ("Ascend (昇腾)") and read from a user's file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

import yaml

from assistant.answering.names import CJK, harvest_names
from assistant.errors import ConfigurationError
from assistant.ingest.scripts import simplified

_WITH_SHORT = re.compile(r"(.+?) \(([A-Z]{2,})\)")
_PACKAGED = Path(__file__).parent / "data" / "names.yaml"


class Glossary:
    """Which Chinese name stands for which English one.

    Args:
        pairs: English and Chinese names; the English name that occurs most often for a Chinese one is used.
        fixed: Pairs that outweigh any number of others; the first for a Chinese name is used.
        written: Pairs that someone wrote down, and no pattern found: sure enough to put one for the other. The first
            for an English name is used.
    """

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]] = (),
        fixed: Iterable[tuple[str, str]] = (),
        written: Iterable[tuple[str, str]] = (),
    ) -> None:
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
        # A question in Traditional Chinese is folded, which also turns characters that names keep: 昇腾 becomes 升腾.
        self._count = len(self._english)
        folded = {plain: en for zh, en in self._english.items() if (plain := simplified(zh)) != zh}
        self._english = folded | self._english
        self._longest = max(map(len, self._english), default=0)
        self._chinese: dict[str, list[str]] = {}
        for english, chinese in written:
            # "Bureau of Industry and Security (BIS)" is written with either alone.
            alone = _WITH_SHORT.fullmatch(english)
            for name in {english, *(alone.groups() if alone else ())}:
                self._chinese.setdefault(name, []).append(chinese)
        names = "|".join(re.escape(name) for name in sorted(self._chinese, key=len, reverse=True))
        # A name inside a longer one with a hyphen, such as Llama-70B in "DeepSeek-R1-Llama-70B", stays.
        self._written = (
            re.compile(rf"(?<![\w-])(?P<name>{names})(?:['’]s(?= )|(?![\w-]))", re.ASCII) if names else None
        )

    @classmethod
    def harvest(cls, texts: Iterable[str], file: Path | None = None) -> Glossary:
        """Names of documents and of the field, with those of a YAML file (`English name: [中文名, …]`) on top.

        Raises:
            ConfigurationError: The file cannot be read or has another form.
        """
        packaged = _read(_PACKAGED)
        own = _read(file) if file is not None else []
        pairs = packaged + [pair for text in texts for pair in harvest_names(text)]
        return cls(pairs, own, own + packaged)

    def __len__(self) -> int:
        return self._count

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

    def to_chinese(self, text: str, *, leave: Collection[str] = ()) -> str:
        """The text with the English names that someone wrote a Chinese name for in Chinese; the longest name wins.

        Args:
            text: English or Chinese.
            leave: English names that stay.
        """
        if self._written is None:
            return text

        def chinese(match: re.Match[str]) -> str:
            if match["name"] in leave:
                return match.group()
            name = self._chinese[match["name"]][0]
            return f"{name}的" if match.end() > match.end("name") else name

        replaced = self._written.sub(chinese, text)
        # "Ascend (昇腾)" says it once.
        return re.sub(rf"([{CJK}]+) *[(（]\1[)）]", r"\1", replaced)

    def put_into_chinese(self, text: str) -> dict[str, list[str]]:
        """The English names that `to_chinese` replaces in a text, with their Chinese names, the one used first."""
        found = self._written.finditer(text) if self._written is not None else ()
        return {match["name"]: self._chinese[match["name"]] for match in found}

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
