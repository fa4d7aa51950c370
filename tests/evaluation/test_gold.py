from pathlib import Path

import pytest

from assistant.errors import BatchError
from assistant.evaluation.gold import load_gold

ROOT = Path(__file__).parents[2]
GOOD = """
- id: q-1
  question: How many GPUs?
  type: fact
  facts: ['36,000|36000']
  briefs: [a.md]
- id: q-2
  question: And in 2026?
  type: fact
  facts: ['7']
  briefs: [a.md]
  history:
  - question: How many GPUs?
    answer: '36,000'
- id: q-3
  question: 英伟达的H20何时停售?
  type: unanswerable
"""


def write(folder: Path, text: str, name: str = "set.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_questions_history_and_language(tmp_path: Path) -> None:
    first, second, third = load_gold([write(tmp_path, GOOD)])
    assert first.facts == ("36,000|36000",)
    assert first.answerable and not first.history
    assert second.history[0].answer == "36,000"
    assert (first.language, third.language) == ("en", "zh")
    assert not third.answerable
    assert first.topic == "set"


def test_reads_folders_in_order_and_each_file_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("q-", "b-"), "b.yaml")
    path = write(tmp_path, GOOD.replace("q-", "a-"), "a.yml")
    ids = [question.id for question in load_gold([tmp_path, path])]
    assert ids == ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("type: fact", "kind: fact"), ["'q-1'", "'kind'"]),
        (GOOD.replace("q-2", "q-1"), ["'q-1'", "twice"]),
        (GOOD.replace("'36,000|36000'", "36000"), ["'q-1'", "'facts.1'", "36000", "quotes"]),
        (GOOD.replace("type: fact", "type: riddle"), ["'q-1'", "'riddle'"]),
        (GOOD.replace("  question: How many GPUs?\n  type", "  type"), ["'q-1'", "'question' is missing"]),
        (GOOD.replace("id: q-1", "id: 7"), ["entry 1", "'id'"]),
        (GOOD.replace("  briefs: [a.md]\n", "", 1), ["'q-1'", "at least one"]),
        (GOOD + "  facts: [x]\n", ["'q-3'", "neither"]),
        (GOOD.replace("['7']", "['']"), ["'q-2'", "empty"]),
        (GOOD.replace("['7']", "['7|']"), ["'q-2'", "empty"]),
        (GOOD.replace("    answer: '36,000'", "    reply: x"), ["'q-2'", "history"]),
        (GOOD.replace("  type: fact", "  type: fact\n  type: list", 1), ["twice", "'type'"]),
        ("a: b", ["list of questions"]),
        ("- just text", ["entry 1"]),
        ("- [", ["YAML"]),
        ("", ["no question"]),
    ],
)
def test_names_file_and_question_of_a_mistake(tmp_path: Path, text: str, words: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BatchError) as caught:
        load_gold([path])
    message = str(caught.value)
    assert "\n" not in message
    if text:
        assert str(path) in message
    for word in words:
        assert word in message


def test_refuses_what_is_not_there_or_not_text(tmp_path: Path) -> None:
    binary = tmp_path / "x.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for paths in ([tmp_path / "none.yaml"], [binary], [ROOT / "assistant"]):
        with pytest.raises(BatchError):
            load_gold(paths)
