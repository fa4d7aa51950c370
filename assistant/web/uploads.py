"""Documents that users add: checked, kept in the data folder, indexed, removable."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.engine import Engine
from assistant.errors import AssistantError
from assistant.fetch import is_web_address
from assistant.ingest.origin import origin_file
from assistant.ingest.reading import READABLE_SUFFIXES, limits_of
from assistant.privacy import SHARED, private_collection
from assistant.schema import DocumentInfo, Filters
from assistant.web.i18n import words
from assistant.web.render import render

SUFFIXES = READABLE_SUFFIXES
MOST_ADDRESSES = 20
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Line:
    """What became of one file or address."""

    name: str
    ok: bool
    message: str


def collection_of(owner: str, who: str) -> str:
    """Collection of an upload: everybody's, or the user's own."""
    return SHARED if who == "shared" else private_collection(owner)


def safe_name(name: str) -> str:
    """A file name without folders, control characters or a leading dot."""
    bare = re.sub(r"[\x00-\x1f/\\:*?\"<>|]", "_", Path(name.replace("\\", "/")).name).strip(" .")
    stem, suffix = Path(bare).stem, Path(bare).suffix
    return f"{(stem or 'document')[:120]}{suffix[:10].lower()}"


def add_files(
    engine: Engine,
    uploads: Path,
    language: str,
    collection: str,
    files: Sequence[tuple[Path, str]],
    progress: Progress | None = None,
) -> list[Line]:
    """Keep and index files; what cannot be read is reported and not kept.

    Args:
        engine: Indexes the files.
        uploads: Folder of all uploads; the files go to its folder of the collection.
        language: Language of the report.
        collection: Collection that they join.
        files: Where each file lies now, and its name.
        progress: Called with number, count and name of each file before it is read.
    """
    folder = uploads / collection
    folder.mkdir(parents=True, exist_ok=True)
    report = []
    for number, (source, original) in enumerate(files, start=1):
        name = safe_name(original)
        if progress:
            progress(number, len(files), name)
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            report.append(Line(name, False, words(language, "upload_kind", suffix=suffix or "–")))
            continue
        if source.stat().st_size > limits_of(engine.settings).file_bytes:
            limit = f"{engine.settings.max_file_mb:g}"
            report.append(Line(name, False, words(language, "upload_large", limit=limit)))
            continue
        report.append(_add_one(engine, folder, language, collection, source, name))
    return report


def split_addresses(text: str) -> list[str]:
    """The addresses that a user typed or pasted, each once, in their order; one without a scheme means https."""
    found = [
        piece if is_web_address(piece) else f"https://{piece}"
        for piece in re.split(r"[\s<>]+", text)
        if piece
    ]
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


def add_address(engine: Engine, language: str, collection: str, address: str) -> Line:
    """Fetch and index one document of the web; what cannot be had is reported."""
    try:
        report = engine.add_documents([address], collection=collection)
    except AssistantError as error:
        return Line(address, False, f"{words(language, 'upload_refused')}: {error}")
    mine = next((file for file in report.files if file.status != "removed"), None)
    if mine is None or mine.status == "failed":
        reason = mine.reason if mine else ""
        return Line(address, False, f"{words(language, 'upload_refused')}: {reason}")
    return Line(address, True, words(language, "upload_done", count=mine.passages))


def _add_one(engine: Engine, folder: Path, language: str, collection: str, source: Path, name: str) -> Line:
    target = folder / name
    before = target.read_bytes() if target.exists() else None
    partial = folder / f".{name}.part"
    shutil.copyfile(source, partial)
    partial.replace(target)
    try:
        found = engine.add_documents([target], collection=collection)
        # An archive has a line for each of its files.
        told = [file for file in found.files if file.status not in ("removed", "skipped")]
        done = [file for file in told if file.status != "failed"]
        reasons = [
            file.reason if file.path == name else f"{file.path}: {file.reason}"
            for file in told
            if file.status == "failed"
        ]
    except AssistantError as error:
        done, reasons = [], [str(error)]
    if not done:
        # A file that cannot be read must not replace one that could.
        if before is None:
            target.unlink(missing_ok=True)
        else:
            target.write_bytes(before)
        # Reasons go on from the name of the file.
        refused = "; ".join(f"it {r}" if language == "en" and r[:1].islower() else r for r in reasons[:3])
        return Line(name, False, f"{words(language, 'upload_refused')}: {refused}")
    message = words(language, "upload_done", count=sum(file.passages for file in done))
    return Line(name, True, "; ".join([message, *reasons[:3]]))


def added(engine: Engine, owner: str) -> list[DocumentInfo]:
    """Documents of the user's own and the shared collection, newest date first."""
    try:
        found = engine.documents(Filters(collections=(private_collection(owner), SHARED)))
    except AssistantError:
        return []
    return sorted(found, key=lambda d: (d.collection, d.title.casefold()))


def forget(engine: Engine, uploads: Path, owner: str, path: str, collection: str) -> bool:
    """Remove an added document from the index and from disk; False when it is not the user's to remove."""
    if collection not in (private_collection(owner), SHARED):
        return False
    removed = engine.remove([path], collection=collection)
    root = (uploads / collection).resolve()
    file = (root / path).resolve()
    if file.is_relative_to(root):
        file.unlink(missing_ok=True)
        origin_file(file).unlink(missing_ok=True)
    return removed > 0


def uploads_html(
    language: str, documents: Sequence[DocumentInfo], report: Sequence[Line] = (), busy: str = ""
) -> str:
    """HTML of the report of the last upload and of all added documents."""
    return render("uploads", language, documents=documents, report=report, busy=busy)
