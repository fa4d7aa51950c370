"""What a question asks for, read by rule: its language, its parts, its dates and its kind of answer.

Nothing here calls a model; `assistant.answering.understand` adds what needs one (follow-ups, translation).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assistant.ingest.sentences import language_of
from assistant.schema import Filters

AnswerKind = Literal["number", "date", "name", "reason", "list", "compare", "timeline", "other"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), start=1)
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = rf"(?:(?P<day>\d{{1,2}}) )?(?:(?P<month>{_MONTH})\.? )?(?P<year>20\d\d)(?:-(?P<iso_month>\d\d)(?:-(?P<iso_day>\d\d))?)?"
# A filter on documents is meant only when the question speaks of documents, reports or news.
_MATERIAL = (
    r"(?:documents?|briefs?|reports?|reporting|sources?|articles?|coverage|news|material|evidence|passages?)"
)
_SINCE = re.compile(rf"{_MATERIAL}[^.?!]{{0,30}}?\b(?:since|after|from|newer than)\s+{_DATE}", re.I)
_UNTIL = re.compile(rf"{_MATERIAL}[^.?!]{{0,30}}?\b(?:before|until|up to|older than|as of)\s+{_DATE}", re.I)
_SINCE_ZH = re.compile(
    r"(?P<year>20\d\d)年(?:(?P<month>\d{1,2})月)?(?:以来|之后|以后)的?(?:文件|文档|报道|资料|报告|新闻|来源)"
)
_UNTIL_ZH = re.compile(
    r"(?P<year>20\d\d)年(?:(?P<month>\d{1,2})月)?(?:以前|之前)的?(?:文件|文档|报道|资料|报告|新闻|来源)"
)
_LATEST = re.compile(
    r"\b(?:latest|most recent|newest|up[- ]to[- ]date|so far this year|right now|nowadays|these days|"
    r"what is new|what's new|where do(?:es)? .{0,40} stand)\b|最新|最近|目前|现在|如今",
    re.I,
)

_WH = (
    r"(?:(?:(?:about|at|by|for|from|in|into|of|on|since|through|to|under|until|with|within)\s+)?"
    r"(?:how|what|when|which|whom|whose|where)|who|why|(?:roughly|about|exactly|approximately)\s+how)"
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)"
# "…, and what does X…": the second half is a question of its own.
_CLAUSES = re.compile(
    rf"[,;:]?\s+(?:and|but|or|versus|vs\.?)\s+(?={_WH}\b|{_AUXILIARY}\s+\w)|[;?]\s+(?=\w)|\s[–—-]\s", re.I
)
# "…, and how does that compare with last year?": alone it would find whatever is compared with anything.
_COMPARES_ONLY = re.compile(
    r"how (?:do|does|did|is|are|was|were) (?:it|that|this|these|those|they)\b.*\b"
    r"(?:compar\w*|stack up|differ\w*|relate\w*|measure up|rank\w*|square with)\b",
    re.I,
)
# "What growth and which share does the plan set": two things asked of one subject.
_TWO_ASKED = re.compile(
    rf"^(?P<wh>what|which|whose|how much|how many)\s+(?!{_AUXILIARY}\b)(?P<a>(?:(?!\s{_AUXILIARY}\s|\sand\s)[^,;:?]){{3,60}})\s+and\s+"
    rf"(?P<b>(?:(?!\s{_AUXILIARY}\s|\sand\s)[^,;:?]){{3,60}})\s+(?P<rest>{_AUXILIARY}\s+.+)$",
    re.I | re.S,
)
_CLAUSES_ZH = re.compile(
    r"[？；?;]\s*|[，,]\s*(?=(?:又|并且?|而|以及|那么|同时|其中|分别|它|他|其|为何|为什么|何时|什么|哪|谁|多少|是否|怎|如何|占|有)|[^，,]{0,8}(?:多少|几|哪|什么|谁|何|吗|如何|怎))"
)
_ASKS_ZH = re.compile(r"多少|几|哪|什么|谁|何|吗|如何|怎|是否|多[大高长久远快]|呢|请|列出|比较|说明|介绍")
_VERSUS = re.compile(
    r"\b(?:compare|contrast|set|weigh|stack|line up|put|hold|match)\b\s+(?P<a>.{3,120}?)\s+"
    r"(?:with|against|versus|vs\.?|next to|beside|alongside|to)\s+(?P<b>.{3,160}?)(?P<tail>[:;,?.].*)?$",
    re.I | re.S,
)
_BETWEEN = re.compile(
    r"\b(?:between|both)\s+(?P<a>.{2,80}?)\s+and\s+(?P<b>.{2,80}?)(?P<tail>[:;,?.]|\s(?:in|on|over|for)\s|$)",
    re.I,
)
_KINDS: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
    ("timeline", re.compile(
        r"\b(?:timeline|chronolog\w*|sequence|in order|step by step|walk me through|by what dates|trace|"
        r"evol(?:ve|ved|ution)|history of|year by year|month by month|each of .{0,40} arrive|successive)\b|时间线|时间表|先后|历程|按时间|经过|一步步",
        re.I)),
    ("compare", re.compile(
        r"\b(?:compar\w*|contrast|versus|vs|against|difference|differ\w*|diverge\w*|stack up|relative to|"
        r"than|bigger|larger|smaller|gap between|line up|set .{0,60} against)\b|相比|比较|对比|区别|差距|不同|差异|比.{1,12}(?:多|少|高|低|大|小|快)",
        re.I)),
    ("reason", re.compile(r"\b(?:why|reasons?|because|what explains|what led|what drove|cause[ds]?|grounds?|basis|rationale)\b|为什么|为何|原因|理由|缘由", re.I)),
    ("list", re.compile(
        r"\b(?:list|which|what are|who are|name the|names of|all the|types? of|kinds? of|categories|examples?)\b|哪些|哪几|列出|列举|分别|有谁",
        re.I)),
    ("date", re.compile(r"\b(?:when|what date|which date|what day|what year|which year|until when|deadline|how soon|by what dates?)\b|何时|什么时候|哪一?天|哪一?年|哪年|几月|日期|截止", re.I)),
    ("number", re.compile(
        r"\b(?:how (?:much|many|large|big|far|long|fast|high|often|wide|small|few)|what (?:share|percentage|proportion|amount|number|price|size|"
        r"multiple|figure|rate|sum|fine|stake|value|volume|capacity|revenue|total)|by how)\b|多少|几|多大|多高|多长|比例|份额|金额|规模|幅度|百分",
        re.I)),
    ("name", re.compile(r"\b(?:who|whose|whom|which (?:company|firm|agency|body|bank|country|city|minister)|what company)\b|谁|哪家|哪个|哪位|什么公司|什么机构", re.I)),
)  # fmt: skip


@dataclass(frozen=True)
class SearchQuery:
    """One text to search with."""

    text: str
    weight: float = 1.0
    """Share in the fusion of rankings, relative to the whole question's 1."""


