from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.schema import Answer, Filters
from assistant.web.history import Feedback, History


def an_answer(text: str = "It was so.") -> Answer:
    return Answer(question="q", standalone_question="q", status="answered", text=text)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "data" / "web.sqlite3")


def test_a_conversation_is_there_after_a_restart(history: History, tmp_path: Path) -> None:
    talk = history.create("", "What happened?")
    filters = Filters(topics=("chips",))
    history.append("", talk, "What happened?", an_answer(), filters=filters, steps=["retrieve\tfound"])
    history.close()
    again = History(tmp_path / "data" / "web.sqlite3")
    (turn,) = again.turns("", talk)
    assert (turn.question, turn.answer.text, turn.filters) == ("What happened?", "It was so.", filters)
    assert [c.title for c in again.conversations("")] == ["What happened?"]


def test_the_last_used_conversation_comes_first(history: History) -> None:
    first, second = history.create("", "one"), history.create("", "two")
    history.create("", "never answered")
    for talk in (first, second, first):
        history.append("", talk, "more", an_answer())
    assert [c.id for c in history.conversations("")] == [first, second]


def test_nobody_sees_or_changes_the_rows_of_another(history: History) -> None:
    talk = history.create("alice", "secret")
    turn = history.append("alice", talk, "secret", an_answer())
    history.rename("bob", talk, "mine")
    history.delete("bob", talk)
    history.rate("bob", turn.id, Feedback(rating="up"))
    assert history.drop_from("bob", talk, turn.id) is None
    with pytest.raises(AssistantError):
        history.append("bob", talk, "q", an_answer())
    assert history.turns("bob", talk) == [] and history.conversations("bob") == []
    assert history.title("alice", talk) == "secret" and history.rated("bob") == []
    assert history.turns("alice", talk)[0].feedback is None


def test_search_looks_into_titles_questions_and_answers_and_takes_signs_as_they_are(history: History) -> None:
    talk = history.create("", "Chips")
    history.append("", talk, "How many wafers?", an_answer("It was 100% Ascend_950."))
    history.append("", history.create("", "Trade"), "Tariffs?", an_answer("100 of 100."))

    def found(text: str) -> int:
        return len(history.conversations("", text))

    assert [found("chips"), found("wafers"), found("Ascend_950"), found("100%")] == [1, 1, 1, 1]
    assert [found("1_0"), found("%"), found("nothing such"), found("  ")] == [0, 1, 0, 2]


def test_deleting_a_conversation_leaves_no_row(history: History, tmp_path: Path) -> None:
    talk = history.create("", "gone")
    turn = history.append("", talk, "gone", an_answer())
    history.rate("", turn.id, Feedback(rating="down", wrong_source=True, comment="no"))
    history.delete("", talk)
    history.close()
    with sqlite3.connect(tmp_path / "data" / "web.sqlite3") as raw:
        rows = [raw.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("turn", "feedback")]
    assert rows == [0, 0]


def test_dropping_a_turn_drops_all_after_it(history: History) -> None:
    talk = history.create("", "t")
    turns = [history.append("", talk, f"q{n}", an_answer()) for n in range(4)]
    assert history.drop_from("", talk, turns[2].id) == "q2"
    history.append("", talk, "new", an_answer())
    assert [t.question for t in history.turns("", talk)] == ["q0", "q1", "new"]


def test_feedback_replaces_and_is_taken_back(history: History) -> None:
    talk = history.create("", "t")
    turn = history.append("", talk, "q", an_answer())
    history.rate("", turn.id, Feedback(rating="up"))
    history.rate("", turn.id, Feedback(rating="down", comment="late"))
    assert [t.feedback for t in history.rated("")] == [Feedback(rating="down", comment="late")]
    history.rate("", turn.id, None)
    assert history.rated("") == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "web.sqlite3").write_text("this is not a database, not at all, nothing of the kind")
    with pytest.raises(AssistantError, match=r"web\.sqlite3"):
        History(tmp_path / "web.sqlite3")
