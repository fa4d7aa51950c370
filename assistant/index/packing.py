"""How the catalogue keeps documents, passages and vectors."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence

from assistant.models.embedding_model import PassageVectors
from assistant.schema import Document, DocumentInfo, Passage


def pack_document(document: Document) -> bytes:
    """A document as compressed JSON."""
    return zlib.compress(document.model_dump_json().encode())


def pack_passages(passages: Sequence[Passage]) -> bytes:
    """Passages of one document as compressed JSON, without the document."""
    dumped = [passage.model_dump(mode="json", exclude={"document"}) for passage in passages]
    return zlib.compress(json.dumps(dumped, ensure_ascii=False).encode())


def unpack_passages(data: bytes, info: DocumentInfo) -> list[Passage]:
    """What `pack_passages` packed."""
    return [
        Passage.model_validate({**dumped, "document": info}) for dumped in json.loads(zlib.decompress(data))
    ]


def pack_vectors(vectors: Sequence[PassageVectors]) -> bytes:
    """The vectors of passages in single precision, one after the other."""
    packed = array("f")
    for vector in vectors:
        packed.extend(vector.whole)
    return packed.tobytes()


def unpack_vectors(data: bytes, count: int) -> list[list[float]]:
    """What `pack_vectors` packed."""
    flat = array("f")
    flat.frombytes(data)
    width = len(flat) // count if count else 0
    return [flat[i * width : (i + 1) * width].tolist() for i in range(count)]
