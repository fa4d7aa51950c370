"""Proper names in English and Chinese text, and whether a text names the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r"(?:U\.S\.|U\.K\.)|[A-Za-z][A-Za-z0-9]*(?:[-+]\d[A-Za-z0-9]*)?(?:(?<=\d)\.\d+)?(?:['’][A-Za-z]+)?"
    r"|\d+[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)?|[^\sA-Za-z0-9]"
)
_CJK = r"\u3400-\u9fff"
_PAIR = re.compile(r"((?:[A-Z0-9][\w.&'’-]*\s+){0,5}[A-Z0-9][\w.&'’-]*)\s*[(（]([^()（）]{1,60})[)）]")
_PAIR_ZH = re.compile(rf"([{_CJK}·]{{2,12}})\s*[(（]([A-Za-z][A-Za-z0-9 .&'’-]{{1,40}})[)）]")
# Words that are capitalised without being names.
_COMMON = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "if",
        "in",
        "on",
        "at",
        "by",
        "of",
        "for",
        "to",
        "from",
        "with",
        "without",
        "after",
        "before",
        "under",
        "over",
        "during",
        "since",
        "until",
        "while",
        "as",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "he",
        "she",
        "they",
        "we",
        "i",
        "you",
        "his",
        "her",
        "their",
        "our",
        "another",
        "other",
        "some",
        "any",
        "all",
        "both",
        "each",
        "no",
        "not",
        "more",
        "most",
        "many",
        "much",
        "several",
        "few",
        "according",
        "however",
        "although",
        "though",
        "because",
        "also",
        "then",
        "when",
        "where",
        "who",
        "what",
        "which",
        "why",
        "how",
        "there",
        "here",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "may",
        "might",
        "can",
        "could",
        "should",
        "must",
        "yes",
        "mr",
        "ms",
        "mrs",
        "dr",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "early",
        "late",
        "mid",
        "first",
        "second",
        "third",
        "fourth",
        "only",
        "even",
        "still",
        "such",
        "same",
        "new",
        "about",
        "around",
        "roughly",
        "nearly",
        "up",
        "than",
        "between",
        "among",
        "against",
        "within",
        "sources",
        "reports",
        "reporting",
        "media",
        "officials",
        "analysts",
        "overall",
        "total",
        "meanwhile",
        "earlier",
        "later",
        "today",
        "neither",
        "either",
        "nor",
        "per",
        "via",
        "due",
        "despite",
        "instead",
        "rather",
        "unlike",
        "like",
        "through",
        "across",
        "so",
        "yet",
        "once",
        "whether",
        "including",
        "based",
        "given",
        "published",
        "full",
        "half",
        "last",
        "next",
        "every",
        "chinese-made",
        "q1",
        "q2",
        "q3",
        "q4",
        "h1",
        "h2",
        "fy",
        "its",
        "chips",
        "chip",
    ]
)
_PLACES: tuple[tuple[str, ...], ...] = (
    ("us", "u.s.", "usa", "united states", "america", "american", "americans", "washington", "美国", "美", "美方", "华盛顿"),
    ("china", "chinese", "prc", "beijing", "mainland", "中国", "中方", "中", "国产", "北京"),
    ("taiwan", "taiwanese", "taipei", "台湾", "台"), ("hong kong", "香港", "港"),
    ("japan", "japanese", "tokyo", "日本", "日"), ("south korea", "korea", "korean", "seoul", "韩国", "韩"),
    ("netherlands", "dutch", "the hague", "荷兰", "荷"), ("germany", "german", "德国"), ("france", "french", "法国"),
    ("uk", "u.k.", "britain", "british", "united kingdom", "london", "英国", "伦敦"), ("eu", "european union", "欧盟"),
    ("europe", "european", "europeans", "欧洲"), ("india", "indian", "印度"), ("russia", "russian", "俄罗斯"),
    ("malaysia", "malaysian", "马来西亚"), ("singapore", "singaporean", "新加坡"), ("asia", "asian", "亚洲"),
    ("geneva", "日内瓦"), ("shanghai", "上海"), ("shenzhen", "深圳"), ("hangzhou", "杭州"), ("trump", "特朗普", "川普"),
    ("guangdong", "广东"), ("xi", "xi jinping", "习近平"), ("huawei", "华为"), ("nvidia", "英伟达"), ("tsmc", "台积电"),
    ("smic", "中芯国际", "中芯"), ("reuters", "路透社", "路透"), ("bloomberg", "彭博社", "彭博"), ("samsung", "三星"),
    ("financial times", "ft", "《金融时报》", "金融时报"), ("intel", "英特尔"), ("amd", "超威"), ("qualcomm", "高通"),
    ("asml", "阿斯麦"), ("micron", "美光"), ("microsoft", "微软"), ("amazon", "亚马逊"), ("google", "谷歌"), ("apple", "苹果"),
    ("south china morning post", "scmp", "《南华早报》", "南华早报"), ("new york times", "纽约时报"), ("wall street journal", "wsj", "华尔街日报"),
    ("goldman sachs", "高盛"), ("morgan stanley", "摩根士丹利"), ("jpmorgan", "摩根大通"), ("deepseek", "深度求索"),
    ("alibaba", "阿里巴巴", "阿里"), ("tencent", "腾讯"), ("bytedance", "字节跳动"), ("baidu", "百度"), ("cambricon", "寒武纪"),
    ("ministry of commerce", "mofcom", "commerce ministry", "商务部"), ("commerce department", "department of commerce", "美国商务部"),
    ("jensen huang", "黄仁勋"), ("bis", "bureau of industry and security", "工业与安全局"), ("ascend", "昇腾"),
    ("xinhua", "新华社"), ("nikkei", "日经"), ("white house", "白宫"), ("congress", "国会"),
)  # fmt: skip
_PLACE_WORDS = frozenset(word for group in _PLACES for word in group if word.isascii() and " " not in word)


@dataclass(frozen=True)
class Name:
    """A proper name as it is written."""

    start: int
    end: int
    text: str

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Lower-case words of the name without possessive endings."""
        return tuple(name_tokens(self.text))


