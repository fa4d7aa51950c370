"""What a server sent: unpacked within bounds, and told apart by its bytes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

from assistant.errors import DocumentError

MediaType = Literal["text/html", "application/pdf"]
SUFFIXES: dict[str, str] = {"text/html": ".html", "application/pdf": ".pdf"}

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# What servers say when they do not know.
_VAGUE_TYPES = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "text/plain", "application/xml", "text/xml"}
)
_HTML_START = re.compile(
    rb"(?is)\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b"
)
_STEP = 1 << 16


class TooLargeError(Exception):
    """More bytes than allowed."""


class BrokenOffError(Exception):
    """Packed data that ends early or is damaged."""


def unpack(chunks: Iterable[bytes], encoding: str, most_bytes: int) -> Iterator[bytes]:
    """Chunks of a body without its content encoding; never more than the limit is unpacked at once.

    Args:
        chunks: As received.
        encoding: The `Content-Encoding` header.
        most_bytes: Of the body as sent and as unpacked.

    Raises:
        TooLargeError: It is larger.
        BrokenOffError: It ends early, is damaged, or is packed in a way that was not asked for.
    """
    names = [name for name in re.split(r"[,\s]+", encoding.lower()) if name not in ("", "identity")]
    if not names:
        yield from _limited(chunks, most_bytes)
    elif len(names) == 1 and names[0] in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(_limited(chunks, most_bytes), names[0] == "deflate", most_bytes)
    else:
        raise BrokenOffError(f"it is packed as {encoding[:40]}, which was not asked for")


def _limited(chunks: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most_bytes:
            raise TooLargeError
        yield chunk


def _inflated(chunks: Iterable[bytes], deflate: bool, most_bytes: int) -> Iterator[bytes]:
    total = 0
    # 47 reads gzip and zlib headers; some servers send deflate without either.
    engine = zlib.decompressobj(47)
    fresh = True
    for chunk in chunks:
        data = chunk
        while data:
            if fresh and deflate and data[0] & 0x0F != 8:
                engine = zlib.decompressobj(-15)
            fresh = False
            try:
                piece = engine.decompress(data, _STEP)
            except zlib.error as error:
                raise BrokenOffError("its packed form is damaged") from error
            total += len(piece)
            if total > most_bytes:
                raise TooLargeError
            if piece:
                yield piece
            if engine.eof:
                data = engine.unused_data.lstrip(b"\0")
                # A gzip file may have several members.
                engine, fresh = (zlib.decompressobj(47), True) if data else (engine, fresh)
                if data and deflate:
                    raise BrokenOffError("more follows after its packed form")
            else:
                data = engine.unconsumed_tail
                if not data and not piece:
                    break
    if not engine.eof:
        raise BrokenOffError("it ends early")


def media_type_of(data: bytes, declared: str, name: str) -> MediaType:
    """What a body is: PDF by its first bytes, HTML by its header or its first tags.

    Args:
        data: The body.
        declared: The `Content-Type` header.
        name: The address, for messages.

    Raises:
        DocumentError: It is neither, empty, or says that it is one thing and is another.
    """
    kind = declared.partition(";")[0].strip().lower()
    if not data.strip(b"\0\t\n\r \xef\xbb\xbf"):
        raise DocumentError(f"{name} is empty.", "Check the address in a browser.")
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "application/pdf"
    looks_like_html = _HTML_START.match(data[:8192].lstrip(b"\xef\xbb\xbf")) is not None
    if kind == "application/pdf":
        what = "sends a web page in its place" if looks_like_html else "is none"
        raise DocumentError(
            f"{name} says that it is a PDF, but {what}.", "Open it in a browser, save it, and add the file."
        )
    if kind in _HTML_TYPES and (looks_like_html or not _is_binary(data)):
        return "text/html"
    if kind in _VAGUE_TYPES and looks_like_html:
        return "text/html"
    told = re.sub(r"[^\w.+/-]", "", kind)[:60] or "of an unknown type"
    raise DocumentError(
        f"{name} is neither HTML nor PDF but {told}.", "Save it and add the file, if its format is read."
    )


def _is_binary(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return b"\0" in data[:4096] or data.startswith(
        (b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
    )
