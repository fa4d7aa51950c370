"""What fetching may take and where it may go."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from assistant.errors import ConfigurationError
from assistant.resources import version
from assistant.settings import Settings

PRODUCT = "china-ai-chip-assistant"
"""The name by which `robots.txt` can address this program."""


def user_agent(contact: str = "") -> str:
    """What requests say of themselves: name, version and whom to write to, and no browser's name."""
    told = "; ".join(filter(None, ("fetches single documents for a local collection", contact)))
    return f"{PRODUCT}/{version()} ({told})"


@dataclass(frozen=True)
class FetchRules:
    """Bounds of one fetch and manners towards servers.

    Attributes:
        seconds: For one document, redirects included, waits that manners ask for excluded.
        most_bytes: Of one document, as sent and unpacked.
        redirects: How many are followed.
        delay: Seconds between two requests to one host.
        longest_wait: The longest `Retry-After` that is waited for, in seconds.
        attempts: Requests made when a server asks to come back later.
        allowed: Networks that may be reached although they are not public.
        proxy: Whether the proxies of the environment are used.
        agent: The `User-Agent` header.
    """

    seconds: float = 60.0
    most_bytes: int = 50_000_000
    redirects: int = 5
    delay: float = 1.0
    longest_wait: float = 60.0
    attempts: int = 3
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    proxy: bool = False
    agent: str = field(default_factory=user_agent)

    @classmethod
    def of(cls, settings: Settings) -> FetchRules:
        """The rules that the settings give.

        Raises:
            ConfigurationError: A network is none.
        """
        return cls(
            seconds=settings.fetch_timeout,
            most_bytes=round(settings.fetch_max_mb * 1_000_000),
            delay=settings.fetch_delay,
            agent=user_agent(settings.fetch_contact),
            allowed=networks(settings.fetch_private),
            proxy=settings.fetch_proxy,
        )


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks and single addresses parted by commas or blanks.

    Raises:
        ConfigurationError: One is neither.
    """
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError as error:
            raise ConfigurationError(
                f"'{word[:60]}' is no network.",
                "Give ASSISTANT_FETCH_PRIVATE networks such as 192.168.7.0/24, parted by commas.",
            ) from error
    return tuple(found)
