from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.lint import Problem, check_corpus

CORPUS = Path(__file__).parents[2] / "corpus"
GOOD = """---
title: "A title"
date: 2026-05-01
topic: chips
entities: [Huawei]
---

# A title

Huawei said it.[^1]

[^1]: Reuters, "A report", 2026-04-30, https://example.com/a
"""


def problems(tmp_path: Path, text: str, name: str = "2026-05-01-a-title.md") -> list[Problem]:
    path = tmp_path / "chips" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return check_corpus(tmp_path)


def test_the_corpus_that_comes_with_the_project_is_clean() -> None:
    assert [str(problem) for problem in check_corpus(CORPUS)] == []


def test_a_good_brief_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('title: "A title"\n', "", 1, "front matter lacks title"),
        ("entities: [Huawei]\n", "entities: []\n", 5, "front matter lacks entities"),
        ("[Huawei]", "Huawei", 5, "entities is not a list of names"),
        ("date: 2026-05-01", "date: May 2026", 3, "is not a day"),
        ("date: 2026-05-01", "date: 2026-05-02", 3, "is not the file name's"),
        ("# A title", "# Another", 8, "first heading is not the title"),
        ("# A title", "A title", 7, "no first-level heading"),
        ('title: "A title"', "title: A: title", 1, "is not YAML"),
        ("it.[^1]", "it.[^1][^2]", 10, "[^2] is not defined"),
        ("[^1]: R", '[^3]: P, "T", 2026\n[^1]: R', 12, "[^3] is not used"),
        ("[^1]: R", '[^1]: P, "T", 2026\n[^1]: R', 12, "[^1] is defined 2 times"),
        ("2026-04-30", "2026-04-31", 12, "no date that can be read"),
        ("https://", "ftp://", 12, "no well-formed http"),
        ('"A report"', "A report", 12, "is not of the form"),
        ("it.[^1]", "it.[^1] And that.", 10, "sentence without a footnote: And that."),
        ("Huawei said", "Huawei\u200b said", 10, "invisible characters"),
        (GOOD, "Just text.", 1, "has no front matter"),
    ],
)
def test_each_defect_is_found_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(message in problem.message and problem.line == line for problem in found), found


def test_one_title_twice_is_found(tmp_path: Path) -> None:
    problems(tmp_path, GOOD)
    found = problems(tmp_path, GOOD, "2026-05-01-other.md")
    assert [problem.message for problem in found] == ["has the same title as chips/2026-05-01-a-title.md"]


def test_a_topic_of_one_document_only_is_a_warning(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("topic: chips", "topic: chisp"))
    assert problem.severity == "warning"
    assert "chisp" in problem.message


def test_an_unreadable_file_is_a_problem_and_a_missing_folder_an_error(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "")
    assert "is empty" in problem.message
    with pytest.raises(DocumentError, match="does not exist"):
        check_corpus(tmp_path / "none")
