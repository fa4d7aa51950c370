"""Two common ways to answer with sources, as their own documentation sets them up, over this corpus.

Both get the model and the embedding of the project. Their answers are read as any user would: a mark `[n]`
cites the n-th source that the prompt showed; sources that are merely returned beside the answer are no
citations.
"""

from __future__ import annotations

import hashlib
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from assistant.answering.verify import ClaimVerifier
from assistant.ingest.sentences import language_of, split_sentences
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    Turn,
)

_MARK = re.compile(r"\[\s*(?:Source\s+)?(\d+(?:\s*[,;]\s*(?:Source\s+)?\d+)*)\s*\]", re.IGNORECASE)
# A mark after the full stop belongs to the sentence before it.
_MARK_AFTER_STOP = re.compile(rf"([.!?。！？])\s*((?:{_MARK.pattern}\s*)+)", re.IGNORECASE)
_MATERIAL = r"(?:contexts?|texts?|passages?|sources?|documents?|information|articles?|excerpts?|content|data)"
_REFUSAL = re.compile(
    r"\b(?:i|we) (?:do not|don['’]t) (?:know|have)\b|\bi(?:['’]m| am) (?:not sure|sorry|unable)\b"
    # Of the material only: that a company did not disclose something is an answer.
    rf"|\b{_MATERIAL}(?: \w+){{0,4}} (?:do|does|did|is|are|was)(?: not|n['’]t)\b"
    r"|\b(?:is|are|was|were)(?: not|n['’]t) (?:\w+ ){0,2}"
    rf"(?:mentioned|provided|specified|stated|given|included|available|found)(?: \w+){{0,4}} {_MATERIAL}\b"
    rf"|\bnone of the (?:\w+ ){{0,2}}{_MATERIAL}\b"
    r"|\bthere is no (?:\w+ ){0,2}(?:information|mention|data)\b"
    r"|不知道|抱歉|无法(?:回答|确定|得知)"
    r"|(?:资料|文中|文本|上下文|信息|来源|材料|文档).{0,6}(?:没有|未)|(?:没有|未)(?:提供|提及|找到).{0,8}(?:信息|数据)",
    re.IGNORECASE,
)


def is_refusal_text(text: str) -> bool:
    """Whether a free answer begins by saying that it cannot answer."""
    spans = split_sentences(text)
    first = text[spans[0][0] : spans[0][1]] if spans else ""
    return not first or _REFUSAL.search(first) is not None


def marked_sentences(text: str) -> list[tuple[str, tuple[int, ...]]]:
    """Sentences without their marks, each with the numbers of its marks."""
    moved = _MARK_AFTER_STOP.sub(lambda match: f" {match[2].strip()}{match[1]} ", text)
    found = []
    for start, end in split_sentences(moved):
        sentence = moved[start:end]
        numbers = [int(number) for marks in _MARK.findall(sentence) for number in re.findall(r"\d+", marks)]
        plain = re.sub(r"\s+([.,;:!?。，])", r"\1", _MARK.sub("", sentence)).strip()
        if re.search(r"\w", plain):
            found.append((plain, tuple(dict.fromkeys(numbers))))
    return found


class Baseline(ABC):
    """A chain that can be evaluated like the assistant.

    Args:
        chat: The language model.
        embeddings: The embedding model.
        corpus: Folder of Markdown files, read as plain text, as these tutorials do.
        verifier: Judges every sentence as the assistant's own are judged, against the sources that it cites,
            or against all that the model was shown when it cites none.
    """

    name: str

    def __init__(
        self, chat: BaseChatModel, embeddings: Embeddings, corpus: Path, verifier: ClaimVerifier | None
    ) -> None:
        self.chat = chat
        self.verifier = verifier
        texts = {path: path.read_text(encoding="utf-8") for path in sorted(corpus.rglob("*.md"))}
        self.documents = {path.relative_to(corpus).as_posix(): text for path, text in texts.items()}
        self.build(embeddings)

    @abstractmethod
    def build(self, embeddings: Embeddings) -> None:
        """Index the documents."""

    @abstractmethod
    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The best chunks."""

    @abstractmethod
    def reply(self, question: str, history: Sequence[Turn]) -> tuple[str, list[Passage]]:
        """The answer's text, and the sources in the order in which the prompt numbered or showed them."""

    @property
    def model_name(self) -> str:
        """Which chain with which model answers."""
        return f"{self.name} ({self.chat.get_name()})"

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        model: str | None = None,
    ) -> Iterator[Event]:
        """Evidence and answer of one question."""
        start = time.perf_counter()
        text, sources = self.reply(question, history)
        seconds = time.perf_counter() - start
        hits = tuple(SearchHit(passage=p, score=1 / rank) for rank, p in enumerate(sources, start=1))
        yield EvidenceEvent(hits=hits)
        yield AnswerEvent(answer=self._answer(question, text, sources, seconds))

    def _answer(self, question: str, text: str, sources: list[Passage], seconds: float) -> Answer:
        refused = is_refusal_text(text)
        claims: list[Claim] = []
        cited: dict[int, Citation] = {}
        for sentence, marks in [] if refused else marked_sentences(text):
            numbers = tuple(number for number in marks if 1 <= number <= len(sources))
            shown = [sources[number - 1] for number in numbers] or sources
            outcome = self.verifier.attribute(sentence, shown)[:1] if self.verifier and shown else []
            check = outcome[0][1] if outcome else None
            claims.append(
                Claim(
                    text=sentence,
                    citations=numbers,
                    verdict=check.verdict if check else "unsupported",
                    score=check.score if check else 0.0,
                    reasons=check.reasons if check else ("not checked",),
                )
            )
            for number in numbers:
                source = sources[number - 1]
                cited.setdefault(
                    number,
                    Citation(
                        number=number,
                        passage=source,
                        quote=source.text,
                        char_start=source.char_start,
                        char_end=source.char_end,
                        score=0.0,
                    ),
                )
        return Answer(
            question=question,
            standalone_question=question,
            language=language_of(question),
            status="not_in_corpus" if refused else "answered",
            text=text,
            claims=tuple(claims),
            citations=tuple(cited.values()),
            model=self.model_name,
            timings={"total": seconds},
        )

    def passage(self, path: str, text: str, start: int = 0) -> Passage:
        """A chunk of a document."""
        document = DocumentInfo(id=_digest(path), path=path, title=Path(path).stem)
        name = _digest(f"{path}:{start}:{text}")
        return Passage(id=name, document=document, text=text, char_start=start, char_end=start + len(text))


