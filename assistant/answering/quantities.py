"""Numbers with their units in English and Chinese text, brought to one scale so that they can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.chinese_numbers import chinese_number
from assistant.answering.dates import DateMention, find_dates
from assistant.answering.units import CURRENCY, SCALES, UNIT, UNITS

_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_WORDS = {word: value for value, word in enumerate(_SMALL)}
_WORDS |= {word: 10 * value for value, word in enumerate(
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)}  # fmt: skip
_NUMBER = re.compile(
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)"
    r"|(?P<words>\b(?:" + "|".join([*_WORDS][::-1]) + r")(?:[- ](?:" + "|".join(_SMALL[1:10]) + r"))?\b)"
    r"|(?P<zh>(?:百分之)?[零〇一二两三四五六七八九十百千万亿]+(?:点[零一二三四五六七八九]+)?)"
    r"|(?P<fraction>\b(?:(?:one|a|two|three)[ -](?:third|quarter|fifth|tenth)s?\b(?=\s+(?:of|share)|[,.;]|\s*$)"
    r"|(?<!first )(?<!second )(?<!first-)(?<!second-)half\b(?!\s+(?:year|of\s+(?:the\s+year|20)))|halved\b)|一半|过半)"
    r"|(?P<multiple>\b(?:doubl(?:e|ed|es|ing)|twice|twofold|tripl(?:e|ed|es|ing)|threefold|quadrupl(?:e|ed|es|ing)"
    r"|dozen)\b|翻(?:一番|倍))",
    re.IGNORECASE,
)
_SCALE = re.compile(
    r"(?:\s*(百万|千万|百亿|千亿|十亿|万亿|萬億|[百千万亿萬億兆])|[ -]?(hundred|thousand|million|billion|trillion|dozen)s?\b|\s?(bn|mn|mln|tn|trn)\b"
    r"|([kKBMT])(?=$|[\s,.;:)\-–]))"
)
_PREFIX = re.compile(r"(US\$|HK\$|NT\$|\$|€|£|¥|￥|(?<![A-Za-z])(?:RMB|CNY|USD|HKD|EUR|TWD)|人民币)\s?$")
_MIN = re.compile(
    r"(?:more than|greater than|over|above|at least|exceed(?:s|ed|ing)?|upwards? of|no (?:less|fewer) than|not less than"
    r"|minimum of|surpass(?:es|ed|ing)?|topp(?:ed|ing)|beyond|超过|超過|逾|至少|不少于|不低于|高于|突破|多于|超)\s*(?:about\s|an?\s)?$",
    re.I,
)
_MAX = re.compile(
    r"(?:up to|at most|no more than|not more than|under|below|less than|fewer than|as (?:many|much|high) as|maximum of"
    r"|within|lower than|capped at|不超过|至多|最多|不到|低于|不足|少于|最高|高达|多达)\s*(?:about\s|an?\s)?$",
    re.I,
)
_ABOUT = re.compile(
    r"(?:about|around|roughly|some|approximately|approx\.?|nearly|almost|close to|near|an? estimated|circa|~|≈|约|大约|近|将近|接近|大概|左右)"
    r"\s*(?:an?\s)?$",
    re.I,
)
_AFTER_MIN = re.compile(r"^\s*(?:or more|or higher|and above|plus\b|\+|以上|多(?=[万亿元家个名颗枚片台项]))")
_AFTER_MAX = re.compile(r"^\s*(?:or less|or fewer|or lower|and below|以下|以内|之内)")
_RANGE = re.compile(
    r"^\s*(?:to|-|–|—|and|or|through|至|到|~|、|和)\s*(?:about\s|around\s)?(?:US\$|HK\$|NT\$|\$|€|£|¥)?$"
)
# Chinese characters of numbers that give none: 数十 is some tens, 华大九天 a name, 三期 a phase that English numbers in
# Roman numerals, 零部件 are parts, 每千瓦时 is of a unit.
_VAGUE_BEFORE = re.compile(r"(?:(?<![参函总指])数|几)$")
_NO_NUMBER = re.compile(
    r"零(?=[部件售])|[一二三四五六七](?=期(?![间限望货末刊]))|九(?=天)|千(?=[瓦米克伏赫])|[两一](?=岸|手|会(?!议))"
)
_SCALED = re.compile(r"(?:thousand|million|billion|trillion|bn|mn|tn|[万亿])$", re.I)
_DEFINITE = re.compile(r"\b(?:the|these|those|both|other|last|its|their|of|any|each)\s$", re.I)
_MULTIPLES = {"doub": 2.0, "twic": 2.0, "twof": 2.0, "trip": 3.0, "thre": 3.0, "quad": 4.0}


@dataclass(frozen=True)
class Quantity:
    """A number as it is written, with its value in the base unit."""

    start: int
    end: int
    value: float
    unit: str
    """Canonical unit such as `USD`, `CNY`, `%`, `points`, `B/s`, `month`; empty for counts."""
    half_step: float
    """Half of the last written place, in the base unit: the rounding that the writer used."""
    significant_half_step: float
    """The same when trailing zeros count as rounding."""
    bound: str = ""
    """`min` for more than, `max` for up to, else empty."""
    approximate: bool = False
    soft: bool = False
    """A small number word after an article ("the two"), which need not be written in the evidence."""

    def __str__(self) -> str:
        value = self.value
        for scale, word in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
            if abs(value) >= scale and self.unit in (
                "",
                "USD",
                "CNY",
                "HKD",
                "EUR",
                "TWD",
                "JPY",
                "KRW",
                "GBP",
            ):
                return f"{value / scale:.10g}{word} {self.unit}".strip()
        return f"{value:.10g} {self.unit}".strip().replace(" %", "%")


def find_quantities(text: str, dates: Sequence[DateMention] | None = None) -> list[Quantity]:
    """Numbers of the text that are not dates and not parts of a name such as H200 or GPT-5.

    Args:
        text: English, Chinese or mixed.
        dates: Calendar mentions of the text, when they are known already.
    """
    taken = bytearray(len(text))
    for mention in find_dates(text) if dates is None else dates:
        taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
    found: list[Quantity] = []
    plain: list[bool] = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if any(taken[start:end]):
            continue
        item = _read(match, text)
        if item is None:
            continue
        quantity, bare = item
        taken[quantity.start : quantity.end] = b"\x01" * (quantity.end - quantity.start)
        found.append(quantity)
        plain.append(bare)
    return _share_units(found, plain, text)


def quantity_matches(claim: Quantity, evidence: Quantity) -> bool:
    """Whether the evidence's number supports the claim's to the claim's own rounding.

    Source: the usual reading of written numbers, half a unit in the last place; "more than" and "up to" in the
    claim also fit an exact value up to one eighth beyond.
    """
    if claim.unit != evidence.unit:
        return False
    # The cap keeps "about 1 billion" from standing for 1.4 billion.
    if claim.approximate:
        tolerance = min(claim.significant_half_step, 0.1 * abs(claim.value))
    else:
        tolerance = min(claim.half_step, 0.05 * abs(claim.value))
    difference = evidence.value - claim.value
    # Rounding may only drop places: a claim that writes more places than the evidence must still equal it.
    if abs(difference) <= tolerance * 1.0001 + 1e-9 * abs(claim.value):
        return True
    slack = abs(claim.value) / 8
    if claim.bound == "min" and evidence.bound != "max":
        return 0 <= difference <= slack
    if claim.bound == "max" and evidence.bound != "min":
        return -slack <= difference <= 0
    return False


def bounds_conflict(claim: Quantity, evidence: Quantity) -> bool:
    """Whether one says "more than" and the other "up to", or the claim sharpens or loosens a bound."""
    if claim.bound == evidence.bound:
        return False
    if {claim.bound, evidence.bound} == {"min", "max"}:
        return True
    if not claim.bound:
        return True
    # A bound that the claim adds is true of an exact value only when that value lies beyond it.
    return evidence.value <= claim.value if claim.bound == "min" else evidence.value >= claim.value


def _read(match: re.Match[str], text: str) -> tuple[Quantity, bool] | None:
    """The quantity at a number match, and whether it stands without scale and unit of its own."""
    start, end = match.span()
    before, after = text[:start], text[end:]
    kind = match.lastgroup or ""
    raw = match.group()
    unit, factor, soft = "", 1.0, False
    places = 0
    if kind == "fraction":
        return _fraction(raw, start, end, before, after)
    if kind == "multiple":
        if raw.lower() == "dozen":
            return Quantity(start, end, 12, "", 0.5, 0.5), False
        value = 2.0 if raw.startswith("翻") else _MULTIPLES[raw.lower()[:4]]
        return Quantity(start, end, value, "times", 0.05, 0.05, *_hedges(before, after)), False
    if kind == "digits":
        if re.search(r"[A-Za-z_+]$|[A-Za-z]-$|[A-Za-z]\.$|\d[.:/]$", before) and not re.search(
            r"(?:RMB|CNY|USD|HKD|EUR|TWD|-to-)$", before
        ):
            return None
        if after.startswith(("世纪", "氪")):
            return None
        places = len(raw.partition(".")[2])
        value = float(raw.replace(",", ""))
    elif kind == "words":
        if re.match(r"-[A-Z]", after):  # "Five-Year Plan" is a name
            return None
        pieces = re.split(r"[- ]", raw.lower())
        value = float(sum(_WORDS[piece] for piece in pieces))
        soft = value <= 1 or (value <= 3 and bool(_DEFINITE.search(before)))
    else:
        if _is_no_number(raw, before, text[start:]):
            return None
        percent = raw.startswith("百分之")
        parsed = chinese_number(raw.removeprefix("百分之"))
        if parsed is None:
            return None
        value = parsed
        if percent:
            return Quantity(start, end, value, "%", 0.5, 0.5, *_hedges(before, after)), False
    scale = _SCALE.match(text, end)
    multiplier = 1.0
    # 200多万: more than two million.
    more = scale is None and text[end : end + 1] in ("多", "余") and re.match("[百千万亿]", text[end + 1 :])
    if more:
        scale = _SCALE.match(text, end + 1)
    # A letter scale without a currency is ambiguous: "30M" is read, "5T" of a name is not.
    if scale is not None and (kind != "zh" or scale.group(1)):
        word = next(group for group in scale.groups() if group)
        multiplier = SCALES[word if word in SCALES else word.lower()]
        end = scale.end()
        if re.match(r"\s*(?:trillion|million|万亿|亿)\b", text[end:]) and multiplier < 1e6:
            second = _SCALE.match(text, end)
            if second is not None:
                word = next(group for group in second.groups() if group)
                multiplier *= SCALES[word if word in SCALES else word.lower()]
                end = second.end()
    prefix = _PREFIX.search(before)
    if prefix is not None:
        unit = CURRENCY[prefix.group(1)]
        start = prefix.start()
    else_unit = re.match(r"(?:多|余)", text[end:])
    unit_start = end + (1 if else_unit else 0)
    gap = int(text[unit_start : unit_start + 1] in (" ", "-"))
    unit_match = UNIT.match(text, unit_start) or UNIT.match(text, unit_start + gap)
    known = False
    if unit_match is not None and not (unit_match.end() < len(text) and _cut_word(text, unit_match)):
        index = int((unit_match.lastgroup or "u0")[1:])
        name, unit_factor = UNITS[index][1], UNITS[index][2]
        known = True
        if not unit or unit == name:
            unit, factor = name, unit_factor
            end = unit_match.end()
    elif (
        kind == "digits"
        and end < len(text)
        and re.match(r"[A-Za-z]", text[end:])
        and not re.match("[百千万亿]", text[end - 1])
    ) or (kind == "digits" and re.match(r"-[A-Za-z]{1,2}\d|-[A-Z]", text[end:]) and not unit):
        return None
    if unit in ("B", "b") and before.endswith("每秒"):
        unit += "/s"
    if kind == "zh" and (before.endswith("第") or (value == 1 and re.match(r"[前后来]", text[end:]))):
        return None
    if kind == "zh" and not known and multiplier < 1e4 and value < 1e4:
        return None
    if kind == "zh" and value == 1 and multiplier == 1 and unit == "":
        return None
    if kind == "words" and soft and unit:
        soft = False
    # 一天 is "a day", 两款 often "both": English need not write the number.
    if kind == "zh" and raw in "一两" and multiplier == 1:
        soft = True
    if kind == "words" and value == 1 and unit == "" and multiplier == 1:
        return None
    size = value * multiplier * factor
    half = 0.5 * 10.0**-places * multiplier * factor
    whole = raw.replace(",", "").replace(".", "") if kind == "digits" else ""
    zeros = len(whole) - len(whole.rstrip("0")) if whole.strip("0") else 0
    if kind == "zh" and value >= 1e4:
        half = 0.5 * (1e12 if value >= 1e12 else 1e8 if value >= 1e8 else 1e4)
    significant = half * 10.0 ** min(zeros, max(len(whole) - 1, 0))
    if kind != "digits" and multiplier == 1 and value >= 20 and value % 10 == 0:
        significant = half * 10
    bound, approximate = _hedges(text[:start], text[end:])
    if else_unit or more:
        bound = "min"
    quantity = Quantity(start, end, size, unit, half, significant, bound, approximate, soft)
    return quantity, not unit and multiplier == 1 and not known


def _is_no_number(raw: str, before: str, rest: str) -> bool:
    """Whether Chinese characters of numbers are part of another word, or of a number that is left open."""
    if raw.startswith("百分之") and rest.removeprefix(raw)[:1] in ("几", "多", "余"):
        return True
    if before.endswith("华大") or (raw[0] in "十百千万亿" and _VAGUE_BEFORE.search(before)):
        return True
    return (match := _NO_NUMBER.match(rest)) is not None and match.end() == len(raw)


def _cut_word(text: str, unit: re.Match[str]) -> bool:
    """Whether a Latin unit is only the head of a longer word, as W in Wafers."""
    last, following = unit.group()[-1], text[unit.end()]
    return (
        last.isascii()
        and last.isalpha()
        and following.isascii()
        and (following.isalnum() or following == "_")
    )


def _fraction(raw: str, start: int, end: int, before: str, after: str) -> tuple[Quantity, bool]:
    word = raw.lower()
    value = 50.0
    for name, part in (("third", 100 / 3), ("quarter", 25.0), ("fifth", 20.0), ("tenth", 10.0)):
        if name in word:
            value = part * {"two": 2, "thr": 3}.get(word[:3], 1)
    bound, approximate = _hedges(before, after)
    return Quantity(start, end, value, "%", 0.5, 0.5, bound, approximate or word == "half"), False


def _hedges(before: str, after: str) -> tuple[str, bool]:
    """Bound and approximation written directly around a number."""
    near = before[-30:]
    bound = "min" if _MIN.search(near) or _AFTER_MIN.match(after) else ""
    if not bound and (_MAX.search(near) or _AFTER_MAX.match(after)):
        bound = "max"
    approximate = bool(_ABOUT.search(near)) or after.lstrip().startswith(("左右", "上下"))
    return bound, approximate


def _share_units(found: list[Quantity], plain: list[bool], text: str) -> list[Quantity]:
    """Give the first end of a range or list the scale and unit that only the last one carries."""
    for index in range(len(found) - 2, -1, -1):
        left, right = found[index], found[index + 1]
        if not _RANGE.match(text[left.end : right.start]) or (not right.unit and right.value < 1e3):
            continue
        written = text[right.start : right.end]
        scale = 1.0
        for word, size in SCALES.items():
            if len(word) > 1 or not word.isascii():
                scale = max(scale, size if re.search(rf"\d\s*-?{word}", written) else 1.0)
        if plain[index] and left.value >= 1e3 and right.unit and scale > 1:
            # "500,000 to 10 million yuan": only the unit is missing.
            found[index] = replace(left, unit=right.unit)
        elif not left.unit and right.unit and scale > 1 and _SCALED.search(text[left.start : left.end]):
            found[index] = replace(left, unit=right.unit)
        elif plain[index] and (right.unit or scale > 1):
            number = re.search(r"[\d.,]+", written)
            base = float(number.group().replace(",", "").rstrip(".")) if number else 0.0
            factor = right.value / base if base else 1.0
            found[index] = replace(
                left, value=left.value * factor, unit=right.unit, half_step=left.half_step * factor,
                significant_half_step=left.significant_half_step * factor,
            )  # fmt: skip
        elif (
            left.unit == right.unit
            and scale > 1
            and left.value < 1000
            and not re.search(r"[a-z万亿]", text[left.start : left.end], re.I)
        ):
            found[index] = replace(
                left, value=left.value * scale, half_step=left.half_step * scale,
                significant_half_step=left.significant_half_step * scale,
            )  # fmt: skip
    return found
