"""From a question to a checked answer, stage by stage.

understand -> retrieve -> rerank -> gate -> generate -> verify -> compose. Events tell of each stage; the last
one is the `Answer`. Two ways to generate: `quote`, for the embedded model and for none, says nothing but
sentences of the documents (`quoting.py`); `write`, for stronger models, lets the model write and checks each
sentence (`writing.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from assistant.answering.about import about_text, is_about_assistant
from assistant.answering.compose import Composer
from assistant.answering.disagreement import find_disagreements
from assistant.answering.evidence import evidence_hits, evidence_sentences, evidence_text
from assistant.answering.gate import Decision, Gate
from assistant.answering.glossary import Glossary
from assistant.answering.lists import continued_lists
from assistant.answering.name_table import NameTable
from assistant.answering.prompts import Prompts
from assistant.answering.quoting import quote_claims
from assistant.answering.render import refusal_text
from assistant.answering.subjects import names_subject
from assistant.answering.understand import understand
from assistant.answering.verify import ClaimVerifier
from assistant.answering.writing import write_claims
from assistant.index.reader import Index
from assistant.ingest.scripts import is_traditional, traditional
from assistant.ingest.sentences import language_of
from assistant.models.chat import ChatChoice, ModelSession
from assistant.models.text_vectors import TextVectors
from assistant.retrieval.hybrid import HybridRetriever
from assistant.retrieval.query import Query
from assistant.retrieval.rerank import RankedSentence, SentenceRanker
from assistant.schema import (
    Answer,
    AnswerEvent,
    Claim,
    ClaimEvent,
    Event,
    EvidenceEvent,
    Filters,
    SearchHit,
    StepEvent,
    TokenUsage,
    Turn,
)
from assistant.settings import Settings
from assistant.work import check

_NEAREST = 3


@dataclass
class _Run:
    """What one question has gathered so far."""

    query: Query
    searched: int
    language: str
    hits: list[SearchHit] = field(default_factory=list)
    ranked: list[RankedSentence] = field(default_factory=list)
    answerability: float | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        check()
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = self.timings.get(stage, 0.0) + time.perf_counter() - started


class Pipeline:
    """The stages over one state of the index; serves many threads.

    Args:
        index: The documents.
        retriever: Finds passages.
        ranker: Ranks their sentences.
        vectors: Of sentences and claims, for the check of meaning.
        glossary: Names in both languages.
        translations: Of sentences of the documents, Chinese by English.
        settings: Limits and languages.
    """

    def __init__(
        self,
        *,
        index: Index,
        retriever: HybridRetriever,
        ranker: SentenceRanker,
        vectors: TextVectors,
        glossary: Glossary,
        translations: Mapping[str, str],
        settings: Settings,
    ) -> None:
        self._index = index
        self._retriever = retriever
        self._ranker = ranker
        self._embeddings = vectors.embeddings
        self._glossary = glossary
        self._translations = translations
        self._settings = settings
        self._prompts = Prompts(settings.prompts)
        self._gate = Gate(self._prompts)
        self._names = NameTable(glossary.pairs)
        self._verifier = ClaimVerifier(vectors, self._names)

    def warm_up(self, choice: ChatChoice) -> None:
        """Loads what the first question would wait for."""
        self._embeddings.embed_query("warm up")
        self._index.search_lexical("warm up", 1)
        self._ranker.load()
        load = getattr(choice.model, "load", None)
        if load is not None:
            load()

    def search(self, query: str, k: int, filters: Filters | None) -> list[SearchHit]:
        """The passages nearest to a query."""
        english = self._glossary.to_english(query)
        return self._retriever.retrieve([query] if english == query else [query, english], k, filters)

    def run(
        self,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        choice: ChatChoice,
        *,
        given: Sequence[SearchHit] | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Iterator[Event]:
        """Answers a question.

        Args:
            question: Not empty.
            history: Earlier turns, oldest first.
            filters: Which documents may be used.
            choice: The language model.
            given: Passages to answer from instead of a search.
            passages: How many passages to retrieve; as the settings say when None.
            language: Of the answer: `auto`, `en` or `zh`; as the settings say when None.

        Yields:
            Steps, the evidence, checked sentences, and the answer last.
        """
        if given is None and is_about_assistant(question):
            yield AnswerEvent(answer=self._about(question, filters, choice, language))
            return
        session = ModelSession(choice) if choice.model is not None else None
        started = time.perf_counter()
        query = understand(
            question,
            history=history,
            filters=filters,
            session=session,
            prompts=self._prompts,
            glossary=self._glossary,
            names=self._names,
        )
        if given is None:
            searched = len(self._index.documents(query.filters))
        else:
            searched = len({hit.passage.document.id for hit in given})
        run = _Run(query, searched, self._language(query, language))
        run.timings["understand"] = time.perf_counter() - started
        if query.standalone != question:
            yield StepEvent(stage="understand", message=f"Understood as: {query.standalone}")
        elif query.english != question:
            yield StepEvent(stage="understand", message=f"Also searched as: {query.english}")
        with run.timed("retrieve"):
            run.hits = list(given) if given is not None else self._retrieve(query, passages)
        yield StepEvent(stage="retrieve", message=f"Searched {searched} documents")
        with run.timed("rerank"):
            run.ranked = self._ranker.rank(query, run.hits)
            hits = evidence_hits(run.ranked, run.hits)
        read = evidence_sentences(run.ranked, self._evidence_words(choice))
        yield EvidenceEvent(hits=tuple(hits), text=evidence_text(read))
        yield StepEvent(stage="gate", message="Checking whether the documents answer the question")
        with run.timed("gate"):
            decision = self._gate.decide(query, run.ranked, session)
        run.answerability = round(decision.probability, 4)
        if decision.refuse:
            yield AnswerEvent(answer=self._refusal(run, choice, session, hits))
            return
        yield from self._answer(run, decision, choice, session, hits, read)

    def _answer(
        self,
        run: _Run,
        decision: Decision,
        choice: ChatChoice,
        session: ModelSession | None,
        hits: Sequence[SearchHit],
        read: Sequence[RankedSentence],
    ) -> Iterator[Event]:
        language = run.language
        composer = Composer(run.query, language)
        yield StepEvent(stage="generate", message="Writing and checking sentences")
        if session is not None and self._writes(choice):
            source = write_claims(
                run.query,
                hits,
                read,
                language=language,
                session=session,
                prompts=self._prompts,
                verifier=self._verifier,
            )
        else:
            source = quote_claims(
                run.query, run.ranked, language=language, session=session, prompts=self._prompts,
                verifier=self._verifier, glossary=self._glossary, translations=self._translations,
            )  # fmt: skip
        with run.timed("generate"):
            for draft in source:
                spoken = replace(draft, text=traditional(draft.text)) if run.query.traditional else draft
                claim, new = composer.add(spoken)
                if claim is not None:
                    yield ClaimEvent(claim=claim, new_citations=new)
        if not composer.claims:
            yield AnswerEvent(
                answer=self._refusal(run, choice, session, hits, removed=tuple(composer.removed))
            )
            return
        uncovered = _uncovered(run.query, decision, composer)
        with run.timed("compose"):
            notes = composer.notes(continued_lists(composer.citations, run.ranked))
            text, claims, citations = composer.finish(uncovered, notes)
            if run.query.traditional:
                text, notes = traditional(text), tuple(map(traditional, notes))
            disagreements = find_disagreements(claims, citations)
        dates = sorted(c.passage.document.date for c in citations if c.passage.document.date is not None)
        yield AnswerEvent(
            answer=Answer(
                question=run.query.question,
                standalone_question=run.query.standalone,
                language=language,
                status="partial" if uncovered else "answered",
                text=text,
                claims=claims,
                removed=tuple(composer.removed),
                citations=citations,
                uncovered=uncovered,
                notes=notes,
                searched=run.searched,
                answerability=run.answerability,
                newest=dates[-1] if dates else None,
                oldest=dates[0] if dates else None,
                disagreements=disagreements,
                model=choice.name,
                embedding=getattr(self._embeddings, "name", type(self._embeddings).__name__),
                timings=_rounded(run.timings),
                usage=session.usage if session is not None else TokenUsage(),
            )
        )

    def _about(
        self, question: str, filters: Filters | None, choice: ChatChoice, language: str | None
    ) -> Answer:
        """The reply to what is no question for the documents."""
        chosen = language or self._settings.answer_language
        spoken = language_of(question) if chosen == "auto" else chosen
        documents = self._index.documents(filters)
        text = about_text(spoken, documents)
        return Answer(
            question=question, standalone_question=question, language=spoken, status="about",
            text=traditional(text) if is_traditional(question) else text, searched=len(documents), model=choice.name,
        )  # fmt: skip

    def _refusal(
        self,
        run: _Run,
        choice: ChatChoice,
        session: ModelSession | None,
        hits: Sequence[SearchHit],
        removed: tuple[Claim, ...] = (),
    ) -> Answer:
        language = run.language
        nearest = tuple(hits[:_NEAREST])
        refused = refusal_text(language, run.searched, run.query.filters, nearest)
        return Answer(
            question=run.query.question,
            standalone_question=run.query.standalone,
            language=language,
            status="not_in_corpus",
            text=traditional(refused) if run.query.traditional else refused,
            removed=removed,
            nearest=nearest,
            searched=run.searched,
            answerability=run.answerability,
            model=choice.name,
            embedding=getattr(self._embeddings, "name", type(self._embeddings).__name__),
            timings=_rounded(run.timings),
            usage=session.usage if session is not None else TokenUsage(),
        )

    def _retrieve(self, query: Query, passages: int | None) -> list[SearchHit]:
        hits = self._retriever.retrieve(query.searches, passages or self._settings.passages, query.filters)
        if query.prefer_recent:
            hits = _recent_first(hits)
        return hits

    def _writes(self, choice: ChatChoice) -> bool:
        if self._settings.generation == "auto":
            return choice.kind == "provider"
        return self._settings.generation == "write"

    def _evidence_words(self, choice: ChatChoice) -> int:
        return self._settings.evidence_words or (1500 if choice.kind == "provider" else 450)

    def _language(self, query: Query, wanted: str | None) -> str:
        chosen = wanted or self._settings.answer_language
        return query.language if chosen == "auto" else chosen


def _uncovered(query: Query, decision: Decision, composer: Composer) -> tuple[str, ...]:
    """What is missing: parts that are not answered, and names of the question that no sentence speaks of."""
    said = [claim.text for claim in composer.claims]
    titles = [citation.passage.document.title for citation in composer.citations]
    missing = [s for s in query.subjects if not names_subject(s, *said, *titles)]
    # A part that is the question with one of its names is told by the name.
    parts = []
    for part in decision.uncovered:
        inside = [s.name for s in query.subjects if names_subject(s, part)]
        parts.append(inside[0] if len(inside) == 1 and len(query.subjects) > 1 else part)
    return tuple(dict.fromkeys([*parts, *(s.name for s in missing)]))


def _recent_first(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """A mild preference: the newest of the hits gains a tenth of the best score, the oldest nothing."""
    dates = sorted({hit.passage.document.date for hit in hits if hit.passage.document.date is not None})
    if len(dates) < 2:
        return list(hits)
    top = max(hit.score for hit in hits)
    span = (dates[-1] - dates[0]).days

    def moved(hit: SearchHit) -> SearchHit:
        date = hit.passage.document.date
        share = (date - dates[0]).days / span if date is not None else 0.0
        return SearchHit(passage=hit.passage, score=hit.score + 0.1 * top * share)

    return sorted((moved(hit) for hit in hits), key=lambda hit: -hit.score)


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    total = sum(timings.values())
    return {stage: round(seconds, 3) for stage, seconds in (*timings.items(), ("total", total))}
