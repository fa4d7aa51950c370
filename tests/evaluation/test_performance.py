"""The parts of `benchmarks/performance` that decide figures."""

import json
import sys
import xml.etree.ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))

from assistant.schema import Answer, AnswerEvent, EvidenceEvent  # noqa: E402
from benchmarks.performance import at_size, crowd, page  # noqa: E402
from benchmarks.performance.__main__ import PARTS, RESULTS  # noqa: E402
from benchmarks.performance.answers import chosen  # noqa: E402
from benchmarks.performance.figures import ratio, spread  # noqa: E402
from benchmarks.performance.record import Part  # noqa: E402
from benchmarks.performance.synthetic import MadeUpVectors, fill, one_more  # noqa: E402
from benchmarks.performance.worker import Watched, answer  # noqa: E402

from .fakes import gold  # noqa: E402


def test_a_part_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    asked: list[str] = []

    def measure(name: str) -> float:
        asked.append(name)
        if name == "broken":
            raise KeyboardInterrupt
        return 1.5

    first = Part(path, {"quick": True})
    assert first.step("a", lambda: measure("a")) == 1.5
    with pytest.raises(KeyboardInterrupt):
        first.step("b", lambda: measure("broken"))
    again = Part(path, {"quick": True})
    assert again.step("a", lambda: measure("a again")) == 1.5 and not again.finished
    again.step("b", lambda: measure("b"))
    again.finish({"sum": 3})
    assert asked == ["a", "broken", "b"] and Part(path, {"quick": True}).finished
    # Figures of other options, and a torn file, are no figures of this run.
    assert Part(path, {"quick": False}).steps == Part(path, {"quick": True}, again=True).steps == {}
    path.write_text(path.read_text("utf-8")[:50], encoding="utf-8")
    assert Part(path, {"quick": True}).steps == {}


def test_ratios_are_of_the_same_questions_and_say_how_many() -> None:
    assert spread([1.0, 3.0, 2.0]) == {"n": 3, "median": 2.0, "p95": 2.9, "min": 1.0, "max": 3.0}
    found = ratio([1.0, 2.0, 3.0], [10.0, 20.0, 30.0])
    assert (found["n"], found["median"], found["p95"]) == (3, 0.1, 0.1)
    assert found["interval"][0] <= 0.1 <= found["interval"][1]
    with pytest.raises(ValueError):
        ratio([1.0], [1.0, 2.0])


def test_the_questions_are_the_same_each_time_and_of_both_languages() -> None:
    questions = chosen(quick=False)
    assert questions == chosen(quick=False) and len(set(questions)) == len(questions)
    assert {q.language for q in questions} == {"en", "zh"} and not all(q.answerable for q in questions)
    assert {q.language for q in chosen(quick=True)} == {"en", "zh"}


class Slow:
    """Answers at once, but says that it took longer, as a chain that is judged afterwards does."""

    model_name = "slow"

    def search(self, query: str, **_: Any) -> list[Any]:
        return []

    def stream(self, question: str, **_: Any) -> Iterator[Any]:
        yield EvidenceEvent(hits=(), text="600,000 dies")
        yield AnswerEvent(
            answer=Answer(
                question=question,
                standalone_question=question,
                status="answered",
                text="600,000 dies",
                timings={"total": 7.0},
            )
        )


def test_what_a_question_leaves_behind() -> None:
    reply = answer(Watched(Slow()), gold("q1", facts=("600,000", "2026")))
    assert reply["facts"] == [1, 2] and reply["read"] == [1, 2] and not reply["refused"]
    # The chain's own time, without that of judging it; and it shows nothing before it has answered.
    assert reply["seconds"] == reply["evidence_seconds"] == 7.0


def test_an_index_of_made_up_passages_is_filled_once_and_searched(tmp_path: Path) -> None:
    fill(tmp_path, 400, MadeUpVectors())
    fill(tmp_path, 400, MadeUpVectors())
    figures = at_size.search(tmp_path, 3)
    assert figures["documents"] == 50 and figures["recall"]["mean"] == 1.0
    assert all(each["both"]["passed"]["n"] == 3 for each in figures["filters"].values())
    assert all(size > 0 for size in at_size.disk_mb(tmp_path).values())
    assert one_more(tmp_path, MadeUpVectors(), at_size.timed)["seconds"] >= 0
    assert at_size.search(tmp_path, 1)["documents"] == 50


