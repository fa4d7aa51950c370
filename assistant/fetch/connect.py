"""Connections that go only where they may: each name is resolved once, every address is checked, and the
connection is made to a checked address, so that a second answer of the name server changes nothing.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpcore

from assistant.errors import ConfigurationError, DocumentError
from assistant.fetch.addresses import IPNetwork, WebAddress, may_reach, shown

Resolve = Callable[[str, int], Sequence[str]]
"""IP addresses of a name and port; raises OSError when there are none."""


class Clock(Protocol):
    """Time as fetching needs it."""

    def now(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Deadline:
    """The time that a fetch has left."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock.now() + seconds

    def left(self) -> float:
        """Seconds left.

        Raises:
            httpcore.ReadTimeout: None are.
        """
        left = self._end - self._clock.now()
        if left <= 0:
            raise httpcore.ReadTimeout(f"more than {self.seconds:g} s")
        return left

    def add(self, seconds: float) -> None:
        """Give more time, for what manners took."""
        self._end += max(0.0, seconds)

    def pause(self, seconds: float) -> None:
        """Wait without using up the time."""
        if seconds > 0:
            self._clock.sleep(seconds)
            self.add(seconds)


class ForbiddenAddressError(DocumentError):
    """A host is not public."""


def resolve(host: str, port: int) -> list[str]:
    """IP addresses of a name, as the machine resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_addresses(
    host: str, port: int, allowed: Sequence[IPNetwork], resolver: Resolve, timeout: float
) -> list[str]:
    """IP addresses of a host, all of which may be connected to.

    Raises:
        ForbiddenAddressError: One is not public and not allowed.
        httpcore.ConnectError: There are none.
        httpcore.ConnectTimeout: The name server does not answer.
    """
    found = _in_time(lambda: list(resolver(host, port)), timeout)
    if not found:
        raise httpcore.ConnectError("the name has no address")
    for address in found:
        if not may_reach(address, allowed):
            raise ForbiddenAddressError(
                f"{host} leads to {address}, which is not public; it is not fetched.",
                "ASSISTANT_FETCH_PRIVATE can allow networks of your own.",
            )
    return found


def _in_time(call: Callable[[], list[str]], timeout: float) -> list[str]:
    """The result of a call that cannot be told to stop; its thread is left behind when it takes too long."""
    results: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(call())
        except Exception as error:
            results.put(error)

    threading.Thread(target=run, daemon=True, name="resolve").start()
    try:
        result = results.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout("the name server does not answer") from None
    if isinstance(result, (OSError, UnicodeError)):
        raise httpcore.ConnectError("the name is not known") from result
    if isinstance(result, Exception):
        raise result
    return result


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every step ends with the deadline, so that a slow drip cannot go on for ever."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def _timeout(self, timeout: float | None) -> float:
        left = self._deadline.left()
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._timeout(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._timeout(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._timeout(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses alone.

    Args:
        deadline: Ends every step.
        allowed: Networks that may be reached although they are not public.
        resolver: Finds the addresses of a name.
        trusted: Host and port of the configured proxy, which may lie in the inner network.
    """

    def __init__(
        self,
        deadline: Deadline,
        allowed: Sequence[IPNetwork],
        resolver: Resolve,
        trusted: tuple[str, int] | None = None,
    ) -> None:
        self._deadline = deadline
        self._allowed = allowed
        self._resolver = resolver
        self._trusted = trusted
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address that answers."""
        if (host, port) == self._trusted:
            addresses = [host]
        else:
            addresses = checked_addresses(
                host, port, self._allowed, self._resolver, min(timeout or 10, self._deadline.left())
            )
        failure: Exception | None = None
        for address in addresses[:4]:
            left = self._deadline.left()
            try:
                stream = self._sockets.connect_tcp(
                    address, port, min(timeout or left, left), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
                continue
            return _TimedStream(stream, self._deadline)
        assert failure is not None
        raise failure

    def connect_unix_socket(self, *arguments: Any, **named: Any) -> httpcore.NetworkStream:
        """Never: an address of the web is no socket file."""
        raise httpcore.ConnectError("socket files are not used")

    def sleep(self, seconds: float) -> None:
        """Unused, as connections are not retried."""
        raise NotImplementedError


def environment_proxy(address: WebAddress) -> str | None:
    """The proxy that the environment names for an address, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as usual."""
    if urllib.request.proxy_bypass(address.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(address.scheme) or proxies.get("all")


def open_pool(
    address: WebAddress,
    *,
    deadline: Deadline,
    allowed: Sequence[IPNetwork],
    resolver: Resolve,
    proxy: str | None,
    ssl_context: ssl.SSLContext | None,
) -> httpcore.ConnectionPool:
    """A pool for one request, direct or through a proxy.

    Through a proxy, the proxy resolves the name and connects. What can be checked before is: the name must not
    be one of an inner network, and where this machine can resolve it, its addresses are checked too.

    Raises:
        ForbiddenAddressError: The address is not public.
        ConfigurationError: The proxy is of a kind that is not spoken.
    """
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=1,
            network_backend=GuardedBackend(deadline, allowed, resolver),
        )
    if address.has_inner_name:
        raise ForbiddenAddressError(
            f"{shown(address.url)} names a host of an inner network; it is not fetched.",
            "Save the page and add the file.",
        )
    # Behind many proxies, machines cannot resolve outer names themselves.
    with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
        checked_addresses(address.host, address.port, allowed, resolver, min(10, deadline.left()))
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"The proxy of the environment, of the kind '{parts.scheme}', cannot be used.",
            "Name an HTTP proxy in HTTPS_PROXY, or unset ASSISTANT_FETCH_PROXY.",
        )
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ConfigurationError(
            "The proxy of the environment has no proper port.", "Correct HTTPS_PROXY."
        ) from error
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore.HTTPProxy(
        httpcore.URL(scheme=parts.scheme, host=parts.hostname, port=port, target="/"),
        proxy_auth=auth,
        ssl_context=ssl_context,
        max_connections=1,
        network_backend=GuardedBackend(deadline, allowed, resolver, trusted=(parts.hostname, port)),
    )
