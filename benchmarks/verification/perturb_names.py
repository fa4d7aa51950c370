"""Rules that put another name, number or date of the corpus in the place of one."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from assistant.answering.dates import find_dates
from assistant.answering.names import find_names
from assistant.answering.quantities import Quantity, find_quantities, quantity_matches


def name(text: str, rng: random.Random, others: Sequence[str] = (), pool: Sequence[str] = ()) -> str | None:
    """Another name for one name: of the passage (harder) or of the corpus."""
    found = [
        item
        for item in find_names(text)
        if len(item.text) > 2
        and item.text not in ("GPU", "GPUs", "Chinese", "CPU", "NAND", "DRAM", "HBM", "IPO")
    ]
    if not found:
        return None
    item = rng.choice(found)
    near = [n.text for t in others for n in find_names(t) if len(n.text) > 2]
    choices = [
        n
        for n in (near if near and rng.random() < 0.4 else list(pool))
        if _other(n, item.text) and n not in text
    ]
    same_shape = [n for n in choices if bool(re.search(r"\d", n)) == bool(re.search(r"\d", item.text))]
    if not same_shape:
        return None
    return text[: item.start] + rng.choice(same_shape) + text[item.end :]


def _other(left: str, right: str) -> bool:
    a, b = {w.lower() for w in left.split()}, {w.lower() for w in right.split()}
    groups = (
        {"us", "american", "united", "washington", "america", "trump"},
        {"china", "chinese", "beijing"},
        {"dutch", "netherlands"},
        {"bis", "bureau", "commerce"},
    )
    return (
        not a & b
        and not any(a & g and b & g for g in groups)
        and not left.lower().startswith(right.lower()[:4])
    )


def name_zh(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    names = (
        "华为",
        "阿里巴巴",
        "腾讯",
        "百度",
        "字节跳动",
        "英伟达",
        "台积电",
        "中芯国际",
        "寒武纪",
        "路透社",
        "彭博社",
        "《金融时报》",
        "《南华早报》",
        "三星",
        "长江存储",
        "长鑫存储",
        "美国",
        "日本",
        "荷兰",
        "昇腾",
        "昆仑芯",
    )
    found = [n for n in names if n in text]
    if not found:
        return None
    old = rng.choice(found)
    media = ("路透社", "彭博社", "《金融时报》", "《南华早报》")
    places = ("美国", "日本", "荷兰")
    kind = (
        media
        if old in media
        else places
        if old in places
        else tuple(n for n in names if n not in media + places)
    )
    return text.replace(old, rng.choice([n for n in kind if n not in text] or ["高通"]), 1)


def roles(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """Two names of a sentence change places, unless they stand in a list."""
    found = [n for n in find_names(text) if len(n.text) > 2]
    pairs = []
    for left in found:
        for right in found:
            between = text[left.end : right.start]
            if (
                left.end < right.start
                and _other(left.text, right.text)
                and re.search(r"[a-z]{3,} ", between)
                and not re.fullmatch(r"(?:,| and| or|\s|[\w ()’']*,[\w ]* and)*\s*", between)
                and len(between) < 70
                and "," not in between
                and " and " not in between
                and bool(re.search(r"\d", left.text)) == bool(re.search(r"\d", right.text))
            ):
                pairs.append((left, right))
    if not pairs:
        return None
    left, right = rng.choice(pairs)
    return text[: left.start] + right.text + text[left.end : right.start] + left.text + text[right.end :]


def mix(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """A number, date or subject of the sentence exchanged for one of another sentence of the same evidence."""
    ways = ["number", "date", "subject"]
    rng.shuffle(ways)
    for way in ways:
        for other in rng.sample(list(others), len(others)):
            if way == "number":
                mine, theirs = find_quantities(text), find_quantities(other)
                options: list[tuple[Quantity, Quantity]] = [
                    (a, b) for a in mine for b in theirs
                    if a.unit == b.unit and not a.soft and not b.soft and not quantity_matches(a, b) and not quantity_matches(b, a)
                    and abs(a.value - b.value) > 0.02 * a.value
                    and not any(quantity_matches(b, q) for q in mine)
                ]  # fmt: skip
                if options:
                    a, b = rng.choice(options)
                    return text[: a.start] + other[b.start : b.end] + text[a.end :]
            elif way == "date":
                left, right = find_dates(text), find_dates(other)
                dates = [(a, b) for a in left for b in right if a.year and b.year and (a.year, a.month, a.day, a.part) != (b.year, b.month, b.day, b.part)
                         and bool(a.month) == bool(b.month) and bool(a.day) == bool(b.day) and a.part == b.part == ""
                         and (b.year, b.month, b.day) not in {(d.year, d.month, d.day) for d in left}]  # fmt: skip
                if dates:
                    x, y = rng.choice(dates)
                    return text[: x.start] + other[y.start : y.end] + text[x.end :]
            else:
                subject = re.match(
                    r"((?:The |US |Chinese )?[A-Z][\w.’'-]*(?: [A-Z0-9][\w.’'-]*)*)(?= (?:said|reported|is|was|had|has|rose|plans|will|would|[a-z]+ed|[a-z]+s)\b)",
                    text,
                )
                theirs_subject = re.match(
                    r"((?:The |US |Chinese )?[A-Z][\w.’'-]*(?: [A-Z0-9][\w.’'-]*)*)(?= (?:said|reported|is|was|had|has|rose|plans|will|would|[a-z]+ed|[a-z]+s)\b)",
                    other,
                )
                if (
                    subject
                    and theirs_subject
                    and _other(subject[1], theirs_subject[1])
                    and not re.fullmatch(
                        r"The|It|This|That|These|Its|By|Their|Both|Another|Some|All|A", theirs_subject[1]
                    )
                    and not re.fullmatch(
                        r"The|It|This|That|These|Its|By|Their|Both|Another|Some|All|A", subject[1]
                    )
                ):
                    return theirs_subject[1] + text[subject.end() :]
    return None
