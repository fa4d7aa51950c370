"""Reads files and divides them into passages: in this process, in several, or on a Ray cluster.

All three run the same function, `prepare`, and give its results in the order of the files.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from assistant.errors import AssistantError, ConfigurationError, DocumentError
from assistant.index.failures import is_disk_full
from assistant.models.embedding_model import PassageVectors
from assistant.models.embeddings import EmbeddingModel
from assistant.schema import Document, Passage

# Files handed to a worker at once, and such parcels under way for each worker.
_PARCEL = 4
_AHEAD = 3


class Readers(Protocol):
    """The functions that turn files into passages; `assistant.index.sync.Ingest` has them."""

    @property
    def read(self) -> Callable[[Path, Path, str], Document]:
        """A document, from its file, the root folder and the collection."""
        ...

    @property
    def chunk(self) -> Callable[[Document, EmbeddingModel], list[Passage]]:
        """The passages of a document."""
        ...


class Prepared(NamedTuple):
    """A file that was read, or why it was not."""

    document: Document | None = None
    passages: Sequence[Passage] = ()
    vectors: Sequence[PassageVectors] | None = None
    """When they were embedded already, in the order of the passages."""
    error: Exception | None = None


class Reading(Protocol):
    """A way of reading many files."""

    def __call__(self, files: Sequence[Path], root: Path, collection: str) -> Iterator[Prepared]:
        """What became of each file, in their order."""
        ...


def prepare(
    files: Sequence[Path],
    root: Path,
    collection: str,
    ingest: Readers,
    embeddings: EmbeddingModel,
    embed: bool = False,
) -> Iterator[Prepared]:
    """Read files one after the other; a file that fails does not stop the others.

    Args:
        files: What to read.
        root: Folder that document paths are relative to.
        collection: Name of the set of documents.
        ingest: Readers and chunker.
        embeddings: Counts tokens, and embeds if asked to.
        embed: Whether to embed the passages at once.

    Raises:
        OSError: The disk is full.
    """
    for file in files:
        try:
            document = ingest.read(file, root, collection)
            passages = ingest.chunk(document, embeddings)
            vectors = embeddings.embed_passages(passages) if embed else None
            yield Prepared(document, passages, vectors)
        except Exception as error:
            if is_disk_full(error):
                raise
            yield Prepared(error=error)


class ProcessReading:
    """Reads in worker processes of this machine.

    A worker that dies takes no other file along: the files that it had are read again one by one.

    Args:
        workers: How many processes.
        load: Makes the embedding model in a worker, for counting tokens; must be picklable.
        ingest: Makes readers and chunker in a worker; must be picklable.
    """

    def __init__(
        self,
        workers: int,
        load: Callable[[], EmbeddingModel],
        ingest: Callable[[], Readers],
    ) -> None:
        self._workers = max(1, workers)
        self._work = _Work(load, ingest)

    def __call__(self, files: Sequence[Path], root: Path, collection: str) -> Iterator[Prepared]:
        """What became of each file, in their order."""
        parcels = [files[at : at + _PARCEL] for at in range(0, len(files), _PARCEL)]
        pool = self._pool(self._workers)
        waiting: deque[tuple[Sequence[Path], Future[list[Prepared]]]] = deque()
        ahead = iter(parcels)
        try:
            while True:
                try:
                    for parcel in itertools.islice(ahead, self._workers * _AHEAD - len(waiting)):
                        # Noted first: a pool that is broken refuses the parcel.
                        waiting.append((parcel, Future()))
                        waiting[-1] = (parcel, pool.submit(self._work, parcel, root, collection))
                    if not waiting:
                        return
                    yield from waiting[0][1].result()
                    waiting.popleft()
                except BrokenProcessPool:
                    lost = [file for parcel, _ in waiting for file in parcel]
                    waiting.clear()
                    pool.shutdown(wait=False, cancel_futures=True)
                    yield from self._one_by_one(lost, root, collection)
                    pool = self._pool(self._workers)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _one_by_one(self, files: Sequence[Path], root: Path, collection: str) -> Iterator[Prepared]:
        pool = self._pool(1)
        try:
            for file in files:
                try:
                    yield from pool.submit(self._work, [file], root, collection).result()
                except BrokenProcessPool:
                    yield Prepared(error=DocumentError(f"{file.name}: its reader crashed.", "Leave it out."))
                    pool.shutdown(wait=False)
                    pool = self._pool(1)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _pool(workers: int) -> ProcessPoolExecutor:
        import multiprocessing

        # A fork would copy the threads and locks of the engines that run here.
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


class RayReading:
    """Reads, and if asked to embeds, on a Ray cluster; every node must see the files under the same path.

    Args:
        load: Makes the embedding model in a worker; must be picklable.
        ingest: Makes readers and chunker in a worker; must be picklable.
        address: Of the cluster; `local` starts one on this machine, `auto` takes the one that runs here.
        embed: Whether the workers embed too, which is most of the work.

    Raises:
        ConfigurationError: Ray is not installed.
    """

    def __init__(
        self,
        load: Callable[[], EmbeddingModel],
        ingest: Callable[[], Readers],
        address: str = "auto",
        *,
        embed: bool = True,
    ) -> None:
        import importlib.util

        if importlib.util.find_spec("ray") is None:
            raise ConfigurationError(
                "Ray is not installed.", "Run `pip install 'china-ai-chip-assistant[ray]'`."
            )
        self._address = address
        self._work = _Work(load, ingest, embed)

    def __call__(self, files: Sequence[Path], root: Path, collection: str) -> Iterator[Prepared]:
        """What became of each file, in their order."""
        import ray

        if not ray.is_initialized():
            try:
                ray.init(address=self._address, log_to_driver=False, include_dashboard=False)
            except Exception as error:
                # Ray raises plain `Exception` when a node does not start in time.
                reason = str(error).strip().partition("\n")[0][:200]
                raise ConfigurationError(
                    f"The Ray cluster at '{self._address}' cannot be used: {reason}",
                    "Start it (`ray start --head`), or use `--ray local`.",
                ) from error
        task: Any = ray.remote(_run_parcel)
        work = ray.put(self._work)
        parcels = iter([files[at : at + _PARCEL] for at in range(0, len(files), _PARCEL)])
        waiting: deque[tuple[Sequence[Path], Any]] = deque()
        most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while True:
            for parcel in itertools.islice(parcels, most - len(waiting)):
                waiting.append((parcel, task.remote(work, list(parcel), root, collection)))
            if not waiting:
                return
            parcel, answer = waiting.popleft()
            try:
                yield from ray.get(answer)
            except ray.exceptions.RayError as error:
                # The last line says what failed, the lines before where.
                reason = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:200]
                for file in parcel:
                    yield Prepared(error=DocumentError(f"{file.name}: its worker failed ({reason})."))


def _run_parcel(work: _Work, files: Sequence[Path], root: Path, collection: str) -> list[Prepared]:
    return work(files, root, collection)


class _Work:
    """`prepare` with what it needs, made once a worker."""

    def __init__(
        self, load: Callable[[], EmbeddingModel], ingest: Callable[[], Readers], embed: bool = False
    ) -> None:
        self._load = load
        self._ingest = ingest
        self._embed = embed

    def __call__(self, files: Sequence[Path], root: Path, collection: str) -> list[Prepared]:
        key = (repr(self._load), repr(self._ingest))
        if key not in _made:
            _made.clear()
            _made[key] = (self._ingest(), self._load())
        ingest, embeddings = _made[key]
        found = prepare(files, root, collection, ingest, embeddings, self._embed)
        return [one._replace(error=_portable(one.error)) if one.error else one for one in found]


_made: dict[tuple[str, str], tuple[Readers, EmbeddingModel]] = {}


def _portable(error: Exception) -> Exception:
    """An error that survives the way between two processes with all that it says."""
    if isinstance(error, AssistantError):
        return DocumentError(str(error))
    if isinstance(error, OSError) and error.strerror:
        return OSError(error.errno, error.strerror)
    return DocumentError(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}")