def name_tokens(text: str) -> list[str]:
    """Lower-case words and numbers, without possessive endings; a run of CJK characters is one token."""
    text = re.sub(r"(?<=\w)['’]s?\b", "", text)
    return [token.lower() for token in re.findall(rf"[A-Za-z0-9]+(?:\.[0-9]+)?|[{_CJK}]+", text)]


def find_names(text: str) -> list[Name]:
    """Proper names of a text: capitalised words that follow each other, acronyms and codes such as H200 or 950PR.

    The first word of a sentence counts only when it looks like a name elsewhere or is followed by one.
    """
    tokens = list(_TOKEN.finditer(text))
    names: list[Name] = []
    run: list[re.Match[str]] = []
    for index, token in enumerate(tokens):
        word = token.group()
        adjacent = bool(run) and text[run[-1].end() : token.start()] in (" ", "")
        adjacent = adjacent and not re.search(r"['’]s?$", run[-1].group())
        starts = _starts_sentence(text, token.start())
        if (
            run
            and adjacent
            and (_is_name(word, False) or (word.isdigit() and text[token.start() - 1] in " -"))
        ):
            # "Atlas 350" is one name; "Nvidia 12 billion" is not, which the look ahead settles.
            if word.isdigit() and re.match(
                r"\s*(?:%|percent|million|billion|trillion|yuan|years|months|days|companies|firms|to\b|and\b)",
                text[token.end() :],
            ):
                names.append(_close(run, text))
                run = []
                continue
            run.append(token)
            continue
        if run:
            names.append(_close(run, text))
            run = []
        if _is_name(word, starts) or (
            starts and _is_name(word, False) and _next_is_name(tokens, index, text)
        ):
            run = [token]
    if run:
        names.append(_close(run, text))
    return names


def harvest_names(text: str) -> list[tuple[str, str]]:
    """Pairs of an English and a Chinese name written as "Huawei (华为)" or "华为（Huawei）"."""
    pairs: list[tuple[str, str]] = []
    for match in _PAIR.finditer(text):
        for piece in re.split(r"[,;，；]", match.group(2)):
            chinese = piece.strip()
            if re.fullmatch(rf"[{_CJK}·—]{{2,20}}", chinese):
                english = match.group(1).strip()
                pairs.append((english, chinese))
                acronym = re.match(r"[A-Z]{2,}", match.group(2))
                if acronym:
                    pairs.append((acronym.group(), chinese))
    for match in _PAIR_ZH.finditer(text):
        pairs.append((match.group(2).strip(), match.group(1)))
    return pairs


