from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import DocumentError
from assistant.fetch import WebAddress, is_web_address
from assistant.fetch.addresses import is_public, may_reach, same_site, shown
from assistant.fetch.rules import networks


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://Example.ORG:443#top ", "https://example.org/"),
        ("http://example.org:8080/a?b=c#d", "http://example.org:8080/a?b=c"),
        (
            "https://例子.中国/政策/芯片.html?年=2025",
            "https://xn--fsqu00a.xn--fiqs8s/%E6%94%BF%E7%AD%96/%E8%8A%AF%E7%89%87.html?%E5%B9%B4=2025",
        ),
        ("https://example.org/already%20done", "https://example.org/already%20done"),
        ("http://[2606:4700::1111]/x", "http://[2606:4700::1111]/x"),
        ("https://example.org?x=<y>", "https://example.org/?x=%3Cy%3E"),
    ],
)
def test_addresses_in_their_normal_form(text: str, url: str) -> None:
    address = WebAddress.parse(text)
    assert address.url == url
    assert WebAddress.parse(address.url) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("javascript:alert(1)", "only http and https"),
        ("gopher://example.org/", "only http and https"),
        ("example.org", "only http and https"),
        ("https://user:secret@example.org/", "name or password"),
        ("https://known.example\\@other.example/", "blanks or invisible"),
        ("https://exam\u202eple.org/", "invisible"),
        ("https://example.org/a b", "blanks"),
        ("https://", "no host"),
        ("https://-bad-.example/", "no host"),
        ("https://a..b/", "no host"),
        ("https://example.org:99999/", "no web address"),
        ("https://[::1/", "no web address"),
        ("http://example.org:25/", "port 25"),
        ("https://example.org/" + "x" * 3000, "too long"),
    ],
)
def test_what_is_no_address_to_fetch(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        WebAddress.parse(text)
    assert "secret" not in str(caught.value) and len(str(caught.value)) < 400


@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        address = WebAddress.parse("https://" + text)
    except DocumentError:
        return
    assert address.url.isascii() and "@" not in address.host
    assert WebAddress.parse(address.url) == address


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "168.63.129.16",
        "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_that_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


def test_allowed_networks() -> None:
    allowed = networks("10.2.0.0/16")
    assert may_reach("10.2.3.4", allowed) and not may_reach("10.3.0.1", allowed)
    assert not may_reach("::ffff:10.3.0.1", allowed) and not may_reach("no address", allowed)


def test_files_and_addresses_are_told_apart() -> None:
    assert is_web_address("https://example.org") and is_web_address("ftp://example.org")
    assert not is_web_address("notes/http.md") and not is_web_address("C:\\notes.md")
    assert not is_web_address("/tmp/https:") and not is_web_address(None)


def test_sites() -> None:
    assert same_site("https://www.gov.cn/a", "http://gov.cn/b")
    assert not same_site("https://gov.cn.example/", "https://gov.cn/")
    assert not same_site("", "")


def test_addresses_in_messages() -> None:
    assert shown("https://me:secret@example.org/\x1b[2J") == "https://…@example.org/[2J"
    assert len(shown("https://example.org/" + "x" * 500)) <= 160
