"""The OpenAPI description against the server: schemathesis makes requests that fit it and that do not."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from assistant.serve.app import create_app

from .fakes import FakeEngine

# Without a key: schemathesis would call with and without it, and the key has tests of its own.
app = create_app(FakeEngine(), rate_limit=0, allowed_hosts=("*",))
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


@schema.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_description(case: schemathesis.Case) -> None:
    # Some requests fit the description and ask nothing: a blank question, a system message alone.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])


@pytest.mark.parametrize("key", [None, "secret"])
def test_the_description_says_what_is_needed(key: str | None) -> None:
    description = create_app(FakeEngine(), api_key=key).openapi()
    operation = description["paths"]["/v1/chat/completions"]["post"]
    assert ("security" in operation) == (key is not None)
    assert "422" not in operation["responses"] and "400" in operation["responses"]
    assert "security" not in description["paths"]["/health"]["get"]
