"""`Assistant`: the one object that users hold. It wires index, retrieval, models and answering together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models.chat_models import BaseChatModel

from assistant.answering.glossary import Glossary
from assistant.answering.pipeline import Pipeline
from assistant.errors import DocumentError, QuestionError
from assistant.index.reader import Index
from assistant.index.sync import (
    SyncReport,
)
from assistant.ingest.translations import read_translations
from assistant.kept_answers import KeptAnswers
from assistant.library import Library, Progress
from assistant.models.chat import ChatChoice, choose_model
from assistant.privacy import is_private
from assistant.request import MOST_PASSAGES, History, Request, turns_of
from assistant.retrieval.rerank import SentenceRanker
from assistant.retriever import TracedRetriever
from assistant.runnable import AssistantRunnable
from assistant.schema import (
    Answer,
    AnswerEvent,
    Document,
    DocumentInfo,
    Event,
    Filters,
    Passage,
    SearchHit,
)
from assistant.settings import Settings, absolute, load_settings
from assistant.work import Work, counted

if TYPE_CHECKING:
    from assistant.batch import BatchOptions, BatchSummary, ProgressReporter


class Assistant(AssistantRunnable):
    """Answers questions from documents, every sentence cited and checked.

    Opening is quick: models are loaded and the corpus is indexed at the first use, or by `warm_up` and `sync`.
    One object serves many threads.

    Args:
        model: `auto`, `local`, `extractive`, a LangChain name such as `openai:gpt-5-mini`, or a chat model.
        home: Folder of the index and of all that is kept.
        corpus: Folder of documents to answer from; the corpus that comes with the package when not given.
        settings: All settings at once; the other arguments go on top.
        embedding: `e5`, `minilm`, a sentence-transformers name or path, `openai:NAME`, or an embedding model.

    Raises:
        ConfigurationError: A setting is unknown or does not fit.
    """

    def __init__(
        self,
        *,
        model: str | BaseChatModel | None = None,
        home: Path | str | None = None,
        corpus: Path | str | None = None,
        settings: Settings | None = None,
        embedding: str | Embeddings | None = None,
    ) -> None:
        overrides: dict[str, Any] = {
            "home": absolute(home) if home is not None else None,
            "corpus": absolute(corpus) if corpus is not None else None,
            "model": model if isinstance(model, str) else None,
            "embedding": embedding if isinstance(embedding, str) else None,
        }
        if settings is None:
            settings = load_settings(**overrides)
        else:
            settings = settings.model_copy(update={k: v for k, v in overrides.items() if v is not None})
        self.settings = settings
        self._given_model = model if isinstance(model, BaseChatModel) else None
        self.library = Library(settings, embedding if isinstance(embedding, Embeddings) else None)
        self._lock = threading.RLock()
        self._pipeline: Pipeline | None = None
        self._pipeline_generation = -1
        self._choices: dict[str, ChatChoice] = {}
        self._kept = KeptAnswers(settings.kept_answers)
        self.work = Work(self._release)

    # Asking: `ask`, `stream`, `invoke`, `batch` and their async twins come from `AssistantRunnable`.

    def _prepare(self, request: Request) -> Request:
        return request._replace(question=self._valid(request.question))

    def _events(self, request: Request) -> Iterator[Event]:
        with self.work.piece():
            choice = self._choice(request.model)
            pipeline = self._open_pipeline()
            scope = self.library.scope(request.filters)
            key = KeptAnswers.key(request, scope, self.library.open().stamp, choice.name)
            # Another model may say something else each time, and who asks it again wants that.
            keeps = choice.kind != "provider"
            kept = self._kept.get(key) if keeps else None
            events = (
                iter(kept)
                if kept is not None
                else pipeline.run(
                    request.question,
                    list(request.history),
                    scope,
                    choice,
                    passages=request.passages,
                    language=request.language,
                )
            )
        told: list[Event] = []
        while True:
            # Between two events nothing is under way: a stream may lie unread for as long as its reader likes.
            with self.work.piece():
                event = next(events, None)
            if event is None:
                break
            told.append(event)
            yield event
        if keeps and kept is None:
            self._kept.put(key, told)

    @property
    def default_concurrency(self) -> int:
        """Questions that `batch` answers at once unless its config says otherwise."""
        return self.settings.parallel

    def batch_file(
        self,
        source: Path | str,
        outputs: Sequence[Path | str],
        options: BatchOptions | None = None,
        *,
        progress: ProgressReporter | None = None,
    ) -> BatchSummary:
        """Answers a question list from a file; see `assistant.batch.run_batch`."""
        from assistant.batch import run_batch

        return run_batch(self, source, outputs, options, progress=progress)

    @counted
    def ask_passages(
        self, question: str, passages: Sequence[Passage], *, history: History = (), model: str | None = None
    ) -> Answer:
        """The answer from given passages alone, without search in the index."""
        text = self._valid(question)
        hits = [SearchHit(passage=passage, score=1 / (1 + rank)) for rank, passage in enumerate(passages)]
        choice = self._choice(model)
        for event in self._open_pipeline().run(text, list(turns_of(history)), None, choice, given=hits):
            if isinstance(event, AnswerEvent):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    # Documents

    @counted
    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The passages nearest to a query, best first.

        Raises:
            QuestionError: The query is empty or too long, `k` is not from 1 to 100, or a filter fits nothing.
        """
        if type(k) is not int or not 1 <= k <= MOST_PASSAGES:
            raise QuestionError(
                f"The number of passages is {str(k)[:20]!r}.",
                f"Give a whole number from 1 to {MOST_PASSAGES}.",
            )
        return self._open_pipeline().search(self._valid(query), k, self.library.scope(filters))

    @counted
    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """The documents in the index; those that a user of the page added as private only if named by collection."""
        return self.library.documents(filters)

    @counted
    def document(self, path: str, collection: str = "corpus") -> Document:
        """A document with its text.

        Raises:
            DocumentError: There is none of that path.
        """
        return self.library.document(path, collection)

    @counted
    def sync(
        self,
        progress: Progress | None = None,
        *,
        dry_run: bool = False,
        workers: int = 1,
        ray: str | None = None,
        mend: bool = False,
    ) -> SyncReport:
        """Brings the index in step with the corpus folder.

        Args:
            progress: Called with files done, files in all, and the file's name.
            dry_run: Only report what would be done; nothing is written.
            workers: Processes that read files.
            ray: Address of a Ray cluster whose workers read and embed; `local` starts one here.
            mend: Move a damaged index aside and build it again, with what was added from its copies.

        Raises:
            BrokenIndexError: The index is damaged and `mend` is not set.
            IndexingError: The folder is missing, the disk is full, or another process keeps writing.
        """
        return self.library.sync(progress, dry_run=dry_run, workers=workers, ray=ray, mend=mend)

    @counted
    def add_documents(
        self,
        paths: Path | str | Sequence[Path | str],
        *,
        collection: str = "user",
        progress: Progress | None = None,
        dry_run: bool = False,
        workers: int = 1,
        ray: str | None = None,
    ) -> SyncReport:
        """Copies files into the home folder and makes them searchable.

        Args:
            paths: Files, folders, or addresses of the web as text (see `add_urls` for these); one or several.
            collection: The set that they belong to; `corpus` is kept for the corpus folder.
            progress: Called with files done, files in all, and the file's name.
            dry_run: Only report what would be done with files and folders; nothing is written.
            workers: Processes that read files.
            ray: Address of a Ray cluster whose workers read and embed; `local` starts one here.

        Raises:
            DocumentError: A path does not exist or cannot be added, or the collection's name is not allowed; then
                nothing was added.
        """
        return self.library.add(
            paths, collection=collection, progress=progress, dry_run=dry_run, workers=workers, ray=ray
        )

    @counted
    def add_urls(
        self,
        addresses: str | Sequence[str],
        *,
        collection: str = "user",
        ignore_robots: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Fetches HTML pages and PDFs from the web and makes them searchable; the same address updates one.

        Args:
            addresses: http or https; one or several.
            collection: The set that they belong to; `corpus` is kept for the corpus folder.
            ignore_robots: Fetch also what the site's `robots.txt` forbids.
            progress: Called with addresses done, addresses in all, and the address.

        Returns:
            An entry for each address; those that failed have the address as path and the reason.

        Raises:
            DocumentError: The collection's name is not allowed.
        """
        return self.library.add_pages(
            addresses, collection=collection, ignore_robots=ignore_robots, progress=progress
        )

    def add_url(self, address: str, *, collection: str = "user", ignore_robots: bool = False) -> DocumentInfo:
        """Fetches one HTML page or PDF from the web and makes it searchable.

        Raises:
            DocumentError: It cannot be fetched or read; says why in one line.
        """
        report = self.add_urls(address, collection=collection, ignore_robots=ignore_robots)
        added = next(file for file in report.files if file.status != "removed")
        if added.status == "failed":
            raise DocumentError(added.reason)
        return self.document(added.path, collection).info()

    @counted
    def remove(self, paths: str | Sequence[str], *, collection: str = "user") -> int:
        """Removes documents from the index, and their copies in the home folder; returns how many there were."""
        return self.library.remove(paths, collection=collection)

    # State

    @property
    def corpus(self) -> Path:
        """Folder of the corpus in use."""
        return self.library.corpus

    @property
    def model_name(self) -> str:
        """The language model that answers, for people."""
        return self._choice(None).name

    @property
    def ready(self) -> bool:
        """Whether a question would be answered without loading models first."""
        return self._pipeline is not None

    @counted
    def warm_up(self) -> None:
        """Builds or opens the index and loads the models; safe in a background thread."""
        self._open_pipeline().warm_up(self._choice(None))

    def close(self) -> None:
        """Ends what is under way (waiting `assistant.work.JOIN_SECONDS` at most) and releases the index.

        The object cannot be used after.
        """
        self.work.close()

    def _release(self) -> None:
        with self._lock:
            self._pipeline = None
        self.library.release()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Wiring

    def _valid(self, question: str) -> str:
        if not isinstance(question, str):
            raise QuestionError(f"A question must be text, not {type(question).__name__}.", "Pass a string.")
        # Half a surrogate pair is no text and cannot be encoded.
        text = question.encode("utf-8", "replace").decode()
        text = " ".join(text.replace("\0", " ").split())
        if not any(character.isalnum() for character in text):
            raise QuestionError("The question is empty.", "Write a question in English or Chinese.")
        if len(text) > self.settings.max_question_chars:
            raise QuestionError(
                f"The question has {len(text)} characters; {self.settings.max_question_chars} are allowed.",
                "Shorten it, or raise ASSISTANT_MAX_QUESTION_CHARS.",
            )
        return text

    def _choice(self, model: str | None) -> ChatChoice:
        if model is None and self._given_model is not None:
            return choose_model(self.settings, self._given_model)
        name = model or self.settings.model
        with self._lock:
            if name not in self._choices:
                self._choices[name] = choose_model(self.settings, name)
            return self._choices[name]

    def _open_pipeline(self) -> Pipeline:
        with self._lock:
            index = self.library.open()
            index.refresh()
            if self._pipeline is None or self._pipeline_generation != index.generation:
                names = Glossary.harvest(_lines(index), self.settings.glossary)
                translations = read_translations(self.corpus)
                self._pipeline = Pipeline(
                    index=index,
                    retriever=TracedRetriever(index, self.library.embeddings),
                    ranker=SentenceRanker(
                        index,
                        embeddings=self.library.embeddings,
                        threads=self.settings.threads,
                        translations=translations,
                    ),
                    vectors=self.library.vectors,
                    glossary=names,
                    translations=translations,
                    settings=self.settings,
                )
                self._pipeline_generation = index.generation
            return self._pipeline


def _lines(index: Index) -> Iterator[str]:
    for info in index.documents():
        # What only one user may read must not name things in the answers of others.
        if (
            not is_private(info.collection)
            and (document := index.document(info.path, info.collection)) is not None
        ):
            yield from document.text.splitlines()
