"""The house rules that no single room can keep by itself."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "assistant"

# Who may import whom, from the ground up; a room may import rooms of lower layers and itself.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "rate_limit"}),
    frozenset({"work"}),
    frozenset({"schema", "settings", "resources"}),
    frozenset({"ingest", "models", "privacy"}),
    frozenset({"index", "fetch"}),
    frozenset({"retrieval"}),
    frozenset({"answering"}),
    # The parts of the one object that users hold.
    frozenset({"uploads", "request"}),
    frozenset({"retriever", "kept_answers"}),
    frozenset({"webpages"}),
    frozenset({"library"}),
    frozenset({"tool"}),
    frozenset({"runnable", "engine"}),
    frozenset({"assistant"}),
    frozenset({"web", "batch", "evaluation", "doctor"}),
    # The server also serves the pages of the web UI.
    frozenset({"serve"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
# The typed record offers its own Markdown form; the renderer lives with the other writers of answers.
# `Answer.to_markdown` and `Assistant.batch_file` are doors to what lies above them.
ALLOWED_UPWARD = {("schema", "answering"), ("assistant", "batch")}


@cache
def modules() -> dict[str, Path]:
    """Dotted names of all modules of the package."""
    names = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def room_of(module: str) -> str:
    """The room of a module: the second part of its name; empty for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def level(room: str) -> int:
    found = [number for number, layer in enumerate(LAYERS) if room in layer]
    assert found, f"The room '{room}' has no layer; give it one in LAYERS."
    return found[0]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Absolute names that a file imports anywhere, also inside functions, with their lines."""
    tree = ast.parse(path.read_text("utf-8"))
    package = ".".join(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = package.split(".")
                base = ".".join(stem[: len(stem) - node.level + 1] + ([base] if base else []))
            yield base, node.lineno
            for alias in node.names:
                if f"{base}.{alias.name}" in modules():
                    yield f"{base}.{alias.name}", node.lineno


def test_imports_point_one_way() -> None:
    wrong = []
    for module, path in modules().items():
        room = room_of(module)
        if not room:
            continue
        for name, line in imports_of(path):
            other = room_of(name) if name.split(".")[0] == "assistant" else ""
            if not other or other == room or (room, other) in ALLOWED_UPWARD:
                continue
            if level(other) >= level(room):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules().values()
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_no_catch_all_modules() -> None:
    assert not [m for m in modules() if re.fullmatch(r"(utils?|helpers?|common|misc)", m.rsplit(".", 1)[-1])]


def declared() -> dict[str, set[str]]:
    """Normalised names of the distributions that pyproject.toml asks for, by extra; '' for the base."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: {normal(re.split(r"[\[<>=!~ ;]", text, maxsplit=1)[0]) for text in texts}
        for extra, texts in groups.items()
    }


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_declared() -> None:
    known = set().union(*declared().values())
    owners = packages_distributions()
    missing = set()
    for path in modules().values():
        for name, line in imports_of(path):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in {"assistant", ""}:
                continue
            # What is not installed here belongs to an extra that the tests do without.
            distributions = {normal(owner) for owner in owners.get(top, ())} or {normal(top)}
            if not distributions & known:
                missing.add(f"{path.relative_to(ROOT)}:{line}: {top} ({', '.join(sorted(distributions))})")
    assert not missing, "\n".join(sorted(missing))


def test_constraints_name_one_tested_version_of_everything_declared() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    wrong = [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)]
    assert not wrong, "Only NAME==VERSION: no address, no path, no local build."
    pinned = {normal(line.partition("==")[0]) for line in pins}
    assert len(pinned) == len(pins)
    assert not set().union(*declared().values()) - pinned - {"china-ai-chip-assistant"}


def test_constraints_lie_within_the_declared_ranges() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    texts = [*project["dependencies"], *(t for ts in project["optional-dependencies"].values() for t in ts)]
    rows = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {normal(r.partition("==")[0]): r.partition("==")[2] for r in rows if "==" in r and r[0] != "#"}
    wrong = [
        f"{requirement} but {pins[normal(requirement.name)]}"
        for requirement in map(Requirement, texts)
        if normal(requirement.name) in pins
        and not requirement.specifier.contains(pins[normal(requirement.name)], prereleases=True)
    ]
    assert not wrong


OFFLINE = """
import importlib, socket, sys
def refuse(*arguments, **named):
    raise AssertionError(f"network used at import: {arguments}")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
for name in sys.argv[1:]:
    importlib.import_module(name)
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""
HEAVY = {"torch", "sentence_transformers", "chromadb", "gradio", "transformers", "xllamacpp", "openai"}


def import_offline(names: Sequence[str], folder: Path) -> set[str]:
    """Import modules in a new process whose sockets refuse; the packages that are loaded then."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *names], capture_output=True, text=True, cwd=folder, env=os.environ
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stdout.partition("LOADED")[2].split())


def test_importing_uses_no_network(tmp_path: Path) -> None:
    import_offline([name for name in modules() if name != "assistant.__main__"], tmp_path)


def test_the_ways_in_load_nothing_heavy(tmp_path: Path) -> None:
    # Rooms behind a way in may import their heavy package at their top, as the pages of the web UI do Gradio.
    names = ["assistant", "assistant.assistant", "assistant.cli", "assistant.doctor", "assistant.web.app"]
    assert not import_offline(names, tmp_path) & HEAVY


def test_importing_writes_nothing(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ASSISTANT_HOME": str(tmp_path / "home"),
        "ASSISTANT_CACHE": str(tmp_path / "c"),
    }
    code = "import assistant, assistant.cli, assistant.settings; assistant.settings.load_settings()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("setting", "pattern"),
    [
        ("Chroma's telemetry is off", r"anonymized_telemetry\s*=\s*False"),
        ("Gradio's analytics are off", r"GRADIO_ANALYTICS_ENABLED[\"'],\s*[\"']False"),
    ],
)
def test_telemetry_is_off(setting: str, pattern: str) -> None:
    assert any(re.search(pattern, path.read_text("utf-8")) for path in modules().values()), setting


def test_the_repository_names_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git clone")
    texts = (".py", ".md", ".toml", ".yaml", ".txt", ".html", ".js", ".css", "run", "Makefile")
    private = re.compile(r"/(?:root|home/[a-z]+)/|file://|/usr/share/[a-z]|\b10\.\d+\.\d+\.\d+\b")
    wrong = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if (
            not name.endswith(texts)
            or name.startswith(("corpus/", "tests/", "benchmarks/"))
            or not path.is_file()
        ):
            continue
        wrong += [f"{name}: {line}" for line in path.read_text("utf-8").splitlines() if private.search(line)]
    assert not wrong
