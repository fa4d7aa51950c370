from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.fetch import Fetcher
from tests.fetch.local_web import LOOPBACK, JumpingClock, Site, serve


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def fetcher(clock: JumpingClock) -> Fetcher:
    return Fetcher(LOOPBACK, clock=clock)
