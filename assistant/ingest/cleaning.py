"""Turns text of unknown origin into clean plain text, and lets only safe addresses through."""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from urllib.parse import urlsplit

MAX_URL_CHARS = 2048
MAX_TITLE_CHARS = 300

# Characters that a reader cannot see but a model reads: zero-width, bidi controls, variation selectors,
# tags, interlinear annotation, soft hyphen, fillers; and what no text should hold: controls, surrogates,
# private use, noncharacters.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)
_TAG_START = re.compile(r"<!--|<[!/?]?([a-zA-Z]+)|<[!?]")
_UNSEEN_TAGS = {"script", "style", "template", "noscript", "head"}
_LINE_BREAK = re.compile("\r\n?|[\u000b\u000c\u0085\u2028\u2029]")
_BLANKS = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_AROUND_BREAK = re.compile(" *\n *")
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[T ].*)?")
_NAME_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-_ .]|$)")


def clean_text(text: str) -> str:
    """Text without invisible and control characters, in NFC, with `\\n` as its only line break.

    Runs of blanks become one space; blanks around a line break go.
    """
    text = _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))
    text = unicodedata.normalize("NFC", text)
    return _AROUND_BREAK.sub("\n", _BLANKS.sub(" ", text)).strip()


def has_invisible(text: str) -> bool:
    """Whether a text holds characters that `clean_text` takes out."""
    return _INVISIBLE.search(text) is not None


def clean_lines(text: str) -> str:
    """Like `clean_text`, but blanks within and before lines stay (for code and layout)."""
    text = _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))
    return unicodedata.normalize("NFC", text)


def clean_title(text: object, limit: int = MAX_TITLE_CHARS) -> str:
    """One line of clean text of at most `limit` characters; empty for anything but text and numbers."""
    if not isinstance(text, (str, int, float)) or isinstance(text, bool):
        return ""
    line = clean_text(str(text)[: limit * 8]).replace("\n", " ")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_url(address: object) -> str | None:
    """The address when it is a well-formed http or https one without credentials, else None."""
    if not isinstance(address, str):
        return None
    address = address.strip()
    if not address or len(address) > MAX_URL_CHARS or re.search(r"[\s<>\"\\^`{}|]", address):
        return None
    if _INVISIBLE.search(address):
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    # `https://known.example@other.example` shows one host and opens another.
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    if not re.fullmatch(r"\[[0-9a-fA-F:.]+\](:\d+)?|[\w-]+(\.[\w-]+)*\.?(:\d+)?", parts.netloc):
        return None
    return address


def iso_date(text: object) -> str | None:
    """An ISO 8601 date of reduced precision (`2026`, `2026-05`, `2026-05-01`), or None."""
    if isinstance(text, dt.datetime):
        return text.date().isoformat()
    if isinstance(text, dt.date):
        return text.isoformat()
    match = _ISO_DATE.fullmatch(str(text).strip()[:40]) if isinstance(text, (str, int)) else None
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        checked = dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return checked.isoformat()[: 10 if day else 7 if month else 4]


def calendar_date(text: object) -> dt.date | None:
    """The day that a date names; a month counts as its first day, a bare year as undated."""
    date = iso_date(text)
    if date is None or len(date) < 7:
        return None
    return dt.date.fromisoformat(date if len(date) == 10 else date + "-01")


def date_of_name(stem: str) -> dt.date | None:
    """The date that a file name begins with (`2026-05-01-title`), or None."""
    match = _NAME_DATE.match(stem)
    return calendar_date(match.group(1)) if match else None


def title_of_name(stem: str) -> str:
    """A readable title from a file name without its suffix."""
    rest = _NAME_DATE.sub("", stem, count=1) or stem
    return clean_title(re.sub(r"[_\-]+", " ", rest)) or "Untitled"


def strip_tags(markup: str) -> str:
    """The words of HTML without its tags, comments, scripts and styles, in time linear in its length."""
    parts = []
    at = 0
    while True:
        begun = markup.find("<", at)
        if begun < 0:
            parts.append(markup[at:])
            break
        parts.append(markup[at:begun])
        opening = _TAG_START.match(markup, begun)
        if opening is None:
            parts.append("<")
            at = begun + 1
            continue
        name = (opening[1] or "").lower()
        closing = "-->" if opening[0] == "<!--" else f"</{name}" if name in _UNSEEN_TAGS else ">"
        ended = markup.find(closing, opening.end()) if len(closing) < 4 else _find(markup, closing, begun)
        if ended < 0:
            break
        parts.append(" ")
        at = ended + len(closing)
        if len(closing) > 3:
            at = markup.find(">", at) + 1 or len(markup)
    return html.unescape("".join(parts))


def _find(markup: str, closing: str, start: int) -> int:
    match = re.compile(re.escape(closing), re.IGNORECASE).search(markup, start)
    return match.start() if match else -1
