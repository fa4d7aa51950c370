"""Settings from arguments, environment (`ASSISTANT_*`), `.env` and `assistant.toml`, in that order of weight."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from assistant.errors import ConfigurationError

_NAME = "china-ai-chip-assistant"
_PATHS = ("home", "cache", "corpus", "prompts", "glossary", "auth")


class Settings(BaseSettings):
    """Everything that can be set; unknown names are refused."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_",
        env_file=".env",
        toml_file="assistant.toml",
        extra="forbid",
        frozen=True,
        # A key under a misspelled name must not show in an error.
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default_factory=lambda: user_data_path(_NAME),
        description="Folder of the index and of all that is kept.",
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path(_NAME), description="Folder of assembled model weights."
    )
    corpus: Path | None = Field(
        default=None,
        description="Folder of documents to answer from; the corpus that comes with the package when unset.",
    )
    prompts: Path | None = Field(
        default=None, description="Folder whose Markdown files replace prompts of the same name."
    )
    glossary: Path | None = Field(
        default=None,
        description="YAML file of further names, each with its names in Chinese; the first is what answers say.",
    )
    model: str = Field(
        default="auto",
        description="`auto`, `local`, `extractive`, or a LangChain name such as `openai:gpt-5-mini`.",
    )
    base_url: str | None = Field(
        default=None, description="Address of an OpenAI-compatible server for `openai:` models."
    )
    api_key: SecretStr | None = Field(
        default=None, description="Key for the configured model; the provider's own variable works too."
    )
    temperature: float = Field(
        default=0.0, ge=0, le=2, description="Sampling temperature of the language model."
    )
    timeout: float = Field(
        default=120.0, gt=0, description="Seconds to wait for one answer of the language model."
    )
    threads: int = Field(default=0, ge=0, description="Threads of the embedded model; 0 means one a core.")
    parallel: int = Field(
        default=2, ge=1, le=16, description="Questions that the embedded model serves at once."
    )
    kept_answers: int = Field(
        default=200,
        ge=0,
        description="Answers without a language model or with the embedded one that are kept in memory for the same question over the same documents; 0 keeps none.",
    )
    embedding: str = Field(
        default="e5", description="`e5`, `minilm`, a sentence-transformers name or path, or `openai:NAME`."
    )
    embedding_base_url: str | None = Field(
        default=None, description="Address of an OpenAI-compatible embedding endpoint."
    )
    embedding_api_key: SecretStr | None = Field(default=None, description="Key for the embedding endpoint.")
    passages: int = Field(default=20, ge=1, le=100, description="Passages that retrieval hands on.")
    evidence_words: int | None = Field(
        default=None,
        ge=50,
        le=20000,
        description="Most words of evidence given to the language model; 450 for the embedded one and 1,500 for others when unset.",
    )
    generation: str = Field(
        default="auto",
        pattern="^(auto|quote|write)$",
        description="`quote` answers with sentences of the documents, `write` lets the model write and checks each sentence; `auto` quotes with the embedded model and writes with others.",
    )
    answer_language: str = Field(
        default="auto",
        pattern="^(auto|en|zh)$",
        description="Language of answers; `auto` follows the question.",
    )
    max_question_chars: int = Field(default=4000, ge=100, description="Longest question that is accepted.")
    serve_key: SecretStr | None = Field(
        default=None, description="Key that requests to `assistant serve` must carry."
    )
    auth: Path | None = Field(
        default=None, description="File of the users who may sign in to the web UI; no sign-in when unset."
    )

    max_file_mb: float = Field(default=50.0, gt=0, description="Largest document that is read, in megabytes.")
    max_pages: int = Field(
        default=2000, ge=1, description="Most pages, slides, sheets or chapters of one document."
    )
    max_characters: int = Field(default=10_000_000, ge=1000, description="Most characters of one document.")
    max_cells: int = Field(default=1_000_000, ge=1, description="Most cells of one spreadsheet.")
    max_members: int = Field(default=2000, ge=1, description="Most files in one ZIP archive.")
    max_unpacked_mb: float = Field(
        default=200.0, gt=0, description="Most megabytes that a ZIP archive or a zipped format unpacks to."
    )
    read_seconds: float = Field(
        default=120.0,
        gt=0,
        description="Seconds that one reader may take for a document, or for a page by OCR.",
    )
    read_memory_mb: float = Field(
        default=2000.0, ge=500, description="Memory of the process that reads documents, in megabytes."
    )
    chroma_url: str | None = Field(
        default=None,
        description="Address of a Chroma server that keeps the index for several machines, such as `http://localhost:8000`; the index is in the home folder when unset.",
    )
    chroma_token: SecretStr | None = Field(
        default=None,
        description="Key for the Chroma server, sent as `Authorization: Bearer` and `X-Chroma-Token`.",
    )
    chroma_tenant: str = Field(default="default_tenant", description="Tenant on the Chroma server.")
    chroma_database: str = Field(
        default="default_database", description="Database on the Chroma server; it must exist."
    )
    fetch_timeout: float = Field(
        default=60.0, gt=0, description="Seconds that fetching one document from the web may take."
    )
    fetch_max_mb: float = Field(
        default=50.0, gt=0, le=500, description="Largest document that is fetched from the web, in megabytes."
    )
    fetch_delay: float = Field(
        default=1.0, ge=0, description="Seconds between two requests to one host of the web."
    )
    fetch_contact: str = Field(
        default="",
        max_length=100,
        pattern=r"^[\x21-\x7e]*$",
        description="Mail or web address that requests name as their sender's; some sites, such as sec.gov, ask for one.",
    )
    fetch_private: str = Field(
        default="",
        description="Networks that may be fetched from although they are not public, such as `192.168.7.0/24`, parted by commas.",
    )
    fetch_proxy: bool = Field(
        default=False,
        description="Fetch through the proxies that HTTPS_PROXY and HTTP_PROXY name; the proxy then resolves the names.",
    )

    @field_validator("serve_key", "auth", "chroma_url", "chroma_token", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: Any) -> Any:
        """An empty line of `.env` means no key, no users file and no server."""
        return None if isinstance(value, str) and not value.strip() else value

    @model_validator(mode="before")
    @classmethod
    def _blank_path_is_unset(cls, values: Any) -> Any:
        """An empty path would be the folder in which the program happens to run."""
        return {
            name: value
            for name, value in values.items()
            if name not in _PATHS or not isinstance(value, str) or value.strip()
        }

    @field_validator(*_PATHS)
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return absolute(value) if value is not None else None

    @field_validator("base_url", "embedding_base_url", "chroma_url")
    @classmethod
    def _address_holds_no_key(cls, value: str | None) -> str | None:
        """Addresses are shown and written into reports; keys have settings of their own."""
        if value is not None and ("@" in value or "?" in value):
            raise ValueError(
                "an address holds no user, password or key; a key goes into the setting for keys"
            )
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then environment, `.env`, `assistant.toml`."""
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)


def absolute(path: Path | str) -> Path:
    """The whole path, from where the program is now: it may be somewhere else when the path is used.

    Raises:
        ConfigurationError: It begins with `~` and a user that there is none of.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigurationError(f"The path {path} names no home folder.", "Write it out.") from error


def load_settings(**overrides: Any) -> Settings:
    """Settings with the given values on top.

    Raises:
        ConfigurationError: A name is unknown or a value does not fit; names the setting.
    """
    values = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**values)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The settings file assistant.toml or .env cannot be read: {error}.", "Correct or remove it."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigurationError(
                f"Unknown setting '{name}'.", "See `assistant settings` for the names that exist."
            ) from error
        raise ConfigurationError(
            f"Setting '{name}' does not fit: {first['msg']}.", f"Correct ASSISTANT_{name.upper()}."
        ) from error
