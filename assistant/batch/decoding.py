"""Bytes of a question list as text; a doubt is an error that names the line, never a replaced character."""

from __future__ import annotations

import codecs

from assistant.errors import BatchError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HINT = "Save it as UTF-8, or name its encoding, for example gb18030 or cp1252."


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """The text of a question list.

    Tried in order: the given encoding, the byte order mark, UTF-8, GB18030 when that gives plain Chinese.

    Args:
        data: Content of the file.
        name: Name of the file for messages.
        encoding: A Python codec name; None means that it is found.

    Raises:
        BatchError: The encoding is unknown or wrong, or the lines differ in encoding; names the line.
    """
    if encoding is not None:
        return _decode_as(data, name, encoding)
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _decode_as(data, name, codec)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(data, name, error)
    if "\0" in text:
        raise BatchError(f"{name} is not text: it holds NUL bytes.", _HINT)
    return text


def _decode_as(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise BatchError(f"There is no encoding '{encoding}'.", "Use utf-8, gb18030 or cp1252.") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BatchError(f"{name} is not {encoding}: line {line} cannot be read.", _HINT) from None


def _not_utf8(data: bytes, name: str, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    utf8, other = 0, 0
    for number, content in enumerate(data.split(b"\n"), start=1):
        if content.isascii():
            continue
        try:
            content.decode("utf-8")
            utf8 = utf8 or number
        except UnicodeDecodeError:
            other = other or number
    if utf8:
        raise BatchError(
            f"{name} mixes encodings: line {utf8} is UTF-8, line {other} is not.", "Save it as UTF-8."
        )
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if text and _common_chinese(text):
        return text
    raise BatchError(f"{name} is not UTF-8: line {line} cannot be read.", _HINT)


def _common_chinese(text: str) -> bool:
    """Whether nearly all characters beyond ASCII are in GB 2312; misread Latin letters give rarer ones."""
    wide = [c for c in text if c > "\x7f"]
    known = sum(len(c.encode("gb2312", "ignore")) == 2 for c in wide)
    return known >= 0.9 * len(wide)
