"""Words, scope, examples, timeline, corpus page, sign-in and uploads."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from web_fake import FakeAssistant, FileReport, SyncReport, passages_of
from web_pdf import write_memo

from assistant.errors import ConfigurationError
from assistant.schema import Answer, Citation
from assistant.web.auth import load_users, set_user
from assistant.web.desk import Desk
from assistant.web.examples import examples, followups, welcome
from assistant.web.i18n import catalogue, choose_language, topic_label
from assistant.web.library import by_topic_and_month, corpus_html, month_range
from assistant.web.scope import SHARED, make_filters, private_collection, scope_label
from assistant.web.timeline import answer_facts, date_of, document_facts, make_plot, timeline_html
from assistant.web.uploads import (
    add_address,
    add_files,
    added,
    forget,
    safe_name,
    split_addresses,
    uploads_html,
)

TEMPLATES = Path(__file__).parents[2] / "assistant" / "web" / "assets" / "templates"


def test_every_word_is_there_in_both_languages_with_the_same_places() -> None:
    known = catalogue()
    for key, english in known["en"].items():
        chinese = known["zh"][key]
        assert chinese and set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key


def test_templates_use_only_known_words() -> None:
    used = {
        key
        for file in TEMPLATES.glob("*.html")
        for key in re.findall(r't\("(\w+)"[,)]', file.read_text("utf-8"))
    }
    assert used and used <= set(catalogue()["en"])


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("zh", "en-GB", "zh"),
        ("en", "zh-CN", "en"),
        (None, "zh-TW,en", "zh"),
        ("xx", "", "en"),
        (None, None, "en"),
    ],
)
def test_the_chosen_language_comes_before_the_browsers(
    cookie: str | None, accepted: str | None, language: str
) -> None:
    assert choose_language(cookie, accepted) == language


def test_filters_never_reach_the_documents_of_others() -> None:
    mine, other = private_collection("alice"), private_collection("bob")
    assert make_filters("alice").collections == ("corpus", "sources", SHARED, mine)
    assert make_filters("alice", collections=[other]).collections == ("corpus", "sources", SHARED, mine)
    assert make_filters("alice", collections=[mine, other]).collections == (mine,)


def test_dates_of_the_scope_may_be_empty_or_wrong() -> None:
    filters = make_filters("", since="2026-01-01", until="soon")
    assert (filters.since, filters.until) == (dt.date(2026, 1, 1), None)
    assert scope_label("en", filters) == "≥ 2026-01-01" and scope_label("en", make_filters("")) == ""


def test_every_topic_of_the_corpus_has_a_name_and_examples(engine: FakeAssistant) -> None:
    topics = {d.topic for d in engine.documents()}
    assert topics <= set(examples())
    assert all(topic_label("zh", t) != topic_label("en", t) for t in topics)
    shown = welcome("en", engine.documents())
    assert (shown.count, len(shown.examples)) == (98, 6)


@pytest.mark.parametrize(
    ("language", "question"),
    [("en", "What is the latest on Tencent?"), ("zh", "腾讯 的最新情况如何？")],
)
def test_what_to_ask_next_names_things_in_the_language_of_the_page(
    engine: FakeAssistant, language: str, question: str
) -> None:
    passage = passages_of(engine.document("companies/2026-05-13-tencent-ai-spending.md"))[0]
    place = passage.sentences[0]
    citation = Citation(
        number=1, passage=passage, quote=place.text, score=1.0,
        char_start=place.char_start, char_end=place.char_end,
    )  # fmt: skip
    answer = Answer(
        question="q", standalone_question="q", language=language, status="answered", text="a",
        citations=(citation,), searched=1, model="m",
    )  # fmt: skip
    assert question in followups(engine, language, answer, limit=5)
    assert question not in followups(engine, language, answer, [question], limit=5)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Bloomberg reported on 27 May 2026 that it grew.", "2026-05-27"),
        ("Revenue of 2025 was told in March 2026.", "2026-03"),
        ("华为于2025年9月18日公布路线图。", "2025-09-18"),
        ("It grew in the first quarter of 2026.", "2026 Q1"),
        ("It began in 2020.", "2020"),
    ],
)
def test_a_sentence_stands_at_the_date_it_speaks_of(text: str, when: str) -> None:
    found = date_of(text)
    assert found is not None and found[0] == when


def test_the_timeline_lists_dated_sentences_newest_first(engine: FakeAssistant) -> None:
    facts = document_facts([engine.document("companies/2026-05-13-tencent-ai-spending.md")])
    assert len(facts) >= 8 and [f.day for f in facts] == sorted((f.day for f in facts), reverse=True)
    text = engine.document(facts[0].path).text
    assert all(text[f.start : f.end] == f.text for f in facts)
    plot = make_plot(facts)
    assert plot is not None and len(plot.dots) == len(facts)
    assert all(0 <= d.x <= plot.width and 0 <= d.y <= plot.height for d in plot.dots)
    assert timeline_html("en", facts).count("<circle") == len(facts)
    assert "No dated facts" in timeline_html("en", answer_facts([]))


def test_the_corpus_page_counts_every_dated_document(engine: FakeAssistant) -> None:
    documents = engine.documents()
    columns, table = by_topic_and_month(documents)
    assert sum(map(sum, table.values())) == 98 and len(columns) <= 13
    page = corpus_html("en", documents)
    assert page.count("<tr data-text") == 98
    ranges = [month_range(column) for column in columns]
    for since, until in re.findall(r'data-since="([\d-]*)" data-until="([\d-]+)"', page):
        assert (since, until) in ranges
    row = table["chips"]
    for (since, until), count in zip(ranges, row, strict=True):
        filters = make_filters("", topics=["chips"], since=since, until=until)
        assert len(engine.documents(filters)) == count
    assert "0 documents" in corpus_html("en", [])


def test_only_the_right_password_signs_in(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    set_user(file, "alice", "correct horse")
    set_user(file, "bob", "battery staple")
    set_user(file, "alice", "new password")
    users = load_users(file)
    assert users is not None and "password" not in file.read_text()
    tries = [("alice", "new password"), ("alice", "correct horse"), ("bob", "battery staple"), ("eve", "x")]
    assert [users.check(*t) for t in tries] == [True, False, True, False]
    assert file.stat().st_mode & 0o077 == 0
    assert load_users(None) is None


@pytest.mark.parametrize("content", ["", "# nobody\n", "alice:plain\n", "alice\n", "a b:scrypt$00$00\n"])
def test_a_users_file_without_users_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "u").write_text(content)
    with pytest.raises(ConfigurationError):
        load_users(tmp_path / "u")
    with pytest.raises(ConfigurationError, match="missing"):
        load_users(tmp_path / "missing")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("a\\b\\c.PDF", "c.pdf"),
        ("..", "document"),
        ("x\0y.txt", "x_y.txt"),
    ],
)
def test_a_file_name_cannot_leave_its_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_files_are_kept_indexed_reported_and_removed(
    desk: Desk, engine: FakeAssistant, tmp_path: Path
) -> None:
    memo = write_memo(tmp_path / "memo.pdf")
    bad = tmp_path / "sheet.xls"
    bad.write_bytes(b"x")
    collection = private_collection("alice")
    report = add_files(engine, desk.uploads, "en", collection, [(memo, "memo.pdf"), (bad, "<b>sheet.xls")])
    assert [line.ok for line in report] == [True, False] and ".xls" in report[1].message
    (info,) = added(engine, "alice")
    assert desk.file_of(info) == desk.uploads / collection / "memo.pdf" and added(engine, "bob") == []
    page = uploads_html("en", [info], report)
    assert "&lt;b&gt;sheet.xls" in page or "_b_sheet.xls" in page
    assert not forget(engine, desk.uploads, "bob", "memo.pdf", collection)
    assert forget(engine, desk.uploads, "alice", "memo.pdf", collection)
    assert added(engine, "alice") == [] and not (desk.uploads / collection / "memo.pdf").exists()


def test_the_limit_on_an_upload_is_that_of_the_settings(
    desk: Desk, engine: FakeAssistant, tmp_path: Path
) -> None:
    engine.settings = engine.settings.model_copy(update={"max_file_mb": 0.5})
    fits, large = tmp_path / "fits.md", tmp_path / "large.md"
    fits.write_text("# Fits\n\n" + "A sentence. " * 100)
    large.write_text("x" * 500_001)
    report = add_files(engine, desk.uploads, "en", "user", [(fits, "fits.md"), (large, "large.md")])
    assert [line.ok for line in report] == [True, False] and "0.5 MB" in report[1].message
    assert not (desk.uploads / "user" / "large.md").exists()


def test_addresses_are_taken_as_they_are_pasted() -> None:
    typed = "https://a.org/x.pdf\n  b.org/y <https://a.org/x.pdf>"
    assert split_addresses(typed) == ["https://a.org/x.pdf", "https://b.org/y"]
    assert split_addresses(" ") == [] and len(split_addresses(" ".join(f"a{n}.org" for n in range(99)))) == 20


def test_a_page_of_the_web_is_added_or_refused_with_its_reason(
    engine: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = FileReport("a.org/x.html", "added", 3)
    gone = FileReport("https://a.org/y", "failed", 0, "The server says 404 <b>.")
    for report, ok, message in ((done, True, "3 passages"), (gone, False, "404")):
        monkeypatch.setattr(
            engine, "add_documents", lambda *_, report=report, **__: SyncReport(files=(report,))
        )
        line = add_address(engine, "en", "user", "https://a.org")
        assert (line.ok, line.name) == (ok, "https://a.org") and message in line.message
        assert "<b>" not in uploads_html("en", [], [line])

    def inner(*_: object, **__: object) -> None:
        raise ConfigurationError("The address is of the inner network.")

    monkeypatch.setattr(engine, "add_documents", inner)
    assert "inner network" in add_address(engine, "en", "user", "http://localhost").message


def test_a_file_that_cannot_be_read_does_not_replace_one_that_could(
    desk: Desk, engine: FakeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = tmp_path / "1" / "n.md", tmp_path / "2" / "n.md"
    for file, text in ((good, "# Good\n\nA sentence.\n"), (bad, "broken")):
        file.parent.mkdir()
        file.write_text(text)
    add_files(engine, desk.uploads, "en", "user", [(good, "n.md")])

    def refuse(*_: object, **__: object) -> None:
        raise ConfigurationError("The file n.md is damaged.")

    monkeypatch.setattr(engine, "add_documents", refuse)
    (line,) = add_files(engine, desk.uploads, "en", "user", [(bad, "n.md")])
    assert not line.ok and "damaged" in line.message
    assert (desk.uploads / "user" / "n.md").read_text() == "# Good\n\nA sentence.\n"
