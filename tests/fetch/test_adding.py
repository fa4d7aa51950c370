"""Adding documents of the web, at the door of `Assistant`, from a server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import DocumentError
from assistant.ingest.origin import origin_files
from assistant.settings import Settings
from tests.doubles import WordEmbeddings
from tests.fetch.local_web import HTML, JumpingClock, Site, redirect, reply
from tests.ingest.files import pdf

BRIEF = "# Ascend\n\nHuawei plans the Ascend 950 for 2026."


@pytest.fixture
def assistant(tmp_path: Path, clock: JumpingClock) -> Iterator[Assistant]:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text(BRIEF, "utf-8")
    settings = Settings(
        home=tmp_path / "home", corpus=corpus, model="extractive", fetch_private="127.0.0.1", fetch_delay=0
    )
    with Assistant(settings=settings, embedding=WordEmbeddings()) as opened:
        yield opened


def uploads(assistant: Assistant) -> list[str]:
    root = assistant.settings.home / "uploads"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def page(text: str, head: str = "") -> bytes:
    return HTML.replace(b"</head>", head.encode() + b"</head>").replace(
        b"They apply", text.encode() + b" They apply"
    )


def test_a_page_becomes_searchable_with_its_address_and_date(site: Site, assistant: Assistant) -> None:
    site.pages["/rules/2025/measures.html"] = reply(HTML)
    info = assistant.add_url(site.url + "/rules/2025/measures.html#top")
    assert info.title == "Measures on chips" and str(info.date) == "2025-03-04"
    assert info.url == site.url + "/rules/2025/measures.html" and info.fetched is not None
    assert info.path.startswith(f"127.0.0.1_{site.port}/rules-2025-measures-") and info.path.endswith(".html")
    kept = assistant.settings.home / "uploads" / "user" / info.path
    assert kept.read_bytes() == HTML
    hits = assistant.search("measures on accelerator chips")
    assert hits[0].passage.document.url == info.url


def test_a_citation_shows_address_and_fetch_date(site: Site, assistant: Assistant, steady: None) -> None:
    site.pages["/m"] = reply(HTML)
    info = assistant.add_url(site.url + "/m")
    answer = assistant.ask("When did the ministry publish measures on accelerator chips?")
    citation = next(c for c in answer.citations if c.passage.document.path == info.path)
    assert [(note.url, note.fetched) for note in citation.sources] == [(info.url, info.fetched)]
    assert f"<{info.url}>, fetched {info.fetched}" in answer.to_markdown()


def test_the_same_address_again_updates_the_document(site: Site, assistant: Assistant) -> None:
    site.pages["/m"] = reply(HTML, etag='"1"')
    first = assistant.add_urls([site.url + "/m"]).files[0]
    site.pages["/m"] = reply(status=304)
    again = assistant.add_urls([site.url + "/m"]).files[0]
    assert (first.status, again.status, again.path) == ("added", "unchanged", first.path)
    assert site.requests[-1].headers["if-none-match"] == '"1"'
    site.pages["/m"] = reply(page("Lithography is new."))
    changed = assistant.add_urls([site.url + "/m"]).files[0]
    assert (changed.status, changed.path) == ("updated", first.path)
    assert "Lithography is new" in assistant.document(first.path, "user").text
    assert len(assistant.documents()) == 2


def test_an_address_that_moved_or_changed_its_format_replaces_its_document(
    site: Site, assistant: Assistant
) -> None:
    site.pages["/m"] = reply(HTML)
    old = assistant.add_url(site.url + "/m")
    site.pages |= {
        "/m": redirect("/new"),
        "/new": reply(pdf([[("paragraph", "Measures on lithography machines.")]])),
    }
    report = assistant.add_urls([site.url + "/m"])
    assert {file.status for file in report.files} == {"added", "removed"}
    (mine,) = [d for d in assistant.documents() if d.collection == "user"]
    assert mine.path != old.path and mine.url == site.url + "/new"
    assert mine.media_type == "application/pdf" and mine.fetched is not None
    assert len(uploads(assistant)) == 2


def test_a_failure_leaves_all_as_it_was(site: Site, assistant: Assistant) -> None:
    site.pages["/m"] = reply(HTML)
    info = assistant.add_url(site.url + "/m")
    before = uploads(assistant)
    for bad in (reply(status=404), reply(b"<html><body></body></html>"), reply(b"%PDF-1.7 broken")):
        site.pages["/m"] = bad
        with pytest.raises(DocumentError):
            assistant.add_url(site.url + "/m")
        assert uploads(assistant) == before
        assert assistant.document(info.path, "user").title == "Measures on chips"
        kept = assistant.settings.home / "uploads" / "user" / info.path
        assert kept.read_bytes() == HTML
    with pytest.raises(DocumentError, match="not public"):
        assistant.add_url("http://10.0.0.1/")
    assert uploads(assistant) == before


def test_one_bad_address_does_not_stop_the_others(site: Site, assistant: Assistant, tmp_path: Path) -> None:
    site.pages["/m"] = reply(HTML)
    (tmp_path / "note.md").write_text("# A note\n\nOn chips.", "utf-8")
    told: list[tuple[int, int]] = []
    report = assistant.add_documents(
        [site.url + "/none", tmp_path / "note.md", site.url + "/m"],
        progress=lambda done, total, name: told.append((done, total)),
    )
    assert [file.status for file in report.files] == ["added", "failed", "added"]
    failed = report.files[1]
    assert failed.path == site.url + "/none" and "is not there (404)" in failed.reason
    assert told[-2:] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("canonical", "cited"),
    [
        ("{site}/own", "{site}/own"),
        ("https://www.gov.cn/zhengce/x.htm", "{site}/m"),
        ("{site}/", "{site}/m"),
        ("javascript:alert(1)", "{site}/m"),
    ],
)
def test_a_page_may_name_only_an_address_of_its_own_site(
    site: Site, assistant: Assistant, canonical: str, cited: str
) -> None:
    link = f'<link rel="canonical" href="{canonical.format(site=site.url)}">'
    site.pages["/m"] = reply(page("More.", link))
    assert assistant.add_url(site.url + "/m").url == cited.format(site=site.url)


def test_non_ascii_addresses(site: Site, assistant: Assistant) -> None:
    site.pages["/%E6%94%BF%E7%AD%96/%E8%8A%AF%E7%89%87.html"] = reply(HTML)
    info = assistant.add_url(site.url + "/政策/芯片.html")
    assert "政策-芯片-" in info.path
    assert info.url == site.url + "/%E6%94%BF%E7%AD%96/%E8%8A%AF%E7%89%87.html"


def test_removing_deletes_the_copy_and_its_origin(site: Site, assistant: Assistant) -> None:
    site.pages["/m"] = reply(HTML)
    info = assistant.add_url(site.url + "/m")
    assert assistant.remove([info.path]) == 1
    assert uploads(assistant) == []


def test_an_origin_travels_with_its_file(site: Site, assistant: Assistant) -> None:
    site.pages["/m"] = reply(HTML)
    info = assistant.add_url(site.url + "/m")
    assistant.add_documents([assistant.settings.home / "uploads" / "user"], collection="copies")
    (copy,) = [d for d in assistant.documents() if d.collection == "copies"]
    assert (copy.url, copy.fetched) == (info.url, info.fetched)


def test_an_origin_that_is_illegible_is_ignored(site: Site, assistant: Assistant, tmp_path: Path) -> None:
    site.pages["/m"] = reply(HTML)
    assistant.add_url(site.url + "/m")
    (written,) = origin_files(assistant.settings.home)
    known = json.loads(written.read_text("utf-8"))
    for bad in ("no json", json.dumps({**known, "url": "javascript:alert(1)"}), "x" * 30_000):
        written.write_text(bad, "utf-8")
        file = written.with_name(written.name[1:].removesuffix(".origin.json"))
        assistant.add_documents([file], collection="again")
        (found,) = [d for d in assistant.documents() if d.collection == "again"]
        assert found.fetched is None
        assistant.remove([found.path], collection="again")
