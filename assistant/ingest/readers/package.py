"""Opens zipped formats (Office, EPUB) within limits."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

from assistant.errors import DocumentError
from assistant.ingest.readers.source import FinalError, SourceFile

_MOST_MEMBERS = 10_000
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


class DamagedError(DocumentError):
    """A file, or a part of one, is damaged."""


class Package:
    """Members of a zip file, read with a limit on their size together.

    Args:
        source: The file.

    Raises:
        DocumentError: It is no zip file, broken, encrypted, or has too many members.
    """

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._left = source.limits.unpacked_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(source.data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            if source.data.startswith(b"\xd0\xcf\x11\xe0"):
                what = "is an old Office file, or one with a password."
                raise source.error(what, "Save it in the current format without a password.") from error
            raise self.broken() from error
        self.names = [info.filename for info in self._zip.infolist() if not info.filename.endswith("/")]
        if len(self.names) > _MOST_MEMBERS:
            raise source.error(f"holds more than {_MOST_MEMBERS:,} members.", "Split it into smaller files.")
        self._known = frozenset(self.names)

    def broken(self) -> DocumentError:
        """The error for a file that is damaged."""
        what = f"{self.source.name}: is damaged or not of the format that its name says."
        return DamagedError(what, "Save it again.")

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def read(self, name: str) -> bytes:
        """Bytes of a member.

        Raises:
            DocumentError: It is damaged, encrypted, or unpacks to more than is allowed.
        """
        try:
            with self._zip.open(name) as member:
                # The size that the file states may be false: read up to the limit and look.
                data = member.read(self._left + 1)
        except RuntimeError as error:
            raise self.source.error("is protected by a password.", "Save a copy without it.") from error
        except Exception as error:
            raise self.broken() from error
        self._left -= len(data)
        if self._left < 0:
            limit = self.source.limits.unpacked_bytes / 1e6
            raise self.source.over(f"unpacks to more than {limit:.0f} MB.", "unpacked_bytes")
        return data

    def check_xml(self, *, damaged: bool = False) -> None:
        """Unpacks all XML members once, for readers that open the file themselves.

        Args:
            damaged: Whether damaged members are let through.

        Raises:
            DocumentError: One is damaged, protected, declares a document type, or together they unpack to
                more than is allowed.
        """
        left = self._left
        for name in self.names:
            if not name.lower().endswith((".xml", ".rels")):
                continue
            try:
                data = self.read(name)
            except DamagedError:
                if not damaged:
                    raise
                continue
            if declares_type(data):
                raise self._bomb()
        self._left = left

    def _bomb(self) -> DocumentError:
        what = f"{self.source.name}: declares XML entities, which are not read."
        return FinalError(what, "Save it again.")

    def xml(self, name: str) -> ElementTree.Element:
        """The root element of an XML member; document types, which can hide bombs, are refused.

        Raises:
            DocumentError: It is damaged or declares a document type.
        """
        data = self.read(name)
        if declares_type(data):
            raise self._bomb()
        try:
            return ElementTree.fromstring(data)
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise self.broken() from error


def declares_type(data: bytes) -> bool:
    """Whether XML declares a document type, in which a bomb can hide."""
    return any(mark in data for mark in _FORBIDDEN)