class NameTable:
    """Which spellings mean the same thing, in both languages.

    Args:
        pairs: Further pairs of an English and a Chinese name.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._groups: dict[str, set[str]] = {}
        self._chinese: dict[str, set[str]] = {}
        for group in _PLACES:
            for spelling in group:
                self._add(spelling, group)
        self.add(pairs)

    def _add(self, spelling: str, group: Iterable[str]) -> None:
        spelling = spelling.lower()
        others = {other.lower() for other in group}
        self._groups.setdefault(spelling, set()).update(others)
        if re.search(rf"[{_CJK}]", spelling):
            self._chinese.setdefault(spelling, set()).update(others)

    def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Learn pairs of an English and a Chinese name."""
        for english, chinese in pairs:
            group = {english.lower(), chinese.lower()}
            words = english.split()
            # "China's Huawei (华为)": the parenthesis may belong to the last words only, so shorter tails count too.
            group |= {" ".join(words[index:]).lower() for index in range(1, len(words))}
            for spelling in (english, chinese):
                self._add(spelling, group)

    def alternatives(self, name: str) -> set[str]:
        """Other spellings of a name, lower case, with the name itself."""
        return self._groups.get(name.lower(), set()) | {name.lower()}

    def chinese_names(self, text: str) -> list[tuple[int, str, set[str]]]:
        """Known Chinese names in a text, longest first at each place, with their other spellings."""
        if not re.search(rf"[{_CJK}]", text):
            return []
        found: list[tuple[int, str, set[str]]] = []
        position = 0
        longest = max(map(len, self._chinese), default=0)
        while position < len(text):
            for length in range(min(longest, len(text) - position), 1, -1):
                piece = text[position : position + length].lower()
                if piece in self._chinese:
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
        tokens = [token for token in name.tokens if token not in _COMMON]
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
        if re.search(rf"[{_CJK}]", spelling):
            return spelling in self.text.lower()
        return f" {' '.join(name_tokens(spelling))} " in f" {self._lower} "

    def _has_token(self, token: str) -> bool:
        if (
            token in self._words
            or (token.endswith("s") and token[:-1] in self._words)
            or token + "s" in self._words
        ):
            return True
        if any(self.has_spelling(other) for other in self.table.alternatives(token) if other != token):
            return True
        # A code may be written with or without its family's letters apart: "Ascend910C", "A 800".
        if not re.search(r"\d", token):
            return False
        # A code may be written with or without its family's letters apart: "A 800", "Ascend910C".
        spaced = re.sub(r"(?<=[a-z])(?=\d)", r"[ -]?", re.escape(token))
        return re.search(rf"(?<!\d){spaced}(?![a-z0-9])", self._lower) is not None


def _is_name(word: str, starts_sentence: bool) -> bool:
    bare = re.sub(r"['’]s?$", "", word)
    if bare.lower() in _COMMON or not bare or not bare[0].isalnum() or bare.isdigit():
        return False
    if any(character.isdigit() for character in bare):
        return (
            any(character.isupper() for character in bare)
            or bool(re.fullmatch(r"[a-z]?\d+[a-z]+", bare)) is False
        )
    if bare.lower() in _PLACE_WORDS and bare[0].isupper():
        return True
    if not bare[0].isupper():
        return any(character.isupper() for character in bare)
    if starts_sentence:
        return any(character.isupper() for character in bare[1:])
    return len(bare) > 1


def _next_is_name(tokens: list[re.Match[str]], index: int, text: str) -> bool:
    """Whether a sentence's first word is probably a name: a name follows, a possessive, or a verb of speech."""
    token = tokens[index]
    if "'" in token.group() or "’" in token.group():
        return True
    if token.group().lower().endswith(("ly", "ing")):
        return False
    rest = text[token.end() :]
    if re.match(r"[ -][A-Z0-9][\w-]*", rest):
        return True
    return bool(
        re.match(r"\s(?:said|says|reported|is|was|has|had|will|plans|put|expects?|[a-z]+ed)\b|\s?[(（]", rest)
    )


def _starts_sentence(text: str, position: int) -> bool:
    before = text[:position].rstrip(" \"'“‘(*#>-")
    return not before or before[-1] in ".!?\n:;。！？；："


def _close(run: list[re.Match[str]], text: str) -> Name:
    start, end = run[0].start(), run[-1].end()
    return Name(start, end, re.sub(r"['’]s?$", "", text[start:end]))
