"""Rules that change one number, unit or date of a sentence."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from assistant.answering.dates import find_dates
from assistant.answering.quantities import find_quantities, quantity_matches

_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
_MONTH = "(?:" + "|".join(_MONTHS) + ")"


def number(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """Another value for one number, sometimes one that stands elsewhere in the passage."""
    found = [
        item
        for item in find_quantities(text)
        if not item.soft and re.search(r"\d", text[item.start : item.end])
    ]
    if not found:
        return None
    item = rng.choice(found)
    written = text[item.start : item.end]
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", written)
    if digits is None:
        return None
    if others and rng.random() < 0.4:
        pool = [(t[q.start : q.end], q) for t in (*others, text) for q in find_quantities(t)
                if q.unit == item.unit and not quantity_matches(q, item) and not quantity_matches(item, q) and not q.soft and re.search(r'\d', t[q.start : q.end])
                and bool(re.search('[一-鿿]', t)) == bool(re.search('[一-鿿]{4}', text))]  # fmt: skip
        if pool:
            return text[: item.start] + rng.choice(pool)[0] + text[item.end :]
    raw = digits[0]
    value = float(raw.replace(",", ""))
    factor = rng.choice((0.5, 0.7, 0.8, 0.9, 1.1, 1.2, 1.4, 1.6, 2, 3))
    places = len(raw.partition(".")[2])
    new = round(value * factor, places) if places else float(max(1, round(value * factor)))
    if not places and value >= 1000 and raw.rstrip("0") != raw:
        zeros = len(raw.replace(",", "")) - len(raw.replace(",", "").rstrip("0"))
        new = float(max(1, round(new / 10**zeros)) * 10**zeros)
    if new == value:
        new = value + 1
    changed = f"{new:,.{places}f}" if "," in raw or (new >= 1000 and value >= 1000) else f"{new:.{places}f}"
    result = text[: item.start] + written.replace(raw, changed, 1) + text[item.end :]
    after = [q for q in find_quantities(result) if q.start == item.start]
    return None if any(quantity_matches(q, item) for q in after) else result


def unit(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    swaps = [
        (r"(?<=\d) billion", " million"), (r"(?<=\d) million", " billion"), (r"(?<=\d) percent\b(?!age)", " percentage points"), (r"(?<=\d)%", " percentage points"),
        (r"(?<=illion) yuan", " dollars"), (r"(?<![A-Z])\$(?=\d)", "€"), (r"(?<=\d) GB\b(?!/)", " TB"), (r"(?<=\d) TB/s", " GB/s"),
        (r"(?<=\d)nm\b", " GB"), (r"(?<=\d) days\b", " weeks"), (r"(?<=\w) months\b", " years"), (r"(?<=\d) TFLOPS", " PFLOPS"), (r"(?<=\d) trillion", " billion"),
        ("亿美元", "亿元"), ("亿元(?!人)", "亿美元"), ("万(?=[颗张])", "亿"), (r"(?<=\d)亿", "万"), ("个月", "年"), (r"(?<=\d)%", "个百分点"),
    ]  # fmt: skip
    hits = [
        (p, n)
        for p, n in swaps
        if re.search(p, text)
        and not ("个百分点" in n and not re.search("[一-鿿]", text))
        and not ("percentage" in n and re.search("[一-鿿]{4}", text))
    ]
    if not hits:
        return None
    pattern, new = rng.choice(hits)
    result = re.sub(pattern, new, text, count=1)
    before, after = find_quantities(text), find_quantities(result)
    same = len(before) == len(after) and all(
        a.unit == b.unit and abs(a.value - b.value) <= 1e-6 * abs(a.value)
        for a, b in zip(before, after, strict=True)
    )
    return None if same else result


def date(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    found = find_dates(text)
    if not found:
        return None
    item = rng.choice(found)
    written = text[item.start : item.end]
    ways = []
    if re.search(r"20\d\d", written):
        ways.append("year")
    if item.month and not re.search(r"\d{4}-", written):
        ways.append("month")
    if item.day and re.search(rf"\b{item.day}\b|{item.day}日", written):
        ways.append("day")
    if item.part[:1] == "Q":
        ways.append("quarter")
    if not ways:
        return None
    way = rng.choice(ways)
    if way == "year":
        new = re.sub(r"20\d\d", lambda m: str(int(m[0]) + rng.choice((-2, -1, 1, 2))), written, count=1)
    elif way == "day":
        day = item.day + rng.choice((-7, -3, -2, 2, 3, 7)) if item.day else 1
        day = day if 1 <= day <= 28 else (item.day or 0) % 27 + 1
        new = re.sub(rf"(?<!\d){item.day}(?!\d)", str(day), written, count=1)
    elif way == "month":
        other = rng.choice([m for m in range(1, 13) if m != item.month])
        new = (
            re.sub(_MONTH, _MONTHS[other - 1], written, count=1)
            if re.search(_MONTH, written)
            else re.sub(r"(\d+)(?=\s*月)", str(other), written, count=1)
        )
    else:
        words = ["first", "second", "third", "fourth"]
        new = re.sub(
            "|".join(words),
            lambda m: rng.choice([w for w in words if w != m[0]]),
            written,
            count=1,
            flags=re.I,
        )
        new = re.sub(
            r"第([一二三四])", lambda m: "第" + rng.choice([w for w in "一二三四" if w != m[1]]), new
        )
        new = re.sub(r"Q(\d)", lambda m: f"Q{int(m[1]) % 4 + 1}", new)
    return None if new == written else text[: item.start] + new + text[item.end :]
