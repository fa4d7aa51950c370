"""A text taken apart for comparison: sentences, clauses, words with their meaning, numbers, dates and names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from assistant.answering.claim_marks import mark_standing
from assistant.answering.dates import DateMention, fill_years, find_dates
from assistant.answering.lexicon import Entry, load_lexicon, stem
from assistant.answering.names import Name, find_names
from assistant.answering.quantities import Quantity, find_quantities
from assistant.ingest.sentences import split_sentences

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+(?:[.,]\d+)*[A-Za-z]*|[\u3400-\u9fff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CLAUSE = re.compile(
    r";|:\s|—|,?\s(?:while|whereas|but|although|though|against|compared with|which|who|because|after|before|when|if)\s"
    r"|,\s|，|；|：|。|\s(?:and|with)\s(?=(?:[a-z']+\s){0,4}(?:was|were|is|are|had|has|would|will|said|rose|fell|[a-z]+ed)\b)"
)
_FUNCTION = frozenset([
    "a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "by", "for", "from", "with", "as",
    "that", "this", "these", "those", "it", "its", "their", "his", "her", "he", "she", "they",
    "them", "we", "our", "i", "you", "your", "be", "have", "do", "which", "who", "whom", "whose",
    "what", "when", "where", "how", "than", "then", "there", "so", "such", "into", "onto", "per",
    "via", "about", "over", "under", "up", "out", "off", "down", "between", "among", "during",
    "within", "through", "while", "whereas", "but", "also", "both", "each", "either", "own",
    "same", "very", "just", "too", "s", "t", "re", "d", "ll", "ve", "m", "one", "only", "even",
    "still", "yet", "already", "again", "further", "upon", "along", "across", "around", "toward",
    "towards", "because", "since", "until", "after", "before", "if", "though", "although",
    "whether", "not", "no", "more", "most", "other", "another", "any", "all", "some",
])  # fmt: skip
_FUNCTION_STEMS = frozenset(stem(word) for word in _FUNCTION)
_HAN_FUNCTION = frozenset(
    "的了在是和与及或也都而就对为以于之其把被从到向让使等着过所这那该此并又还则即中上下里个"
)
_LATIN = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_SUBSTANCES = frozenset(
    [
        "open",
        "primary",
        "secondary",
        "power",
        "energy",
        "light",
        "closed",
        "main",
        "major",
        "no",
        "data",
        "revenue",
        "income",
    ]
)
# Nouns of trade stand for either side of it.
_DAY_LINK = re.compile(r"\s?(?:to|and|or|until|through|-|–|至|到|和|、)\s?")
_GOODS = frozenset(["sales", "orders", "supply"])
_PLACES = frozenset(["over", "under", "beyond"])
# 将 as 把: "将人工智能列为必修课" says what is done to a thing, not what will be.
_COVERB = re.compile(
    r"[^，。；：将]{1,24}?(?:列为|定为|纳入|列入|移出|视为|作为|用于|降为|降至|降到|提高到|提高至|升至|归入|转为|改为|称为|定在|推迟到|推迟至|延长至|延长到)"
)


@dataclass
class Token:
    """A word, a Chinese term or an anchor (number, date, name) of a text."""

    start: int
    end: int
    word: str
    keys: tuple[str, ...]
    sentence: int
    clause: int
    entry: Entry | None = None
    anchor: Quantity | DateMention | Name | None = None
    function: bool = False
    negated: bool = False
    source: float = 3.0
    """How its source stands behind it: 1 claimed, 2 said, 3 stated by the text itself."""
    sure: float = 3.0
    """How sure it is to happen: 1 possible, 2 planned, 2.5 will, 3 a fact."""
    kind: str = ""
    """Type of an anchor, with the unit of a number, so that only like is held against like."""


@dataclass
class ParsedText:
    """A text with its tokens in order."""

    text: str
    sentences: list[tuple[int, int]]
    tokens: list[Token] = field(default_factory=list)

    def anchors(self, kind: type) -> list[int]:
        """Indices of the tokens that are numbers, dates or names."""
        return [index for index, token in enumerate(self.tokens) if isinstance(token.anchor, kind)]

    def content(self) -> list[int]:
        """Indices of the tokens that carry meaning of their own."""
        return [index for index, token in enumerate(self.tokens) if not token.function]


@lru_cache(maxsize=4096)
def parse_text(text: str, spans: tuple[tuple[int, int], ...] = ()) -> ParsedText:
    """Take a text apart; `spans` are its sentences when they are known."""
    sentences = list(spans) or split_sentences(text)
    parsed = ParsedText(text, sentences)
    dates = fill_years(find_dates(text))
    quantities = find_quantities(text, dates)
    names = find_names(text)
    anchors: list[tuple[int, int, str, Quantity | DateMention | Name]] = []
    days = _bare_days(text, quantities, dates)
    anchors.extend(
        (item.start, item.end, f"number:{item.unit}", item) for item in quantities if item.start not in days
    )
    anchors.extend((item.start, item.end, "date", item) for item in (*dates, *days.values()))
    taken = bytearray(len(text))
    for start, end, _, _ in anchors:
        taken[start:end] = b"\x01" * (end - start)
    for name in names:
        if not any(taken[name.start : name.end]):
            anchors.append((name.start, name.end, "name", name))
            taken[name.start : name.end] = b"\x01" * (name.end - name.start)
    tokens = [
        Token(
            start,
            end,
            text[start:end].lower(),
            _anchor_keys(item),
            0,
            0,
            anchor=item,
            kind=kind,
            entry=_anchor_entry(text[start:end]),
        )
        for start, end, kind, item in anchors
    ]
    tokens.extend(_words(text, taken))
    tokens.sort(key=lambda token: (token.start, token.end))
    _place(tokens, sentences, text)
    _sift_entries(tokens, text)
    mark_standing(tokens, text)
    parsed.tokens = tokens
    return parsed


def _bare_days(text: str, quantities: list[Quantity], dates: list[DateMention]) -> dict[int, DateMention]:
    """Days that take their month from the date after them: the 8 of "8 and January 9, 2026"."""
    found = {}
    for item in quantities:
        for date in dates:
            between = text[item.end : date.start]
            if date.day and not item.unit and 1 <= item.value <= 31 and _DAY_LINK.fullmatch(between):
                found[item.start] = replace(date, start=item.start, end=item.end, day=int(item.value))
    return found


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese; an English sentence may gloss a name, a Chinese one may hold Latin names."""
    return len(_HAN.findall(text)) > len(_LATIN.findall(text))


