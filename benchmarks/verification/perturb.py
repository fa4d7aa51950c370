"""Rules that change what a sentence says, one fact at a time."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from assistant.answering.dates import find_dates
from assistant.answering.names import find_names
from assistant.answering.quantities import Quantity, find_quantities, quantity_matches

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_OPPOSITES = (
    ("rose", "fell"), ("increased", "decreased"), ("grew", "shrank"), ("more than", "less than"), ("above", "below"), ("higher", "lower"),
    ("allowed", "banned"), ("approved", "rejected"), ("imposed", "lifted"), ("bought", "sold"), ("began", "stopped"), ("started", "stopped"),
    ("before", "after"), ("largest", "smallest"), ("exports", "imports"), ("profit", "loss"), ("ahead of", "behind"), ("joined", "left"),
    ("raised", "cut"), ("extended", "shortened"), ("launched", "cancelled"), ("domestic", "foreign"), ("gained", "lost"), ("first", "last"),
    ("tightened", "relaxed"), ("up from", "down from"), ("faster", "slower"), ("won", "lost"), ("doubled", "halved"), ("confirmed", "denied"),
    ("opened", "closed"), ("widened", "narrowed"), ("resumed", "halted"), ("strong", "weak"), ("required", "forbade"), ("added", "removed"),
    ("up to", "at least"), ("at least", "at most"), ("suspended", "imposed"), ("supports", "opposes"), ("fell", "rose"), ("below", "above"),
    ("lower", "higher"), ("banned", "allowed"), ("rejected", "approved"), ("lifted", "imposed"), ("sold", "bought"), ("stopped", "began"),
    ("after", "before"), ("behind", "ahead of"), ("cut", "raised"), ("barred", "allowed"), ("refused", "agreed"), ("up", "down"), ("cheaper", "more expensive"),
    ("growth", "decline"), ("shortage", "surplus"), ("shortages", "surpluses"), ("removed", "added"), ("less than", "more than"), ("most", "few"),
    ("increase", "decrease"), ("reduce", "increase"), ("lowers", "raises"), ("cuts", "raises"), ("failed", "succeeded"), ("permitted", "banned"),
    ("overseas", "domestic"), ("public", "secret"), ("dropped", "climbed"), ("passed", "rejected"), ("oppose", "support"), ("opposed", "supported"),
)  # fmt: skip
_OPPOSITES_ZH = (
    ("增长", "下降"), ("上涨", "下跌"), ("提高到", "降至"), ("降至", "升至"), ("高于", "低于"), ("超过", "不到"), ("亏损", "盈利"), ("允许", "禁止"),
    ("禁止", "允许"), ("停止征收", "开始征收"), ("暂停", "恢复"), ("售出", "购买"), ("落后", "领先"), ("通过", "否决"), ("取消", "实施"), ("最高", "至少"),
    ("进口", "出口"), ("辞去", "出任"), ("翻一番", "减半"), ("最强", "最弱"), ("之前", "之后"), ("国产", "进口"), ("处罚", "表彰"), ("移出", "纳入"),
)  # fmt: skip


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


def negation(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    removals = [
        (r"\b(was|were|is|are|had|has|would|could|did|does|do|will) not\b", r"\1"), (r"\bcannot\b", "can"), (r"\bno longer\b", "still"),
        (r"\bhad no\b", "had"), (r"\bdid not (\w+)", r"did \1"), (r"\bwithout\b", "with"), (r"\bnever\b", "often"), (r"\bno ([a-z]+)\b", r"\1"),
        ("没有", ""), ("尚未", "已经"), ("未能", "已"), ("不再", "仍然"), ("无需", "需要"), ("不允许", "允许"), ("未经", "已经"),
    ]  # fmt: skip
    hits = [(p, n) for p, n in removals if re.search(p, text)]
    if hits and rng.random() < 0.7:
        pattern, new = rng.choice(hits)
        return re.sub(pattern, new, text, count=1)
    if re.search("[一-鿿]{4}", text):
        for pattern in (r"(将|计划|预计|要求|占|获得|允许|通过|宣布|公布|推出|表示|称)",):
            match = re.search(pattern, text)
            if match:
                return text[: match.start()] + rng.choice(("没有", "并未")) + text[match.start() :]
        return None
    options = [
        (r"\b(was|were|is|are|had|has|would|could|will|may|might|can)\b(?! not\b)", r"\1 not"),
        (r"\b(rose|grew|fell|bought|sold|began|spent|received|approved|launched|released|published|imposed|signed|met|planned|expected|"
         r"announced|introduced|introduces|allowed|granted|opened|covered|covers|listed|added|built|shipped|ordered|reached|won)\b", r"did not \1"),
    ]  # fmt: skip
    for pattern, new in rng.sample(options, len(options)):
        matches = list(re.finditer(pattern, text))
        if matches:
            match = rng.choice(matches)
            return text[: match.start()] + re.sub(pattern, new, match[0]) + text[match.end() :]
    return None


def direction(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    pairs = _OPPOSITES_ZH if re.search("[一-鿿]{4}", text) else _OPPOSITES
    hits = []
    for old, new in pairs:
        pattern = old if pairs is _OPPOSITES_ZH else rf"\b{old}\b"
        if old == "first" and re.search(r"first (?:quarter|half)", text):
            continue
        if old in ("up", "most", "public", "cut", "left", "added") and re.search(
            rf"\b(?:set|took|start|made|build|backed) {old}\b|\b{old} to\b|\bup a\b", text
        ):
            continue
        hits.extend((match, new) for match in re.finditer(pattern, text))
    if not hits:
        return None
    match, new = rng.choice(hits)
    return text[: match.start()] + new + text[match.end() :]


def attribution(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """A reported claim turned into a fact or called confirmed."""
    if re.search("[一-鿿]{4}", text):
        for old, new in (
            ("声称", "已证实"),
            ("据报道", "经证实"),
            ("估计", "证实"),
            ("预测", "证实"),
            ("消息人士称", "官方证实"),
            ("报道称", "证实"),
            ("表示", "证实"),
            ("写道", "证实"),
            ("报道", "证实"),
        ):
            if old in text:
                return text.replace(old, new, 1)
        return None
    options = []
    source = r"(?:[^.;]*\b(?:Reuters|Financial Times|Bloomberg|sources?|media|press|Information|Times|Post|analysts?|SemiAnalysis|Journal|Nikkei|CNBC|report|study|account|summary|Morgan Stanley|Goldman Sachs|reports)\b[^.;]*?)"
    match = re.match(
        rf"{source} (?:said|reported|wrote|warned|claimed|estimated|forecast|put)(?: (?:on|in) [^,;]*?20\d\d)?(?:, [^,]{{3,50}},)? that ([^.]+)\.?$",
        text,
    )
    if match:
        body = match[1][0].upper() + match[1][1:] + "."
        options.extend((body, f"It is confirmed that {match[1]}."))
    match = re.match(rf"([A-Z].*), (?:according to|as) {source}\.$", text) or re.match(
        rf"([A-Z].*), {source} (?:said|reported|wrote|warned)(?: (?:on|in) [^,;]*?20\d\d)?\.$", text
    )
    if match:
        options.append(match[1] + ".")
    for old, new in (
        (r"\bclaim(?:s|ed)\b(?= (?:that|three|\w+ times|the))", "proved"), (r"\breportedly ", ""), (r"\ballegedly ", ""), (r"\balleged ", "proven "),
        (r"\bwas reported to have\b", "has"), (r"\b(Reuters|The Financial Times|Bloomberg|The Information|SemiAnalysis|Nikkei|media) (?:reported|said|wrote|estimated|forecast)\b", r"\1 confirmed"),
        (r"\bclaimed\b", "confirmed"), (r"\bsaid that\b", "proved that"), (r"\bwarned that\b", "confirmed that"), (r"\bestimated that\b", "established that"),
    ):  # fmt: skip
        if re.search(old, text):
            options.append(re.sub(old, new, text, count=1))
    return rng.choice(options) if options else None


def certainty(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """Something possible or planned turned into something certain or done."""
    if re.search("[一-鿿]{4}", text):
        for old, new in (
            ("计划在", "已在"),
            ("计划", "已"),
            ("预计到", "到"),
            ("预计", "实现"),
            ("正在讨论", "已经批准"),
            ("预测，", "指出，"),
            ("将", "已经"),
            ("考虑", "决定"),
        ):
            if old in text:
                return text.replace(old, new, 1)
        return None
    rules = (
        (r"\bmight\b", "will"), (r"\bmay\b(?! 20)", "will"), (r"\bcould\b", "will"), (r"\bwas considering\b", "decided on"), (r"\bplanned to (\w+)", r"did \1"),
        (r"\bplans to (\w+)", r"already \1s"), (r"\bwas expected to (\w+)", r"did \1"), (r"\bis expected to (\w+)", r"did \1"), (r"\bwere expected to (\w+)", r"did \1"),
        (r"\bexpected about\b", "had about"), (r"\bexpected\b(?! to)", "achieved"), (r"\bwould (?!like|have)(\w+)", r"did \1"), (r"\bin talks to (\w+)", r"about to \1"),
        (r"\bproposed\b", "adopted"), (r"\bintended to (\w+)", r"did \1"), (r"\baimed to (\w+)", r"did \1"), (r"\btargets\b", "reached"), (r"\bwas discussing\b", "approved"),
        (r"\bplanned\b(?! to)", "achieved"), (r"\bpossible\b", "certain"), (r"\bshould\b", "did"), (r"\bdraft\b", "final"), (r"\bwas due to (\w+)", r"did \1"),
        (r"\bwants to (\w+)", r"managed to \1"), (r"\bwanted to (\w+)", r"managed to \1"), (r"\bunclear\b", "clear"), (r"\bwas weighing\b", "completed"), (r"\bwants over\b", "already has over"),
        (r"\bpredicted\b", "observed"), (r"\bforecast that ([^,]*?) would\b", r"found that \1 did"),
    )  # fmt: skip
    hits = [(p, n) for p, n in rules if re.search(p, text)]
    if not hits:
        return None
    pattern, new = rng.choice(hits)
    return re.sub(pattern, new, text, count=1)


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


RULES = {
    "number": number, "unit": unit, "date": date, "negation": negation, "direction": direction, "attribution": attribution,
    "certainty": certainty, "roles": roles, "mix": mix,
}  # fmt: skip
