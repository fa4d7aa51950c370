"""Web addresses: which are well-formed, how they are written on the wire, and which hosts are public."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote, unquote, urljoin, urlsplit

from assistant.errors import DocumentError

MOST_CHARS = 2000
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# Names that only an inner network knows (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's .internal).
_INNER_NAMES = re.compile(
    r"(?:.*\.)?(?:localhost|local|internal|intranet|lan|home\.arpa|corp|private|alt)|[^.]+"
)
# Azure's host answers metadata and agents at this address, which otherwise counts as public.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


def is_web_address(text: object) -> bool:
    """Whether a text is meant as a web address and not as the path of a file."""
    return isinstance(text, str) and re.match(r"(?i)\s*(?:https?:|[a-z][a-z0-9+.-]+://)", text) is not None


def shown(address: str) -> str:
    """An address for messages: on one line, not too long, and without a password."""
    address = re.sub(r"(?<=//)[^/?#@\s]*@", "…@", _UNSAFE.sub("", address))
    return address if len(address) <= 160 else address[:157] + "…"


@dataclass(frozen=True)
class WebAddress:
    """A checked http or https address in ASCII, without fragment.

    Attributes:
        scheme: `http` or `https`.
        host: Name in lower case (international names in their `xn--` form), or an IP address without brackets.
        port: The port, also where the scheme implies it.
        target: Path and query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> WebAddress:
        """An address from text.

        Raises:
            DocumentError: It is malformed, of another scheme, carries a name or password, or is too long.
        """
        text = text.strip()
        if len(text) > MOST_CHARS:
            raise DocumentError(
                f"The address {shown(text)} is too long.", f"{MOST_CHARS} characters are read."
            )
        if _UNSAFE.search(text) or "\\" in text:
            raise DocumentError(
                f"The address {shown(text)} has blanks or invisible characters.", "Copy it again."
            )
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise DocumentError(f"{shown(text)} is no web address.", "Check its spelling.") from None
        if parts.scheme not in _PORTS:
            raise DocumentError(
                f"{shown(text)} is not fetched: only http and https are.", "Give an address of a web page."
            )
        if "@" in parts.netloc:
            raise DocumentError(
                f"The address {shown(text)} carries a name or password.",
                "Give it without; what needs a sign-in cannot be fetched.",
            )
        port = _PORTS[parts.scheme] if port is None else port
        if port < 1024 and port not in _PORTS.values():
            raise DocumentError(f"{shown(text)} names port {port}, where no web pages are.", "Check it.")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~[]") if parts.query else ""
        return cls(parts.scheme, _host(host, text), port, path + query)

    @property
    def explicit_port(self) -> int | None:
        """The port; None where the scheme implies it."""
        return None if self.port == _PORTS[self.scheme] else self.port

    @property
    def url(self) -> str:
        """The address as text; a port that the scheme implies is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.explicit_port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what one `robots.txt` speaks for."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def has_inner_name(self) -> bool:
        """Whether only an inner network can know this name."""
        return not _as_ip(self.host) and _INNER_NAMES.fullmatch(self.host.rstrip(".")) is not None

    def follow(self, location: str) -> WebAddress:
        """The address that a redirect leads to.

        Raises:
            DocumentError: That is no address which may be fetched.
        """
        # Some servers send raw UTF-8 or Latin-1 in this header; either way it must end up in ASCII.
        return WebAddress.parse(urljoin(self.url, location.strip()))

    def words(self) -> str:
        """The readable part of the path, for a file name: letters and digits of the last segments."""
        path = unquote(self.target.partition("?")[0])
        path = re.sub(r"\.(?:s?html?|pdf|aspx?|php|jsp)$", "", path, flags=re.IGNORECASE)
        words = re.findall(r"[^\W_]+", path)
        return "-".join(words).lower()


def _host(host: str, text: str) -> str:
    address = _as_ip(host)
    if address is not None:
        return str(address)
    try:
        import idna

        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (UnicodeError, ValueError):
        ascii_host = ""
    ascii_host = ascii_host.lower()
    if not _HOST.fullmatch(ascii_host.rstrip(".")):
        raise DocumentError(f"{shown(text)} names no host that can be reached.", "Check its spelling.")
    return ascii_host


def _as_ip(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: IPAddress) -> bool:
    """Whether an address is reachable from everywhere: none of private, loopback, link-local, multicast,
    reserved and metadata addresses, also when such an IPv4 address is wrapped into an IPv6 one.
    """
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and address not in _METADATA
    )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64) or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def may_reach(address: str, allowed: Sequence[IPNetwork]) -> bool:
    """Whether an IP address may be connected to: it is public, or in a network that is allowed."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return is_public(parsed) or any(
        parsed in network for network in allowed if network.version == parsed.version
    )


def same_site(one: str, other: str) -> bool:
    """Whether two addresses have the same host, apart from a leading `www.` or `m.`."""

    def bare(address: str) -> str:
        return re.sub(r"^(?:www|m)\.", "", (urlsplit(address).hostname or "").lower())

    return bool(bare(one)) and bare(one) == bare(other)