@dataclass(frozen=True)
class Subject:
    """A name that a question sets beside others."""

    name: str
    """As the question has it."""
    spellings: frozenset[str]
    """Itself and others, in small letters and in both languages."""


@dataclass(frozen=True)
class Query:
    """A question made ready for retrieval."""

    question: str
    """As asked."""
    standalone: str
    """With references to earlier turns resolved; in the language asked."""
    language: str
    english: str
    """`standalone` with English names for Chinese ones; the same text for an English question."""
    parts: tuple[str, ...] = ()
    """Sub-questions in English, each readable alone; empty for a question of one part."""
    kinds: tuple[AnswerKind, ...] = ("other",)
    filters: Filters | None = None
    prefer_recent: bool = False
    traditional: bool = False
    """Whether it was asked in Traditional Chinese; all texts but `question` are in Simplified then."""
    subjects: tuple[Subject, ...] = ()
    """Names that are set side by side; each wants an answer."""
    extra: tuple[SearchQuery, ...] = field(default=())
    """Further texts to search with, such as the question as it was asked in a conversation."""

    @property
    def searches(self) -> tuple[SearchQuery, ...]:
        """All texts to search with; the stand-alone question first."""
        texts = [SearchQuery(self.standalone)]
        if self.english != self.standalone:
            texts.append(SearchQuery(self.english))
        texts += [SearchQuery(part, 0.5) for part in self.parts]
        return (*texts, *self.extra)


