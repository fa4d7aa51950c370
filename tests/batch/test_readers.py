from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import pytest

from assistant.batch import ColumnMap, QuestionRow, read_questions
from assistant.errors import BatchError
from assistant.schema import Filters

TABLE = (
    "id,question,topic,since,until,language,thread,owner\n"
    "a1,What is Ascend?,chips; trade,2026-01,2026,en,t1,Mei\n"
)
FILTERS = Filters(
    topics=("chips", "trade"), since=dt.date(2026, 1, 1), until=dt.date(2026, 12, 31), languages=("en",)
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(rows: list[list[object]], sheets: tuple[str, ...] = ("Questions",)) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    for row in rows:
        book[sheets[-1]].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def only(rows: list[QuestionRow]) -> QuestionRow:
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", TABLE),
        ("q.csv", TABLE.replace("chips; trade", "chips|trade").replace(",", ";")),
        ("q.tsv", TABLE.replace(",", "\t")),
        ("q.csv", "\ufeff" + TABLE.replace("\n", "\r\n")),
        ("q.csv", TABLE.encode("utf-16")),
        (
            "q.xlsx",
            workbook(
                [
                    ["id", "question", "topic", "since", "until", "language", "thread", "owner"],
                    [
                        "a1",
                        "What is Ascend?",
                        "chips, trade",
                        dt.datetime(2026, 1, 1),
                        2026,
                        "en",
                        "t1",
                        "Mei",
                    ],
                ]
            ),
        ),
        (
            "q.jsonl",
            '{"id": "a1", "question": "What is Ascend?", "topics": ["chips", "trade"], "since": "2026-01-01", '
            '"until": "2026-12-31", "language": "en", "conversation": "t1", '
            '"owner": "Mei"}\n',
        ),
        (
            "q.yaml",
            "questions:\n- {id: a1, question: 'What is Ascend?', topic: 'chips,trade', since: 2026-01-01,\n"
            "   until: 2026-12, languages: [en], conversation: t1, owner: Mei}\n",
        ),
    ],
)
def test_every_format_gives_the_same_row(tmp_path: Path, name: str, content: str | bytes) -> None:
    row = only(read_questions(write(tmp_path, name, content)))
    assert (row.id, row.question, row.conversation, row.problem) == ("a1", "What is Ascend?", "t1", "")
    assert row.filters == FILTERS
    assert row.extra == {"owner": "Mei"}


def test_text_is_a_question_a_line() -> None:
    rows = read_questions(io.BytesIO("First?\r\n\r\n  华为的昇腾芯片？\n# third".encode()))
    assert [(r.number, r.question) for r in rows] == [(1, "First?"), (3, "华为的昇腾芯片？"), (4, "# third")]


def test_a_stream_of_objects_is_json_lines() -> None:
    assert only(read_questions(io.BytesIO(b' {"question": "One?"}'))).question == "One?"


def test_yaml_and_json_take_plain_lists(tmp_path: Path) -> None:
    assert [r.question for r in read_questions(write(tmp_path, "q.yaml", "- One?\n- Two?\n"))] == [
        "One?",
        "Two?",
    ]
    assert [
        r.question for r in read_questions(write(tmp_path, "q.json", '["One?", {"question": "Two?"}]'))
    ] == [
        "One?",
        "Two?",
    ]


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "q.csv", "Nr,Frage,question\n7,Was ist Ascend?,no\n")
    row = only(read_questions(path, columns=ColumnMap(question="frage", id="Nr")))
    assert (row.id, row.question, row.extra) == ("7", "Was ist Ascend?", {"question": "no"})


