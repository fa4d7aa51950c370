"""Quantities and dates that are equal in value though written differently, in English and Chinese.

The readers are those of the answers' verification; equality here is stricter: the same value and no rounding.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from assistant.answering.dates import DateMention, find_dates
from assistant.answering.quantities import Quantity, find_quantities

_MONEY = {"USD", "CNY", "EUR"}
# Words such as half and doubled are no numbers that a fact could ask for.
_WORDED = re.compile(
    r"half|halved|third|quarter|fifth|tenth|doubl|twice|fold$|tripl|quadrupl|dozen|一半|过半|翻",
    re.IGNORECASE,
)


def same_quantity(fact: str, text: str) -> bool:
    """Whether a text holds a date or quantity equal to the fact; both folded by `facts.fold`.

    A fact that is more than one date or quantity, and nothing else, is never equal.
    """
    dates = find_dates(fact)
    if len(dates) == 1 and _whole(dates[0], fact):
        # A year alone says too little to be found by value.
        return bool(dates[0].month or dates[0].part) and any(_covers(d, dates[0]) for d in find_dates(text))
    if dates:
        return False
    quantities = find_quantities(fact)
    if len(quantities) != 1 or not _whole(quantities[0], fact) or _WORDED.search(fact):
        return False
    wanted = quantities[0]
    # Small bare numbers equal anything; only their own digits count, which strict matching has looked for.
    if not wanted.unit and wanted.value < 1000:
        return False
    return any(
        _equal(wanted, _counted(found, text)) and not _WORDED.search(text[found.start : found.end])
        for found in find_quantities(text)
    )


def _counted(found: Quantity, text: str) -> Quantity:
    """A number before 位 as a number of bits, which the reader takes for a count of people when it stands alone."""
    return (
        replace(found, unit="bit")
        if not found.unit and text[found.start : found.end].endswith("位")
        else found
    )


def _whole(item: DateMention | Quantity, text: str) -> bool:
    return item.start == 0 and item.end == len(text)


def _equal(left: Quantity, right: Quantity) -> bool:
    """Same value, and units that do not contradict each other."""
    units_agree = left.unit == right.unit or (
        # Either may leave out the currency; percent, years and the like must be named by both.
        {left.unit, right.unit} <= _MONEY | {""} and "" in {left.unit, right.unit}
    )
    return units_agree and math.isclose(left.value, right.value, rel_tol=1e-9)


def _covers(date: DateMention, fact: DateMention) -> bool:
    """Whether a date says everything that the fact says."""
    mine = (date.year, date.month, date.day, date.part or None)
    asked = (fact.year, fact.month, fact.day, fact.part or None)
    return all(want is None or have == want for have, want in zip(mine, asked, strict=True))
