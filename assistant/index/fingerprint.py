"""What an index depends on: when any of it changes, the index must be built anew."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict

from assistant.models.embeddings import EmbeddingModel

SCHEMA_VERSION = 2
"""Raised when the layout of the index on disk changes."""


class Fingerprint(BaseModel):
    """The embedding model, chunker and layout that an index was built with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    embedding: str
    dimension: int
    chunker: str
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def of(cls, embeddings: EmbeddingModel, chunker: str | int) -> Fingerprint:
        """The fingerprint of an index built with these."""
        return cls(embedding=embeddings.name, dimension=embeddings.dimension, chunker=str(chunker))

    @property
    def key(self) -> str:
        """Eight hexadecimal digits that name the index's folder and collection."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]

    def difference(self, other: Fingerprint) -> str:
        """What changed from this fingerprint to another, in words; empty when they agree."""
        changes = []
        if self.embedding != other.embedding:
            changes.append(f"the embedding model changed from {self.embedding} to {other.embedding}")
        elif self.dimension != other.dimension:
            changes.append(
                f"the vectors of {other.embedding} changed from {self.dimension} to {other.dimension} numbers"
            )
        if self.chunker != other.chunker:
            changes.append(
                f"the division into passages changed from version {self.chunker} to {other.chunker}"
            )
        if self.schema_version != other.schema_version:
            changes.append(
                f"the index layout changed from version {self.schema_version} to {other.schema_version}"
            )
        return " and ".join(changes)