def kinds_of(question: str) -> tuple[AnswerKind, ...]:
    """The kinds of answer that a question asks for; `("other",)` when no rule applies."""
    return tuple(kind for kind, pattern in _KINDS if pattern.search(question)) or ("other",)


def split_parts(question: str) -> tuple[str, ...]:
    """The questions within a question; empty when it has one part.

    A part without a name of its own gets the names of the whole question, so that it can be searched alone.
    """
    text = question.strip()
    if language_of(text) == "zh":
        pieces = [
            piece.strip(" ，,。") for piece in _CLAUSES_ZH.split(text) if piece and len(piece.strip()) > 3
        ]
        pieces = _asking(pieces)
        return _completed(pieces, text) if len(pieces) > 1 else ()
    for pattern in (_VERSUS, _BETWEEN):
        if match := pattern.search(text):
            tail = text[match.end("b") :].strip(" :;,.?")
            before = text[: match.start()].strip(" ,")
            sides = [match["a"].strip(), match["b"].strip()]
            if all(len(side.split()) <= 16 for side in sides):
                return tuple(" ".join(filter(None, (before, side, tail))) for side in sides)
    if match := _ENUMERATION.search(text):
        names = _names_of(match)
        if 2 < len(names) <= 5:
            return tuple(text[: match.start()] + name + text[match.end() :] for name in names)
    pieces = [piece.strip(" ,;:") for piece in _CLAUSES.split(text)]
    pieces = _joined(piece for piece in pieces if len(piece.split()) >= 3)
    if len(pieces) > 1:
        return _completed(pieces, text)
    if match := _TWO_ASKED.search(text):
        return tuple(f"{match['wh']} {match[side]} {match['rest']}" for side in ("a", "b"))
    if match := _TWO_NAMES.search(text):
        # "Alibaba's and Baidu's shares": one search for each.
        return tuple(text[: match.start()] + match[side] + text[match.end() :] for side in ("a", "b"))
    return ()


def _asking(pieces: Sequence[str]) -> list[str]:
    """Chinese pieces of which each asks something: "当……时，谁……" is one question."""
    asking: list[str] = []
    before = ""
    for piece in pieces:
        if _ASKS_ZH.search(piece):
            asking.append(before + piece)
            before = ""
        else:
            before += f"{piece}，"
    if before and asking:
        asking[-1] += f"，{before.rstrip('，')}"
    return asking


def _joined(pieces: Iterable[str]) -> list[str]:
    """The pieces, with one that asks nothing of its own put back to the one before it."""
    joined: list[str] = []
    for piece in pieces:
        if joined and _COMPARES_ONLY.match(piece):
            joined[-1] += f", and {piece}"
        else:
            joined.append(piece)
    return joined


def _completed(pieces: Sequence[str], whole: str) -> tuple[str, ...]:
    names = names_in(whole)
    parts = []
    for piece in pieces[:4]:
        missing = [name for name in names if name not in piece]
        known = len(names) - len(missing)
        parts.append(f"{piece} ({', '.join(missing[:4])})" if missing and known < 2 else piece)
    return tuple(parts)