class LangChainTutorial(Baseline):
    """LangChain's "Build a RAG app" tutorial: recursive splitter 1000/200, four best chunks, hub prompt."""

    name = "LangChain tutorial"
    # rlm/rag-prompt, which the tutorial pulls from LangChain's hub.
    PROMPT = (
        "You are an assistant for question-answering tasks. Use the following pieces of retrieved context "
        "to answer the question. If you don't know the answer, just say that you don't know. Use three "
        "sentences maximum and keep the answer concise.\nQuestion: {question} \nContext: {context} \nAnswer:"
    )

    def build(self, embeddings: Embeddings) -> None:
        """Split and embed."""
        from langchain_core.documents import Document as LangChainDocument
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        documents = [
            LangChainDocument(page_content=text, metadata={"source": path})
            for path, text in self.documents.items()
        ]
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        self._store = InMemoryVectorStore(embeddings)
        self._store.add_documents(splitter.split_documents(documents))

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The chunks nearest to the query."""
        return [
            SearchHit(
                passage=self.passage(
                    found.metadata["source"], found.page_content, found.metadata["start_index"]
                ),
                score=score,
            )
            for found, score in self._store.similarity_search_with_score(query, k=k)
        ]

    def reply(self, question: str, history: Sequence[Turn]) -> tuple[str, list[Passage]]:
        """Retrieve once, answer once; earlier turns go before the prompt as messages."""
        sources = [hit.passage for hit in self.search(question, k=4)]
        messages: list[BaseMessage] = []
        for turn in history:
            messages += [HumanMessage(turn.question), AIMessage(turn.answer)]
        context = "\n\n".join(source.text for source in sources)
        messages.append(HumanMessage(self.PROMPT.format(question=question, context=context)))
        return str(self.chat.invoke(messages).text), sources


class LlamaIndexCitation(Baseline):
    """LlamaIndex's CitationQueryEngine with its defaults but top 3 chunks, as in its example notebook."""

    name = "LlamaIndex CitationQueryEngine"

    def build(self, embeddings: Embeddings) -> None:
        """Split, embed, and set up the engine."""
        from benchmarks.performance.llama_index_adapters import citation_engine

        self._index, self._engine = citation_engine(self.documents, self.chat, embeddings)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        """The chunks nearest to the query."""
        nodes = self._index.as_retriever(similarity_top_k=k).retrieve(query)
        return [SearchHit(passage=self._source(node), score=node.score or 0.0) for node in nodes]

    def reply(self, question: str, history: Sequence[Turn]) -> tuple[str, list[Passage]]:
        """One query; the engine has no memory, so earlier turns go before the question."""
        told = "".join(f"User: {turn.question}\nAssistant: {turn.answer}\n" for turn in history)
        response = self._engine.query(f"{told}User: {question}" if told else question)
        return str(response), [self._source(node) for node in response.source_nodes]

    def _source(self, node: Any) -> Passage:
        text = re.sub(r"^Source \d+:\n", "", node.node.get_content())
        return self.passage(node.node.metadata["path"], text)


BASELINES: dict[str, type[Baseline]] = {"langchain": LangChainTutorial, "llamaindex": LlamaIndexCitation}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


__all__ = ["BASELINES", "Baseline", "is_refusal_text", "marked_sentences"]
