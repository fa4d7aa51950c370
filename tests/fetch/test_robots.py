from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.fetch.robots import parse_robots


def allows(text: str, path: str) -> bool:
    return parse_robots(text.encode(), "china-ai-chip-assistant").allows(path)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/a/b", False),
        ("Disallow: /a", "/b", True),
        ("Disallow:", "/a", True),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /\nAllow: /open/", "/open/x", True),
        ("Allow: /open/\nDisallow: /", "/closed", False),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.pdf$", "/papers/x.pdf", False),
        ("Disallow: /*.pdf$", "/papers/x.pdf?download", True),
        ("Disallow: /*?print", "/a?print=1", False),
        ("Disallow: /a*b*c", "/a--b--c--", False),
        ("Disallow: /a*b*c", "/a--c--b", True),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: *private", "/x/private", False),
        ("Disallow: /ab*ba$", "/aba", True),
        ("Disallow: /政策", "/%E6%94%BF%E7%AD%96/1", False),
        ("Disallow: /%7Euser", "/~user/x", False),
        ("Disallow: /a%2fb", "/a%2Fb", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("disallow : /a # a comment", "/a", False),
        ("Sitemap: https://example.org/x\nDisallow: /a", "/a", False),
    ],
)
def test_rules(rules: str, path: str, allowed: bool) -> None:
    assert allows("User-agent: *\n" + rules, path) is allowed


def test_the_group_that_names_the_program_counts_alone() -> None:
    text = (
        "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: China-AI-Chip-Assistant/2.0\nDisallow: /a\n"
        "\nUser-agent: china-ai-chip-assistant\nDisallow: /b\nCrawl-delay: 3"
    )
    assert [allows(text, path) for path in ("/a", "/b", "/c")] == [False, False, True]
    assert parse_robots(text.encode(), "china-ai-chip-assistant").delay == 3
    assert not allows("User-agent: *\nDisallow: /\nUser-agent: china-ai\nAllow: /", "/x")


def test_files_that_say_nothing() -> None:
    for text in ("", "<html><body>Not found</body></html>", "Disallow: /", "\ufeff"):
        assert allows(text, "/x")
    assert not allows("\ufeffUser-agent: *\r\nDisallow: /x", "/x")


def test_a_pause_is_bounded() -> None:
    def delay(value: str) -> float:
        return parse_robots(f"User-agent: *\nCrawl-delay: {value}".encode(), "p").delay

    assert [delay(v) for v in ("2.5", "86400", "nan", "inf", "-1", "1e9")] == [2.5, 30, 0, 0, 0, 0]


def test_many_wildcards_cost_little() -> None:
    # With a regular expression this pattern would take longer than the universe is old.
    pattern = "/" + "*a" * 500 + "*b$"
    assert allows(f"User-agent: *\nDisallow: {pattern}", "/" + "a" * 2000)


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_file_is_read(data: bytes, path: str) -> None:
    assert parse_robots(b"User-agent: *\n" + data, "p").allows("/" + path) in (True, False)
