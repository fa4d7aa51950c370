"""Counters for Prometheus, kept for each app so that several can live in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.schema import Answer
from assistant.serve.guard import is_api

_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)


class Metrics:
    """What is counted."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "assistant_requests", "HTTP requests.", ("path", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "assistant_request_seconds",
            "Duration of HTTP requests, streams included.",
            ("path",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.running = Gauge(
            "assistant_questions_running", "Questions being answered.", registry=self.registry
        )
        self.questions = 0
        self.answers = Counter("assistant_answers", "Answers by status.", ("status",), registry=self.registry)
        self.claims = Counter("assistant_claims", "Claims by verdict.", ("verdict",), registry=self.registry)
        self.tokens = Counter(
            "assistant_tokens", "Tokens of the language model.", ("direction",), registry=self.registry
        )

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Counts a question as running."""
        self.questions += 1
        self.running.set(self.questions)
        try:
            yield
        finally:
            self.questions -= 1
            self.running.set(self.questions)

    def count(self, answer: Answer) -> None:
        """Counts an answer."""
        self.answers.labels(answer.status).inc()
        for claim in answer.claims:
            self.claims.labels(claim.verdict).inc()
        self.tokens.labels("read").inc(answer.usage.input_tokens)
        self.tokens.labels("written").inc(answer.usage.output_tokens)

    def response(self) -> Response:
        """All counters in Prometheus's text format."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class MetricsMiddleware:
    """Counts requests of the API by route; unknown paths count as one, or they would fill the memory."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and counts it."""
        if scope["type"] != "http" or not is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        status, started = 500, time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            path = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(path, method, str(status)).inc()
            self._metrics.seconds.labels(path).observe(time.monotonic() - started)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
