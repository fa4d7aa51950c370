"""Six briefs of the corpus, questions about them, and what holds for every answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from assistant import Assistant
from assistant.schema import Answer, Event
from assistant.settings import Settings
from tests.doubles import WordEmbeddings

BRIEFS = (
    "chips/2026-05-01-huawei-ascend-950-roadmap-shipments.md",
    "chips/2026-03-12-cambricon-2025-results.md",
    "trade/2025-09-17-rtx-pro-6000d-stop-order.md",
    "supply-chain/2026-02-10-smic-2025-results-2026-outlook.md",
    "policy/2026-05-06-big-fund.md",
    "governance/2025-07-26-global-ai-governance-action-plan-waico.md",
)
STOP_ORDER = (
    "Which companies received the instruction to stop testing and cancel orders of the RTX Pro 6000D?"
)
UNKNOWN = "Which zoologists counted puffins near Reykjavik harbour yesterday?"
TRUE = "ByteDance and Alibaba were among the companies that received the September 2025 instruction, according to three people cited by the Financial Times."


def settings(home: Path, corpus: Path, **values: Any) -> Settings:
    return Settings(
        _env_file=None, home=home, corpus=corpus, cache=home / "cache", model="extractive", **values
    )


def writing(home: Path, corpus: Path, model: Any, **values: Any) -> Assistant:
    return Assistant(settings=settings(home, corpus, **values), embedding=WordEmbeddings(), model=model)


def checked(answer: Answer, assistant: Assistant) -> Answer:
    """Holds for every answer, whatever wrote it."""
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    marks = [int(n) for n in re.findall(r"\[(\d+)\]", answer.text)]
    assert list(dict.fromkeys(marks)) == [c.number for c in answer.citations]
    assert {n for claim in answer.claims for n in claim.citations} == set(marks)
    for citation in answer.citations:
        info = citation.passage.document
        text = assistant.document(info.path, info.collection).text
        assert text[citation.char_start : citation.char_end] == citation.quote != ""
        assert text[citation.passage.char_start : citation.passage.char_end] == citation.passage.text
        assert (
            citation.passage.char_start
            <= citation.char_start
            < citation.char_end
            <= citation.passage.char_end
        )
    for claim in answer.claims:
        assert claim.text in answer.text and claim.citations and claim.verdict != "unsupported"
    assert all(claim.verdict == "unsupported" for claim in answer.removed)
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    return answer


def kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def same(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(exclude={"timings"})
