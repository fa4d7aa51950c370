"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.answering import gate
from assistant.retrieval import rerank
from assistant.retrieval.cross_encoder import CrossEncoder
from tests.doubles import plain_gate_weights


def _linear(names: tuple[str, ...], intercept: float, **coefficients: float) -> dict[str, Any]:
    assert set(coefficients) <= set(names), "a feature was renamed"
    return {
        "terms": {name: (weight, 0.0, 1.0) for name, weight in coefficients.items()},
        "intercept": intercept,
    }


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ranker and gate with plain weights of their own, so that tuning the packaged ones changes no test.

    The ranker counts words and, with a cross-encoder, its logit; the gate follows the model's margin, or asks
    that the best sentence has about a third of the question's words, by weight.
    """
    folder = tmp_path_factory.mktemp("weights")
    ranker, decision = folder / "ranker.json", folder / "gate.json"
    both = rerank.FEATURES + rerank.DENSE_FEATURES
    words = {"overlap": 4.0, "overlap_context": 2.0, "passage_rank": 0.5}
    ranker.write_text(
        json.dumps(
            {
                "plain": _linear(rerank.FEATURES, -3.0, **words),
                "cross": _linear(rerank.FEATURES, -1.0, cross=1.0),
                "plain_dense": _linear(both, -3.0, **words),
                "chinese_dense": _linear(both, -3.0, **words),
                "cross_dense": _linear(both, -1.0, cross=1.0),
            }
        )
    )
    decision.write_text(json.dumps(plain_gate_weights()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rerank, "WEIGHTS", ranker)
        patch.setattr(gate, "WEIGHTS", decision)
        patch.setattr(CrossEncoder, "available", staticmethod(lambda *_: False))
        yield


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No settings from the environment, from `.env` or from `assistant.toml`."""
    for name in list(os.environ):
        if name.startswith(("ASSISTANT_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
