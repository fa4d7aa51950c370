"""Rules that change the words by which a sentence affirms, denies, attributes or hedges."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

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


# 将 of the future; the one that puts an object before its verb, as in 将期限延长, is none. 计划 as a verb, not a noun.
_WILL = (
    r"(?<![已即可必曾后是])将(?=[于在由会能为不从再自以与向受继停开新][^，。；]|达到|达|增加|减少|取消|支付|获得|推出|发布|举行|占|超过|需要|维持|提供|建成|建设"
    r"|成为|接受|投入|投资|启动|上市|采用|使用|生产|供应|量产|降低|提高|上调|下调|失去|面临)"
)
_PLANS = r"(?<![的项该此一动展期年件资造])计划(?=[于在从到向将把对自推投建收购发研生招再进扩用使增继让以][^，。；])"


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
        if old == "通过":
            # "By means of", not "passed".
            pattern = r"通过(?=了|该法|这项|这一|《|修正|决议|审|法案|，|。)"
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
        for pattern, new in (
            ("计划在", "已在"),
            (_PLANS, "已"),
            ("预计到", "到"),
            ("预计", "实现"),
            ("正在讨论", "已经批准"),
            ("预测，", "指出，"),
            (_WILL, "已经"),
            ("考虑", "决定"),
        ):
            if re.search(pattern, text):
                return re.sub(pattern, new, text, count=1)
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
