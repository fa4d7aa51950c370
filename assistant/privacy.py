"""What is whose: collections that only their owner searches, and files that only the server's account reads.

A user who signs in to the page may add documents that are nobody else's. They lie in a collection of their own, and
whoever asks without naming collections, in whichever way, does not get them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant.errors import QuestionError
from assistant.schema import DocumentInfo, Filters

log = logging.getLogger(__name__)

SOURCES = "sources"
"""The collection that `assistant corpus fetch` fills."""
SHARED = "shared"
"""Documents that a user of the page added for everybody."""
OWN = "user"
"""Documents added without signing in: everybody's who uses this home folder."""
_PRIVATE = re.compile(r"user-[0-9a-f]{16}")


def keep_private(file: Path) -> None:
    """Make a file that only the account of the server may read; one that is there is closed to all others.

    Raises:
        OSError: It cannot be made.
    """
    if not file.exists():
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    # Other systems have no such rights.
    if os.name == "posix" and file.stat().st_mode & 0o077:
        try:
            file.chmod(0o600)
        except OSError as error:
            log.warning("Other accounts of this machine can read %s: %s.", file, error.strerror)


def private_collection(owner: str) -> str:
    """Name of the collection that only this user searches; `OWN` while sign-in is off."""
    return f"user-{hashlib.sha256(owner.encode()).hexdigest()[:16]}" if owner else OWN


def is_private(collection: str) -> bool:
    """Whether a collection is one user's alone."""
    return _PRIVATE.fullmatch(collection) is not None


def check_names(
    filters: Filters, collections: Iterable[str], documents: Callable[[], Iterable[DocumentInfo]]
) -> None:
    """Refuses names that nothing has: a search that finds nothing would pass for an answer.

    Args:
        filters: What is asked for.
        collections: All that there are; private ones are not named.
        documents: All documents.

    Raises:
        QuestionError: A topic, language or collection is none that there is; lists them.
    """
    there = {name for name in collections if not is_private(name)}
    # These may be empty as yet; and whoever knows the name of a private one may name it.
    own = {name for name in filters.collections if is_private(name)}
    _refuse_others("collection", filters.collections, there, {"corpus", SOURCES, SHARED, OWN, *own})
    if filters.topics or filters.languages:
        known = [each for each in documents() if each.collection in there | own]
        _refuse_others("topic", filters.topics, {each.topic for each in known if each.topic})
        _refuse_others("language", filters.languages, {each.language for each in known}, {"en", "zh"})


def _refuse_others(kind: str, names: Iterable[str], there: set[str], allowed: Iterable[str] = ()) -> None:
    known = {name.casefold() for name in (*there, *allowed)}
    for name in names:
        if there and name.casefold() not in known:
            raise QuestionError(
                f"There is no {kind} '{name[:50]}'.", f"There are: {', '.join(sorted(there))}."
            )


def public(filters: Filters | None, collections: Iterable[str]) -> Filters | None:
    """The same filters, but without the private collections unless they are named.

    Args:
        filters: Which documents are asked for.
        collections: All that there are.
    """
    if filters is not None and filters.collections:
        return filters
    known = sorted(set(collections))
    allowed = tuple(name for name in known if not is_private(name))
    # Nothing to keep out: no condition that a search would have to look at.
    if len(allowed) == len(known):
        return filters
    # Where there are private documents alone, a name that no document has.
    return (filters or Filters()).model_copy(update={"collections": allowed or ("corpus",)})
