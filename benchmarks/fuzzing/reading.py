"""Reads one input as the index would, and checks what must hold of every document."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from assistant.errors import AssistantError
from assistant.ingest.archive import SUFFIX, read_member, unpack
from assistant.ingest.chunking import chunk_document
from assistant.ingest.cleaning import has_invisible, safe_url
from assistant.ingest.readers import SUPPORTED_SUFFIXES, Limits, read_source
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

Outcome = Literal["read", "refused", "unforeseen", "crash"]
# What the chain of readers says of an exception that no reader turned into a refusal of its own.
_UNFORESEEN = re.compile(r"cannot be read as \w+ \((\w+)\)")
_MOST_CHUNKED = 20_000


class Result(NamedTuple):
    """What became of an input."""

    outcome: Outcome
    detail: str = ""


def read(name: str, data: bytes, limits: Limits | None = None) -> Result:
    """Reads a file: `unforeseen` is a refusal by the catch-all of the chain, `crash` any other exception."""
    limits = limits or Limits()
    try:
        if name.endswith(SUFFIX) and data.startswith(b"PK"):
            return _read_archive(name, data, limits)
        document = read_source(SourceFile(name=name, data=data, limits=limits))
        check(document)
    except AssistantError as error:
        unforeseen = _UNFORESEEN.search(error.what)
        if not error.what or "\n" in str(error):
            return Result("crash", f"not one line: {str(error)[:200]!r}")
        return Result("unforeseen", unforeseen[0]) if unforeseen else Result("refused", error.what)
    except Exception as error:
        return Result("crash", f"{type(error).__name__}: {str(error)[:300]}")
    return Result("read", document.media_type)


def _read_archive(name: str, data: bytes, limits: Limits) -> Result:
    """Reads the files of an archive; it counts as read when one of them is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.zip"
        path.write_bytes(data)
        found = unpack(path, name=name, suffixes=SUPPORTED_SUFFIXES, limits=limits)
        results = []
        for member in found.members[:50]:
            content = read_member(path, member.name, name=name, limits=limits)
            results.append(read(member.name, content, limits))
        assert not any(Path(folder).glob("*/")), "something was unpacked to disk"
    worst = ("crash", "unforeseen", "read", "refused")
    results.sort(key=lambda result: worst.index(result.outcome))
    return results[0] if results else Result("refused", "no file in it is read")


def check(document: Document) -> None:
    """Raises `AssertionError` when a document breaks its own rules."""
    text = document.text
    assert text.strip(), "no text"
    assert not has_invisible(text), "invisible characters in the text"
    for line in (document.title, document.publisher, document.topic, *document.entities):
        assert "\n" not in line and not has_invisible(line), "a line of metadata is not clean"
    assert document.title, "no title"
    assert document.url is None or safe_url(document.url), "an unsafe address"
    assert all(note.url is None or safe_url(note.url) for note in document.notes), (
        "an unsafe address of a note"
    )
    end = 0
    for block in document.blocks:
        assert end <= block.char_start < block.char_end <= len(text), "blocks overlap or leave the text"
        end = block.char_end
        assert block.page is None or block.page >= 1, "a page below 1"
    assert all(0 <= note.position <= len(text) for note in document.note_references), (
        "a mark outside the text"
    )
    # As the index writes it: half a surrogate pair would fail here.
    assert Document.model_validate_json(document.model_dump_json()) == document, "JSON changes it"
    if len(text) <= _MOST_CHUNKED:
        for passage in chunk_document(document, count_tokens=lambda piece: 2 + len(piece) // 3):
            assert text[passage.char_start : passage.char_end] == passage.text, "a passage is no slice"
