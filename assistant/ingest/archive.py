"""ZIP archives as folders: each file in one is a document of its own, named `archive.zip!/folder/file.pdf`.

An archive is untrusted: what it says about sizes and names is not believed, and nothing is written to disk.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import DocumentError
from assistant.ingest.readers.source import Limits, Refusal, is_text_name, over_limit, shown_name

SUFFIX = ".zip"
_INSIDE = "!/"
_MOST_DEPTH = 2
_MOST_NAME_CHARS = 500
# Text packs to a tenth, a bomb to a thousandth; small files are no danger.
_MOST_RATIO = 200
_HARMLESS_BYTES = 5_000_000
_PIECE = 1 << 20
_SKIPPED_PARTS = ("__MACOSX", "Thumbs.db", "__pycache__")
_SKIPPED_PREFIXES = (".", "~$")
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_SAVE_AGAIN = "Pack it again, or add its files by themselves."


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    """Its path within the archive; `inner.zip!/file.md` in an archive within."""
    sha256: str


@dataclass(frozen=True)
class Archive:
    """What an archive holds."""

    members: tuple[Member, ...] = ()
    """Files of formats that are read, ordered by name."""
    refused: tuple[Refusal, ...] = ()
    """Files that are not read, and why."""


@dataclass
class _Budget:
    limits: Limits
    members: int = 0
    bytes: int = 0
    refused: list[Refusal] = field(default_factory=list)


def unpack(path: Path, *, name: str, suffixes: Collection[str], limits: Limits | None = None) -> Archive:
    """Lists the files of an archive with the digests of their contents.

    A file that is broken, encrypted, a link or leads out of the archive is refused, and the rest is listed.

    Args:
        path: The archive.
        name: Its name for messages.
        suffixes: Formats that are read.
        limits: What it may not exceed.

    Raises:
        DocumentError: It is no archive, is damaged as a whole, holds no file, or is larger than allowed.
    """
    limits = limits or Limits()
    budget = _Budget(limits)
    try:
        size = path.stat().st_size
        if size > limits.unpacked_bytes:
            what = f"has {size / 1e6:.0f} MB; the limit is {limits.unpacked_bytes / 1e6:.0f} MB."
            raise over_limit(name, what, "unpacked_bytes")
        with path.open("rb") as file, _open(file, name) as archive:
            found = list(_members(archive, "", name, suffixes, budget, 1))
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read: {error.strerror or error}.", _SAVE_AGAIN) from error
    if not found and not budget.refused:
        raise DocumentError(f"{name}: is an archive without files.", "Remove it or fill it.")
    members = {member.name: member for member in found}
    return Archive(
        tuple(sorted(members.values(), key=lambda member: member.name)),
        tuple(sorted(budget.refused, key=lambda refusal: refusal.name)),
    )


def member_path(archive: Path, member: str) -> Path:
    """A path that stands for a file in an archive; there is no such file on disk."""
    return archive.with_name(f"{archive.name}!") / member


def split_member(path: Path) -> tuple[Path, str] | None:
    """The archive on disk and the name in it of a path made by `member_path`; None for any other path."""
    for folder in reversed(path.parents):
        if folder.name.lower().endswith(f"{SUFFIX}!"):
            archive = folder.with_name(folder.name[:-1])
            if archive.is_file():
                return archive, path.relative_to(folder).as_posix()
    return None


def read_member(archive: Path, member: str, *, name: str, limits: Limits) -> bytes:
    """The bytes of a file in an archive.

    Raises:
        DocumentError: It is not there, damaged, encrypted or too large.
        OSError: The archive cannot be opened.
    """
    with archive.open("rb") as file:
        opened = _open(file, name)
        *outer, last = member.split(_INSIDE)
        for part in outer:
            data = _bytes(opened, _info(opened, part, name), name, limits.file_bytes)
            opened = _open(io.BytesIO(data), name)
        return _bytes(opened, _info(opened, last, name), name, limits.file_bytes)


def _open(file: io.BufferedReader | io.BytesIO, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise DocumentError(f"{name}: is no ZIP archive or a damaged one.", _SAVE_AGAIN) from error


def _info(archive: zipfile.ZipFile, member: str, name: str) -> zipfile.ZipInfo:
    found = [
        info for info in archive.infolist() if not info.filename.endswith("/") and _name_of(info) == member
    ]
    if not found:
        raise DocumentError(f"{name}: is no longer in its archive.", "Add the archive again.")
    return found[-1]


def _members(
    archive: zipfile.ZipFile, prefix: str, name: str, suffixes: Collection[str], budget: _Budget, depth: int
) -> Iterator[Member]:
    for info in archive.infolist():
        if info.filename.endswith("/"):  # `is_dir` fails on an empty name
            continue
        budget.members += 1
        if budget.members > budget.limits.members:
            raise _whole(over_limit(name, f"holds more than {budget.limits.members:,} files.", "members"))
        inner = _name_of(info)
        if _is_skipped(inner):
            continue
        shown = prefix + shown_name(inner)
        told = f"{name}{_INSIDE}{shown}"
        try:
            _check(info, inner, told, suffixes)
            if inner.lower().endswith(SUFFIX):
                yield from _nested(archive, info, prefix + inner, name, suffixes, budget, depth)
                continue
            digest = hashlib.sha256()
            for piece in _pieces(archive, info, told, budget.limits.file_bytes):
                digest.update(piece)
                _spend(budget, len(piece), name)
            yield Member(prefix + inner, digest.hexdigest())
        except _Unread as error:
            budget.refused.append(Refusal(shown, error.what, error.hint, is_failure=False))
        except _WholeArchive:
            raise
        except DocumentError as error:
            budget.refused.append(Refusal(shown, error.what, error.hint))


def _nested(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    inner: str,
    name: str,
    suffixes: Collection[str],
    budget: _Budget,
    depth: int,
) -> Iterator[Member]:
    told = f"{name}{_INSIDE}{inner}"
    if depth >= _MOST_DEPTH:
        raise DocumentError(f"{told}: lies more than {_MOST_DEPTH} archives deep.", _SAVE_AGAIN)
    data = _bytes(archive, info, told, budget.limits.file_bytes)
    _spend(budget, len(data), name)
    with _open(io.BytesIO(data), told) as within:
        yield from _members(within, f"{inner}{_INSIDE}", name, suffixes, budget, depth + 1)


class _Unread(DocumentError):
    """A file of a format that is not read: no failure."""


class _WholeArchive(DocumentError):
    """The archive as a whole is refused."""


def _spend(budget: _Budget, count: int, name: str) -> None:
    budget.bytes += count
    if budget.bytes > budget.limits.unpacked_bytes:
        what = f"unpacks to more than {budget.limits.unpacked_bytes / 1e6:.0f} MB."
        raise _whole(over_limit(name, what, "unpacked_bytes"))


def _whole(error: DocumentError) -> DocumentError:
    return _WholeArchive(error.what, error.hint)


def _is_skipped(inner: str) -> bool:
    parts = inner.split("/")
    return ".." not in parts and any(p in _SKIPPED_PARTS or p.startswith(_SKIPPED_PREFIXES) for p in parts)


def _check(info: zipfile.ZipInfo, inner: str, told: str, suffixes: Collection[str]) -> None:
    parts = inner.split("/")
    if inner.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", inner):
        raise DocumentError(f"{told}: leads out of its archive.", _SAVE_AGAIN)
    if (
        not is_text_name(inner)
        or _INSIDE in inner
        or len(inner) > _MOST_NAME_CHARS
        or inner != posixpath.normpath(inner)
    ):
        raise DocumentError(f"{told}: has a name that is not allowed.", _SAVE_AGAIN)
    kind = info.external_attr >> 16
    if stat.S_IFMT(kind) and not stat.S_ISREG(kind):
        what = "a link" if stat.S_ISLNK(kind) else "no regular file"
        raise DocumentError(f"{told}: is {what}.", "Put the file itself into the archive.")
    suffix = posixpath.splitext(inner)[1].lower()
    if suffix not in suffixes and suffix != SUFFIX:
        raise _Unread(f"{told}: is of a format that is not read.", "Save it in one that is, such as PDF.")
    if info.flag_bits & _ENCRYPTED:
        raise DocumentError(f"{told}: is encrypted with a password.", "Unpack it and add the file.")
    if info.file_size > _HARMLESS_BYTES and info.file_size > _MOST_RATIO * max(info.compress_size, 1):
        raise DocumentError(f"{told}: unpacks to more than {_MOST_RATIO} times its size.", _SAVE_AGAIN)


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: str, most: int) -> Iterator[bytes]:
    if info.flag_bits & _ENCRYPTED:
        raise DocumentError(f"{told}: is encrypted with a password.", "Unpack it and add the file.")
    read = 0
    try:
        with archive.open(info) as file:
            # The size that the archive states may be false.
            while piece := file.read(_PIECE):
                read += len(piece)
                if read > most:
                    what = f"has more than {most / 1e6:.0f} MB."
                    raise over_limit(told, what, "file_bytes")
                yield piece
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        OSError,
        RuntimeError,
        LookupError,
    ) as error:
        # RuntimeError: encrypted in another way; NotImplementedError, its child: an unknown way of packing.
        raise DocumentError(f"{told}: is damaged or packed in an unknown way.", _SAVE_AGAIN) from error


def _bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo, told: str, most: int) -> bytes:
    return b"".join(_pieces(archive, info, told, most))


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name with `/`; Chinese programs write names in GB18030 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME and not name.isascii():
        for encoding in ("utf-8", "gb18030"):
            try:
                name = name.encode("cp437").decode(encoding)
                break
            except UnicodeError:
                continue
    return re.sub(r"^(\./+)+", "", name.replace("\\", "/"))
