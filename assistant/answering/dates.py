"""Calendar mentions in English and Chinese text: days, months, quarters, half years and years."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
# Capitalised only: "may" and "march" are common verbs.
_MONTH = "(?:" + "|".join(sorted((name.capitalize() for name in _MONTHS), key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:19[5-9]\d|20[0-9]\d)"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_PART = r"(?:(?P<part>[Ee]arly|[Mm]id|[Ll]ate)(?:[ -]|\sto\s(?:mid|late)[ -]))?"
_JOIN = r"\s*(?:-|–|—|to|and|or|until|through|/|,)\s*"
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_ZH_ORDINAL = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_NO_DIGIT = r"(?<![\d.,$€£¥A-Za-z])"

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("zh_quarter", rf"(?:(?P<year>{_YEAR})\s*年)?\s*(?:(?<![同每这该任某单])|第)\s*(?P<number>[一二三四1-4])\s*(?:季度|季(?!节))"),
        ("zh_half", rf"(?:(?P<year>{_YEAR})\s*年)?\s*(?P<number>[上下])半年"),
        (
            "zh_day",
            rf"(?:(?P<year>{_YEAR})\s*年\s*)?(?P<month>1[0-2]|0?[1-9])\s*月\s*"
            r"(?P<days>\d{1,2}(?:\s*[日号]?\s*(?:至|到|和|、|-|–|—)\s*\d{1,2})?)\s*[日号]",
        ),
        (
            "zh_month",
            rf"(?:(?P<year>{_YEAR})\s*年\s*)?(?P<month>1[0-2]|0?[1-9])\s*月(?P<part>[初底末]|中(?![国央企方文美芯科])|上旬|中旬|下旬)?(?!\d|份?起?的?第)",
        ),
        ("zh_year", rf"(?P<year>{_YEAR})\s*年(?P<part>初|中(?![国央企方文美芯科])|底|末)?"),
        ("iso", rf"{_NO_DIGIT}(?P<year>{_YEAR})[-/.](?P<month>1[0-2]|0?[1-9])[-/.](?P<days>[12]\d|3[01]|0?[1-9])(?!\d)"),
        ("iso_month", rf"{_NO_DIGIT}(?P<year>{_YEAR})-(?P<month>0[1-9]|1[0-2])(?![\d-])"),
        (
            "quarter",
            rf"(?:(?P<year2>{_YEAR})[ -])?(?P<number>[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[1-4](?:st|nd|rd|th))[ -]"
            rf"quarters?(?:['’]s)?(?:\s*(?:of|in|,)?\s*(?:fiscal\s+|FY\s*)?(?P<year>{_YEAR}))?",
        ),
        ("q", rf"(?:(?P<year2>{_YEAR})\s*)?\bQ(?P<number>[1-4])\b(?:\s*(?:of|in|,|FY|/)?\s*(?P<year>{_YEAR}))?"),
        (
            "half",
            rf"(?P<number>[Ff]irst|[Ss]econd)[ -]half(?!\s+of\s+the\s+(?:year|decade))"
            rf"(?:\s*(?:of|in)?\s*(?P<year>{_YEAR}))?(?!\s+million)",
        ),
        ("h", rf"\bH(?P<number>[12])\b(?:\s*(?:of|in|,)?\s*(?P<year>{_YEAR}))|(?:(?P<year2>{_YEAR})\s*)H(?P<number2>[12])\b"),
        (
            "day_month",
            rf"(?<![\d.,])\b(?P<days>{_DAY}(?:(?:{_JOIN}){_DAY})*)\s+(?:of\s+)?(?P<month_name>{_MONTH})"
            rf"(?:,?\s+(?P<year>{_YEAR}))?(?!\d)",
        ),
        (
            "month_day",
            rf"\b(?P<month_name>{_MONTH})\s+(?P<days>{_DAY}(?:\s*(?:-|–|—|to|and|,\s*and)\s*{_DAY})*)(?![\d%:]|\.\d|,\d{{3}})\b"
            rf"(?:,?\s+(?P<year>{_YEAR}))?",
        ),
        (
            "months",
            rf"\b{_PART}(?P<names>{_MONTH}(?:(?:{_JOIN})(?:mid-|late |early )?{_MONTH})*)(?:\s+quarter)?(?:,?\s+(?:of\s+)?(?P<year>{_YEAR}))\b",
        ),
        ("month", rf"\b{_PART}(?P<month_name>{_MONTH})(?=[\s,.;:)'’-]|$)"),
        ("years", rf"{_NO_DIGIT}(?P<year>{_YEAR})\s*[-–]\s*(?P<last>\d{{2}}(?:\d{{2}})?)(?![\d-])"),
        ("year", rf"{_NO_DIGIT}{_PART}(?:FY\s?)?(?P<year>{_YEAR})(?![\d%]|[.,]\d|-(?:nm|dollar|yuan|chip|page|unit))s?\b"),
    )
)  # fmt: skip
_BARE_MAY = re.compile(
    r"\b(?:in|of|by|since|until|from|to|and|before|after|late|early|mid|during|through)[ -]$", re.I
)
_ZH_PART = {
    "初": "early",
    "上旬": "early",
    "中": "mid",
    "中旬": "mid",
    "底": "late",
    "末": "late",
    "下旬": "late",
}


@dataclass(frozen=True)
class DateMention:
    """A calendar mention of some precision; parts that are not written are None or empty."""

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str = ""
    """`Q1` to `Q4`, `H1`, `H2`, `early`, `mid`, `late` or empty."""

    def __str__(self) -> str:
        pieces = [self.part, str(self.day or ""), _month_name(self.month), str(self.year or "")]
        return " ".join(piece for piece in pieces if piece)


def find_dates(text: str) -> list[DateMention]:
    """Calendar mentions in order of appearance; ranges and lists give one mention for each end or item."""
    taken = bytearray(len(text))
    found: list[DateMention] = []
    for name, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]) or start == end:
                continue
            mentions = _read(name, match, text)
            if mentions:
                taken[start:end] = b"\x01" * (end - start)
                found.extend(mentions)
    return sorted(found, key=lambda mention: (mention.start, mention.end))


def date_matches(claim: DateMention, evidence: DateMention, known_years: Iterable[int] = ()) -> bool:
    """Whether the evidence's date implies the claim's.

    A finer evidence date implies a coarser claim (12 March 2026 implies March 2026 and the first quarter of
    2026), never the other way round. An evidence date without a year takes any of `known_years`.
    """
    if claim.year is not None and evidence.year != claim.year:
        if evidence.year is not None or claim.year not in set(known_years):
            return False
        if evidence.month is None and not evidence.part:
            return False
    if claim.month is not None and claim.month != evidence.month:
        return False
    if claim.day is not None and claim.day != evidence.day:
        return False
    return not claim.part or claim.part == evidence.part or _within(claim, evidence)


def fill_years(mentions: list[DateMention]) -> list[DateMention]:
    """Mentions in which a date without a year takes the year that was written last before it."""
    year: int | None = None
    filled: list[DateMention] = []
    for mention in mentions:
        if mention.year is not None:
            year = mention.year
        filled.append(mention if mention.year is not None or year is None else replace(mention, year=year))
    return filled


def _within(claim: DateMention, evidence: DateMention) -> bool:
    month, day = evidence.month, evidence.day
    if claim.month is not None:
        if day is None:
            return False
        low, high = {"early": (1, 12), "mid": (9, 22), "late": (18, 31)}.get(claim.part, (1, 31))
        return low <= day <= high
    if month is None:
        return (claim.part, evidence.part) in {
            ("H1", "Q1"), ("H1", "Q2"), ("H2", "Q3"), ("H2", "Q4"), ("early", "Q1"), ("late", "Q4"),
        }  # fmt: skip
    ranges = {
        "Q1": (1, 3), "Q2": (4, 6), "Q3": (7, 9), "Q4": (10, 12), "H1": (1, 6), "H2": (7, 12),
        "early": (1, 4), "mid": (5, 8), "late": (9, 12),
    }  # fmt: skip
    low, high = ranges[claim.part]
    return low <= month <= high


def _month_name(month: int | None) -> str:
    return next((name.capitalize() for name, number in _MONTHS.items() if number == month), "")


def _read(name: str, match: re.Match[str], text: str) -> list[DateMention]:
    groups = match.groupdict()
    year = int(groups.get("year") or groups.get("year2") or 0) or None
    base = DateMention(*match.span(), year=year)
    part = (groups.get("part") or "").lower()
    part = _ZH_PART.get(part, part)
    if name in ("zh_quarter", "quarter", "q"):
        word = groups["number"].lower()
        number = _ORDINAL.get(word) or _ZH_ORDINAL[word]
        return [replace(base, part=f"Q{number}")]
    if name in ("zh_half", "half", "h"):
        word = (groups.get("number") or groups.get("number2") or "").lower()
        return [replace(base, part="H1" if word in ("上", "first", "1") else "H2")]
    if name == "years":
        last = groups["last"]
        second = int(last) if len(last) == 4 else (year or 0) // 100 * 100 + int(last)
        if not year or not year < second < year + 60:
            return []
        return [base, replace(base, year=second)]
    if name == "year" or name == "zh_year":
        return [replace(base, part=part)]
    if name == "months":
        names = re.findall(_MONTH, groups["names"])
        months = [_MONTHS[word.rstrip(".").lower()] for word in names]
        return [replace(base, month=month, part=part if len(months) == 1 else "") for month in months]
    if groups.get("month_name"):
        word = groups["month_name"].rstrip(".")
        month = _MONTHS[word.lower()]
        if name == "month":
            before = text[: match.start()]
            # "May" alone at the head of a sentence may be a verb, and "Mar" or "Sun" a name.
            if word in ("May", "March", "Mar", "Jan") and not (part or _BARE_MAY.search(before)):
                return []
            return [replace(base, month=month, part=part)]
    else:
        month = int(groups["month"])
    days = [int(day) for day in re.findall(r"\d+", groups.get("days") or "")]
    if any(not 1 <= day <= 31 for day in days):
        return []
    return [replace(base, month=month, day=day) for day in days] or [replace(base, month=month, part=part)]
