from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fetch.local_web import JumpingClock, Site, serve


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()
