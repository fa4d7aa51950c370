"""The Chroma server that an index may live on: its address, its key and a client for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import ConfigurationError, IndexingError
from assistant.settings import Settings


@dataclass(frozen=True)
class ChromaServer:
    """Where a Chroma server is reached.

    Attributes:
        url: Its address, for example `http://localhost:8000`.
        token: Sent as `Authorization: Bearer` and as `X-Chroma-Token`; Chroma itself checks neither, but the
            proxy in front of it and Chroma Cloud do.
        tenant: Chroma's tenant.
        database: The database within it; it must exist.

    Raises:
        ConfigurationError: The address is none of http or https.
    """

    url: str
    token: str = field(default="", repr=False)
    tenant: str = "default_tenant"
    database: str = "default_database"

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        try:
            fits = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits or parts.username or parts.password or parts.query:
            raise ConfigurationError(
                "ASSISTANT_CHROMA_URL must be an address such as http://localhost:8000.",
                "A key goes into ASSISTANT_CHROMA_TOKEN.",
            )

    @classmethod
    def of(cls, settings: Settings) -> ChromaServer | None:
        """The server that the settings name; None when they name none."""
        if settings.chroma_url is None:
            return None
        token = settings.chroma_token.get_secret_value() if settings.chroma_token is not None else ""
        return cls(settings.chroma_url, token, settings.chroma_tenant, settings.chroma_database)

    @property
    def key(self) -> str:
        """Eight hexadecimal digits that name what this machine keeps of it."""
        place = "\0".join((self.url.rstrip("/"), self.tenant, self.database))
        return hashlib.sha256(place.encode()).hexdigest()[:8]

    def connect(self) -> Any:
        """A client.

        Raises:
            IndexingError: The server does not answer, refuses the key or lacks the database.
        """
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(self.url)
        ssl = parts.scheme == "https"
        port = parts.port or (443 if ssl else 80)
        headers = (
            {"Authorization": f"Bearer {self.token}", "X-Chroma-Token": self.token} if self.token else {}
        )
        try:
            return chromadb.HttpClient(
                # A path is kept when the host is given as an address.
                host=self.url.rstrip("/") if parts.path.strip("/") else parts.hostname or "localhost",
                port=port,
                ssl=ssl,
                headers=headers,
                settings=Settings(anonymized_telemetry=False),
                tenant=self.tenant,
                database=self.database,
            )
        except Exception as error:
            raise self.explain(error) from error

    def find(self, client: Any, name: str) -> Any:
        """The collection of a name, as it is now; None when there is none.

        Raises:
            IndexingError: The server does not answer.
        """
        from chromadb.errors import NotFoundError

        try:
            return client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None
        except Exception as error:
            raise self.explain(error) from error

    def explain(self, error: BaseException) -> IndexingError:
        """What a failure of the server means to the user; the key is never told."""
        text = str(error)
        if self.token:
            text = text.replace(self.token, "***")
        kind = type(error).__name__
        if "Could not connect" in text or is_unreachable(error):
            return IndexingError(
                f"The Chroma server at {self.url} does not answer.",
                "Start it (`chroma run --path FOLDER`), correct ASSISTANT_CHROMA_URL, or unset it to keep the "
                "index on this machine.",
            )
        if "Auth" in kind or "Forbidden" in text or "Unauthorized" in text or "401" in text or "403" in text:
            return IndexingError(
                f"The Chroma server at {self.url} refuses access.", "Set ASSISTANT_CHROMA_TOKEN."
            )
        if kind == "NotFoundError" and ("Database" in text or "Tenant" in text):
            return IndexingError(
                f"The Chroma server at {self.url} has no database '{self.database}' of tenant '{self.tenant}'.",
                "Create it there, or correct ASSISTANT_CHROMA_DATABASE and ASSISTANT_CHROMA_TENANT.",
            )
        reason = text.strip().partition("\n")[0][:300] or kind
        return IndexingError(f"The Chroma server at {self.url} failed: {reason}.", "Look into its log.")


def is_unreachable(error: BaseException) -> bool:
    """Whether an error, or one that caused it, says that a server cannot be reached."""
    seen: BaseException | None = error
    while seen is not None:
        # By name: the HTTP library is chromadb's own affair.
        if any(
            kind.__name__ == "TransportError" and kind.__module__.startswith("httpx")
            for kind in type(seen).__mro__
        ):
            return True
        seen = seen.__cause__
    return False
