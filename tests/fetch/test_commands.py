"""`assistant add` and `assistant corpus fetch`, as a user calls them, from a server on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant import Assistant
from assistant.cli import main, options
from assistant.ingest.origin import origin_files, read_origin
from assistant.settings import Settings
from tests.doubles import WordEmbeddings
from tests.fetch.local_web import HTML, Site, redirect, reply
from tests.fetch.test_catalogue import ENTRY
from tests.ingest.files import pdf

Run = Callable[..., tuple[int, str, str]]
PDF = pdf([[("paragraph", "Guidance on advanced computing items.")]])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Ascend\n\nHuawei plans the Ascend 950 for 2026.", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus))
    monkeypatch.setenv("ASSISTANT_MODEL", "extractive")
    monkeypatch.setenv("ASSISTANT_FETCH_PRIVATE", "127.0.0.1")
    monkeypatch.setenv("ASSISTANT_FETCH_DELAY", "0")
    monkeypatch.setattr(options, "make_assistant", open_small)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def open_small(settings: Settings) -> Assistant:
    return Assistant(settings=settings, embedding=WordEmbeddings())


def listing(site: Site, folder: Path, **urls: str) -> Path:
    """A catalogue of the given ids and paths of the site."""
    entries: list[dict[str, Any]] = [
        {**ENTRY, "id": name, "title": f"Title of {name}", "url": site.url + path, "topics": topics(name)}
        for name, path in urls.items()
    ]
    path = folder / "list.yaml"
    path.write_text(yaml.safe_dump({"sources": entries}), "utf-8")
    return path


def topics(name: str) -> list[str]:
    return ["trade"] if name.startswith("third") else ["chips", "policy"]


def test_add_tells_of_each_address(site: Site, run: Run) -> None:
    site.pages |= {"/a": reply(HTML), "/b.pdf": reply(PDF, content_type="application/pdf")}
    code, out, _ = run("add", site.url + "/a", site.url + "/b.pdf")
    assert code == 0
    assert "added 127.0.0.1_" in out and "2 added" in out
    code, out, err = run("add", site.url + "/a", site.url + "/none", "http://10.0.0.1/")
    assert code == 1
    assert "unchanged 127.0.0.1_" in out
    assert f"failed {site.url}/none: " in out and "(404)" in out and "not public" in out
    assert err.strip() == "Error: 2 of 3 addresses failed. The lines above tell why."


def test_fetch_keeps_what_the_catalogue_says(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages |= {"/one": reply(HTML), "/two": reply(PDF), "/three": reply(HTML)}
    catalogue = listing(site, tmp_path, one="/one", two="/two", third="/three")
    code, out, _ = run("corpus", "fetch", "--catalogue", catalogue, "--only", "policy", "--ingest")
    assert code == 0 and "/three" not in site.paths
    assert "new         one chips/one.html" in out and "new         two chips/two.pdf" in out
    assert "2 new; folder" in out and "2 passages" in out
    root = tmp_path / "home" / "uploads" / "sources"
    assert (root / "chips" / "one.html").read_bytes() == HTML
    with open_small(options.read_settings()) as assistant:
        (one, two) = [d for d in assistant.documents() if d.collection == "sources"]
    assert (one.title, one.publisher, str(one.date), one.topic) == (
        "Title of one",
        "Ministry",
        "2025-03-01",
        "chips",
    )
    assert one.url == site.url + "/one" and one.fetched is not None
    assert two.media_type == "application/pdf" and two.url == site.url + "/two"


def test_fetch_again_asks_only_for_what_changed(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages |= {"/one": [reply(HTML, etag='"1"'), reply(status=304)], "/two": reply(HTML)}
    catalogue = listing(site, tmp_path, one="/one", two="/two", third="/three")
    into = tmp_path / "kept"
    code, out, err = run("corpus", "fetch", "--catalogue", catalogue, "--into", into)
    assert code == 1 and "failed      third" in out and "(404)" in out
    assert err.startswith("Error: 1 of 3 sources could not be fetched.")
    fetched = read_origin(into / "chips" / "one.html")
    site.pages |= {"/three": reply(HTML), "/two": reply(HTML + b"<!-- new -->")}
    code, out, _ = run("corpus", "fetch", "--catalogue", catalogue, "--into", into)
    assert code == 0
    assert "unchanged   one" in out and "changed     two" in out and "new         third" in out
    assert [r.headers.get("if-none-match") for r in site.requests if r.path == "/one"] == [None, '"1"']
    assert read_origin(into / "chips" / "one.html") == fetched
    site.pages["/two"] = reply(status=500)
    code, out, _ = run("corpus", "fetch", "--catalogue", catalogue, "--into", into)
    assert code == 1 and "failed      two" in out
    assert (into / "chips" / "two.html").read_bytes().endswith(b"<!-- new -->")


def test_a_file_that_was_damaged_is_fetched_whole(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages["/one"] = reply(HTML, etag='"1"')
    catalogue, into = listing(site, tmp_path, one="/one"), tmp_path / "kept"
    run("corpus", "fetch", "--catalogue", catalogue, "--into", into)
    (into / "chips" / "one.html").write_bytes(HTML[:40])
    run("corpus", "fetch", "--catalogue", catalogue, "--into", into)
    assert "if-none-match" not in site.requests[-1].headers
    assert (into / "chips" / "one.html").read_bytes() == HTML


def test_a_page_that_became_a_pdf_replaces_the_page(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages["/one"] = [reply(HTML), reply(PDF)]
    catalogue = listing(site, tmp_path, one="/one")
    for _ in range(2):
        assert run("corpus", "fetch", "--catalogue", catalogue, "--ingest")[0] == 0
    with open_small(options.read_settings()) as assistant:
        found = [d.path for d in assistant.documents() if d.collection == "sources"]
    assert found == ["chips/one.pdf"]


def test_a_dry_run_asks_nobody(site: Site, run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "corpus", "fetch", "--catalogue", listing(site, tmp_path, one="/one"), "--dry-run", "--ingest"
    )
    assert code == 0 and "would fetch one" in out and not site.requests
    assert not (tmp_path / "home").exists()
    code, out, _ = run("corpus", "fetch", "--dry-run")
    assert code == 0 and out.count("would fetch") > 40


def test_files_of_another_folder_are_ingested_with_their_origin(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages["/one"] = reply(HTML)
    catalogue, into = listing(site, tmp_path, one="/one"), tmp_path / "kept"
    assert run("corpus", "fetch", "--catalogue", catalogue, "--into", into, "--ingest")[0] == 0
    with open_small(options.read_settings()) as assistant:
        (document,) = [d for d in assistant.documents() if d.collection == "sources"]
    assert (document.path, document.title) == ("chips/one.html", "Title of one")
    assert len(origin_files(tmp_path)) == 2


def test_what_cannot_be_fetched_is_told_in_one_line(site: Site, run: Run, tmp_path: Path) -> None:
    site.pages |= {
        "/away": redirect("http://192.168.7.7/x"),
        "/robots.txt": reply(b"User-agent: *\nDisallow: /no"),
    }
    catalogue = listing(site, tmp_path, one="/away", two="/no/page")
    code, out, _ = run("corpus", "fetch", "--catalogue", catalogue)
    assert code == 1
    lines = [line for line in out.splitlines() if line.startswith("failed")]
    assert len(lines) == 2 and "192.168.7.7, which is not public" in lines[0] and "robots.txt" in lines[1]
    code, _, err = run("corpus", "fetch", "--only", "cars")
    assert code == 1 and err.startswith("Error: The catalogue has nothing on 'cars'.")
    code, _, err = run("corpus", "fetch", "--catalogue", tmp_path / "none.yaml")
    assert code == 1 and "cannot be read" in err


def test_a_network_of_ones_own_that_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_FETCH_PRIVATE", "office")
    code, _, err = run("add", "https://example.org/")
    assert code == 1 and "ASSISTANT_FETCH_PRIVATE" in err and err.count("\n") == 1
