"""Writes English amounts the Chinese way, so that a translating model has nothing to convert."""

from __future__ import annotations

import re
from decimal import Decimal

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


def with_chinese_amounts(text: str) -> str:
    """The text with amounts such as "$12 billion" and "452 million yuan" as "120亿美元" and "4.52亿元"."""
    return _AMOUNT.sub(_written, text)


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
