"""The embedded language model: llama.cpp in this process, as a LangChain chat model.

The engine is shared by all models of one process that use the same weights and size; it serves several
questions at once (continuous batching) and keeps the longest common prompt prefix.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel, Field, PrivateAttr
from typing_extensions import is_typeddict

from assistant.errors import ModelError

NAME = "Qwen2.5-Coder-1.5B-Instruct"
_PROMPT_CACHE_MIB = 256
_engines: dict[tuple[str, int, int, int], Any] = {}
_engines_lock = threading.Lock()


def _engine(path: Path, threads: int, context: int, parallel: int) -> Any:
    """The engine for these weights, loaded on first use (about 4 s)."""
    key = (str(path), threads, context, parallel)
    with _engines_lock:
        if key not in _engines:
            # Threads of OpenMP that spin while they wait starve the one they wait for as soon as another program uses the
            # cores: writing fell to a fiftieth. Read once, when the library is loaded.
            os.environ.setdefault("OMP_WAIT_POLICY", "passive")
            try:
                import xllamacpp
            except ImportError as error:
                raise ModelError(
                    "The engine of the embedded model (xllamacpp) is not installed.",
                    "Install it with `pip install 'china-ai-chip-assistant[local]'`.",
                ) from error
            parameters = xllamacpp.CommonParams()
            parameters.model.path = str(path)
            parameters.n_ctx = context * parallel
            parameters.n_parallel = parallel
            parameters.cpuparams.n_threads = threads
            parameters.cpuparams_batch.n_threads = threads
            parameters.warmup = False
            # The engine would keep up to 8 GiB of past prompts; the slots hold what questions have in common.
            parameters.cache_ram_mib = _PROMPT_CACHE_MIB
            parameters.verbosity = 0
            # The engine also listens on a loopback port: nobody gets in without this key.
            parameters.api_keys = [secrets.token_urlsafe(32)]
            try:
                _engines[key] = xllamacpp.Server(parameters)
            except RuntimeError as error:
                raise ModelError(
                    f"The embedded model cannot be loaded from {path}: {error}",
                    "It needs about 2 GB of free memory.",
                ) from error
        return _engines[key]


def close_engines() -> None:
    """Frees every engine of this process; the next call loads again."""
    with _engines_lock:
        _engines.clear()


class LocalChatModel(BaseChatModel):
    """Chat model over GGUF weights, run in this process on the CPU.

    Understands `max_tokens`, `temperature`, `stop`, `logprobs`, `top_logprobs` and `response_format`
    (OpenAI's form; a JSON schema constrains decoding) as call arguments. Log-probabilities come back in
    `response_metadata["logprobs"]`, as from OpenAI's models.
    """

    weights: Path
    """The GGUF file."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2)
    context: int = 4096
    """Tokens that one question may use, prompt and answer together."""
    parallel: int = 2
    temperature: float = 0.0
    max_tokens: int = 512
    seed: int = 1
    _loaded: Any = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": NAME, "weights": self.weights.name, "temperature": self.temperature}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        # Without these, traces name neither the engine nor the model.
        named: LangSmithParams = {"ls_provider": "llama.cpp", "ls_model_name": kwargs.get("model") or NAME}
        return {**super()._get_ls_params(stop=stop, **kwargs), **named}

    def load(self) -> None:
        """Loads the weights now instead of at the first question."""
        if self._loaded is None:
            self._loaded = _engine(self.weights, self.threads, self.context, self.parallel)

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "messages": convert_to_openai_messages(messages),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "cache_prompt": True,
            **{name: value for name, value in arguments.items() if name in _CALL_ARGUMENTS},
        }
        if stop:
            request["stop"] = stop
        return request

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.load()
        reply = self._loaded.handle_chat_completions(self._request(messages, stop, kwargs))
        if "error" in reply:
            raise _failure(reply["error"])
        choice = reply["choices"][0]
        usage = _usage(reply.get("usage"))
        metadata = {
            "model_name": NAME,
            "finish_reason": choice.get("finish_reason"),
            "logprobs": choice.get("logprobs"),
        }
        message = AIMessage(
            content=choice["message"].get("content") or "", usage_metadata=usage, response_metadata=metadata
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.load()
        request = self._request(messages, stop, kwargs) | {
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        chunks: queue.Queue[dict[str, Any] | BaseException | None] = queue.Queue()
        abandoned = threading.Event()

        def receive(value: Any) -> bool:
            for item in value if isinstance(value, list) else [value]:
                chunks.put(json.loads(item) if isinstance(item, str) else item)
            return abandoned.is_set()

        def work() -> None:
            try:
                self._loaded.handle_chat_completions(request, receive)
                chunks.put(None)
            except BaseException as error:  # handed to the reader of the stream
                chunks.put(error)

        threading.Thread(target=work, name="llama-stream", daemon=True).start()
        try:
            while (item := chunks.get()) is not None:
                if isinstance(item, BaseException):
                    raise ModelError(f"The embedded model stopped: {item}") from item
                if "error" in item:
                    raise _failure(item["error"])
                chunk = _chunk(item)
                if chunk is None:
                    continue
                if run_manager is not None:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        finally:
            abandoned.set()

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Answers that fit a schema; decoding is constrained to it.

        Args:
            schema: A JSON schema, a Pydantic model class or a TypedDict; only the model class gives an object.
            include_raw: Return `{"raw", "parsed", "parsing_error"}` instead of the parsed value alone.
            **kwargs: Call arguments for the model.
        """
        parser: Runnable[Any, Any]
        if isinstance(schema, type) and is_basemodel_subclass(schema):
            parser = PydanticOutputParser(pydantic_object=schema)
        elif isinstance(schema, dict) or is_typeddict(schema):
            parser = JsonOutputParser()
        else:
            raise TypeError("schema must be a JSON schema, a Pydantic model class or a TypedDict")
        json_schema = convert_to_json_schema(schema)
        model = self.bind(
            response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": json_schema}},
            # Traces show what was asked for; LangChain takes this out before the call.
            ls_structured_output_format={"kwargs": {"method": "json_schema"}, "schema": json_schema},
            **kwargs,
        )
        if not include_raw:
            return model | parser

        def parse(message: AIMessage) -> dict[str, Any]:
            try:
                return {"parsed": parser.invoke(message), "parsing_error": None}
            except Exception as error:  # the caller asked to see it
                return {"parsed": None, "parsing_error": error}

        parsed = RunnableMap(raw=RunnablePassthrough()) | RunnableLambda(
            lambda both: {**both, **parse(both["raw"])}
        )
        return model | parsed


_CALL_ARGUMENTS: Sequence[str] = (
    "max_tokens",
    "temperature",
    "logprobs",
    "top_logprobs",
    "response_format",
    "top_p",
    "seed",
    "grammar",
)


def _failure(error: Any) -> ModelError:
    details = error if isinstance(error, dict) else {"message": str(error)}
    if details.get("type") == "exceed_context_size_error":
        return ModelError(
            f"The embedded model was given {details.get('n_prompt_tokens')} tokens and can read {details.get('n_ctx')}.",
            "Ask a shorter question or lower ASSISTANT_EVIDENCE_WORDS.",
        )
    return ModelError(f"The embedded model failed: {details.get('message')}")


def _usage(usage: dict[str, Any] | None) -> UsageMetadata | None:
    if not usage:
        return None
    read, written = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _chunk(item: dict[str, Any]) -> ChatGenerationChunk | None:
    usage = _usage(item.get("usage"))
    choices = item.get("choices") or []
    text = (choices[0].get("delta", {}).get("content") or "") if choices else ""
    finish = choices[0].get("finish_reason") if choices else None
    if not text and usage is None and finish is None:
        return None
    metadata: dict[str, Any] = {"model_name": NAME, "finish_reason": finish} if finish else {}
    return ChatGenerationChunk(
        message=AIMessageChunk(content=text, usage_metadata=usage, response_metadata=metadata)
    )
