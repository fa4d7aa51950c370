"""Failures as OpenAI error objects: a status, one line, a code; never a traceback."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from assistant.errors import (
    AssistantError,
    ConfigurationError,
    DocumentError,
    IndexingError,
    ModelError,
    QuestionError,
)
from assistant.serve.wire import ErrorBody, ErrorReply, dump

log = logging.getLogger(__name__)


class BusyError(AssistantError):
    """As many questions as may be are being answered."""


_STATUS: dict[type[AssistantError], tuple[int, str]] = {
    QuestionError: (400, "invalid_question"),
    DocumentError: (404, "document_not_found"),
    ModelError: (502, "model_failed"),
    IndexingError: (503, "index_unavailable"),
    ConfigurationError: (500, "configuration"),
    BusyError: (503, "busy"),
}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
}
DESCRIPTIONS = {
    400: "The request does not fit",
    401: "The API key is missing or wrong",
    403: "The request comes from a page or host that is not allowed",
    404: "There is no such model, document or path",
    413: "The request is too large",
    429: "Too many requests",
    500: "The server failed",
    502: "The language model failed",
    503: "The server is busy or its index is not available",
}


def error_reply(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """The body of an error."""
    body = ErrorBody(message=message, type=_TYPES.get(status, "server_error"), param=param, code=code)
    return dump(ErrorReply(error=body))


def encode(body: dict[str, Any]) -> bytes:
    """JSON in ASCII: text that a client sent may not be encodable otherwise."""
    return json.dumps(body).encode("ascii")


def error_response(
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error as a response."""
    content = encode(error_reply(status, message, code=code, param=param))
    return Response(content, status, headers, "application/json")


def describe(error: BaseException) -> tuple[int, str, str]:
    """Status, message and code of a failure; what is not meant for users is logged and not shown."""
    if isinstance(error, AssistantError):
        status, code = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), (500, "failed"))
        return status, str(error), code
    log.error("A request failed", exc_info=error)
    return 500, "The server failed. Its log says why.", "internal"


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error replies of an endpoint for its OpenAPI description."""
    common = (400, 401, 403, 413, 429, 500)
    return {s: {"model": ErrorReply, "description": DESCRIPTIONS[s]} for s in sorted({*common, *statuses})}


def install(app: FastAPI) -> None:
    """Makes every failure of an app an OpenAI error object."""

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        message = f"'{place[:200]}' does not fit: {first['msg']}."
        return error_response(400, message, code="invalid_request", param=place[:200])

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        messages = {
            404: f"There is no {request.url.path[:200]} here.",
            405: "This method is not allowed here.",
        }
        message = messages.get(error.status_code, str(error.detail))
        headers = dict(error.headers) if error.headers else None
        code = "invalid_request" if error.status_code == 400 else f"http_{error.status_code}"
        return error_response(error.status_code, message, code=code, headers=headers)

    async def on_failure(request: Request, error: Exception) -> Response:
        status, message, code = describe(error)
        headers = {"retry-after": "5"} if isinstance(error, BusyError) else None
        return error_response(status, message, code=code, headers=headers)

    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(AssistantError, on_failure)
    app.add_exception_handler(Exception, on_failure)
