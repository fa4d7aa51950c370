"""What travels in a wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return next(out.glob("*.whl"))


def names_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_corpus_and_prompts_are_whole(wheel: Path) -> None:
    names = names_of(wheel)
    for folder in ("corpus", "prompts"):
        here = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert here, folder
        assert {name.removeprefix("assistant/_data/") for name in names} >= here


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    names = names_of(wheel)
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "assistant").rglob("*")
        if path.is_file() and not any(part == "__pycache__" or part[0] == "." for part in path.parts)
    }
    assert not here - names
    # Modules, templates, words of the web UI, name lists: more than Python alone.
    assert {Path(name).suffix for name in here} > {".py", ".yaml", ".html"}
    assert "assistant/py.typed" in names


def test_nothing_else_is_in_it(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names_of(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"assistant"}


def test_installed_away_from_the_repository_it_finds_its_data(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "from assistant import resources\n"
        "print(resources.corpus_folder()); print(resources.prompts_folder())\n"
        "print(resources.repository_folder())"
    )
    # -P and the path come first, so that the clone is not found.
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n{code}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    data = tmp_path / "site" / "assistant" / "_data"
    assert done.stdout.split() == [str(data / "corpus"), str(data / "prompts"), "None"]