def test_fairness_is_the_share_of_pairs_in_which_the_later_one_came_first() -> None:
    replies = [
        {"user": user, "sent": float(user), "done": done, "error": error}
        for user, (done, error) in enumerate([(4.0, ""), (3.0, "HTTP 429"), (5.0, "")])
    ]
    figures = crowd.figures(replies)
    assert figures["overtaken"] == round(1 / 3, 3) and figures["errors"] == 1
    assert figures["kinds_of_error"] == ["HTTP 429"] and figures["longest_by_shortest"] == 2.0


def example_results() -> dict[str, Any]:
    """Figures of every part, as their `measure` gives them."""
    seconds = spread([1.0, 2.0])
    system = {
        "seconds": seconds, "evidence_seconds": seconds, "facts": 0.5, "assistant_facts": None, "answerable": 2, "refused": 0,
        "unanswerable": 1, "unanswerable_refused": 1, "words": 20.0, "tokens_read": 3.0, "model_asked": 0.25, "peak_mb": 2048.0, "errors": 0,
        "assistant_ratio": ratio([1.0, 2.0], [4.0, 8.0]),
    }  # fmt: skip
    both = {"evidence": seconds, "answer": seconds}
    indexed = {
        "seconds": seconds, "passages": 10, "passages_a_second": 5.0, "characters_a_second": 9000, "peak_mb": 1.0,
        "assistant_ratio": 0.25,
    }  # fmt: skip
    kinds = {kind: {"passed": seconds, "cpu": seconds} for kind in ("dense", "lexical", "both")}
    size = {
        "fill": {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mb": 1.0, "disk_mb": {"Chroma": 1.0}},
        "one_more": None,
        "search": [{
            "open": [1.0, 1.0], "first_search": [1.0, 1.0], "resident_mb": 1.0, "peak_mb": 1.0, "recall": {"mean": 1.0},
            "filters": {"no filter": {**kinds, "choosing": [0, 0]}, "a tenth, by topic": {**kinds, "choosing": [0, 0]}},
        }],
    }  # fmt: skip
    users = {"seconds": seconds, "p95_by_one": 1.0, "questions_a_minute": 2.0, "overtaken": 0.0, "longest_by_shortest": 1.0, "errors": 0}  # fmt: skip
    batch = {"n": 4, "at_once": 2, "alone_a_minute": 3.0, "batch_a_minute": 6.0, "ratio": 2.0, "failed": 0}
    return {
        "answers": {language: {"assistant": system, "langchain": system} for language in ("all", "en", "zh")},
        "evidence": {"fresh": both, "all": both, "en": both, "zh": both, "peak_mb": 1024.0},
        "ingestion": {"documents": 3, "assistant": indexed, "against": {**indexed, "commit": "abc"}},
        "retrieval": {"1000": size, "10000": size},
        "startup": dict.fromkeys(("help", "documents", "search", "ask", "page"), seconds),
        "crowd": {"extractive": {"batch": batch, "users": {"1": users, "16": users}}},
    }


def test_the_page_shows_every_part_that_is_there_with_its_plots(tmp_path: Path) -> None:
    results, docs = tmp_path / "results", tmp_path / "docs"
    for name, summary in example_results().items():
        part = Part(results / f"{name}.json", {"quick": False, "model": "local"})
        part.step("only", lambda: 1)
        part.finish(summary)
    Part(results / "other.json", {}).step("unfinished", lambda: 1)
    assert set(example_results()) == set(PARTS)
    text = page.write(results, docs).read_text("utf-8")
    assert text.count("\n## ") == len(PARTS) + 1
    # The ratio with its interval, and the sample size beside the seconds.
    assert "| 1.50 / 1.95 | 2 | **0.25** (0.25 to 0.25) / 0.25 |" in text
    plots = sorted(docs.glob("images/*.svg"))
    assert len(plots) == 3 and all(f"images/{plot.name}" in text for plot in plots)
    for plot in plots:
        xml.etree.ElementTree.fromstring(plot.read_text("utf-8"))
    assert not any("nan" in plot.read_text("utf-8") for plot in plots)


def test_the_page_of_the_documents_is_that_of_the_figures(tmp_path: Path) -> None:
    written = page.write(RESULTS, tmp_path)
    assert written.read_text("utf-8") == (ROOT / "docs" / "performance.md").read_text("utf-8")
    for plot in tmp_path.glob("images/*.svg"):
        assert plot.read_text("utf-8") == (ROOT / "docs" / "images" / plot.name).read_text("utf-8")
    for file in RESULTS.glob("*.json"):
        assert json.loads(file.read_text("utf-8"))["finished"], f"{file.name} is not complete"
