"""When a sentence is a repeat of another."""

import pytest

from assistant.answering.repeats import repeats


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kirin Foundry will cut 600,000 dies in 2026.", "Kirin Foundry will cut 805,000 dies in 2026."),
        ("Kirin Foundry will cut 600,000 dies in 2026.", "Kirin Foundry will cut 600,000 dies in 2027."),
        ("Kirin Foundry will cut 600,000 dies in 2026.", "Kirin Foundry will cut 600,000 wafers in 2026."),
        ("The tariff on Loong chips will rise to 25 percent.", "The tariff on Loong chips will not rise to 25 percent."),
        ("Loong imported 5 billion chips in 2025.", "Loong exported 5 billion chips in 2025."),
        ("Loong's revenue rose 16 percent in 2025.", "Loong's revenue fell 16 percent in 2025."),
        ("The 14th plan was adopted in March 2021.", "The 15th plan was adopted in March 2021."),
        ("Site LS-101 draws 40 megawatts for Unit 2.", "Site LS-102 draws 40 megawatts for Unit 2."),
        ("The ministry of Hebei approved the plant in May 2025.", "The ministry of Anhui approved the plant in May 2025."),
        ("麒麟公司2025年营收增长16%。", "麒麟公司2025年营收下降16%。"),
        ("麒麟公司2025年营收为30亿元。", "麒麟公司2025年营收为31亿元。"),
        ("Loong makes chips.", "The ministry adopted the fifteenth plan."),
    ],
)  # fmt: skip
def test_what_differs_in_a_figure_a_name_or_a_direction_is_none(one: str, other: str) -> None:
    assert not repeats(one, other) and not repeats(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("In 2025 Loong's revenue rose 16 percent to $9.3 billion.", "Loong's revenue rose 16 percent to $9.3 billion in 2025."),
        ("Loong's revenue rose 16 percent to 9,300 million dollars in 2025.", "Loong's revenue rose 16 percent to $9.3 billion in 2025."),
        ("麒麟公司2025年营收增长16%。", "麒麟公司2025年的营收增长了16%。"),
        ("!!!", "!!!"),
    ],
)  # fmt: skip
def test_the_same_said_again_is_one(one: str, other: str) -> None:
    assert repeats(one, other) and repeats(other, one)


def test_what_says_more_is_no_repeat_of_what_says_less() -> None:
    less = "Loong's revenue rose 16 percent to $9.3 billion."
    more = "Loong's revenue rose 16 percent to $9.3 billion in May 2025."
    assert repeats(less, more) and not repeats(more, less)