# Three or more names in a row: each is looked up by itself.
_ENUMERATED = r"[A-Z0-9][\w&.'’-]*(?: [A-Z0-9][\w&.'’-]*){0,2}"
_ENUMERATION = re.compile(
    rf"{_ENUMERATED}(?:, {_ENUMERATED})+,? (?:and|or) {_ENUMERATED}|{_ENUMERATED}(?:, {_ENUMERATED}){{2,}}"
)
_TWO_NAMES = re.compile(
    rf"(?<!^)(?<![.?!]\s)\b(?P<a>{_ENUMERATED})\s+(?:and|or|versus|vs\.?)\s+(?P<b>{_ENUMERATED})(?!\s+(?:and|or)\b)"
)
_PAIR = re.compile(
    rf"\b(?P<a>{_ENUMERATED})\s+(?:and|or|versus|vs\.?)\s+(?P<b>{_ENUMERATED})(?!\s+(?:and|or)\b)"
)
_NAME_CHARACTER = r"(?:(?![\u3400-\u9fff])[\w&.'’-])"
_CAPITALISED = (
    rf"\b(?:[A-Z]{_NAME_CHARACTER}*|\d+[A-Z]+{_NAME_CHARACTER}*)"
    rf"(?:(?<![a-z0-9]{{2}}\.)\s+(?:[A-Z0-9]{_NAME_CHARACTER}*))*"
)
_INNER_NAME = re.compile(rf"(?<![.?!]\s)(?<!^){_CAPITALISED}")
_ANY_NAME = re.compile(_CAPITALISED)
_NO_NAMES = {
    "I",
    "And",
    "What",
    "How",
    "Which",
    "Who",
    "When",
    "Where",
    "Why",
    "Did",
    "Does",
    "Is",
    "Are",
    "Was",
    "The",
    "In",
    "By",
    "Has",
    "Can",
}


def enumerated_names(text: str) -> list[str]:
    """Capitalised names that an English text sets side by side: three or more in a row, else two joined by a word."""
    if match := _ENUMERATION.search(text):
        return _names_of(match)
    for pattern in (_VERSUS, _BETWEEN):
        if match := pattern.search(text):
            sides = [names_in(match[side], skip_first=False) for side in ("a", "b")]
            if all(len(side) == 1 for side in sides):
                return [side[0] for side in sides]
    match = _PAIR.search(text)
    return [re.sub(r"['’]s?$", "", match[side].rstrip(".")) for side in ("a", "b")] if match else []


def _names_of(match: re.Match[str]) -> list[str]:
    return [name.strip() for name in re.split(r",|\band\b|\bor\b", match.group()) if name.strip()]


def names_in(text: str, *, skip_first: bool = True) -> list[str]:
    """Capitalised names of an English text; the first word of a sentence counts only when asked for."""
    found: list[str] = []
    for match in (_INNER_NAME if skip_first else _ANY_NAME).finditer(text):
        name = re.sub(r"['’]s?$", "", match.group()).strip(" .,'’")
        if name and name not in _NO_NAMES and name not in found:
            found.append(name)
    return found


def time_filters(question: str, filters: Filters | None = None) -> Filters | None:
    """The filter with the dates that the question sets for documents ("in reports since March 2026").

    Dates that speak of events ("sales since 2024") change nothing: a later document tells of earlier events.
    Dates that the caller set are kept.
    """
    since = _first_date(_SINCE.search(question) or _SINCE_ZH.search(question))
    until = _first_date(_UNTIL.search(question) or _UNTIL_ZH.search(question))
    if since is None and until is None:
        return filters
    base = filters or Filters()
    return base.model_copy(update={"since": base.since or since, "until": base.until or until})


def _first_date(match: re.Match[str] | None) -> dt.date | None:
    if match is None:
        return None
    groups = match.groupdict()
    month_text = (groups.get("month") or "").lower()
    month = _MONTHS.get(month_text) or int(
        groups.get("iso_month") or (month_text if month_text.isdigit() else 1)
    )
    day = int(groups.get("day") or groups.get("iso_day") or 1)
    try:
        return dt.date(int(groups["year"]), month, day)
    except ValueError:
        return None


def wants_latest(question: str) -> bool:
    """Whether the question asks for the newest state of things."""
    return bool(_LATEST.search(question))


def read_question(question: str, filters: Filters | None = None) -> Query:
    """A query by rule alone, for a question that needs no earlier turns and no translation."""
    language = language_of(question)
    return Query(
        question=question,
        standalone=question,
        language=language,
        english=question,
        parts=split_parts(question),
        kinds=kinds_of(question),
        filters=time_filters(question, filters),
        prefer_recent=wants_latest(question),
    )
