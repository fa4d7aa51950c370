"""Keeps fetched documents in a folder, as uploads are kept: the bytes as they came, and where they came from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from assistant.errors import DocumentError
from assistant.fetch.addresses import WebAddress, same_site
from assistant.fetch.content import SUFFIXES
from assistant.fetch.download import Fetcher, Page
from assistant.ingest.origin import (
    Origin,
    file_of_origin,
    origin_file,
    origin_files,
    read_origin,
    replace_bytes,
    write_origin,
)
from assistant.ingest.readers import SourceFile, read_source

_MOST_NAME_BYTES = 90


@dataclass(frozen=True)
class Kept:
    """A fetched document in its folder.

    Attributes:
        file: Where it is.
        origin: Where it came from.
        changed: Whether the bytes are others than before.
        before: The bytes and origin that the file had before; None when it is new.
        replaces: Files of the same address under another name, to be dropped when all went well.
    """

    file: Path
    origin: Origin
    changed: bool
    before: tuple[bytes, Origin | None] | None = None
    replaces: tuple[Path, ...] = ()

    def undo(self) -> None:
        """Brings back what was there before."""
        with _writing(self.file):
            if self.before is None:
                drop_file(self.file)
                return
            data, origin = self.before
            replace_bytes(self.file, data)
            if origin is not None:
                write_origin(self.file, origin)

    def drop_replaced(self) -> None:
        """Deletes the files that this one replaces."""
        for file in self.replaces:
            with _writing(file):
                drop_file(file)


def fetch_into(folder: Path, address: str, fetcher: Fetcher, *, ignore_robots: bool = False) -> Kept:
    """Fetches a document and keeps it under `HOST/WORDS-DIGEST.html` (or `.pdf`) of a folder.

    The same address updates its file. A page without text is refused before anything is written.

    Raises:
        DocumentError: It cannot be fetched, read or written.
    """
    requested = WebAddress.parse(address).url
    known = _known(folder, requested)
    origin = intact_origin(known) if known is not None else None
    page = fetcher.fetch(
        address,
        etag=origin.etag if origin else "",
        last_modified=origin.last_modified if origin else "",
        ignore_robots=ignore_robots,
    )
    if page.unchanged and known is not None and origin is not None:
        return Kept(known, origin, changed=False)
    file = folder / name_of(page.url, page.media_type)
    cited = page.url
    if page.media_type == "text/html":
        document = read_source(SourceFile(name=file.name, data=page.data))
        cited = cited_address(page.url, document.url)
    replaces = (known,) if known is not None and known != file else ()
    return keep_page(file, page, Origin(url=cited, requested=page.requested, fetched=page.fetched), replaces)


def keep_page(file: Path, page: Page, origin: Origin, replaces: tuple[Path, ...] = ()) -> Kept:
    """Writes a fetched document and its origin.

    Raises:
        DocumentError: It cannot be written.
    """
    digest = hashlib.sha256(page.data).hexdigest()
    origin = origin.model_copy(
        update={"sha256": digest, "etag": page.etag, "last_modified": page.last_modified}
    )
    with _writing(file):
        earlier = read_origin(file)
        data = file.read_bytes() if file.is_file() else None
        changed = data != page.data
        if not changed and earlier is not None:
            # The version at hand was fetched when it was; the server's marks may be new.
            origin = origin.model_copy(update={"fetched": earlier.fetched})
        # The origin first: a document without one would pass for a file of the user's.
        write_origin(file, origin)
        if changed:
            replace_bytes(file, page.data)
    before = (data, earlier) if data is not None else None
    return Kept(file, origin, changed, before, replaces)


def name_of(url: str, media_type: str) -> PurePosixPath:
    """A file name that people can read and that belongs to one address."""
    address = WebAddress.parse(url)
    words = address.words().encode()[:_MOST_NAME_BYTES].decode("utf-8", "ignore").strip("-") or "index"
    # `http` and `https` of one address are one document.
    digest = hashlib.sha256(url.partition("://")[2].encode()).hexdigest()[:8]
    host = re.sub(r"[^a-z0-9.-]", "_", address.host)
    port = "" if address.explicit_port is None else f"_{address.port}"
    return PurePosixPath(f"{host}{port}", f"{words}-{digest}{SUFFIXES[media_type]}")


def cited_address(url: str, canonical: str | None) -> str:
    """The address to cite: what the page calls its own, where that is of the same site and as precise.

    A page may name any address as its own; one of another site would lend it a name that it does not have.
    Some sites name their front page on every page.
    """
    if not canonical or not same_site(url, canonical):
        return url
    own, named = urlsplit(url), urlsplit(canonical)
    if (own.path.strip("/") or own.query) and not (named.path.strip("/") or named.query):
        return url
    return canonical


def intact_origin(file: Path) -> Origin | None:
    """The origin of a kept file whose bytes are still those that were fetched."""
    origin = read_origin(file)
    with suppress(OSError):
        if origin is not None and hashlib.sha256(file.read_bytes()).hexdigest() == origin.sha256:
            return origin
    return None


def drop_file(file: Path) -> None:
    """Deletes a kept document, its origin, and its folder when nothing else is there.

    Raises:
        OSError: It cannot be deleted.
    """
    file.unlink(missing_ok=True)
    origin_file(file).unlink(missing_ok=True)
    with suppress(OSError):
        file.parent.rmdir()


def _known(folder: Path, requested: str) -> Path | None:
    """The kept file of an address, by what was asked for or by what is cited."""
    bare = requested.partition("://")[2]
    for path in origin_files(folder):
        file = file_of_origin(path)
        origin = read_origin(file)
        if origin is None or not file.is_file():
            continue
        if bare in (origin.requested.partition("://")[2], origin.url.partition("://")[2]):
            return file
    return None


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DocumentError(
            f"{file} cannot be written: {error.strerror or error}.", "Check rights and free space."
        ) from error
