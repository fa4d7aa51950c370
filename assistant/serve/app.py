"""The HTTP server: OpenAI-compatible API, search, documents, health, metrics, MCP, the web UI when asked."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.schema import Answer, AnswerEvent, Event, Filters
from assistant.serve.chat import completion_of, read_messages, stream_of
from assistant.serve.errors import error_response, install, responses
from assistant.serve.guard import API_PATHS, Guard
from assistant.serve.mcp_server import McpDoor
from assistant.serve.metrics import Metrics, MetricsMiddleware
from assistant.serve.public import PublicEngine
from assistant.serve.running import MOST, Running
from assistant.serve.wire import (
    DEFAULT_MODEL,
    ChatRequest,
    Completion,
    DocumentList,
    DocumentReply,
    Health,
    Model,
    ModelList,
    SearchReply,
    SearchRequest,
    WireFilters,
)
from assistant.web.guard import LOCAL_HOSTS

TITLE = "China AI and chip assistant"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The client left before its answer: nobody sees this status but the metrics (nginx uses the same).
_LEFT = 499


def create_app(
    assistant: Engine,
    *,
    api_key: str | None = None,
    mount_ui: bool = False,
    rate_limit: int = 120,
    max_body: int = 1_000_000,
    max_running: int = MOST,
    models: Sequence[str] = ("extractive",),
    allowed_hosts: Sequence[str] = LOCAL_HOSTS,
    cors_origins: Sequence[str] = (),
    warm_up: bool = False,
) -> FastAPI:
    """The server over an assistant.

    Args:
        assistant: Answers, searches and reads documents.
        api_key: Key that requests must carry as bearer token; `/health` is always open.
        mount_ui: Whether the web UI is served at `/` too.
        rate_limit: Requests a minute of one client; 0 means no limit.
        max_body: Bytes of a request's body.
        max_running: Questions answered at once, over HTTP and MCP together; more are turned away.
        models: What clients may choose beside the configured model, each as for `ask(model=)`.
        allowed_hosts: Names under which the server may be addressed; `*` for any.
        cors_origins: Pages of other origins that may call; none unless named.
        warm_up: Whether models are loaded in the background when the server starts.
    """
    # What follows is for programs; only the page knows its users.
    public = PublicEngine(assistant)
    metrics = Metrics()
    running = Running(metrics, max_running)
    mcp = McpDoor(public, max_body, running)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if warm_up:
            threading.Thread(target=_warm_up, args=(public,), name="warm-up", daemon=True).start()
        async with mcp.open():
            yield

    # The usual documentation pages load scripts from the network.
    app = FastAPI(title=TITLE, version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    install(app)
    _add_chat(app, public, running, frozenset(models))
    _add_documents(app, public)

    @app.get("/metrics", include_in_schema=False)
    def metrics_page() -> Response:
        return metrics.response()

    app.router.routes.append(Route("/mcp", mcp))
    _close_the_rest(app)
    app.openapi = _openapi(app, api_key is not None)  # type: ignore[method-assign]
    # The last one added is the first to see a request.
    app.add_middleware(
        Guard,
        api_key=api_key,
        rate_limit=rate_limit,
        max_body=max_body,
        allowed_hosts=tuple(allowed_hosts),
        cors_origins=tuple(cors_origins),
    )
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
    if mount_ui:
        from assistant.serve.ui import mount

        app.state.desk = mount(app, assistant, api_key)
    return app


def _close_the_rest(app: FastAPI) -> None:
    """Answers what is left of the API's paths as the protocol does: the page, mounted at `/`, would take it."""

    async def nothing(request: Request) -> None:
        partly = [r for r in app.router.routes if r.matches(request.scope)[0] is Match.PARTIAL]
        methods = sorted({m for route in partly for m in getattr(route, "methods", None) or ()})
        raise HTTPException(
            405 if methods else 404, headers={"allow": ", ".join(methods)} if methods else None
        )

    for prefix in API_PATHS:
        for path in (prefix, f"{prefix}/{{rest:path}}"):
            app.router.routes.append(Route(path, nothing, methods=_METHODS, include_in_schema=False))


def _plain(filters: WireFilters | None) -> Filters | None:
    return filters.plain() if filters is not None else None


