"""`robots.txt` as RFC 9309 reads it.

The parser of the standard library takes `*` and `$` in paths literally and lets the first matching rule win;
the standard has wildcards and lets the longest rule win, so that it would ask for what sites forbid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

MOST_BYTES = 512_000
_MOST_RULES = 20_000
_LONGEST_DELAY = 30.0


@dataclass(frozen=True)
class _Rule:
    pieces: tuple[str, ...]
    """Parts of the path between the `*`."""
    ends: bool
    """Whether the path must end with the last part."""
    allows: bool
    weight: int

    def matches(self, path: str) -> bool:
        first, *rest = self.pieces
        if not path.startswith(first):
            return False
        if not rest:
            return not self.ends or path == first
        at = len(first)
        for piece in rest[:-1]:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        last = rest[-1]
        return path.endswith(last) and len(path) - len(last) >= at if self.ends else path.find(last, at) >= 0


@dataclass(frozen=True)
class RobotRules:
    """What a `robots.txt` says to one program."""

    rules: tuple[_Rule, ...] = ()
    delay: float = 0.0
    """Seconds that it wants between requests, 30 at most."""

    def allows(self, target: str) -> bool:
        """Whether a path with its query may be fetched; the longest rule decides, and `Allow` wins a tie."""
        if target == "/robots.txt":
            return True
        path = _normal(target)
        best = max(
            (rule for rule in self.rules if rule.matches(path)),
            key=lambda rule: (rule.weight, rule.allows),
            default=None,
        )
        return best is None or best.allows


NO_RULES = RobotRules()
NOTHING_ALLOWED = RobotRules((_Rule(("/",), False, False, 1),))


def parse_robots(data: bytes, product: str) -> RobotRules:
    """The rules of the groups that name a program; those for `*` when none does.

    Args:
        data: The file; what lies beyond 512,000 bytes is not read.
        product: The program's name.
    """
    groups = _groups(data[:MOST_BYTES].decode("utf-8", "replace").lstrip("\ufeff"))
    wanted = product.lower()
    own = [lines for names, lines in groups if wanted in names]
    chosen = own or [lines for names, lines in groups if "*" in names]
    rules: list[_Rule] = []
    delay = 0.0
    for key, value in (line for lines in chosen for line in lines):
        if key == "crawl-delay":
            if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
                delay = min(max(delay, float(value)), _LONGEST_DELAY)
        elif value and len(rules) < _MOST_RULES:
            rules.append(_rule(value, key == "allow"))
    return RobotRules(tuple(rules), delay)


def _groups(text: str) -> list[tuple[set[str], list[tuple[str, str]]]]:
    groups: list[tuple[set[str], list[tuple[str, str]]]] = []
    naming = False
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not naming:
                groups.append((set(), []))
            groups[-1][0].add(_product(value))
            naming = True
        elif key in ("allow", "disallow", "crawl-delay"):
            naming = False
            if groups:
                groups[-1][1].append((key, value))
    return groups


def _product(value: str) -> str:
    match = re.match(r"[A-Za-z_-]+", value)
    return match[0].lower() if match else value[:1]


def _rule(value: str, allows: bool) -> _Rule:
    ends = value.endswith("$")
    pattern = _normal(value[:-1] if ends else value)
    return _Rule(tuple(re.sub(r"\*+", "*", pattern).split("*")), ends, allows, len(pattern))


def _normal(path: str) -> str:
    """Percent-encoding in one form: unreserved characters plain, all others beyond ASCII encoded."""
    ascii_path = quote(path, safe="".join(map(chr, range(0x21, 0x7F))))
    return re.sub(r"%([0-9A-Fa-f]{2})", _plain_if_unreserved, ascii_path)


def _plain_if_unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else match[0].upper()
