from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from assistant.serve.app import create_app

from .fakes import FakeEngine

BASE = "http://localhost:8000"


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The app between its start and its end, both in one task as servers do it."""
    up, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            up.set()
            await over.wait()

    task = asyncio.create_task(live())
    await up.wait()
    try:
        yield
    finally:
        over.set()
        await task


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def serve(engine: FakeEngine) -> AsyncIterator[Callable[..., Any]]:
    """Makes clients of servers that are up; they share the engine."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> httpx.AsyncClient:
            app = create_app(engine, **options)
            await stack.enter_async_context(running(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            return await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))

        yield make
