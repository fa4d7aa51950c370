"""The data that moves between the rooms: documents, passages, claims, answers and stream events.

Models are immutable and serialise to JSON with the names of the public contract. Offsets are counted in
Unicode code points of `Document.text`, start inclusive, end exclusive.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    computed_field,
    field_validator,
    model_validator,
)

from assistant.errors import QuestionError

Verdict = Literal["supported", "partly_supported", "unsupported"]
Status = Literal["answered", "partial", "not_in_corpus", "about"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceNote(_Record):
    """A primary source that a document names in a footnote."""

    label: str
    """Footnote label within its document, for example `3`."""
    publisher: str = ""
    title: str = ""
    date: str | None = None
    """ISO 8601 date of reduced precision: `2026`, `2026-05` or `2026-05-01`."""
    url: str | None = None
    """Only http and https addresses; anything else is dropped when read."""
    fetched: dt.date | None = None
    """When this project fetched it from the address; None for a source that a document names."""


class DocumentInfo(_Record):
    """What is known about a document, without its text."""

    id: str
    """First 16 hexadecimal digits of SHA-256 over path and content."""
    path: str
    """POSIX path relative to the corpus folder that it came from."""
    title: str
    date: dt.date | None = None
    topic: str = ""
    entities: tuple[str, ...] = ()
    language: str = ""
    """`en`, `zh` or empty when unknown."""
    publisher: str = ""
    media_type: str = "text/markdown"
    sha256: str = ""
    """Of the file's bytes, hexadecimal."""
    collection: str = "corpus"
    """Which set of documents it belongs to: `corpus`, or the name of a set that a user added."""
    page_count: int | None = None
    url: str | None = None
    """The http or https address that it was fetched from, else the one that it says it has."""
    fetched: dt.date | None = None
    """When it was fetched from the web; None for files."""


class Block(_Record):
    """A structural piece of a document's text."""

    kind: Literal["heading", "paragraph", "list_item", "table"]
    char_start: int
    char_end: int
    level: int = 0
    """Heading level, 1 to 6; 0 for other kinds."""
    page: int | None = None
    """Physical page number, counted from 1; None for formats without pages."""


class NoteReference(_Record):
    """The place in a document's text where a footnote mark stood."""

    label: str
    position: int


class Document(DocumentInfo):
    """One file as plain text with structure; footnote marks and definitions are taken out of the text."""

    text: str
    blocks: tuple[Block, ...] = ()
    notes: tuple[SourceNote, ...] = ()
    note_references: tuple[NoteReference, ...] = ()
    page_labels: tuple[str, ...] = ()
    """What the file calls its pages, such as `iv`, in their order; empty when it calls them by number."""
    reader: str = ""
    """Which reader read it, for example `pypdf`."""
    remarks: tuple[str, ...] = ()
    """What could not be read of it, and which readers failed."""

    def info(self) -> DocumentInfo:
        """The same document without its text."""
        return DocumentInfo(**{name: getattr(self, name) for name in DocumentInfo.model_fields})


class Sentence(_Record):
    """A sentence of a passage, with the footnotes it carries."""

    text: str
    """Exactly `Document.text[char_start:char_end]`."""
    char_start: int
    char_end: int
    note_labels: tuple[str, ...] = ()


class Passage(_Record):
    """A retrievable piece of a document."""

    id: str
    """Derived from the document's id, the offsets and the text: the same content has the same id."""
    document: DocumentInfo
    text: str
    """Exactly `Document.text[char_start:char_end]`."""
    char_start: int
    char_end: int
    heading_path: tuple[str, ...] = ()
    """Headings above the passage, outermost first, without the document's title."""
    page: int | None = None
    """Physical page number, counted from 1; None for formats without pages."""
    page_label: str = ""
    """What the file calls that page, such as `iv`, where this is not the number."""
    ordinal: int = 0
    """Position of the passage within its document, counted from 0."""
    sentences: tuple[Sentence, ...] = ()
    sources: tuple[SourceNote, ...] = ()
    """Notes of the footnotes that its sentences carry, in order of first use."""

    @property
    def page_name(self) -> str:
        """The page as it is cited: its label, else its number; empty without pages."""
        return self.page_label or (str(self.page) if self.page else "")

    def embedding_text(self) -> str:
        """Text for embedding and lexical search: title and headings, then the passage."""
        return " > ".join((self.document.title, *self.heading_path)) + "\n" + self.text

    def sentence_text(self, sentence: Sentence) -> str:
        """What models read of a sentence: title and headings, then the sentence."""
        return " > ".join((self.document.title, *self.heading_path)) + ": " + sentence.text

    def sources_of(self, char_start: int, char_end: int) -> tuple[SourceNote, ...]:
        """Notes of the sentences that overlap a range of the document's text."""
        labels = {
            label
            for sentence in self.sentences
            if sentence.char_start < char_end and char_start < sentence.char_end
            for label in sentence.note_labels
        }
        return tuple(note for note in self.sources if note.label in labels)


class SearchHit(_Record):
    """A passage with its retrieval score; higher is better, comparable within one search only."""

    passage: Passage
    score: float


class Citation(_Record):
    """A passage that an answer cites, with the words that support the sentence."""

    number: int
    """The `[n]` of the answer's text."""
    passage: Passage
    quote: str
    """Verbatim from the passage."""
    char_start: int
    char_end: int
    """Offsets of the quote in the document's text."""
    score: float
    """Calibrated probability that the quote supports the claim, 0 to 1."""
    sources: tuple[SourceNote, ...] = ()
    """Primary sources of the quoted sentences."""


