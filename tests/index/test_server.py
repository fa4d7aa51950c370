"""What only a Chroma server has: several machines, and a server that is away or asks for a key."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.errors import ConfigurationError, IndexingError
from assistant.index import lease as leases
from assistant.index.lease import Lease
from assistant.index.reader import Index
from assistant.index.server import ChromaServer
from assistant.index.sync import sync_folder
from assistant.models.embeddings import EmbeddingModel
from assistant.settings import load_settings
from tests.index.conftest import CHUNKER, INGEST, fake_embeddings


def machine(home: Path, server: ChromaServer, embeddings: EmbeddingModel | None = None) -> Index:
    return Index.open(home, embeddings or fake_embeddings(), chunker=CHUNKER, server=server)


def sync(index: Index, embeddings: EmbeddingModel, corpus: Path, **options: object) -> None:
    sync_folder(index, embeddings, corpus, ingest=INGEST, **options)  # type: ignore[arg-type]


def test_another_machine_reads_what_one_has_published(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer
) -> None:
    with machine(tmp_path / "a", server) as one, machine(tmp_path / "b", server) as other:
        assert other.is_empty
        sync(one, embeddings, corpus)
        # At its next search, with nothing but the server in common.
        assert other.search_lexical("Baidu shares") == one.search_lexical("Baidu shares")
        passages = [passage for passage, _ in one.search_lexical("Baidu shares")]
        for mine, theirs in zip(
            one.sentence_vectors(passages), other.sentence_vectors(passages), strict=True
        ):
            assert mine is not None and theirs is not None and len(mine) and (mine == theirs).all()
        document = other.document("chips/huawei.txt")
        assert document == one.document("chips/huawei.txt") and document is not None
        (corpus / "chips/huawei.txt").write_text("Huawei denies it.")
        (corpus / "policy/plan.txt").unlink()
        sync(one, embeddings, corpus)
        vector = embeddings.embed_query("x")
        assert {p.text for p, _ in other.search_dense(vector, 9)} == {
            p.text for p, _ in one.search_dense(vector, 9)
        }
        assert [d.path for d in other.documents()] == ["chips/baidu.txt", "chips/huawei.txt"]
        assert other.check() == [] and other.generation == one.generation == 2
    with machine(tmp_path / "c", server) as third:
        assert third.search_lexical("denies") and third.check() == []


def test_machines_write_in_turn_and_keep_each_others_documents(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "note.txt").write_text("A note of the second machine.")
    with machine(tmp_path / "a", server) as one, machine(tmp_path / "b", server) as other:
        sync(one, embeddings, corpus)
        sync_folder(other, embeddings, mine, "user", ingest=INGEST)
        (corpus / "policy/plan.txt").unlink()
        sync(one, embeddings, corpus)
        assert [(d.collection, d.path) for d in one.documents()] == [
            ("corpus", "chips/baidu.txt"),
            ("corpus", "chips/huawei.txt"),
            ("user", "note.txt"),
        ]
        assert other.search_lexical("second machine") and other.check() == one.check() == []


def test_a_build_that_is_not_finished_is_not_shown(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer
) -> None:
    class Stop(KeyboardInterrupt):
        """Ctrl-C."""

    def on_write(step: str) -> None:
        if step == "switch":
            raise Stop

    with machine(tmp_path / "a", server) as one:
        with pytest.raises(Stop):
            sync(one, embeddings, corpus, on_write=on_write)
        with machine(tmp_path / "b", server) as other:
            assert other.is_empty
            # The other machine finishes it, and need not embed it again.
            sync(other, embeddings, corpus)
            assert len(other.documents()) == 3 and other.check() == []
        assert len(one.documents()) == 3


def test_what_was_published_is_kept_when_the_writer_dies_before_it_notes_it(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer
) -> None:
    def on_write(step: str) -> None:
        if step == "publish":
            raise KeyboardInterrupt

    with machine(tmp_path / "a", server) as one:
        sync(one, embeddings, corpus)
        (corpus / "policy/more.txt").write_text("More.")
        with pytest.raises(KeyboardInterrupt):
            sync(one, embeddings, corpus, on_write=on_write)
        with machine(tmp_path / "b", server) as other:
            assert other.search_lexical("More")
        sync(one, embeddings, corpus)
        assert one.search_lexical("More") and one.check() == []


def test_one_machine_writes_at_a_time(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer
) -> None:
    with machine(tmp_path / "a", server) as one:
        key = one.fingerprint.key
        with (
            Lease(server, key, "another machine").held(0),
            pytest.raises(IndexingError, match="Another machine is writing"),
        ):
            sync(one, embeddings, corpus, lock_seconds=0)
        sync(one, embeddings, corpus)


def test_the_lock_of_a_machine_that_died_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, server: ChromaServer
) -> None:
    monkeypatch.setattr(leases, "STALE_SECONDS", -1.0)
    dead = Lease(server, "k", "dead machine")
    dead._client = server.connect()
    dead._acquire(0)
    with Lease(server, "k", "living machine").held(5) as living:
        living.check()
        # When it wakes up again it must not publish, nor release what is not its own.
        with pytest.raises(IndexingError, match="took over"):
            dead.check()
        living.check()
    with Lease(server, "k", "third").held(0):
        pass


def test_a_dead_process_of_the_same_home_holds_nobody_up(server: ChromaServer) -> None:
    dead = Lease(server, "k", "home")
    dead._client = server.connect()
    dead._acquire(0)
    with Lease(server, "k", "home").held(0) as living:
        living.check()


def test_a_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match="does not answer") as caught:
        machine(tmp_path, ChromaServer("http://127.0.0.1:9"))
    assert "chroma run" in caught.value.hint and "ASSISTANT_CHROMA_URL" in caught.value.hint


def test_a_database_that_is_missing_is_said(tmp_path: Path, chroma_address: str) -> None:
    with pytest.raises(IndexingError, match="no database 'nowhere'"):
        machine(tmp_path, ChromaServer(chroma_address, database="nowhere"))


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x", "http://", "http://user:key@x:1", "http://x:99999"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="ASSISTANT_CHROMA_URL"):
        ChromaServer(url)


class Proxy(BaseHTTPRequestHandler):
    """Lets pass what carries the key, as a reverse proxy in front of Chroma does."""

    behind = ""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != "Bearer open-sesame":
            self.send_response(401)
            self.end_headers()
            self.wfile.write(b'{"error": "Unauthorized"}')
            return
        connection = http.client.HTTPConnection(self.behind.removeprefix("http://"))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy(chroma_address: str) -> Iterator[str]:
    handler = type("Handler", (Proxy,), {"behind": chroma_address})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_key_opens_the_server_and_is_never_shown(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer, proxy: str
) -> None:
    opened = ChromaServer(proxy, token="open-sesame", database=server.database)
    assert "sesame" not in repr(opened)
    with machine(tmp_path / "a", opened) as index:
        sync(index, embeddings, corpus)
        assert index.check() == []
    for token in ("", "wrong-word"):
        with pytest.raises(IndexingError) as caught:
            machine(tmp_path / "b", ChromaServer(proxy, token=token, database=server.database))
        assert "refuses access" in caught.value.what and "wrong-word" not in str(caught.value)


def test_a_server_that_goes_away_is_said(
    tmp_path: Path, corpus: Path, embeddings: EmbeddingModel, server: ChromaServer, chroma_address: str
) -> None:
    handler = type("Handler", (Proxy,), {"behind": chroma_address})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{running.server_port}"
    opened = ChromaServer(address, token="open-sesame", database=server.database)
    with machine(tmp_path / "a", opened) as index:
        sync(index, embeddings, corpus)
        running.shutdown()
        running.server_close()
        with pytest.raises(IndexingError, match="does not answer"):
            index.search_dense(embeddings.embed_query("x"), 3)


def test_the_settings_name_the_server_and_hide_its_key() -> None:
    settings = load_settings(chroma_url="https://chroma.example/x", chroma_token="open-sesame")
    found = ChromaServer.of(settings)
    assert found == ChromaServer("https://chroma.example/x", "open-sesame")
    assert "sesame" not in repr(settings) and "sesame" not in str(found)
    assert ChromaServer.of(load_settings(chroma_url=" ")) is None
