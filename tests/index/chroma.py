"""Starts a Chroma server for tests and benchmarks."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import IndexingError
from assistant.index.server import ChromaServer

_START_SECONDS = 60


@contextmanager
def chroma_server(folder: Path) -> Iterator[str | None]:
    """Run `chroma run` of this environment on a free port; None when it does not start."""
    program = Path(sys.executable).with_name("chroma")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if not program.exists():
        yield None
        return
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        yield address if _answers(process, address) else None
    finally:
        process.terminate()
        process.wait()


def new_database(address: str) -> ChromaServer:
    """An empty database of its own."""
    import chromadb
    from chromadb.config import Settings

    name = f"test-{uuid.uuid4().hex[:12]}"
    host, _, port = address.removeprefix("http://").partition(":")
    settings = Settings(
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=host,
        chroma_server_http_port=int(port),
        anonymized_telemetry=False,
    )
    chromadb.AdminClient(settings).create_database(name)
    return ChromaServer(address, database=name)


def _answers(process: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ChromaServer(address).connect().close()
            return True
        except IndexingError:
            time.sleep(0.2)
    return False
