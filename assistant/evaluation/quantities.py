"""Quantities and dates that are equal in value though written differently, in English and Chinese."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_SCALES = {
    "trillion": 1e12, "tn": 1e12, "万亿": 1e12, "billion": 1e9, "bn": 1e9, "亿": 1e8, "million": 1e6,
    "mn": 1e6, "万": 1e4, "thousand": 1e3, "k": 1e3, "千": 1e3, "百": 1e2, "hundred": 1e2,
}  # fmt: skip
_UNITS = {
    "%": "percent", "times": "times", "-fold": "times", "fold": "times", "倍": "times", "year": "year",
    "years": "year", "年": "year", "month": "month", "months": "month", "个月": "month", "day": "day",
    "days": "day", "天": "day", "bit": "bit", "bits": "bit", "位": "bit", "core": "core", "cores": "core",
    "核": "core", "dollars": "usd", "美元": "usd", "yuan": "cny", "renminbi": "cny", "rmb": "cny",
    "元人民币": "cny", "人民币": "cny", "元": "cny", "euros": "eur", "欧元": "eur",
}  # fmt: skip
_CURRENCY_BEFORE = {
    "$": "usd", "usd ": "usd", "¥": "cny", "rmb ": "cny", "cny ": "cny", "€": "eur", "eur ": "eur",
}  # fmt: skip
_WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
_TENS = ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBER_WORDS = {word: float(value) for value, word in enumerate(_WORDS)} | {
    word: 10.0 * value for value, word in enumerate(_TENS, start=3)
}
_HAN_DIGITS = {"两": 2.0} | {digit: float(value) for value, digit in enumerate("零一二三四五六七八九十")}


def _any_of(names: dict[str, float] | dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_QUANTITY = re.compile(
    rf"(?P<before>(?<![a-z])(?:{_any_of(_CURRENCY_BEFORE)}))?"
    rf"(?:(?<![a-z0-9.,·])(?P<digits>\d+(?:\.\d+)?)(?![.,]?\d)"
    rf"|(?<![a-z])(?P<word>{'|'.join(_NUMBER_WORDS)})(?![a-z])"
    rf"|(?<![零一二三四五六七八九十百千万亿两])(?P<han>[零一二三四五六七八九十两])(?![零一二三四五六七八九十点]))"
    rf"(?:[ -]?(?P<scale>{_any_of(_SCALES)})(?![a-z]))?"
    rf"(?:[ -]?(?P<unit>{_any_of(_UNITS)})(?![a-z]))?"
)
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
]  # fmt: skip
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\d.])(?P<day>\d{{1,2}})(?:st|nd|rd|th)? {_MONTH}(?:,? (?P<year>\d{{4}}))?(?!\d)",
        rf"(?<![a-z]){_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?(?!\d)",
        rf"(?<![a-z]){_MONTH} (?P<year>\d{{4}})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})年(?P<monthnumber>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?",
        r"(?<!\d)(?P<monthnumber>\d{1,2})月(?P<day>\d{1,2})[日号]",
        r"(?<!\d)(?P<year>\d{4})·(?P<monthnumber>\d{2})·(?P<day>\d{2})(?!\d)",
        r"(?P<ordinal>first|second|third|fourth) quarter(?: of|,)? (?P<year>\d{4})(?!\d)",
        r"(?<![a-z0-9])q(?P<quarter>[1-4]) (?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<year>\d{4}) ?q(?P<quarter>[1-4])(?!\d)",
        r"(?<!\d)(?P<year>\d{4})年第?(?P<ordinal>[一二三四])季度?",
    )
)


@dataclass(frozen=True)
class Quantity:
    """A number with its unit; an empty unit means a bare number."""

    value: float
    unit: str

    def equals(self, other: Quantity) -> bool:
        """Same value, and units that do not contradict each other."""
        money = {"usd", "cny", "eur"}
        units_agree = self.unit == other.unit or (
            # Either may leave out the currency; percent, years and the like must be named by both.
            {self.unit, other.unit} <= money | {""} and "" in {self.unit, other.unit}
        )
        return units_agree and math.isclose(self.value, other.value, rel_tol=1e-9)


@dataclass(frozen=True)
class Date:
    """A date of reduced precision; None where a part is not given."""

    year: int | None
    month: int | None
    day: int | None
    quarter: int | None

    def covers(self, fact: Date) -> bool:
        """Whether this date says everything that the fact says."""
        mine = (self.year, self.month, self.day, self.quarter)
        asked = (fact.year, fact.month, fact.day, fact.quarter)
        return all(want is None or have == want for have, want in zip(mine, asked, strict=True))


def same_quantity(fact: str, text: str) -> bool:
    """Whether a text holds a date or quantity equal to the fact; both normalised by `facts.normalise`.

    A fact that is more than one date or quantity, and nothing else, is never equal.
    """
    date = next((found for found, whole in _dates(fact) if whole), None)
    if date is not None:
        return any(found.covers(date) for found, _ in _dates(text))
    match = _QUANTITY.fullmatch(fact)
    if match is None:
        return False
    wanted = _quantity(match)
    # Small bare numbers equal anything; only their own digits count, which strict matching has looked for.
    if not wanted.unit and wanted.value < 1000:
        return False
    return any(_quantity(found).equals(wanted) for found in _QUANTITY.finditer(text))


def _quantity(match: re.Match[str]) -> Quantity:
    if match["digits"]:
        value = float(match["digits"])
    elif match["word"]:
        value = _NUMBER_WORDS[match["word"]]
    else:
        value = _HAN_DIGITS[match["han"]]
    unit = _UNITS.get(match["unit"] or "", "") or _CURRENCY_BEFORE.get(match["before"] or "", "")
    return Quantity(value * _SCALES.get(match["scale"] or "", 1.0), unit)


def _dates(text: str) -> list[tuple[Date, bool]]:
    """Dates in a text, each with whether it is the whole text."""
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = int(parts["monthnumber"]) if parts.get("monthnumber") else None
            if parts.get("month"):
                month = _MONTHS.index(parts["month"]) + 1
            quarter = int(parts["quarter"]) if parts.get("quarter") else None
            if parts.get("ordinal"):
                quarter = _ORDINALS[parts["ordinal"]]
            year, day = parts.get("year"), parts.get("day")
            date = Date(int(year) if year else None, month, int(day) if day else None, quarter)
            found.append((date, match.end() - match.start() == len(text)))
    return found
