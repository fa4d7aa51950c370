from __future__ import annotations

import pytest

from assistant.answering.chinese_amounts import with_chinese_amounts
from assistant.answering.quantities import find_quantities, quantity_matches


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("about $12 billion in 2026", "about 120亿美元 in 2026"),
        ("lost 452 million yuan", "lost 4.52亿元"),
        ("$9,326.8 million", "93.268亿美元"),
        ("a 2 trillion yuan plan", "a 2万亿元 plan"),
        ("1.174 billion yuan", "11.74亿元"),
        ("11.4 million HBM stacks", "1140万 HBM stacks"),
        ("812,000 cards in 2025", "812,000 cards in 2025"),
    ],
)
def test_amounts_change_their_writing_and_not_their_value(english: str, chinese: str) -> None:
    assert with_chinese_amounts(english) == chinese
    before, after = find_quantities(english), find_quantities(chinese)
    assert all(any(quantity_matches(a, b) for a in after) for b in before)
