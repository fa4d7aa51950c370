"""The project's models behind LlamaIndex's interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import CitationQueryEngine
from pydantic import PrivateAttr


class ChatAdapter(CustomLLM):
    """A LangChain chat model as a LlamaIndex model."""

    context_window: int = 4096
    num_output: int = 512
    _chat: BaseChatModel = PrivateAttr()

    def __init__(self, chat: BaseChatModel, **values: Any) -> None:
        super().__init__(**values)
        self._chat = chat

    @property
    def metadata(self) -> LLMMetadata:
        """Sizes that the prompt is packed by."""
        return LLMMetadata(context_window=self.context_window, num_output=self.num_output)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """One answer."""
        return CompletionResponse(text=str(self._chat.invoke([HumanMessage(prompt)]).text))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """The answer in one piece."""

        def pieces() -> CompletionResponseGen:
            yield self.complete(prompt, formatted, **kwargs)

        return pieces()


class EmbeddingAdapter(BaseEmbedding):
    """A LangChain embedding model as a LlamaIndex one."""

    _embeddings: Embeddings = PrivateAttr()

    def __init__(self, embeddings: Embeddings, **values: Any) -> None:
        super().__init__(**values)
        self._embeddings = embeddings

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embeddings.embed_query(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._embeddings.embed_documents([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embeddings.embed_documents(texts)


def citation_engine(
    documents: dict[str, str], chat: BaseChatModel, embeddings: Embeddings
) -> tuple[VectorStoreIndex, Any]:
    """Index and engine of LlamaIndex's citation example (`similarity_top_k=3`, `citation_chunk_size=512`)."""
    nodes: Sequence[Document] = [
        # The path would otherwise be written into every chunk before it is embedded.
        Document(
            text=text,
            metadata={"path": path},
            excluded_embed_metadata_keys=["path"],
            excluded_llm_metadata_keys=["path"],
        )
        for path, text in documents.items()
    ]
    index = VectorStoreIndex.from_documents(nodes, embed_model=EmbeddingAdapter(embeddings))
    engine = CitationQueryEngine.from_args(
        index, llm=ChatAdapter(chat), similarity_top_k=3, citation_chunk_size=512
    )
    return index, engine