def test_chinese_from_a_chinese_windows(tmp_path: Path) -> None:
    path = write(tmp_path, "q.csv", "编号,问题\n1,华为什么时候发布昇腾芯片？\n".encode("gb18030"))
    assert only(read_questions(path)).question == "华为什么时候发布昇腾芯片？"


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "q.csv", "question\nWas heißt Förderung für KI?\n".encode("cp1252"))
    with pytest.raises(BatchError, match=r"q.csv is not UTF-8: line 2 .*encoding"):
        read_questions(path)
    assert only(read_questions(path, encoding="cp1252")).question == "Was heißt Förderung für KI?"


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "q.xlsx", workbook([["question"], ["One?"]], ("Notes", "Mine")))
    assert only(read_questions(path, sheet="Mine")).question == "One?"
    with pytest.raises(BatchError, match=r"no sheet 'Yours'. It has: Notes, Mine"):
        read_questions(path, sheet="Yours")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.csv", b"", "q.csv is empty"),
        ("q.csv", b"\xef\xbb\xbf", "q.csv (is empty|has no)"),
        ("q.csv", b"question\n", "has no questions"),
        ("q.csv", b"title,owner\nx,y\n", "no column 'question'. It has: 'title', 'owner'"),
        ("q.csv", b"question,question\nx,y\n", "column 'question' twice"),
        ("q.csv", b'question\n"open\n', "near line 2.*quote"),
        (
            "q.csv",
            "question\n芯片？\n".encode() + "芯片？\n".encode("gb18030"),
            "mixes encodings: line 2 is UTF-8, line 3",
        ),
        ("q.csv", b"id,question\na,One?\nb,Two?\na,Three?\n", "id 'a' twice, in rows 2 and 4"),
        ("q.txt", b"abc\0def", "not text"),
        ("q.pdf", b"%PDF", "format '.pdf'"),
        ("q.xlsx", b"not a zip", "not a readable XLSX"),
        ("q.xlsx", workbook([]), "q.xlsx is empty"),
        ("q.yaml", b"- [", "not YAML in line"),
        ("q.yaml", b"- &a One?\n- *a\n", "aliases"),
        ("q.yaml", b"just text", "not a list"),
        ("q.json", b"{", "not JSON"),
        ("q.json", b"[" * 100_000, "not JSON"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(BatchError, match=message):
        read_questions(write(tmp_path, name, content))


def test_a_missing_file_and_an_unknown_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"no file .*gone.csv"):
        read_questions(tmp_path / "gone.csv")
    with pytest.raises(BatchError, match=r"no column 'topc'. Did you mean 'topic'"):
        read_questions(write(tmp_path, "q.csv", TABLE), columns=ColumnMap(topic="topc"))
    with pytest.raises(BatchError, match=r"no encoding 'klingon'"):
        read_questions(write(tmp_path, "q.csv", TABLE), encoding="klingon")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"question": 7}', "'question' must be text, not a number"),
        ('{"question": ["a"]}', "not a list"),
        ('{"question": " "}', "empty"),
        ('{"id": 3}', "empty"),
        ("{broken", "not JSON"),
        ("7", "neither"),
        ('{"question": "a", "since": "soon"}', "'since' is not a date: 'soon'"),
        ('{"question": "a", "since": "2026-13-01"}', "not a date"),
        ('{"question": "a", "since": "2026-05-02", "until": "2026-05-01"}', "is after"),
    ],
)
def test_a_wrong_row_has_its_reason_and_the_others_are_read(tmp_path: Path, line: str, problem: str) -> None:
    rows = read_questions(write(tmp_path, "q.jsonl", '{"question": "Good?", "since": ""}\n' + line))
    assert rows[0].problem == ""
    assert problem in rows[1].problem


def test_a_row_with_too_many_cells_is_not_guessed_at(tmp_path: Path) -> None:
    rows = read_questions(write(tmp_path, "q.csv", "question,owner\nWhat, and why?,Mei\nFine?\n"))
    assert "3 cells and the header 2" in rows[0].problem
    assert (rows[1].question, rows[1].problem) == ("Fine?", "")


def test_a_cell_of_ten_megabytes_is_read_whole(tmp_path: Path) -> None:
    cell = "x" * 10_000_000
    row = only(read_questions(write(tmp_path, "q.csv", f"question,notes\nWhy?,{cell}\n")))
    assert row.extra["notes"] == cell


def test_half_a_surrogate_pair_does_no_harm(tmp_path: Path) -> None:
    row = only(read_questions(write(tmp_path, "q.jsonl", '{"question": "a \\ud800 b"}')))
    assert json.dumps(row.question, ensure_ascii=False).encode()
