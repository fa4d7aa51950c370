"""A small corpus of text files, with readers and an embedding model that need no other room."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.errors import DocumentError
from assistant.index.reader import Index
from assistant.index.server import ChromaServer
from assistant.index.sync import Ingest
from assistant.models.embeddings import EmbeddingModel, WrappedEmbeddings
from assistant.schema import Document, Passage, Sentence, SourceNote
from tests.index.chroma import chroma_server, new_database

CHUNKER = "test-1"


def fake_embeddings(name: str = "fake", dimension: int = 16) -> EmbeddingModel:
    model = WrappedEmbeddings(DeterministicFakeEmbedding(size=dimension), name=name, dimension=dimension)
    # It is no service: sentences have vectors too.
    model.in_process = True
    return model


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def read(file: Path, root: Path, collection: str) -> Document:
    data = file.read_bytes()
    text = data.decode("utf-8", "replace")
    if text.startswith("BROKEN"):
        raise DocumentError(f"{file.name} is broken.", "Mend it.")
    path = file.relative_to(root).as_posix()
    return Document(
        id=_digest(collection, path, text)[:16],
        path=path,
        title=file.stem,
        topic=path.partition("/")[0],
        entities=tuple(re.findall(r"Huawei|Baidu|Nvidia", text)),
        language="en",
        sha256=hashlib.sha256(data).hexdigest(),
        collection=collection,
        text=text,
    )


def chunk(document: Document, embeddings: EmbeddingModel | None = None) -> list[Passage]:
    passages = []
    for ordinal, match in enumerate(re.finditer(r"[^\n]+", document.text)):
        passages.append(
            Passage(
                id=_digest(document.id, match.start(), match.end(), match[0])[:24],
                document=document.info(),
                text=match[0],
                char_start=match.start(),
                char_end=match.end(),
                heading_path=("Heading", "Sub"),
                ordinal=ordinal,
                sentences=(
                    Sentence(
                        text=match[0], char_start=match.start(), char_end=match.end(), note_labels=("1",)
                    ),
                ),
                sources=(
                    SourceNote(
                        label="1", publisher="Reuters", title="T", date="2026-05", url="https://x.org"
                    ),
                ),
            )
        )
    return passages


def discover(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.txt"))


INGEST = Ingest(discover=discover, read=read, chunk=chunk)


def make_ingest() -> Ingest:
    """The same, for workers: functions travel to them by name."""
    return INGEST


@pytest.fixture
def embeddings() -> EmbeddingModel:
    return fake_embeddings()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    texts = {
        "chips/huawei.txt": "Huawei ships the Ascend 950PR.\nRegulators told companies not to buy H20 chips.",
        "chips/baidu.txt": "Baidu shares rose 9.3 percent.\n百度昆仑芯片销量上升。",
        "policy/plan.txt": "The five-year plan names AI plus.",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


class Place:
    """Where the indexes of the running test are: in their home folder, or on a Chroma server."""

    server: ChromaServer | None = None


def open_index(home: Path, embeddings: EmbeddingModel, chunker: str = CHUNKER) -> Index:
    return Index.open(home, embeddings, chunker=chunker, server=Place.server)


@pytest.fixture(scope="session")
def chroma_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server of this session."""
    with chroma_server(tmp_path_factory.mktemp("chroma")) as address:
        if address is None:
            pytest.skip("`chroma run` does not start here")
        yield address


@pytest.fixture
def server(chroma_address: str) -> ChromaServer:
    """An empty database on the server."""
    return new_database(chroma_address)


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same test with Chroma's files in the home folder and with a Chroma server."""
    if request.param == "server":
        Place.server = request.getfixturevalue("server")
    yield request.param
    Place.server = None
