from __future__ import annotations

import pytest

from assistant.answering.chinese_figures import with_chinese_figures
from assistant.answering.dates import date_matches, find_dates
from assistant.answering.quantities import find_quantities, quantity_matches


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("about $12 billion in 2026", "about 120亿美元 in 2026年"),
        ("lost 452 million yuan", "lost 4.52亿元"),
        ("$9,326.8 million", "93.268亿美元"),
        ("a 2 trillion yuan plan", "a 2万亿元 plan"),
        ("1.174 billion yuan", "11.74亿元"),
        ("11.4 million HBM stacks", "1140万 HBM stacks"),
        ("812,000 cards in 2025", "812,000 cards in 2025年"),
        ("a 6.25 percent share", "a 6.25% share"),
    ],
)
def test_figures_change_their_writing_and_not_their_value(english: str, chinese: str) -> None:
    assert with_chinese_figures(english) == chinese
    before, after = find_quantities(english), find_quantities(chinese)
    assert all(any(quantity_matches(a, b) for a in after) for b in before)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("On 12 March 2026 it fell", "On 2026年3月12日 it fell"),
        ("March 12, 2026", "2026年3月12日"),
        ("the first quarter of 2025", "the 2025年第一季度"),
        ("in the second half of 2026", "in the 2026年下半年"),
        ("by late May 2025", "by 2025年5月底"),
        ("on 15 and 16 March 2026", "on 2026年3月15日和16日"),
        ("15-16 March 2026", "2026年3月15日至16日"),
        ("due by 6 July", "due by 7月6日"),
        # A year in a name, and what has two ends, stay.
        ("the AI Index 2026 report", "the AI Index 2026 report"),
        ("over 2021-2025", "over 2021-2025"),
    ],
)
def test_dates_change_their_writing_and_not_their_day(english: str, chinese: str) -> None:
    assert with_chinese_figures(english) == chinese
    before, after = find_dates(english), find_dates(chinese)
    assert before and all(any(date_matches(a, b) and date_matches(b, a) for a in after) for b in before)
