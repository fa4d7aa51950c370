"""Indexes that are damaged, read-only, or on a full disk: told apart, and mended by `assistant index`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.doctor import examine
from assistant.errors import BrokenIndexError, IndexingError, ReadOnlyIndexError
from assistant.settings import load_settings
from tests.doubles import WordEmbeddings

pytestmark = pytest.mark.usefixtures("steady", "bare_environment")
# More passages than Chroma keeps outside of its graph.
MANY = 1_100


def open_assistant(home: Path) -> Assistant:
    return Assistant(model="extractive", home=home, corpus=home.parent / "corpus", embedding=WordEmbeddings())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with an index of many passages and an uploaded memo."""
    base = tmp_path_factory.mktemp("whole")
    (base / "corpus").mkdir()
    paragraphs = [f"Zorbium {n} ships {n} quartz chips. " * 12 for n in range(MANY)]
    (base / "corpus/long.md").write_text("# Long\n\n" + "\n\n".join(paragraphs))
    (base / "corpus/base.md").write_text("# Base\n\nThe corpus names Huawei.\n")
    (base / "memo.md").write_text("# Memo\n\nThe memo names Hygon.\n")
    with open_assistant(base / "home") as assistant:
        assistant.add_documents(base / "memo.md")
        assert assistant.sync().passages > 1_000
    return base


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "place")) / "home"


def build(home: Path) -> Path:
    return next(path for path in (home / "index").iterdir() if path.is_dir())


def noise(file: Path) -> None:
    file.write_bytes(os.urandom(20_000))


def each(folders: Callable[[Path], Iterator[Path]], do: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        found = list(folders(home))
        assert found
        for path in found:
            do(path)

    return damage


def graphs(home: Path) -> Iterator[Path]:
    return (path for path in (build(home) / "chroma").iterdir() if path.is_dir())


DAMAGE: dict[str, Callable[[Path], object]] = {
    "Chroma's database is noise": lambda h: noise(build(h) / "chroma/chroma.sqlite3"),
    "Chroma's database is cut": lambda h: os.truncate(build(h) / "chroma/chroma.sqlite3", 3_000),
    "Chroma's database is empty": lambda h: os.truncate(build(h) / "chroma/chroma.sqlite3", 0),
    "Chroma's folder is gone": lambda h: shutil.rmtree(build(h) / "chroma"),
    "Chroma's graph is gone": each(graphs, shutil.rmtree),
    "Chroma's graph is noise": each(lambda h: (f for g in graphs(h) for f in g.iterdir()), noise),
    "the catalogue is noise": lambda h: noise(build(h) / "catalog.sqlite3"),
    "the catalogue is cut": lambda h: os.truncate(build(h) / "catalog.sqlite3", 5_000),
    "the catalogue is gone": lambda h: (build(h) / "catalog.sqlite3").unlink(),
    "the lexical index is noise": each(
        lambda h: (f for lexical in build(h).glob("lexical-*") for f in lexical.iterdir()), noise
    ),
    "the lexical index is gone": each(lambda h: build(h).glob("lexical-*"), shutil.rmtree),
    "the pointer is noise": lambda h: noise(h / "index/current.json"),
    "the pointer is gone": lambda h: (h / "index/current.json").unlink(),
    "a folder is a file": lambda h: (shutil.rmtree(h / "index"), (h / "index").write_text("x")),
}
# These are made again without a word, as all that they hold is elsewhere.
SILENT = {
    "the catalogue is gone",
    "the lexical index is noise",
    "the lexical index is gone",
    "the pointer is noise",
    "the pointer is gone",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_index_command_mends_it(damage: str, home: Path) -> None:
    DAMAGE[damage](home)
    told = ""
    try:
        with open_assistant(home) as assistant:
            assert assistant.search("Hygon", k=5)
    except BrokenIndexError as error:
        told = str(error)
        assert "is damaged" in told and "Run `assistant index`" in told
    assert bool(told) is (damage not in SILENT)
    with open_assistant(home) as assistant:
        report = assistant.sync(mend=True)
        assert ("was moved to" in report.rebuilt) is bool(told)
        assert {d.path for d in assistant.documents()} == {"base.md", "long.md", "memo.md"}
        # Neighbours by vector are approximate, and vie with the one passage that has the word.
        assert any("Hygon" in hit.passage.text for hit in assistant.search("Hygon", k=5))
        assert assistant.library.open().check() == []
    assert (home / "index.broken").exists() is bool(told)


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name not in SILENT])
def test_doctor_names_it_and_changes_nothing(damage: str, home: Path) -> None:
    DAMAGE[damage](home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    found = [f for f in examine(load_settings(home=home)).findings if f.area == "Index"]
    if damage == "a folder is a file":
        assert found[0].state == "optional"
    else:
        assert found[0].state == "problem" and found[0].remedy == "assistant index", found
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_doctor_finds_a_whole_index_well(home: Path) -> None:
    (finding, *_) = [f for f in examine(load_settings(home=home)).findings if f.area == "Index"]
    assert finding.state == "ok" and "3 documents" in finding.detail


@pytest.mark.parametrize("when", ["at the first file", "before the uploads"])
def test_a_kill_in_the_middle_of_mending_loses_nothing(when: str, home: Path) -> None:
    DAMAGE["Chroma's database is noise"](home)
    script = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.index.test_damage import open_assistant
def killed(*_, **__):
    os._exit(9)
if sys.argv[3] == "before the uploads":
    killed_later, killed = killed, None
    import assistant.library
    assistant.library.left_over = killed_later
open_assistant(Path(sys.argv[1])).sync(killed, mend=True)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, str(home), str(root), when], check=False)
    assert done.returncode == 9 and (home / "index.broken").is_dir()
    with open_assistant(home) as assistant:
        assert {d.path for d in assistant.documents()} == {"base.md", "long.md", "memo.md"}
        assert assistant.library.open().check() == []


@pytest.fixture
def read_only(home: Path) -> Iterator[Path]:
    """The home folder without the right to write, also for root."""
    if os.name != "posix":
        pytest.skip("needs the rights of POSIX")
    if os.geteuid() != 0:
        folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        yield home
        for folder in folders:
            folder.chmod(0o755)
        return
    for arguments in (["--bind", str(home), str(home)], ["-o", "remount,bind,ro", str(home)]):
        if subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode:
            pytest.skip("this root may not mount")
    yield home
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_read_only_home_is_searched(read_only: Path) -> None:
    with open_assistant(read_only) as assistant:
        assert len(assistant.documents()) == 3
        assert "Hygon" in assistant.search("Hygon", k=1)[0].passage.text
        assert assistant.ask("What does the memo name?").status == "answered"
        with pytest.raises(ReadOnlyIndexError, match="cannot be written"):
            assistant.sync()
        (read_only.parent / "new.md").write_text("# New\n\nText.\n")
        with pytest.raises(Exception, match=r"Read-only|rights"):
            assistant.add_documents(read_only.parent / "new.md")
        # What failed to be written is not taken for damage.
        assert len(assistant.documents()) == 3


def test_a_full_disk_is_no_damage(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (home.parent / "corpus/base.md").write_text("# Base\n\nChanged.\n")
    with open_assistant(home) as assistant:
        with monkeypatch.context() as patch:
            patch.setattr("assistant.index.store.PassageStore.add", full)
            with pytest.raises(IndexingError, match="disk is full") as told:
                assistant.sync()
        assert not isinstance(told.value, BrokenIndexError | ReadOnlyIndexError)
        assert assistant.sync().count("updated") == 1
    assert not (home / "index.broken").exists()
