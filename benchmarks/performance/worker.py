"""One system in a process of its own: it gets a question a line, and answers each with a line of JSON.

    python -m benchmarks.performance.worker langchain --home FOLDER --model local

The systems share nothing but the files of the model, so that none finds in a cache what another has read.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant import Assistant
from assistant.answering.verify import ClaimVerifier
from assistant.evaluation.facts import found_facts
from assistant.evaluation.gold import GoldQuestion
from assistant.evaluation.metrics import answer_facts, is_refusal
from assistant.evaluation.runner import Evaluable, evaluate
from assistant.models.chat import choose_model
from assistant.models.embeddings import load_embeddings
from assistant.models.text_vectors import TextVectors
from assistant.resources import corpus_folder
from assistant.schema import AnswerEvent, Event, EvidenceEvent, Filters, SearchHit, Turn
from assistant.settings import load_settings
from benchmarks.kept_vectors import KeptVectors
from benchmarks.performance.peers import BASELINES

SYSTEMS = ("assistant", *BASELINES)
WARM_UP = "Who makes chips?"


class KeptPassages(KeptVectors):
    """Vectors of passages are kept for the next run; questions are embedded each time, as they are in use."""

    def embed_query(self, text: str) -> list[float]:
        """Vector of a question."""
        return self._model.embed_query(text)


class Watched:
    """A system whose evidence and answer are timed.

    Args:
        system: What is asked.
    """

    def __init__(self, system: Evaluable) -> None:
        self._system = system
        self.evidence = self.answer = 0.0

    @property
    def model_name(self) -> str:
        """Which model answers."""
        return self._system.model_name

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The best passages for a query."""
        return self._system.search(query, k=k, filters=filters)

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        model: str | None = None,
    ) -> Iterator[Event]:
        """Events of one answer."""
        self.evidence, started = 0.0, time.perf_counter()
        for event in self._system.stream(question, history=history, filters=filters, model=model):
            if isinstance(event, EvidenceEvent) and not self.evidence:
                self.evidence = time.perf_counter() - started
            if isinstance(event, AnswerEvent):
                self.answer = time.perf_counter() - started
                # A chain is judged after it has answered, which is none of its time.
                if not isinstance(self._system, Assistant):
                    self.evidence = self.answer = event.answer.timings["total"]
            yield event


def open_system(name: str, home: Path, model: str, vectors: Path) -> Evaluable:
    """The assistant or a chain, its documents indexed and its model loaded."""
    if name == "assistant":
        assistant = Assistant(model=model, home=home)
        assistant.sync()
        assistant.warm_up()
        return assistant
    settings = load_settings(model=model)
    chat = choose_model(settings).model
    if chat is None:
        raise SystemExit("The chains need a language model.")
    kept = KeptPassages(load_embeddings(settings), vectors)
    verifier = ClaimVerifier(TextVectors(load_embeddings(load_settings(embedding="e5"))))
    chain = BASELINES[name](chat, kept, corpus_folder(), verifier)
    kept.keep()
    return chain


def answer(system: Watched, question: GoldQuestion) -> dict[str, Any]:
    """One question: how long it took and what the answer holds."""
    row = evaluate(system, [question]).rows[0]
    text = "" if row.answer is None else row.answer.text
    return {
        "seconds": system.answer,
        "evidence_seconds": system.evidence,
        "facts": [sum(answer_facts(row)), len(question.facts)],
        "read": [sum(found_facts(row.evidence or "", question.facts)), len(question.facts)],
        "refused": is_refusal(row.answer),
        "words": len(text.split()),
        "stages": row.answer.timings if row.answer else {},
        "tokens": [row.answer.usage.input_tokens, row.answer.usage.output_tokens] if row.answer else [0, 0],
        "error": row.error,
        "row": row.to_json(),
    }


def peak_mb() -> float:
    """The most memory that this process has held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


@contextlib.contextmanager
def lines_out() -> Iterator[Any]:
    """Standard output for lines of JSON alone: whatever else prints, engines included, goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)

        def tell(value: dict[str, Any]) -> None:
            out.write(json.dumps(value, ensure_ascii=False) + "\n")
            out.flush()

        yield tell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--model", default="local")
    options = parser.parse_args()
    with lines_out() as tell:
        started = time.perf_counter()
        system = open_system(options.system, options.home, options.model, options.vectors)
        watched = Watched(system)
        # The first question pays for what is loaded late.
        for _ in watched.stream(WARM_UP):
            pass
        tell({"ready": time.perf_counter() - started, "model": system.model_name})
        for line in sys.stdin:
            tell({**answer(watched, GoldQuestion.model_validate_json(line)), "peak_mb": peak_mb()})
        if isinstance(system, Assistant):
            system.close()


if __name__ == "__main__":
    main()
