"""The question sets of this repository agree with the corpus."""

from pathlib import Path

import pytest

from assistant.evaluation.facts import contains_fact
from assistant.evaluation.gold import GoldQuestion, load_gold

ROOT = Path(__file__).parents[2]
BRIEFS = {path.name: path for path in (ROOT / "corpus").rglob("*.md")}
QUESTIONS = load_gold([ROOT / "tests" / "gold"])


def brief_text(name: str) -> str:
    """Without the footnotes, which an answer does not quote."""
    lines = BRIEFS[name].read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("[^"))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_every_fact_is_in_a_named_brief(question: GoldQuestion) -> None:
    missing = [name for name in question.briefs if name not in BRIEFS]
    assert not missing
    texts = [brief_text(name) for name in question.briefs]
    for fact in question.facts:
        assert any(contains_fact(text, fact) for text in texts), f"{fact!r} is in none of {question.briefs}"


def test_follow_ups_need_their_history() -> None:
    follow_ups = [question for question in QUESTIONS if question.history]
    assert sum(question.language == "zh" for question in follow_ups) >= 5
    assert sum(question.language == "en" for question in follow_ups) >= 20
    # An answer given in the history must not already hold what is asked for.
    for question in follow_ups:
        told = "\n".join(f"{turn.question} {turn.answer}" for turn in question.history)
        already = [fact for fact in question.facts if contains_fact(told, fact)]
        assert not already or len(already) < len(question.facts), question.id
