from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.errors import DocumentError
from assistant.fetch.catalogue import load_catalogue
from assistant.ingest.discover import is_catalogue
from assistant.resources import corpus_folder

CATALOGUE = corpus_folder() / "sources.yaml"
ENTRY: dict[str, Any] = {
    "id": "measures-2025",
    "title": "Measures",
    "publisher": "Ministry",
    "date": "2025-03",
    "url": "https://www.example.org/measures",
    "language": "en",
    "kind": "rule",
    "topics": ["chips"],
    "licence": "Public domain.",
    "confirmed": "footnote",
}


def footnote_addresses() -> set[str]:
    texts = (path.read_text("utf-8") for path in corpus_folder().rglob("*.md"))
    notes = (note for text in texts for note in re.findall(r"^\[\^[^\]]+\]: (.*)", text, re.M))
    return {url.rstrip(".,;") for note in notes for url in re.findall(r"https?://\S+", note)}


def test_the_catalogue_of_the_package() -> None:
    sources = load_catalogue(CATALOGUE).sources
    assert 40 <= len(sources) <= 80
    topics = {path.name for path in corpus_folder().iterdir() if path.is_dir()}
    assert {topic for entry in sources for topic in entry.topics} <= topics
    assert {entry.language for entry in sources} == {"en", "zh"}
    for entry in sources:
        assert entry.date is None or "2014" < entry.date < "2026-12", entry.id
        assert not re.search(r"[\u4e00-\u9fff]", entry.title) or entry.language == "zh", entry.id


def test_addresses_said_to_stand_in_footnotes_do() -> None:
    known = footnote_addresses()
    sources = load_catalogue(CATALOGUE).sources
    said = [entry.url for entry in sources if entry.confirmed == "footnote"]
    assert len(said) > 10
    assert not set(said) - known


def test_addresses_are_of_primary_publishers() -> None:
    # Named here so that a new host is looked at by a person.
    hosts = {
        re.sub(r"^www\.", "", re.findall(r"//([^/:]+)", entry.url)[0])
        for entry in load_catalogue(CATALOGUE).sources
    }
    official = re.compile(r"(.*\.)?(gov|gov\.cn|org\.cn)")
    assert {host for host in hosts if not official.fullmatch(host)} == {
        "arxiv.org",
        "carnegieendowment.org",
        "cnas.org",
        "cset.georgetown.edu",
        "csis.org",
        "digichina.stanford.edu",
        "jamestown.org",
        "merics.org",
        "ucigcc.org",
    }


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": list(entries)}, allow_unicode=True), "utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"date": "soon"}, "date of 'measures-2025' does not fit: .*2025-03-14"),
        ({"date": "2025-02-30"}, "date of 'measures-2025'"),
        ({"url": "ftp://example.org/x"}, "url of 'measures-2025'.*only http and https"),
        ({"url": "https://a:b@example.org/x"}, "url of 'measures-2025'"),
        ({"language": "de"}, "language of 'measures-2025'"),
        ({"topics": []}, "topics of 'measures-2025'"),
        ({"id": "../up"}, "id of '../up'"),
        ({"rank": 1}, "rank of 'measures-2025'"),
    ],
)
def test_entries_that_do_not_fit(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        load_catalogue(write(tmp_path, {**ENTRY, **change}))
    assert "\n" not in str(caught.value)


def test_entries_are_unique(tmp_path: Path) -> None:
    same = {**ENTRY, "id": "other", "url": "http://example.org/measures/"}
    with pytest.raises(DocumentError, match="occurs twice"):
        load_catalogue(write(tmp_path, ENTRY, same))
    with pytest.raises(DocumentError, match="occurs twice"):
        load_catalogue(write(tmp_path, ENTRY, {**ENTRY, "url": "https://example.org/b"}))


@pytest.mark.parametrize("text", ["- [", "sources: 3", "", "\x00", "!!python/object:os.system {}"])
def test_files_that_are_no_catalogue(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DocumentError, match=r"sources\.yaml"):
        load_catalogue(path)
    with pytest.raises(DocumentError, match="cannot be read"):
        load_catalogue(tmp_path / "none.yaml")


def test_indexing_knows_a_catalogue_from_other_files(tmp_path: Path) -> None:
    assert is_catalogue(CATALOGUE)
    # With a mistake it is one still: fetching names the mistake.
    assert is_catalogue(write(tmp_path, {**ENTRY, "date": "soon"}))
    for text in ["- [", "sources: 3", "sources: []", "sources:\n- one", "", "steps:\n- id: a"]:
        (tmp_path / "other.yaml").write_text(text, "utf-8")
        assert not is_catalogue(tmp_path / "other.yaml")
    assert not is_catalogue(write(tmp_path, ENTRY).rename(tmp_path / "sources.txt"))


def test_a_topic_that_nothing_has(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, ENTRY))
    assert len(catalogue.only(["chips"])) == len(catalogue.only([])) == 1
    with pytest.raises(DocumentError, match="Topics: chips"):
        catalogue.only(["cars"])
