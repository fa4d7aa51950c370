"""Rules that rewrite a sentence without changing what it says."""

from __future__ import annotations

import random
import re

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
_SYNONYMS = (
    (r"\bhad bought\b", "had purchased"), (r"\bbuy\b", "purchase"), (r"\bbought\b", "purchased"), (r"\bshowed\b", "indicated"),
    (r"\bmakers\b", "manufacturers"), (r"\bmaker\b", "manufacturer"), (r"\bfirms\b", "companies"), (r"\bcompanies\b", "firms"),
    (r"\bchips\b", "semiconductors"), (r"\bmainly\b", "chiefly"), (r"\babout (?=\d)", "roughly "), (r"\babout \$", "around $"),
    (r"\bnearly\b", "almost"), (r"\bmore than (?=[\d$])", "over "), (r"\bover (?=[\d$])", "more than "), (r"\brose\b", "increased"),
    (r"\bgrew\b", "rose"), (r"\bfell\b", "dropped"), (r"\bdropped\b", "fell"), (r"\bincreased\b", "grew"), (r"\bbegan\b", "started"),
    (r"\bstarted\b", "began"), (r"\bbarred\b", "banned"), (r"\ballowed\b", "permitted"), (r"\brequire\b", "demand"),
    (r"\bneed\b", "require"), (r"\bremain(s|ed)?\b", r"stay\1"), (r"\blarge\b", "big"), (r"\bset up\b", "established"), (r"\bcreated\b", "set up"),
    (r"\btold\b", "informed"), (r"\bhelp\b", "assist"), (r"\bobtained\b", "received"), (r"\breceived\b", "got"), (r"\bagreed\b", "consented"),
    (r"\brevenue\b", "sales"), (r"\bcapital expenditure\b", "capital spending"), (r"\byear-earlier\b", "previous year's"),
    (r"\bexpected\b", "anticipated"), (r"\bestimated\b", "reckoned"), (r"\bwrote\b", "said"), (r"\bnoted\b", "pointed out"),
    (r"\breported\b", "said"), (r"\bplanned to\b", "intended to"), (r"\bplans to\b", "intends to"), (r"\bdomestic\b", "home-grown"),
    (r"\bbecause\b", "since"), (r"\bmet\b", "held talks"), (r"\bspent\b", "laid out"), (r"\bscrapped\b", "abolished"), (r"\bwarned\b", "cautioned"),
    (r"\bthe United States\b", "America"), (r"\bChief executive\b", "CEO"), (r"\bchief executive\b", "CEO"), (r"\bpublished\b", "released"),
    (r"\bannounced\b", "declared"), (r"\bshipments\b", "deliveries"), (r"\bdata centres\b", "data centers"), (r"\blicence", "license"),
    (r"\bper kilowatt-hour\b", "per kWh"), (r"\ba year\b", "annually"), (r"\bwas worth\b", "had a value of"), (r"\bin return for\b", "in exchange for"),
    (r"\bsaid that\b", "stated that"), (r"\buntil\b", "till"), (r"\btogether\b", "jointly"), (r"\bfast\b", "quickly"), (r"\bended\b", "finished"),
)  # fmt: skip


def synonyms(text: str, rng: random.Random) -> str | None:
    """Up to three words replaced by words of the same meaning."""
    hits = [(pattern, new) for pattern, new in _SYNONYMS if re.search(pattern, text)]
    if not hits:
        return None
    for pattern, new in rng.sample(hits, min(len(hits), rng.randint(1, 3))):
        text = re.sub(pattern, new, text, count=1)
    return text


def date_format(text: str, rng: random.Random) -> str | None:
    """12 March 2026 as March 12, 2026 or 2026-03-12."""

    def change(match: re.Match[str]) -> str:
        day, month, year = match[1], match[2], match[3]
        if rng.random() < 0.25:
            return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}"
        return f"{month} {day}, {year}"

    new = re.sub(rf"\b(\d{{1,2}}) ({_MONTH}) (20\d\d)", change, text, count=1)
    new = re.sub(
        r"\b(first|second|third|fourth) quarter of (20\d\d)",
        lambda m: f"Q{['first', 'second', 'third', 'fourth'].index(m[1]) + 1} {m[2]}",
        new,
    )
    return new if new != text else None


def number_format(text: str, rng: random.Random) -> str | None:
    """The same numbers in another notation, or rounded as writers do."""
    options = []
    if re.search(r"\d percent\b", text):
        options.append(lambda t: re.sub(r"(\d) percent\b", r"\1%", t))
    if re.search(r"\$\d[\d.,]* (?:billion|million)", text):
        options.append(
            lambda t: re.sub(
                r"(?<![A-Z])\$(\d[\d.,]*) (billion|million|trillion)", r"\1 \2 US dollars", t, count=1
            )
        )
    if re.search(r"\d (?:billion|million|trillion) yuan", text):
        options.append(
            lambda t: re.sub(r"(\d[\d.,]*) (billion|million|trillion) yuan", r"RMB \1 \2", t, count=1)
        )
        options.append(lambda t: re.sub(r"(\d) billion yuan", r"\1bn yuan", t))
    if re.search(r"\b\d{2,3},000\b(?! US\b)", text):
        options.append(lambda t: re.sub(r"\b(\d{2,3}),000\b", r"\1 thousand", t, count=1))
    if re.search(r"\b\d+\.\d\d (?:billion|million|percent|trillion)", text):
        options.append(
            lambda t: re.sub(
                r"\b(\d+\.\d\d)(?= (?:billion|million|percent|trillion))",
                lambda m: f"{float(m[1]):.1f}",
                t,
                count=1,
            )
        )
    if match := re.search(r"\b(\d,\d{3}(?:\.\d)?) million", text):
        options.append(
            lambda t: t.replace(match[0], f"{float(match[1].replace(',', '')) / 1000:.1f} billion", 1)
        )
    if not options:
        return None
    return str(rng.choice(options)(text))


