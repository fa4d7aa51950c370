"""What stands before the page, launched or mounted: host, sign-in, known paths, and forged events.

Gradio hands what a browser sends to its components as it comes: a record that looks like an uploaded file names any
path of this machine, and an event names any session. So each request is looked at here before Gradio sees it.
Unknown paths are closed, so that a later version of Gradio opens no door that nobody has looked at.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.rate_limit import RateLimit
from assistant.web.transfers import Transfers

log = logging.getLogger(__name__)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# Failed sign-ins a minute of one address.
TRIES = 10
# Bytes of an event: a question, the choices of the scope, an edited title.
MOST_EVENT = 1_000_000
_MOST_SESSIONS = 10_000
_API = "/gradio_api"
# What a visitor may load before signing in: the page, which is then the sign-in, and its own files.
_OPEN = re.compile(
    r"/|/(?:theme\.css|robots\.txt|manifest\.json|favicon\.ico|pwa_icon(?:/\d+)?|login|logout)|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:startup-events|theme\.css|user|login_check|app_id)/?"
)
_SIGNED_IN = re.compile(
    r"/config/?|/gradio_api/(?:info/?|upload_progress|queue/data|heartbeat/[\w-]{1,64}|file=.+)", re.S
)
_POSTS = re.compile(r"/login/?|/gradio_api/(?:queue/join|upload|cancel|reset)/?")


class PageGuard:
    """ASGI middleware of the page.

    Args:
        app: Gradio's application.
        transfers: Files that pages have sent and may fetch.
        allowed_hosts: Names under which the page may be addressed, beside numeric addresses; `*` for any. A page of
            elsewhere that points its own name at this machine (DNS rebinding) is kept out by this.
        tries: Failed sign-ins a minute of one address.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        transfers: Transfers,
        allowed_hosts: Sequence[str] = LOCAL_HOSTS,
        tries: int = TRIES,
    ) -> None:
        self._app, self._transfers, self._hosts = (
            app,
            transfers,
            frozenset(host.lower() for host in allowed_hosts),
        )
        self._tries = RateLimit(tries)
        self._sessions: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with an error."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        # A websocket is what the page never opens.

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        headers = Headers(scope=scope)
        owner = _user_of(scope, headers)
        refusal = self._refusal(scope["method"], path, headers, owner)
        if refusal is None and scope["method"] == "POST":
            if path.startswith("/login"):
                await self._sign_in(scope, receive, send)
                return
            if path.startswith(f"{_API}/upload"):
                await self._upload(owner or "", scope, receive, send)
                return
            body = await _read(receive)
            if body is None:
                refusal = _error(413, f"An event has more than {MOST_EVENT} bytes.")
            else:
                event, written = _json(body)
                refusal = self._event_refusal(path, event, owner or "", scope)
                receive = _replayed(written, receive)
        elif refusal is None and path.startswith(_API):
            refusal = self._fetch_refusal(path, scope, owner or "")
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers, owner: str | None) -> Response | None:
        host = headers.get("host", "")
        if not self._allows(host_name(host)):
            return _error(403, f"The host '{host[:100]}' is not allowed here. Name it with --allowed-host.")
        if method not in ("GET", "HEAD", "POST"):
            return _error(405, "This method is not allowed here.", {"allow": "GET, HEAD, POST"})
        if method == "POST":
            if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return _error(403, "Pages of elsewhere may not send anything here.")
            known = _POSTS.fullmatch(path) is not None
        else:
            known = any(pattern.fullmatch(path) for pattern in (_OPEN, _SIGNED_IN))
        if not known:
            return _error(404, f"There is no {path[:200]} here.")
        if owner is None and not _OPEN.fullmatch(path) and not path.startswith("/login"):
            return _error(401, "Not authenticated")
        return None

    def _allows(self, host: str) -> bool:
        if "*" in self._hosts or host in self._hosts:
            return True
        with contextlib.suppress(ValueError):
            # A page of elsewhere can lend its name to this machine, but not this machine's number to itself.
            return bool(ipaddress.ip_address(host.strip("[]")))
        return False

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"][0] if scope.get("client") else ""
        seconds = self._tries.wait(client)
        if seconds:
            log.warning(
                "Too many failed sign-ins from %s; the next try is looked at in %.0f s.", client, seconds
            )
            wait = str(math.ceil(seconds))
            await _error(429, f"Too many tries; try again in {wait} s.", {"retry-after": wait})(
                scope, receive, send
            )
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] < 400:
                    self._tries.forgive(client)
                else:
                    log.warning("A sign-in from %s failed.", client)
            await send(message)

        await self._app(scope, receive, watched)

    async def _upload(self, owner: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Notes whose the files are before the page learns where they lie."""
        start: Message = {}
        body = b""

        async def watched(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] == 200 and isinstance(found := _json(body)[0], list):
                self._transfers.received(owner, found)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, watched)

    def _event_refusal(self, path: str, event: object, owner: str, scope: Scope) -> Response | None:
        if not isinstance(event, dict) or not isinstance(event.get("data", []), list):
            return _error(400, "This is no event of the page.")
        if event.get("batched") or event.get("oauth_token"):
            return _error(400, "This is no event of the page.")
        if not self._owns_session(str(event.get("session_hash") or ""), owner):
            return _error(403, "This session is another user's.")
        takes_files = path.startswith(f"{_API}/queue/join") and _takes_files(
            scope["app"], event.get("fn_index")
        )
        for record in _records(event):
            if not takes_files or self._transfers.upload(owner, record["path"]) is None:
                log.warning("An event names a file that this user has not uploaded: %.200r", record["path"])
                return _error(403, "This file was not uploaded here. Add it again.")
        return None

    def _fetch_refusal(self, path: str, scope: Scope, owner: str) -> Response | None:
        if path.startswith(f"{_API}/file=") and self._transfers.export(owner, path.partition("=")[2]) is None:
            return _error(404, "There is no such file.")
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        if path.startswith(f"{_API}/heartbeat/"):
            session = path.rpartition("/")[2]
        return None if self._owns_session(session, owner) else _error(403, "This session is another user's.")

    def _owns_session(self, session: str, owner: str) -> bool:
        """Whether a session is the user's: it belongs to whoever names it first."""
        if not session:
            return True
        first = self._sessions.setdefault(session[:64], owner)
        self._sessions.move_to_end(session[:64])
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return first == owner


def host_name(host: str) -> str:
    """A host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _user_of(scope: Scope, headers: Headers) -> str | None:
    """Who is signed in: empty while sign-in is off, None for a visitor who has yet to sign in."""
    gradio_app = scope["app"]
    if gradio_app.auth is None:
        return ""
    cookies = cookie_parser(headers.get("cookie", ""))
    for name in ("access-token", "access-token-unsecure"):
        user = gradio_app.tokens.get(cookies.get(f"{name}-{gradio_app.cookie_id}"))
        if user is not None:
            return str(user)
    return None


def _takes_files(gradio_app: Any, function: object) -> bool:
    from gradio import File

    found = gradio_app.get_blocks().fns.get(function) if isinstance(function, int) else None
    return found is not None and any(isinstance(each, File) for each in found.inputs)


def _records(value: object) -> Iterator[dict[str, Any]]:
    """Every part of an event that a component would take for a file, however deep."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "path" in item:
                yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


async def _read(receive: Receive) -> bytes | None:
    """A request's body; None when it is longer than an event may be, or the client has left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_EVENT:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body}

    return again


def _json(body: bytes) -> tuple[object, bytes]:
    """What a body says, and the same written anew: None when it is no JSON.

    The new form is what Gradio gets, so that it reads just what was looked at here; halves of surrogate pairs, which
    no file can hold, are replaced.
    """
    try:
        value = json.loads(body)
        return value, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None, b""


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": message, "error": message}, status, headers)
