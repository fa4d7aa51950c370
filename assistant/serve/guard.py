"""What stands before the API: host and origin, key, rate and size of requests."""

from __future__ import annotations

import contextlib
import hmac
import logging
import math
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.rate_limit import RateLimit
from assistant.serve.errors import error_response
from assistant.web.guard import host_name

log = logging.getLogger(__name__)

# Everything below these is the API; the rest is the web UI, which has its own sign-in and limits.
API_PATHS = ("/v1", "/mcp", "/metrics", "/health", "/openapi.json")
_OPEN = "/health"


def is_api(path: str) -> bool:
    """Whether a path belongs to the API."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in API_PATHS)


class _TooLarge(Exception):
    pass


class Guard:
    """ASGI middleware that answers what must not reach the API.

    Args:
        app: The application.
        api_key: The key that requests must carry as bearer token; None lets all in.
        rate_limit: Requests a minute of one client; 0 means no limit.
        max_body: Bytes of a request's body.
        allowed_hosts: Names under which the server may be addressed; `*` for any. A page that points its own
            name at this machine (DNS rebinding) is kept out by this.
        cors_origins: Pages of other origins that may call.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        api_key: str | None,
        rate_limit: int,
        max_body: int,
        allowed_hosts: Sequence[str],
        cors_origins: Sequence[str],
    ) -> None:
        self._app, self._key, self._max_body = app, api_key, max_body
        self._hosts, self._origins = set(allowed_hosts), set(cors_origins)
        self._rate = RateLimit(rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with an error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif is_api(scope["path"]):
            await self._limited(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        host = headers.get("host", "")
        if "*" not in self._hosts and host_name(host) not in self._hosts:
            return error_response(
                403, f"The host '{host[:100]}' is not allowed here.", code="host_not_allowed"
            )
        if not is_api(scope["path"]):
            return None
        origin = headers.get("origin")
        own = origin is not None and urlsplit(origin).netloc == host
        if origin is not None and not own and not {origin, "*"} & self._origins:
            return error_response(403, f"Pages of '{origin[:100]}' may not call.", code="origin_not_allowed")
        if scope["path"] == _OPEN:
            return None
        client = scope["client"][0] if scope.get("client") else ""
        # Before the key is looked at: guessing keys is limited too.
        seconds = self._rate.wait(client)
        if seconds:
            wait = str(math.ceil(seconds))
            return error_response(
                429,
                f"Too many requests; try again in {wait} s.",
                code="rate_limit",
                headers={"retry-after": wait},
            )
        if self._key is not None and not _has_key(headers, self._key):
            log.warning("A request from %s has no key, or a wrong one.", client)
            return error_response(
                401,
                "The API key is missing or wrong. Send it as 'Authorization: Bearer KEY'.",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._max_body:
            return self._too_large()
        return None

    def _too_large(self) -> ASGIApp:
        return error_response(413, f"The request has more than {self._max_body} bytes.", code="too_large")

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts a body whose length was not told, and ends it where the limit is reached."""
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            # The application may have turned the exception into an answer of its own.
            if seen <= self._max_body or started:
                started = True
                await send(message)

        with contextlib.suppress(_TooLarge):
            await self._app(scope, counted, watched)
        if seen > self._max_body and not started:
            await self._too_large()(scope, receive, send)


def _has_key(headers: Headers, key: str) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    # Equal time whatever is wrong, so that the key cannot be found letter by letter.
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), key.encode())
    return scheme.lower() == "bearer" and same
