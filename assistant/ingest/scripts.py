"""Chinese in its two scripts, by OpenCC (https://github.com/BYVoid/OpenCC)."""

from __future__ import annotations

from functools import cache
from typing import Any


def simplified(text: str) -> str:
    """The text in Simplified Chinese, words of Taiwan by those of the mainland (輝達 by 英伟达); others stay."""
    return text if text.isascii() else str(_converter("tw2sp").convert(text))


def traditional(text: str) -> str:
    """The text in Traditional Chinese, its words as they are."""
    return text if text.isascii() else str(_converter("s2t").convert(text))


def is_traditional(text: str) -> bool:
    """Whether more of its characters are written in Traditional Chinese alone than in Simplified alone."""
    if text.isascii():
        return False
    other, one = (str(_converter(name).convert(text)) for name in ("t2s", "s2t"))
    changed = [sum(a != b for a, b in zip(text, version, strict=False)) for version in (other, one)]
    return changed[0] > changed[1]


@cache
def _converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)
