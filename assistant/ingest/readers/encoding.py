"""Finds the encoding of a text file."""

from __future__ import annotations

import codecs
import re

from assistant.errors import DocumentError
from assistant.ingest.readers.source import SourceFile

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# charset-normalizer judges by samples; more bytes only cost time.
_SAMPLE_BYTES = 200_000
_COMMON_CHINESE = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef“”‘’—…·]")


def decode(source: SourceFile) -> str:
    """The file's text with `\\n` line breaks.

    Tried in order: the byte order mark, UTF-8, UTF-16 without mark (by its NULs), GB18030 when the result is
    plausible Chinese, what charset-normalizer finds.

    Raises:
        DocumentError: The bytes are not text.
    """
    text = _decode(source)
    # Parsers put a replacement character for each NUL.
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _decode(source: SourceFile) -> str:
    data = source.data
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file cut off within its last character.
        cut_off = error.start >= len(data) - 3 and error.start > 20
        text = data[: error.start].decode("utf-8") if cut_off else ""
    if text:
        if text.count("\0") <= max(2, len(text) // 100):
            return text
        if wide := _wide_encoding(data):
            return data.decode(wide, errors="replace")
        raise _not_text(source)
    if wide := _wide_encoding(data):
        return data.decode(wide, errors="replace")
    if data.count(b"\0") > len(data) // 100:
        raise _not_text(source)
    text = data.decode("gb18030", errors="replace")
    if _plausible(text, han=True):
        return text
    guess = _guess(data)
    text = data.decode(guess, errors="replace") if guess else ""
    if text and _plausible(text, han=False):
        return text
    raise _not_text(source)


def _not_text(source: SourceFile) -> DocumentError:
    return source.error("is not text in an encoding that is known.", "Save it as UTF-8.")


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without byte order mark shows as a NUL in every other byte of Latin letters and blanks."""
    sample = data[: _SAMPLE_BYTES // 2 * 2]
    half = max(len(sample) // 2, 1)
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return None


def _guess(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    return best.encoding if best else None


def _plausible(text: str, *, han: bool) -> bool:
    """Few replacement and control characters, and for Chinese mostly common Han characters."""
    sample = text[:_SAMPLE_BYTES]
    bad = sum(c == "\ufffd" or (c < " " and c not in "\n\r\t\f\v") for c in sample)
    if bad > len(sample) * 0.01:
        return False
    if not han:
        return True
    wide = [c for c in sample if c > "\x7f"]
    return sum(_COMMON_CHINESE.match(c) is not None for c in wide) >= 0.9 * len(wide)
