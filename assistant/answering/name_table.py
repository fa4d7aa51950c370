"""Whether a text names the same thing, in English or Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.name_words import COMMON, SPELLINGS
from assistant.answering.names import CJK, Name, name_tokens
from assistant.ingest.scripts import simplified

# Where the characters of a name belong to other words: 计算能力 holds 算能, 上海光刻机 holds 海光.
_OTHER_WORDS = re.compile(
    r"国务院(?=副?总理)|(?<=[中日韩])美团(?=队|体)|印度(?=尼西亚)|(?<=[计运])算能(?=[力量耗够])|(?<=上)海光|(?<=提)高通|(?<=[近今昨当次节每])日经|(?<=[一二三四五六七八九十几数])百度"
    r"|字节(?=[数码/]|每)|(?<=[兆千个])字节|(?<=人)文心"
)


# Spellings of a country that are common words, too.
_WORDS = frozenset({"国产"})
_SURNAMES = frozenset(
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_WITH_SHORT = re.compile(r"(.+?) \(([A-Z]{2,})\)")


class NameTable:
    """Which spellings mean the same thing, in both languages.

    Args:
        pairs: Further pairs of an English and a Chinese name.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._groups: dict[str, set[str]] = {}
        self._chinese: dict[str, set[str]] = {}
        self._terms: set[str] = set()
        for group in SPELLINGS:
            for spelling in group:
                self._add(spelling, group)
        self.add(pairs)

    def _add(self, spelling: str, group: Iterable[str]) -> None:
        spelling = spelling.lower()
        others = {other.lower() for other in group}
        self._groups.setdefault(spelling, set()).update(others)
        if re.search(rf"[{CJK}]", spelling) and spelling not in _WORDS:
            self._chinese.setdefault(spelling, set()).update(others)

    def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Learn pairs of an English and a Chinese name."""
        for written, chinese in [(w, c) for w, zh in pairs for c in dict.fromkeys((zh, simplified(zh)))]:
            # "Bureau of Industry and Security (BIS)" is written with either alone.
            alone = _WITH_SHORT.fullmatch(written)
            english = alone[1] if alone else written
            group = {english.lower(), chinese.lower(), *([alone[2].lower()] if alone else ())}
            words = english.split()
            # "China's Huawei (华为)": the parenthesis may belong to the last words only, so shorter tails count too.
            group |= {" ".join(words[index:]).lower() for index in range(1, len(words))}
            # After the first time a Chinese person is called by the surname, which stands first.
            if chinese[:1] in _SURNAMES and len(chinese) in (2, 3) and len(words) == 2:
                group.add(words[0].lower())
            for spelling in group if english[:1].isupper() else (english,):
                self._add(spelling, group)
            if not english[:1].isupper():
                # A term such as "computing power" is no name that an evidence must have.
                self._terms.add(chinese.lower())
                self._groups.setdefault(chinese.lower(), set()).update(group)

    def alternatives(self, name: str) -> set[str]:
        """Other spellings of a name, lower case, with the name itself."""
        return self._groups.get(name.lower(), set()) | {name.lower()}

    def chinese_names(self, text: str) -> list[tuple[int, str, set[str]]]:
        """Known Chinese names in a text, longest first at each place, with their other spellings."""
        if not re.search(rf"[{CJK}]", text):
            return []
        found: list[tuple[int, str, set[str]]] = []
        # Blanked, so that places stay what they are.
        text = _OTHER_WORDS.sub(lambda match: " " * len(match.group()), text)
        position = 0
        longest = max(map(len, self._chinese), default=0)
        while position < len(text):
            for length in range(min(longest, len(text) - position), 1, -1):
                piece = text[position : position + length].lower()
                if piece in self._chinese:
                    if piece not in self._terms:
                        found.append((position, piece, self._chinese[piece]))
                    position += length - 1
                    break
            position += 1
        return found


@dataclass(frozen=True)
class NamePool:
    """The names and words that a text offers for comparison."""

    text: str
    table: NameTable

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(name_tokens(self.text))

    @cached_property
    def _initials(self) -> frozenset[str]:
        """Acronyms that runs of capitalised words would give ("of", "and" and "the" left out)."""
        found: set[str] = set()
        for run in re.findall(
            r"(?:[A-Z][\w'’-]+(?:\s+(?:of|and|for|the)\s+|\s+|-)){1,8}[A-Z][\w'’-]+", self.text
        ):
            letters = [word[0] for word in re.findall(r"[A-Z][\w'’]*", run)]
            for start in range(len(letters)):
                for end in range(start + 2, len(letters) + 1):
                    found.add("".join(letters[start:end]).lower())
        return frozenset(found)

    @cached_property
    def _lower(self) -> str:
        return " ".join(name_tokens(self.text))

    def has(self, name: Name) -> bool:
        """Whether the text names it, in whole, by initials, or under another spelling."""
        tokens = [token for token in name.tokens if token not in COMMON]
        if not tokens or all(self._has_token(token) for token in tokens):
            return True
        if len(tokens) == 1 and tokens[0] in self._initials:
            return True
        initials = "".join(token[0] for token in tokens)
        if len(tokens) > 1 and initials in self._words:
            return True
        return any(self.has_spelling(other) for other in self.table.alternatives(" ".join(name.tokens)))

    def has_spelling(self, spelling: str) -> bool:
        """Whether a spelling from the table stands in the text."""
        if re.search(rf"[{CJK}]", spelling):
            return spelling in self.text.lower()
        tokens = " ".join(name_tokens(spelling))
        # "Qwen3" names Qwen.
        return any(f" {form} " in f" {self._lower} " for form in (tokens, f"{tokens}s")) or (
            tokens[-1:].isalpha()
            and re.search(rf"(?<![a-z0-9]){re.escape(tokens)}\d", self._lower) is not None
        )

    def _has_token(self, token: str) -> bool:
        if (
            token in self._words
            or (token.endswith("s") and token[:-1] in self._words)
            or token + "s" in self._words
        ):
            return True
        if any(self.has_spelling(other) for other in self.table.alternatives(token) if other != token):
            return True
        if not re.search(r"\d", token):
            return False
        # A code may be written with or without its family's letters apart: "A 800", "Ascend910C".
        spaced = re.sub(r"(?<=[a-z])(?=\d)", r"[ -]?", re.escape(token))
        return re.search(rf"(?<!\d){spaced}(?![a-z0-9])", self._lower) is not None
