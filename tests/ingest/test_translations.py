from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.chunking import chunk_document
from assistant.ingest.discover import survey
from assistant.ingest.lint import check_corpus
from assistant.ingest.reading import read_file
from assistant.ingest.translations import FILE_NAME, one_line, read_translations

CORPUS = Path(__file__).parents[2] / "corpus"
ROW = {"en": "SMIC earned 9.3 billion dollars.", "zh": "中芯国际收入93亿美元。"}


def written(folder: Path, *lines: str) -> Path:
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_folder_without_the_file_has_none(tmp_path: Path) -> None:
    assert read_translations(tmp_path) == {}


def test_white_space_does_not_count(tmp_path: Path) -> None:
    folder = written(tmp_path, json.dumps({"en": "It  rose\nby 3%.", "zh": " 上涨3%。 "}), "")
    assert read_translations(folder) == {"It rose by 3%.": "上涨3%。"}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: no sentence with its translation"),
        ('["a", "b"]', "line 2: no sentence with its translation"),
        ('{"en": "A sentence."}', "line 2: no sentence with its translation"),
        ('{"en": "A sentence.", "zh": " "}', "line 2: no sentence with its translation"),
        ('{"en": 3, "zh": "三"}', "line 2: no sentence with its translation"),
        ("[" * 100_000, "line 2: no sentence with its translation"),
        (json.dumps(ROW), "line 2: the sentence was translated above"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_translations(written(tmp_path, json.dumps(ROW), line))
    assert told in str(caught.value) and FILE_NAME in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="cannot be read"):
        read_translations(tmp_path)


def test_it_is_no_document(tmp_path: Path) -> None:
    found = survey(written(tmp_path, json.dumps(ROW)))
    assert found.files == () and found.refused == ()


def test_the_lint_names_what_no_document_says(tmp_path: Path) -> None:
    (tmp_path / "brief.md").write_text("# A\n\nSMIC earned\n9.3 billion dollars.[^1]\n", encoding="utf-8")
    stale = {"en": "SMIC earned 9 billion dollars.", "zh": "中芯国际收入90亿美元。"}
    problems = check_corpus(written(tmp_path, json.dumps(ROW), json.dumps(stale)))
    (problem,) = [problem for problem in problems if problem.path == FILE_NAME]
    assert problem.line == 2 and problem.severity == "warning" and "9 billion" in problem.message


def test_the_lint_names_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    (problem,) = check_corpus(written(tmp_path, "{"))
    assert problem.path == FILE_NAME and "line 1" in problem.message


def test_every_sentence_of_the_corpus_is_translated() -> None:
    translations = read_translations(CORPUS)
    missing = [
        sentence.text
        for path in sorted(CORPUS.rglob("*.md"))
        for passage in chunk_document(
            read_file(path, root=CORPUS), count_tokens=lambda text: len(text) // 4, max_tokens=500
        )
        for sentence in passage.sentences
        if one_line(sentence.text) not in translations
    ]
    assert missing == []
    assert all(re.search("[\u4e00-\u9fff]", chinese) for chinese in translations.values())
