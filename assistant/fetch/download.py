"""Fetches one document from the web: politely, within bounds, and only from public addresses."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import httpcore

from assistant.errors import DocumentError
from assistant.fetch import connect
from assistant.fetch.addresses import WebAddress, shown
from assistant.fetch.connect import Clock, Deadline, ForbiddenAddressError, Resolve, SystemClock
from assistant.fetch.content import BrokenOffError, MediaType, TooLargeError, media_type_of, unpack
from assistant.fetch.robots import MOST_BYTES, NO_RULES, NOTHING_ALLOWED, RobotRules, parse_robots
from assistant.fetch.rules import PRODUCT, FetchRules

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({429, 503})
_ROBOTS_SECONDS = 20.0
_STEP_SECONDS = 20.0
_MOST_HOSTS = 1000


@dataclass(frozen=True)
class Page:
    """What came back for an address.

    Attributes:
        requested: The address that was asked for, in its normal form.
        url: The address that answered, after redirects.
        data: The body; empty when it is unchanged.
        media_type: What the body is.
        fetched: When, in UTC.
        etag: The server's mark of this version.
        last_modified: The server's date of this version.
        unchanged: Whether the server said that it is still the version asked about.
    """

    requested: str
    url: str
    data: bytes
    media_type: MediaType
    fetched: dt.datetime
    etag: str = ""
    last_modified: str = ""
    unchanged: bool = False


@dataclass(frozen=True)
class _Response:
    status: int
    headers: dict[str, str]
    data: bytes


class Fetcher:
    """Fetches documents; one object keeps its manners over many of them, from any thread.

    It asks one host one thing at a time with a pause between, obeys `robots.txt`, waits as long as a server
    asks for, and follows a redirect only after checking it like a new address.

    Args:
        rules: The bounds.
        clock: For tests.
        resolver: Finds the addresses of a name; the machine's own when not given.
    """

    def __init__(
        self, rules: FetchRules | None = None, *, clock: Clock | None = None, resolver: Resolve | None = None
    ) -> None:
        self.rules = rules or FetchRules()
        self._clock = clock or SystemClock()
        self._resolver = resolver or connect.resolve
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._robots: dict[str, RobotRules] = {}

    def fetch(
        self, address: str, *, etag: str = "", last_modified: str = "", ignore_robots: bool = False
    ) -> Page:
        """The HTML page or PDF at an address.

        Args:
            address: http or https.
            etag: Of the version at hand, so that an unchanged one is not sent again.
            last_modified: Likewise.
            ignore_robots: Fetch also what `robots.txt` forbids.

        Raises:
            DocumentError: It cannot be had; one line says why.
        """
        start = WebAddress.parse(address)
        deadline = Deadline(self.rules.seconds, self._clock)
        headers = {"accept": "text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.1"}
        if etag:
            headers["if-none-match"] = etag
        if last_modified:
            headers["if-modified-since"] = last_modified
        with _failures(start.url, self.rules):
            at, response = self._follow(start, headers, deadline, ignore_robots)
            now = dt.datetime.now(dt.UTC).replace(microsecond=0)
            if response.status == 304 and (etag or last_modified):
                return Page(start.url, at.url, b"", "text/html", now, etag, last_modified, unchanged=True)
            if response.status != 200:
                raise _status_error(at.url, response.status)
            kind = media_type_of(response.data, response.headers.get("content-type", ""), shown(at.url))
        tag, modified = (response.headers.get(name, "")[:300] for name in ("etag", "last-modified"))
        return Page(start.url, at.url, response.data, kind, now, tag, modified)

    def _follow(
        self, at: WebAddress, headers: dict[str, str], deadline: Deadline, ignore_robots: bool
    ) -> tuple[WebAddress, _Response]:
        """The first answer that is no redirect, and where it came from."""
        seen = {at.url}
        while True:
            if not ignore_robots and not self._robots_of(at, deadline).allows(at.target):
                raise DocumentError(
                    f"{shown(at.url)} is not fetched: the site's robots.txt asks programs not to.",
                    "Save the page and add the file, or use --ignore-robots if you may.",
                )
            response = self._request(at, headers, deadline, self.rules.most_bytes)
            location = response.headers.get("location", "")
            if response.status not in _REDIRECTS or not location:
                return at, response
            at = at.follow(location)
            if at.url in seen:
                raise DocumentError(
                    f"{shown(at.url)} redirects in a circle.",
                    "Open it in a browser, save it, and add the file.",
                )
            seen.add(at.url)
            if len(seen) > self.rules.redirects + 1:
                raise DocumentError(
                    f"{shown(at.url)} comes after more than {self.rules.redirects} redirects.",
                    "Give the address at which a browser ends.",
                )

    def _robots_of(self, at: WebAddress, deadline: Deadline) -> RobotRules:
        """What the site's `robots.txt` says; all is forbidden when the site fails to say (RFC 9309, 2.3.1)."""
        with self._lock:
            if at.origin in self._robots:
                return self._robots[at.origin]
        begun = self._clock.now()
        own = Deadline(min(_ROBOTS_SECONDS, self.rules.seconds), self._clock)
        try:
            page = at.follow("/robots.txt")
            for _ in range(self.rules.redirects + 1):
                response = self._request(page, {"accept": "text/plain"}, own, MOST_BYTES)
                if response.status not in _REDIRECTS or not response.headers.get("location"):
                    break
                page = page.follow(response.headers["location"])
            if response.status == 200:
                rules = parse_robots(response.data, PRODUCT)
            else:
                forbidden = response.status >= 500 or response.status == 429
                rules = NOTHING_ALLOWED if forbidden else NO_RULES
        except TooLargeError:
            rules = NO_RULES
        except (ForbiddenAddressError, httpcore.TimeoutException, httpcore.NetworkError):
            # A host that is out of reach for this file is so for the document too.
            raise
        except (DocumentError, httpcore.ProtocolError, BrokenOffError):
            rules = NOTHING_ALLOWED
        # Time for manners is not taken from the document.
        deadline.add(self._clock.now() - begun)
        with self._lock:
            if len(self._robots) > _MOST_HOSTS:
                self._robots.clear()
            self._robots[at.origin] = rules
        return rules

    def _request(
        self, at: WebAddress, headers: dict[str, str], deadline: Deadline, most_bytes: int
    ) -> _Response:
        """One answer; asked again later when the server wants that."""
        with self._turn(at, deadline):
            for attempt in range(1, self.rules.attempts + 1):
                response = self._send(at, headers, deadline, most_bytes)
                if response.status not in _LATER:
                    return response
                wait = self._wait_for(response, attempt)
                if wait is None or attempt == self.rules.attempts:
                    break
                deadline.pause(wait)
        return response

    def _wait_for(self, response: _Response, attempt: int) -> float | None:
        """Seconds until the server may be asked again; None when that is too long to wait."""
        told = response.headers.get("retry-after", "").strip()
        if not told:
            return max(self.rules.delay, 1.0) * float(2**attempt)
        if told.isdigit():
            seconds = float(told[:9])
        else:
            try:
                moment = email.utils.parsedate_to_datetime(told)
            except ValueError:
                return max(self.rules.delay, 1.0) * float(2**attempt)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt.UTC)
            seconds = max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
        return seconds if seconds <= self.rules.longest_wait else None

    def _send(
        self, at: WebAddress, headers: dict[str, str], deadline: Deadline, most_bytes: int
    ) -> _Response:
        proxy = connect.environment_proxy(at) if self.rules.proxy else None
        pool = connect.open_pool(
            at,
            deadline=deadline,
            allowed=self.rules.allowed,
            resolver=self._resolver,
            proxy=proxy,
            ssl_context=_ssl_context() if at.scheme == "https" or proxy else None,
        )
        sent = {
            "user-agent": self.rules.agent,
            "accept-encoding": "gzip, deflate",
            "accept-language": "en, zh;q=0.9, *;q=0.5",
            "connection": "close",
            **headers,
        }
        step = min(_STEP_SECONDS, self.rules.seconds)
        url = httpcore.URL(scheme=at.scheme, host=at.host, port=at.explicit_port, target=at.target)
        timeouts = {"connect": min(10.0, step), "read": step, "write": step, "pool": step}
        with (
            pool,
            pool.stream(
                b"GET", url, headers=list(sent.items()), extensions={"timeout": timeouts}
            ) as response,
        ):
            told = {
                name.decode("latin-1").lower(): value.decode("utf-8", "replace")
                for name, value in response.headers
            }
            # Nothing else has a body that is of use.
            if response.status != 200:
                return _Response(response.status, told, b"")
            if told.get("content-length", "").isdigit() and int(told["content-length"][:18]) > most_bytes:
                raise TooLargeError
            data = bytearray()
            for piece in unpack(response.iter_stream(), told.get("content-encoding", ""), most_bytes):
                data += piece
                deadline.left()
            return _Response(response.status, told, bytes(data))

    @contextmanager
    def _turn(self, at: WebAddress, deadline: Deadline) -> Iterator[None]:
        """One request at a time to a host, with a pause after the last."""
        with self._lock:
            if len(self._hosts) > _MOST_HOSTS:
                self._hosts = {name: host for name, host in self._hosts.items() if host.lock.locked()}
            host = self._hosts.setdefault(at.host, _Host())
            robots = self._robots.get(at.origin, NO_RULES)
        queued = self._clock.now()
        with host.lock:
            deadline.add(self._clock.now() - queued)
            deadline.pause(host.free_at - self._clock.now())
            try:
                yield
            finally:
                host.free_at = self._clock.now() + max(self.rules.delay, robots.delay)