class Reason(_Record):
    """Why a claim is not fully supported, for programs and for words in other languages."""

    code: str
    """Stable name, for example `number_missing`; `assistant.answering.reasons` lists them."""
    said: str = ""
    """Words of the claim that it is about."""
    found: str = ""
    """Words of the passage that stand against them."""


class Claim(_Record):
    """One sentence of an answer with its citations and the outcome of their check."""

    text: str
    """The sentence without marks."""
    citations: tuple[int, ...] = ()
    """Numbers of its citations."""
    verdict: Verdict
    score: float
    reasons: tuple[str, ...] = ()
    """Why it is not fully supported, for example `number 12 billion is not in the passage`; in the language of the answer."""
    reason_codes: tuple[Reason, ...] = ()
    """The same reasons in the same order, as codes with their values; empty in answers of older versions."""


class DisagreementValue(_Record):
    """One of the differing values of a quantity."""

    value: str
    publisher: str
    date: str | None
    citation: int


class Disagreement(_Record):
    """A quantity for which cited passages give different values."""

    quantity: str
    values: tuple[DisagreementValue, ...]


class TokenUsage(_Record):
    """Tokens read and written by the language model."""

    input_tokens: int = 0
    output_tokens: int = 0


class Answer(_Record):
    """The checked answer to one question."""

    question: str
    standalone_question: str
    """The question with its references to earlier turns resolved."""
    language: str = "en"
    status: Status
    text: str
    """Sentences with `[n]` marks; for a refusal, what was searched and that it is not there."""
    claims: tuple[Claim, ...] = ()
    removed: tuple[Claim, ...] = ()
    """Sentences that the model wrote and no passage supports; they are not in the text."""
    citations: tuple[Citation, ...] = ()
    """Only what the text cites, in order of first mark."""
    uncovered: tuple[str, ...] = ()
    """Parts of the question that the documents do not answer."""
    notes: tuple[str, ...] = ()
    """What the text says beside its sentences, such as that a list goes on."""
    nearest: tuple[SearchHit, ...] = ()
    """For a refusal: the passages that came closest. They support nothing."""
    searched: int = 0
    """How many documents were searched."""
    answerability: float | None = None
    """How likely the documents answer the whole question, 0 to 1, as the gate judged before anything was written. Its
    threshold differs by model; an answer of another program has none."""
    newest: dt.date | None = None
    oldest: dt.date | None = None
    """Dates of the cited documents."""
    disagreements: tuple[Disagreement, ...] = ()
    model: str = ""
    """Which model answered, for example `local (Qwen2.5-Coder-1.5B-Instruct)` or `extractive`."""
    embedding: str = ""
    timings: dict[str, float] = Field(default_factory=dict)
    """Seconds by stage."""
    usage: TokenUsage = TokenUsage()

    @model_validator(mode="before")
    @classmethod
    def _without_computed(cls, value: Any) -> Any:
        # What `model_dump` wrote can be read back, although unknown fields are refused.
        return (
            {k: v for k, v in value.items() if k != "cited_documents"} if isinstance(value, dict) else value
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cited_documents(self) -> tuple[str, ...]:
        """Paths of the cited documents, in order of first mark."""
        return tuple(dict.fromkeys(c.passage.document.path for c in self.citations))

    def to_markdown(self) -> str:
        """The answer as Markdown with numbered footnotes."""
        from assistant.answering.render import answer_to_markdown

        return answer_to_markdown(self)


class Filters(_Record):
    """Which documents may be used; every field that is set must match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Paths."""
    collections: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    languages: tuple[str, ...] = ()

    @field_validator("topics", "entities", "documents", "collections", "languages", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="wrap")
    @classmethod
    def _told(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Errors of this package, in one line; raises `QuestionError`."""
        try:
            filters = handler(value)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "filters"
            fields = ", ".join(cls.model_fields)
            if first["type"] == "extra_forbidden":
                raise QuestionError(f"There is no filter '{name[:50]}'.", f"There are: {fields}.") from None
            raise QuestionError(f"The filter '{name[:50]}' does not fit: {first['msg']}.") from None
        if filters.since and filters.until and filters.since > filters.until:
            raise QuestionError(
                f"The filter 'since' ({filters.since}) is after 'until' ({filters.until}).", "Swap them."
            )
        return filters


class Turn(_Record):
    """An earlier exchange of the conversation."""

    question: str
    answer: str


class StepEvent(_Record):
    """A stage began or ended, in words for the user."""

    type: Literal["step"] = "step"
    stage: Literal["understand", "retrieve", "rerank", "gate", "generate", "verify", "compose"]
    message: str


class EvidenceEvent(_Record):
    """The passages that the answer will draw on, best first."""

    type: Literal["evidence"] = "evidence"
    hits: tuple[SearchHit, ...]
    text: str = ""
    """What of them is read to answer, cut to the setting `evidence_words`."""


class ClaimEvent(_Record):
    """A checked sentence with the citations that it is the first to use."""

    type: Literal["claim"] = "claim"
    claim: Claim
    new_citations: tuple[Citation, ...] = ()


class AnswerEvent(_Record):
    """The finished answer; always the last event."""

    type: Literal["answer"] = "answer"
    answer: Answer


Event = Annotated[StepEvent | EvidenceEvent | ClaimEvent | AnswerEvent, Field(discriminator="type")]