def _sift_entries(tokens: list[Token], text: str) -> None:
    """Take their meaning from words that only look like the ones of the lexicon."""
    chinese = is_chinese(text)
    for index, token in enumerate(tokens):
        if token.entry is None:
            continue
        before = tokens[index - 1].word if index else ""
        gloss = not chinese and bool(_HAN.match(token.word))
        substance = token.word in ("source", "sources") and before in _SUBSTANCES
        # "under discussion", "over the report": of a limit only before a number.
        place = token.word in _PLACES and not any(
            isinstance(later.anchor, Quantity) for later in tokens[index + 1 : index + 4]
        )
        coverb = token.word == "将" and _COVERB.match(text[token.end :]) is not None
        if gloss or substance or coverb:
            token.entry = None
        elif place or token.word in _GOODS:
            token.entry = replace(token.entry, axes=())


def _anchor_keys(item: Quantity | DateMention | Name) -> tuple[str, ...]:
    return tuple(stem(token) for token in item.tokens) if isinstance(item, Name) else ()


def _anchor_entry(written: str) -> Entry | None:
    """Meaning that a number word carries besides its value, as in doubled."""
    return load_lexicon().english.get((stem(written),)) if written.isalpha() else None


def _words(text: str, taken: bytearray) -> list[Token]:
    lexicon = load_lexicon()
    matches = [match for match in _WORD.finditer(text) if not any(taken[match.start() : match.end()])]
    tokens: list[Token] = []
    index = 0
    while index < len(matches):
        match = matches[index]
        if _HAN.match(match.group()):
            token, used = _chinese(text, matches, index)
        else:
            token, used = None, 1
            limit = min(lexicon.longest_english, len(matches) - index)
            for length in range(limit, 0, -1):
                group = matches[index : index + length]
                if any(re.search(r"[,.;:()]", text[a.end() : b.start()]) for a, b in pairwise(group)):
                    continue
                stems = tuple(stem(piece.group()) for piece in group)
                entry = lexicon.english.get(stems)
                if entry is not None:
                    if entry.certainty and _capital(text, match.start()):
                        # "Five-Year Plan" and "Project" are names, not plans.
                        entry = replace(entry, certainty=0.0)
                    word = text[match.start() : group[-1].end()].lower()
                    function = (length == 1 and word in _FUNCTION and not entry.negates) or entry.hedges
                    token = Token(
                        match.start(),
                        group[-1].end(),
                        word,
                        ("_".join(stems), *entry.concepts),
                        0,
                        0,
                        entry=entry,
                        function=function,
                    )
                    used = length
                    break
            if token is None:
                token = _plain(match)
        if token is not None:
            tokens.append(token)
        index += used
    return tokens