def _warm_up(assistant: PublicEngine) -> None:
    try:
        assistant.warm_up()
    except AssistantError:
        # The first question meets the same failure and tells it to whoever asked.
        return


def _add_chat(app: FastAPI, assistant: PublicEngine, running: Running, models: frozenset[str]) -> None:
    names = [DEFAULT_MODEL, *sorted(models - {DEFAULT_MODEL})]

    def no_model(name: str) -> Response:
        message = f"There is no model '{name[:100]}'. There is: {', '.join(names)}."
        return error_response(404, message, code="model_not_found", param="model")

    @app.post(
        "/v1/chat/completions",
        response_model=Completion,
        responses=responses(404, 502, 503) | {200: {"content": {"text/event-stream": {}}}},
        tags=["chat"],
    )
    async def chat_completions(request: ChatRequest, http: Request) -> Any:
        """Answers the last message; `stream` sends sentences as they are checked."""
        if request.model not in names:
            return no_model(request.model)
        question, history = read_messages(request.messages)
        model = None if request.model == DEFAULT_MODEL else request.model
        events = running.watch(
            assistant.astream(
                question,
                history=history,
                filters=_plain(request.filters),
                model=model,
                passages=request.passages,
                language=request.language,
            )
        )
        base = str(http.base_url)
        if not request.stream:
            answer = await _answer_of(events, http)
            return completion_of(answer, request.model, base) if answer is not None else Response(None, _LEFT)
        # A question that cannot be asked fails here, while the status can still tell.
        first = await anext(events)
        options = request.stream_options
        body = stream_of(
            _chained(first, events),
            model=request.model,
            base_url=base,
            include_usage=options is not None and options.include_usage,
        )
        return StreamingResponse(
            body,
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    @app.get("/v1/models", responses=responses(), tags=["chat"])
    def list_models() -> ModelList:
        """The models that can be asked."""
        return ModelList(data=[Model(id=name, created=0, owned_by="assistant") for name in names])

    @app.get("/v1/models/{model:path}", response_model=Model, responses=responses(404), tags=["chat"])
    def read_model(model: str) -> Any:
        """One of them."""
        return Model(id=model, created=0, owned_by="assistant") if model in names else no_model(model)


async def _answer_of(events: AsyncGenerator[Event, None], http: Request) -> Answer | None:
    """The whole answer; None when the client left meanwhile, which ends the work at its next step."""
    answer: Answer | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, AnswerEvent):
                answer = event.answer
            elif await http.is_disconnected():
                return None
    if answer is None:
        raise AssistantError("The answer ended before it was complete.", "Ask again.")
    return answer


async def _chained(first: Event, rest: AsyncIterator[Event]) -> AsyncIterator[Event]:
    yield first
    async for event in rest:
        yield event


def _add_documents(app: FastAPI, assistant: PublicEngine) -> None:
    @app.post("/v1/search", responses=responses(503), tags=["documents"])
    def search(request: SearchRequest) -> SearchReply:
        """Passages nearest to a query, best first."""
        return SearchReply(data=assistant.search(request.query, k=request.k, filters=_plain(request.filters)))

    @app.get("/v1/documents", responses=responses(503), tags=["documents"])
    def list_documents() -> DocumentList:
        """All documents, without their text."""
        return DocumentList(data=assistant.documents())

    @app.get("/v1/documents/{collection}/{path:path}", responses=responses(404, 503), tags=["documents"])
    def read_document(collection: str, path: str) -> DocumentReply:
        """One document with its text."""
        return DocumentReply(**assistant.document(path, collection).model_dump())

    @app.get("/health", responses={500: responses()[500]}, tags=["server"])
    def health() -> Health:
        """Whether the server runs and its models are loaded; needs no key."""
        return Health(ready=assistant.ready, model=assistant.model_name)


def _openapi(app: FastAPI, needs_key: bool) -> Callable[[], dict[str, Any]]:
    """The description of the API as it is: requests that do not fit get 400, and the key is named."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=TITLE, version=app.version, routes=app.routes)
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
                    if needs_key and path != "/health":
                        operation["security"] = [{"key": []}]
            components = schema["components"]
            for name in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(name, None)
            if needs_key:
                components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = schema
        return app.openapi_schema

    return build
