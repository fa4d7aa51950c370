"""Writes English amounts, shares and dates the Chinese way, so that a translating model has nothing to convert."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import groupby

from assistant.answering.dates import DateMention, find_dates

_SCALES = {"million": Decimal(10**6), "billion": Decimal(10**9), "trillion": Decimal(10**12)}
_CHINESE = ((Decimal(10**12), "万亿"), (Decimal(10**8), "亿"), (Decimal(10**4), "万"))
_CURRENCIES = {
    "$": "美元", "us$": "美元", "dollars": "美元", "us dollars": "美元", "€": "欧元", "euros": "欧元", "£": "英镑",
    "yuan": "元", "¥": "元", "won": "韩元", "yen": "日元",
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?P<sign>US\$|[$€£¥])?(?P<number>\d[\d,]*(?:\.\d+)?)\s+(?P<scale>million|billion|trillion)\b"
    r"(?:\s+(?P<unit>yuan|US dollars|dollars|euros|won|yen)\b)?",
    re.I,
)
_PERCENT = re.compile(r"(?<=\d) (?:percent|per cent)\b")
# A year by itself may belong to a name, such as that of a report; after these words it is a time.
_BEFORE_YEAR = re.compile(r"\b(?:in|of|for|by|since|from|until|during|through|late|early|mid)[ -]$", re.I)
_PARTS = {"early": "初", "mid": "中", "late": "底", "H1": "上半年", "H2": "下半年"}


def with_chinese_figures(text: str) -> str:
    """The text with amounts, shares and dates such as "$12 billion", "5 percent" and "12 March 2026" in Chinese.

    They become "120亿美元", "5%" and "2026年3月12日".
    """
    out: list[str] = []
    position = 0
    for (start, end), mentions in groupby(find_dates(text), key=lambda mention: (mention.start, mention.end)):
        written = _date(list(mentions), text)
        if written:
            out += [text[position:start], written]
            position = end
    out.append(text[position:])
    return _PERCENT.sub("%", _AMOUNT.sub(_written, "".join(out)))


def chinese_date(mention: DateMention) -> str:
    """A calendar mention as Chinese text writes it, such as 2025年第一季度."""
    year = f"{mention.year}年" if mention.year else ""
    month = f"{mention.month}月" if mention.month else ""
    day = f"{mention.day}日" if mention.day else ""
    if mention.part.startswith("Q"):
        return f"{year}第{'一二三四'[int(mention.part[1]) - 1]}季度"
    return year + month + day + _PARTS.get(mention.part, "")


def _date(mentions: list[DateMention], text: str) -> str:
    first, last = mentions[0], mentions[-1]
    if len(mentions) == 1:
        bare = first.month is None and not first.part
        return "" if bare and not _BEFORE_YEAR.search(text[: first.start]) else chinese_date(first)
    if len(mentions) == 2 and first.day and last.day and first.month == last.month:
        joined = "和" if " and " in text[first.start : first.end] else "至"
        return f"{chinese_date(first)}{joined}{last.day}日"
    return ""


def _written(match: re.Match[str]) -> str:
    value = Decimal(match["number"].replace(",", "")) * _SCALES[match["scale"].lower()]
    currency = _CURRENCIES.get((match["sign"] or match["unit"] or "").lower(), "")
    for size, name in _CHINESE:
        if value >= size:
            return f"{_plain(value / size)}{name}{currency}"
    return f"{_plain(value)}{currency}"


def _plain(value: Decimal) -> str:
    text = f"{value.normalize():f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