def _capital(text: str, start: int) -> bool:
    """Whether a word is capitalised within a sentence."""
    return text[start].isupper() and bool(re.search(r"[\w,]['’s]*[ -]$", text[:start]))


def _plain(match: re.Match[str]) -> Token:
    word = match.group().lower()
    stemmed = stem(word)
    keys = [stemmed]
    entry: Entry | None = None
    if "-" in word:
        # "fourth-quarter", "data-centre": the parts count as well as the whole.
        keys.extend(stem(part) for part in word.split("-"))
        whole = load_lexicon().english.get(tuple(stem(part) for part in word.split("-")))
        entry = whole
        keys.extend(whole.concepts if whole else ())
    function = word in _FUNCTION or stemmed in _FUNCTION_STEMS or len(word) == 1
    return Token(
        match.start(), match.end(), word, tuple(dict.fromkeys(keys)), 0, 0, entry=entry, function=function
    )


def _chinese(text: str, matches: list[re.Match[str]], index: int) -> tuple[Token, int]:
    lexicon = load_lexicon()
    start = matches[index].start()
    for length in range(min(lexicon.longest_chinese, len(text) - start), 0, -1):
        piece = text[start : start + length]
        entry = lexicon.chinese.get(piece)
        if (
            entry is not None
            and index + length <= len(matches)
            and matches[index + length - 1].start() == start + length - 1
        ):
            return Token(start, start + length, piece, (piece, *entry.concepts), 0, 0, entry=entry), length
    piece = text[start]
    if piece in _HAN_FUNCTION:
        return Token(start, start + 1, piece, (piece,), 0, 0, function=True), 1
    if index + 1 < len(matches) and matches[index + 1].start() == start + 1:
        # Overlapping pairs of characters stand in for words.
        pair = text[start : start + 2]
        if _HAN.match(pair[1]) and pair[1] not in _HAN_FUNCTION:
            return Token(start, start + 2, pair, (pair,), 0, 0), 1
    return Token(start, start + 1, piece, (piece,), 0, 0, function=True), 1


def _place(tokens: list[Token], sentences: list[tuple[int, int]], text: str) -> None:
    cuts = [match.start() + 1 for match in _CLAUSE.finditer(text)]
    cut, clause, sentence = 0, 0, 0
    for token in tokens:
        while sentence + 1 < len(sentences) and token.start >= sentences[sentence + 1][0]:
            sentence += 1
            clause += 1
        while cut < len(cuts) and cuts[cut] <= token.start:
            # Commas within a number and the list of a few names are no clause borders.
            clause += 1
            cut += 1
        token.sentence, token.clause = sentence, clause
