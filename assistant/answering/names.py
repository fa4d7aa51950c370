"""Proper names in English and Chinese text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from assistant.answering.name_words import COMMON, KNOWN_WORDS

_TOKEN = re.compile(
    r"(?:U\.S\.|U\.K\.)|[A-Za-z][A-Za-z0-9]*(?:[-+]\d[A-Za-z0-9]*)?(?:(?<=\d)\.\d+)?(?:['’][A-Za-z]+)?"
    r"|\d+[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)?|[^\sA-Za-z0-9]"
)
CJK = r"\u3400-\u9fff"
"""Chinese characters, for a class of a pattern."""
_PAIR = re.compile(r"((?:[A-Z0-9][\w.&'’-]*\s+){0,5}[A-Z0-9][\w.&'’-]*)\s*[(（]([^()（）]{1,60})[)）]")
_PAIR_ZH = re.compile(rf"([{CJK}·]{{2,12}})\s*[(（]([A-Za-z][A-Za-z0-9 .&'’-]{{1,40}})[)）]")


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
    return [token.lower() for token in re.findall(rf"[A-Za-z0-9]+(?:\.[0-9]+)?|[{CJK}]+", text)]


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
            if re.fullmatch(rf"[{CJK}·—]{{2,20}}", chinese):
                english = match.group(1).strip()
                pairs.append((english, chinese))
                acronym = re.match(r"[A-Z]{2,}", match.group(2))
                if acronym:
                    pairs.append((acronym.group(), chinese))
    for match in _PAIR_ZH.finditer(text):
        pairs.append((match.group(2).strip(), match.group(1)))
    return pairs


def _is_name(word: str, starts_sentence: bool) -> bool:
    bare = re.sub(r"['’]s?$", "", word)
    if bare.lower() in COMMON or not bare or not bare[0].isalnum() or bare.isdigit():
        return False
    if any(character.isdigit() for character in bare):
        return (
            any(character.isupper() for character in bare)
            or bool(re.fullmatch(r"[a-z]?\d+[a-z]+", bare)) is False
        )
    if bare.lower() in KNOWN_WORDS and bare[0].isupper():
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
