"""Builds that a Chroma server keeps after a change of settings: deleted once nobody can be reading them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from assistant.errors import IndexingError
from assistant.index import presence
from assistant.index.fingerprint import Fingerprint
from assistant.index.lease import Lease
from assistant.index.presence import Presence
from assistant.index.reader import Index
from assistant.index.server import ChromaServer
from assistant.index.sync import SyncReport, sync_folder
from assistant.models.embeddings import EmbeddingModel
from tests.index.conftest import CHUNKER, INGEST, fake_embeddings

OLD, NEW = fake_embeddings("old", 16), fake_embeddings("new", 8)
KEY = Fingerprint.of(OLD, CHUNKER).key


def machine(home: Path, server: ChromaServer, embeddings: EmbeddingModel) -> Index:
    return Index.open(home, embeddings, chunker=CHUNKER, server=server)


def sync(home: Path, server: ChromaServer, embeddings: EmbeddingModel, corpus: Path) -> SyncReport:
    with machine(home, server, embeddings) as index:
        return sync_folder(index, embeddings, corpus, ingest=INGEST)


def collections(server: ChromaServer) -> set[str]:
    with contextlib.closing(server.connect()) as client:
        return {each.name for each in client.list_collections()}


def old_ones(server: ChromaServer) -> set[str]:
    return {name for name in collections(server) if name.endswith(KEY)}


def test_an_old_build_goes_when_nobody_reads_it(tmp_path: Path, corpus: Path, server: ChromaServer) -> None:
    sync(tmp_path, server, OLD, corpus)
    assert old_ones(server) == {f"{kind}-{KEY}" for kind in ("documents", "passages", "readers")}
    sync(tmp_path, server, NEW, corpus)
    assert old_ones(server) == set()
    with machine(tmp_path, server, NEW) as index:
        assert len(index.documents()) == 3 and index.check() == []


def test_it_stays_while_another_machine_reads_it(tmp_path: Path, corpus: Path, server: ChromaServer) -> None:
    sync(tmp_path / "a", server, OLD, corpus)
    with machine(tmp_path / "b", server, OLD) as other:
        sync(tmp_path / "a", server, NEW, corpus)
        sync(tmp_path / "a", server, NEW, corpus)
        assert other.search_dense(OLD.embed_query("x"), 2) and other.search_lexical("Baidu")
        assert other.check() == []
    sync(tmp_path / "a", server, NEW, corpus)
    assert old_ones(server) == set()


def test_it_stays_while_another_machine_writes_it(tmp_path: Path, corpus: Path, server: ChromaServer) -> None:
    sync(tmp_path, server, OLD, corpus)
    with Lease(server, KEY, "another machine").held(0):
        sync(tmp_path, server, NEW, corpus)
        assert f"passages-{KEY}" in old_ones(server)
    sync(tmp_path, server, NEW, corpus)
    assert old_ones(server) == set()


def test_who_did_not_search_for_long_is_told_and_need_not_embed_again(
    tmp_path: Path, corpus: Path, server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(tmp_path / "a", server, OLD, corpus)
    with machine(tmp_path / "b", server, OLD) as asleep:
        before = asleep.search_lexical("Baidu")
        monkeypatch.setattr(presence, "STALE_SECONDS", -1.0)
        sync(tmp_path / "a", server, NEW, corpus)
        assert old_ones(server) == set()
        for search in (lambda: asleep.search_lexical("Baidu"), lambda: asleep.search_dense([0.0] * 16)):
            with pytest.raises(IndexingError, match=r"no longer has this index.*assistant index"):
                search()
    with machine(tmp_path / "b", server, OLD) as awake:
        assert "no longer has them" in awake.rebuild_reason
        monkeypatch.setattr(type(OLD), "embed_documents", lambda *_: pytest.fail("embedded again"))
        report = sync_folder(awake, OLD, corpus, ingest=INGEST)
        assert not report.changed and "no longer has them" in report.rebuilt and not awake.rebuild_reason
        assert awake.search_lexical("Baidu") == before and awake.check() == []
        with machine(tmp_path / "c", server, OLD) as third:
            assert third.search_lexical("Baidu") == before and third.check() == []


def test_one_of_an_earlier_version_which_noted_no_readers_stays_for_a_while(
    tmp_path: Path, corpus: Path, server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(tmp_path, server, OLD, corpus)
    with contextlib.closing(server.connect()) as client:
        client.delete_collection(f"readers-{KEY}")
    sync(tmp_path, server, NEW, corpus)
    assert f"passages-{KEY}" in old_ones(server)
    monkeypatch.setattr(presence, "STALE_SECONDS", -1.0)
    sync(tmp_path, server, NEW, corpus)
    assert old_ones(server) == set()


@pytest.mark.parametrize("gone", ["documents", "passages"])
def test_a_deletion_that_was_cut_off_is_finished(
    tmp_path: Path, corpus: Path, server: ChromaServer, gone: str
) -> None:
    sync(tmp_path, server, OLD, corpus)
    with contextlib.closing(Presence(server, KEY)) as reading:
        reading.note()
        sync(tmp_path, server, NEW, corpus)
    with contextlib.closing(server.connect()) as client:
        client.delete_collection(f"{gone}-{KEY}")
    sync(tmp_path, server, NEW, corpus)
    assert old_ones(server) == set()


def test_going_back_to_the_old_settings_keeps_it(tmp_path: Path, corpus: Path, server: ChromaServer) -> None:
    sync(tmp_path, server, OLD, corpus)
    with contextlib.closing(Presence(server, KEY)) as reading:
        reading.note()
        sync(tmp_path, server, NEW, corpus)
    sync(tmp_path, server, OLD, corpus)
    sync(tmp_path, server, OLD, corpus)
    assert f"passages-{KEY}" in old_ones(server)
    # It is the newer one that nobody wants now.
    assert collections(server) == old_ones(server)


def test_a_machine_that_finds_the_new_build_ready_gives_up_its_old_one(
    tmp_path: Path, corpus: Path, server: ChromaServer
) -> None:
    sync(tmp_path / "a", server, NEW, corpus)
    sync(tmp_path / "b", server, OLD, corpus)
    sync(tmp_path / "b", server, NEW, corpus)
    assert old_ones(server) == set()
