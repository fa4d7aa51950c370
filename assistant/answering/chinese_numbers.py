"""Values of Chinese numerals."""

from __future__ import annotations

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def chinese_number(text: str) -> float | None:
    """Value of a Chinese numeral such as 三千八百亿 or 两点五; None when it is not one."""
    whole, _, fraction = text.partition("点")
    if all(character in _DIGIT for character in whole):
        if len(whole) > 1 and not fraction:
            return None
        value = float(_DIGIT.get(whole[-1], 0)) if whole else 0.0
    else:
        total, section, digit = 0.0, 0.0, 0.0
        for character in whole:
            if character in _DIGIT:
                digit = _DIGIT[character]
            elif character in "十百千":
                section += (digit or 1.0) * {"十": 10, "百": 100, "千": 1000}[character]
                digit = 0.0
            else:
                factor = {"万": 1e4, "亿": 1e8}[character]
                base = section + digit
                if base == 0 and total == 0:
                    return None
                total = (total + base) * factor if base else total * factor
                section = digit = 0.0
        value = total + section + digit
    if fraction:
        value += sum(_DIGIT[digit_] * 10.0 ** -(place + 1) for place, digit_ in enumerate(fraction))
    return value
