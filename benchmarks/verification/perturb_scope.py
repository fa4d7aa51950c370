"""Rules that change how far a sentence reaches, what it gives as a reason, or whether anything was said or done at all."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from assistant.answering.dates import find_dates

_WIDER = (
    (r"\b(?:some|several|many|most|a few|a number of) (?=[a-z]+s\b)", "all "), (r"\b(?:mainly|mostly|largely|chiefly|partly|primarily)\b", "entirely"),
    (r"\b(?:including|such as|among them)\b", "namely"), (r"\bone of the\b", "the only one of the"), (r"\b(?:seldom|rarely)\b", "never"),
    (r"\b(?:often|usually|normally|generally|typically)\b", "always"), (r"\bup to (?=[\d$])", ""), (r"\bat least (?=[\d$a-z])", "only "),
    (r"\bin China\b", "worldwide"), (r"\bcan be\b", "must be"), (r"\bpart of (?=the|its|their|a)", "all of "),
)  # fmt: skip
_PLURAL = re.compile(
    r"(?<![-\w])(?:Chinese |US |domestic |foreign |large )?(?:companies|firms|customers|chips|projects|buyers|vendors|analysts|models|banks|groups|exports|shipments|items|licences|suppliers|tools)\b"
)
_WIDER_ZH = (("部分", "全部"), ("一些", "所有"), ("多数", "所有"), ("主要", "只"), ("包括", "只有"), ("通常", "总是"), ("很少", "从不"), ("之一", ""), ("约", "正好"))  # fmt: skip
_PAST = {
    "buy": "bought", "sell": "sold", "stop": "stopped", "pay": "paid", "use": "used", "make": "made", "build": "built", "raise": "raised", "cut": "cut",
    "export": "exported", "import": "imported", "ship": "shipped", "open": "opened", "close": "closed", "list": "listed", "supply": "supplied",
    "license": "licensed", "lift": "lifted", "spend": "spent", "invest": "invested", "provide": "provided", "limit": "limited", "remove": "removed",
    "produce": "produced", "develop": "developed", "cancel": "cancelled", "double": "doubled", "reach": "reached", "launch": "launched", "help": "helped",
    "replace": "replaced", "restrict": "restricted", "expand": "expanded", "adopt": "adopted", "review": "reviewed", "train": "trained", "increase": "increased",
}  # fmt: skip


def scope(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """A part called the whole, an example the only case, or "only" and "all" put in."""
    if re.search("[一-鿿]{4}", text):
        hits = [(old, new) for old, new in _WIDER_ZH if old in text]
        if not hits:
            return None
        old, new = rng.choice(hits)
        return text.replace(old, new, 1)
    made = [re.sub(old, new, text, count=1) for old, new in _WIDER if re.search(old, text)]
    for match in _PLURAL.finditer(text):
        before = text[: match.start()]
        if not before or re.search(r"(?:that|and|to|by|for|from|with|on|among|told|said|,)\s$", before):
            made.append(f"{before}all {match[0]}{text[match.end() :]}")
            break
    for match in re.finditer(r"\b(?:in|for|to|from|by) (?=[A-Z][a-z]+)", text):
        if not any(date.start <= match.end() <= date.end for date in find_dates(text)):
            made.append(f"{text[: match.start()]}only {text[match.start() :]}")
            break
    return rng.choice(made) if made else None


def cause(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """Two facts that only stand beside each other, one given as the reason of the other."""
    words = ("because", "since", "as a result of the fact that") if not re.search("[一-鿿]{4}", text) else ()
    for old in (", and ", ", while ", "; ", ", but "):
        if (
            words
            and text.count(old) == 1
            and len(text.split(old)[1].split()) > 4
            and len(text.split(old)[0].split()) > 4
        ):
            left, right = text.split(old)
            if re.match(
                r"(?:[\w'’.-]+ ){1,5}(?:was|were|is|are|had|has|would|will|said|rose|fell|did|[a-z]+ed)\b",
                right,
            ):
                return (
                    f"{left} because {right}"
                    if rng.random() < 0.7
                    else f"{left}, which led to the fact that {right}"
                )
    for other in others:
        if words and rng.random() < 0.3 and len(other.split()) < 25 and len(text.split()) < 30:
            tail = (
                other
                if re.match(
                    r"[A-Z][\w]*[A-Z]|(?:China|Chinese|US|Huawei|Nvidia|Beijing|Reuters|The [A-Z])", other
                )
                else other[0].lower() + other[1:]
            )
            return f"{text.rstrip('.')} because {tail}"
    return None


def asserted(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """What somebody is allowed, told or asked to do, or what a law would do, told as done."""
    match = re.search(
        r"\b(?:allowed|authorised|asked|told|urged|required|ordered|invited|encouraged|cleared|permitted|pressed|obliged) "
        rf"((?:[\w'’-]+ ){{1,5}}?)to ({'|'.join(_PAST)})\b", text
    )  # fmt: skip
    if match:
        head = re.sub(r"(?:had|have|has|was|were|would|be)\s*$", "", text[: match.start()])
        if re.search(r"\bthat\b|^[A-Z][\w ]*$", head) and "," not in match[1]:
            subject = match[1].strip()
            start = head[: head.rfind(" that ") + 6] if " that " in head else ""
            subject = subject if start else subject[0].upper() + subject[1:]
            return f"{start}{subject} {_PAST[match[2]]}{text[match.end() :]}"
    match = re.search(
        rf"\b(?:wants?|wanted|hopes?|hoped|agreed|promised|sought|decided|applied|intends?|aims?|aimed|needs?) to ({'|'.join(_PAST)})\b",
        text,
    )
    if match:
        return f"{text[: match.start()]}{_PAST[match[1]]}{text[match.end() :]}"
    match = re.search(rf"\bwould ({'|'.join(_PAST)})\b", text)
    if match:
        return f"{text[: match.start()]}{_PAST[match[1]]}{text[match.end() :]}"
    return None


def denial(text: str, rng: random.Random, others: Sequence[str] = ()) -> str | None:
    """Somebody who said it, said not to have said it."""
    for old, new in (
        (r"\bsaid(?= that| on| in)", "did not say"), (r"\breported(?= that| on| in)", "did not report"), (r"\bannounced\b", "did not announce"),
        (r"\bwrote(?= that| on| in)", "did not write"), (r"\bestimated\b", "did not estimate"), (r"\bwarned\b", "did not warn"), (r"\bcounted\b", "did not count"),
        ("称，", "没有称，"), ("表示，", "并未表示，"), ("指出，", "没有指出，"), ("估计，", "并未估计，"), ("报道，", "没有报道，"), ("写道，", "没有写道，"),
    ):  # fmt: skip
        match = re.search(old, text)
        if match and not re.search(r"(?:was|were|been|be|not)\s$|据[^，]*$", text[: match.start()]):
            return text[: match.start()] + new + text[match.end() :]
    return None


RULES = {"scope": scope, "cause": cause, "asserted": asserted, "denial": denial}