def move_date(text: str, rng: random.Random) -> str | None:
    """A date phrase taken from one end of the sentence to the other."""
    phrase = rf"(?:[Oo]n \d{{1,2}} {_MONTH} 20\d\d|[Ii]n (?:late |early |mid-)?{_MONTH} 20\d\d|[Ii]n 20\d\d)"
    if match := re.match(rf"({phrase}),? ([A-Za-z][^;]*)\.$", text):
        head = match[1][0].lower() + match[1][1:]
        rest = match[2]
        if "," not in rest and len(rest) < 150:
            return f"{rest[0].upper()}{rest[1:]} {head}."
    if match := re.match(rf"([A-Z][^;,]*?) ({phrase})\.$", text):
        first = (
            match[1]
            if re.match(
                r"[A-Z][\w']*[A-Z]|[A-Z]\w+(?:'s)? [A-Z]|(?:China|Huawei|Nvidia|Beijing|Tencent|Alibaba|ByteDance|Reuters)",
                match[1],
            )
            else match[1][0].lower() + match[1][1:]
        )
        return f"{match[2][0].upper()}{match[2][1:]}, {first}."
    return None


def move_attribution(text: str, rng: random.Random) -> str | None:
    """ "X said on D that S" as "S, X said on D" or "According to X, S"."""
    match = re.match(
        r"((?:The |US |Chinese )?[A-Z][^,;]{2,60}?) (said|reported|wrote|warned|noted|announced|told reporters)((?: (?:on|in|by) [^,;]*?20\d\d)?) that ([^;]+)\.$",
        text,
    )
    if match is None or " that " in match[4] or ", and " in match[4]:
        return None
    body = match[4][0].upper() + match[4][1:]
    return rng.choice(
        (
            f"{body}, {match[1]} {match[2]}{match[3]}.",
            f"{body}, according to {match[1]}{match[3]}."
            if match[2] in ("said", "reported", "wrote", "noted")
            else f"{body}, {match[1]} {match[2]}{match[3]}.",
        )
    )


def front_source(text: str, rng: random.Random) -> str | None:
    """ "S, X said" as "X said that S"."""
    match = re.match(r"([A-Z][^;]+), ((?:the |a |one )?[A-Z]?[^,;]{3,50}) (said|reported)\.$", text)
    if match is None:
        return None
    return f"{match[2][0].upper()}{match[2][1:]} {match[3]} that {match[1]}."


def drop_tail(text: str, rng: random.Random) -> str | None:
    """The sentence without its last subordinate part."""
    match = re.match(
        r"(.{50,}?)(?:, (?:which|while|whereas|against|compared with|up from|down from|among them|with|including|although|where|who|about|or about)\b[^;]*|; [^;]+)\.$",
        text,
    )
    if match is None or re.search(
        r"\b(?:may|not|said|reported|according|between|if|unless|either)\b", text[match.end(1) :]
    ):
        return None
    return match[1] + "."


def drop_parenthesis(text: str, rng: random.Random) -> str | None:
    new = re.sub(r"\s*\([^()]*\)", "", text)
    return new if new != text else None


RULES = {
    "synonyms": synonyms, "date_format": date_format, "number_format": number_format, "move_date": move_date,
    "move_attribution": move_attribution, "front_source": front_source, "drop_tail": drop_tail, "drop_parenthesis": drop_parenthesis,
}  # fmt: skip


def rephrase(text: str, rng: random.Random, most: int = 4) -> tuple[str, tuple[str, ...]] | None:
    """Some of the rules, one after the other; None when no rule applies."""
    used: list[str] = []
    names = list(RULES)
    rng.shuffle(names)
    for name in names:
        if len(used) >= most:
            break
        if {name, *used} >= {"move_attribution", "front_source"}:
            continue
        new = RULES[name](text, rng)
        if new and new != text:
            text = new
            used.append(name)
    return (text, tuple(used)) if used else None


_SPEECH = re.compile(
    r"\b(?:said|says|reported|wrote|noted|according|warned|estimated|counted|claimed|argued|told|stated|pointed out|informed|by [A-Z][\w.]*'s count)\b"
)


def loses_source(text: str, changed: str) -> bool:
    """Whether rules that shorten a sentence have taken its source away, so that it is no longer faithful."""
    return bool(_SPEECH.search(text)) and not _SPEECH.search(changed)
