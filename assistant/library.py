"""The documents of an assistant: what brings them in, keeps them in step, and takes them out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path

from langchain_core.embeddings import Embeddings

from assistant.errors import BrokenIndexError, DocumentError
from assistant.fetch import Fetcher, FetchRules, is_web_address
from assistant.index.builds import set_aside
from assistant.index.preview import open_for_preview
from assistant.index.reader import Index
from assistant.index.reading import ProcessReading, RayReading, Reading
from assistant.index.server import ChromaServer
from assistant.index.sync import (
    Ingest,
    SyncReport,
    refusals,
    refused_files,
    remove_documents,
    sync_folder,
    unread,
)
from assistant.ingest.reading import limits_of
from assistant.models.embeddings import EmbeddingModel, load_embeddings
from assistant.models.text_vectors import TextVectors
from assistant.privacy import check_names, public
from assistant.resources import corpus_folder
from assistant.schema import Document, DocumentInfo, Filters
from assistant.settings import Settings
from assistant.uploads import collection_folder, drop_files, keeping, kept_collections, left_over, listed
from assistant.webpages import add_pages, merged

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the file's name."""
_LOCK_SECONDS = 600.0
_RESTORING = "restoring"


class Library:
    """The corpus, what users added, and the index of both; serves many threads.

    Args:
        settings: Where they are, and how they are read.
        embedding: An embedding model instead of the one that the settings name.
    """

    def __init__(self, settings: Settings, embedding: Embeddings | None = None) -> None:
        self.settings = settings
        self._given = embedding
        self._lock = threading.RLock()
        self._index: Index | None = None

    @property
    def corpus(self) -> Path:
        """Folder of the corpus in use."""
        return self.settings.corpus if self.settings.corpus is not None else corpus_folder()

    @cached_property
    def embeddings(self) -> EmbeddingModel:
        """The embedding model; its weights are read at first use."""
        return load_embeddings(self.settings, self._given or self.settings.embedding)

    @cached_property
    def vectors(self) -> TextVectors:
        """Vectors of short texts, which outlive every change of the documents."""
        return TextVectors(self.embeddings)

    @cached_property
    def fetcher(self) -> Fetcher:
        """Fetches documents from the web; one for all calls, so that its manners hold over them."""
        return Fetcher(FetchRules.of(self.settings))

    def release(self) -> None:
        """Closes the files of the index; the next call opens them again."""
        with self._lock:
            if self._index is not None:
                self._index.close()
            self._index = None

    def scope(self, filters: Filters | None) -> Filters | None:
        """The same filters without the private collections, unless they are named.

        Raises:
            QuestionError: A topic, language or collection is none that there is; lists them.
        """
        index = self.open()
        collections = index.collections
        if filters is not None:
            check_names(filters, collections, index.documents)
        return public(filters, collections)

    def open(self, *, build: bool = True) -> Index:
        """The index; built first when there is none and `build` is set."""
        with self._lock:
            if self._index is None:
                self._index = Index.open(
                    self.settings.home, self.embeddings, server=ChromaServer.of(self.settings)
                )
            if build and (self._index.is_empty or self._index.rebuild_reason):
                self._note_loss(self._index)
                sync_folder(self._index, self.embeddings, self.corpus, "corpus", ingest=self._ingest)
            if build:
                self._restore_uploads(self._index)
            return self._index

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """The documents in the index; those that a user of the page added as private only if named by collection."""
        return self.open().documents(self.scope(filters))

    def document(self, path: str, collection: str = "corpus") -> Document:
        """As `Assistant.document`."""
        found = self.open().document(path, collection)
        if found is None:
            raise DocumentError(
                f"There is no document '{path}' in '{collection}'.", "`assistant documents` lists them."
            )
        return found

    def sync(
        self,
        progress: Progress | None = None,
        *,
        dry_run: bool = False,
        workers: int = 1,
        ray: str | None = None,
        mend: bool = False,
    ) -> SyncReport:
        """As `Assistant.sync`."""
        if dry_run:
            return self._preview(self.corpus, [self.corpus], "corpus")

        def run() -> SyncReport:
            index = self.open(build=False)
            index.expect_vectors()
            self._note_loss(index)
            report = sync_folder(
                index,
                self.embeddings,
                self.corpus,
                "corpus",
                progress=progress,
                ingest=self._ingest,
                reading=self._reading(workers, ray),
            )
            self._restore_uploads(index)
            return report

        try:
            return run()
        except BrokenIndexError as error:
            if not mend or self.settings.chroma_url is not None:
                raise
            self.release()
            aside = set_aside(self.settings.home / "index", _LOCK_SECONDS)
            return run().model_copy(update={"rebuilt": f"{error.what} It was moved to {aside}."})

    def add(
        self,
        paths: Path | str | Sequence[Path | str],
        *,
        collection: str = "user",
        progress: Progress | None = None,
        dry_run: bool = False,
        workers: int = 1,
        ray: str | None = None,
    ) -> SyncReport:
        """As `Assistant.add_documents`."""
        paths = listed(paths)
        if any(isinstance(path, str) and not path.strip() for path in paths):
            raise DocumentError("A path is empty.", "Name a file or a folder.")
        addresses = [path for path in paths if isinstance(path, str) and is_web_address(path)]
        files = [Path(path).expanduser() for path in paths if path not in addresses]
        if dry_run:
            return _some(
                files,
                [self._preview(file.absolute().parent, [file.absolute()], collection) for file in files],
            )
        index = self.open()
        reports = []
        with keeping(self.settings.home, files, collection, limits_of(self.settings)) as kept:
            reports.append(refusals(kept.refused))
            if kept.paths:
                report = sync_folder(
                    index,
                    self.embeddings,
                    kept.root,
                    collection,
                    paths=kept.paths,
                    progress=progress,
                    ingest=self._ingest,
                    reading=self._reading(workers, ray),
                )
                # A file that cannot be read does not stay, nor replaces the copy of one that could.
                kept.revert(unread(report))
                reports.append(report)
        # What is not read is not copied either, and so not seen by the sync of the copies.
        reports += [refused_files(file, self._ingest) for file in files if file.is_dir()]
        _some(files, reports)
        if addresses:
            reports.append(self.add_pages(addresses, collection=collection, progress=progress))
        return merged(reports)

    def add_pages(
        self,
        addresses: str | Sequence[str],
        *,
        collection: str = "user",
        ignore_robots: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """As `Assistant.add_urls`."""
        root = collection_folder(self.settings.home, collection)
        return add_pages(
            self.open(),
            self.embeddings,
            root,
            collection,
            listed(addresses),
            self.fetcher,
            ignore_robots=ignore_robots,
            progress=progress,
            ingest=self._ingest,
        )

    def remove(self, paths: str | Sequence[str], *, collection: str = "user") -> int:
        """Removes documents from the index, and their copies in the home folder; returns how many there were."""
        paths = listed(paths)
        index = self.open()
        removed = remove_documents(index, self.embeddings, list(paths), collection)
        drop_files(self.settings.home, paths, collection)
        return removed

    @cached_property
    def _ingest(self) -> Ingest:
        """Readers with the limits of the settings."""
        return Ingest.default(limits_of(self.settings))

    def _note_loss(self, index: Index) -> None:
        """Before an empty index is filled: whoever goes on after a kill must know that the uploads are to come, too."""
        if index.is_empty:
            with suppress(OSError):
                (index.root / _RESTORING).touch()

    def _restore_uploads(self, index: Index) -> None:
        """What users added comes back from its copies when the index was lost."""
        mark = index.root / _RESTORING
        if not mark.exists():
            return
        for collection in kept_collections(self.settings.home):
            known = {document.path for document in index.documents(Filters(collections=(collection,)))}
            if left := left_over(self.settings.home, collection, known):
                root = collection_folder(self.settings.home, collection)
                sync_folder(index, self.embeddings, root, collection, paths=left, ingest=self._ingest)
        mark.unlink(missing_ok=True)

    def _preview(self, root: Path, paths: Sequence[Path], collection: str) -> SyncReport:
        for path in paths:
            if not path.exists():
                raise DocumentError(f"The file {path} does not exist.", "Check the path.")
        embeddings = self.embeddings
        with open_for_preview(self.settings.home, embeddings, ChromaServer.of(self.settings)) as index:
            return sync_folder(
                index, embeddings, root, collection, paths=paths, ingest=self._ingest, dry_run=True
            )

    def _reading(self, workers: int, ray: str | None) -> Reading | None:
        if self._given is not None or (workers <= 1 and ray is None):
            return None
        load = partial(load_embeddings, self.settings)
        ingest = partial(Ingest.default, limits_of(self.settings))
        return ProcessReading(workers, load, ingest) if ray is None else RayReading(load, ingest, ray)


def _some(files: Sequence[Path], reports: Sequence[SyncReport]) -> SyncReport:
    report = merged(reports)
    if files and not report.files:
        raise DocumentError(
            f"There are no documents in {', '.join(map(str, files))}.",
            "Name files, or folders that hold some; hidden ones are left out.",
        )
    return report