@cache
def _ssl_context() -> ssl.SSLContext:
    """The machine's certificates and those of certifi: offices and bare machines both work."""
    return httpcore.default_ssl_context()


class _Host:
    """When a host may be asked again."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free_at = float("-inf")


@contextmanager
def _failures(url: str, rules: FetchRules) -> Iterator[None]:
    """Failures of connections as one line each."""
    name = shown(url)
    try:
        yield
    except TooLargeError as error:
        raise DocumentError(
            f"{name} is larger than {rules.most_bytes / 1e6:g} MB.",
            "Raise ASSISTANT_FETCH_MAX_MB, or save it and add parts of it.",
        ) from error
    except BrokenOffError as error:
        raise DocumentError(f"{name} did not arrive whole: {error}.", "Try again.") from error
    except httpcore.TimeoutException as error:
        raise DocumentError(
            f"{name} took too long: {_reason(error)}.", "Try again later, or raise ASSISTANT_FETCH_TIMEOUT."
        ) from error
    except httpcore.ProxyError as error:
        raise DocumentError(
            f"The proxy refuses {name}: {_reason(error)}.", "Ask who runs the proxy."
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        tls = _tls_reason(error)
        if tls:
            raise DocumentError(
                f"{name} has no certificate that can be trusted: {tls}.",
                "Check the address; the check is not skipped.",
            ) from error
        hint = "Check the address and the connection."
        if not rules.proxy and connect.environment_proxy(WebAddress.parse(url)):
            hint = "A proxy is set on this machine: ASSISTANT_FETCH_PROXY=true goes through it."
        raise DocumentError(f"{name} cannot be reached: {_reason(error)}.", hint) from error


def _reason(error: Exception) -> str:
    text = re.sub(r"^\[[^\]]*\]\s*|\s*\(_ssl\.c:\d+\)", "", " ".join(str(error).split()))
    return (text or type(error).__name__)[:200].rstrip(".")


def _tls_reason(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return _reason(error)
        error = error.__cause__
    return ""


def _status_error(url: str, status: int) -> DocumentError:
    name = shown(url)
    if status in (404, 410):
        return DocumentError(f"{name} is not there ({status}).", "Check the address.")
    if status in (401, 402, 403, 407, 451):
        return DocumentError(
            f"{name} may not be read by programs ({status}).",
            "Open it in a browser, save it, and add the file.",
        )
    if status in _LATER:
        return DocumentError(
            f"{name} is too busy and asks to come back later ({status}).", "Try again later."
        )
    if status >= 500:
        return DocumentError(f"{name}: its server has a fault ({status}).", "Try again later.")
    return DocumentError(
        f"{name} was answered with {status} and no document.", "Check the address in a browser."
    )
