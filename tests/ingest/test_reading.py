from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.archive import split_member
from assistant.ingest.discover import survey
from assistant.ingest.readers import Limits
from assistant.ingest.reading import limits_of, read_file, unpack_file
from assistant.ingest.worker import ReadingProcess
from assistant.settings import Settings
from tests.ingest import files

SENTENCE = "Huawei said that the chip is faster than the one before. "
PDF = files.pdf([[("paragraph", SENTENCE * 4)]])


@pytest.fixture(scope="module")
def process() -> Iterator[ReadingProcess]:
    """A process whose PDF readers do what the file's name says."""
    worker = ReadingProcess("tests.ingest.breaking_worker")
    yield worker
    worker.close()


def put(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# A process of its own


def test_a_file_of_a_foreign_format_is_read_in_another_process(tmp_path: Path) -> None:
    document = read_file(put(tmp_path, "a.pdf", PDF), root=tmp_path, collection="user")
    assert (document.path, document.collection, document.reader) == ("a.pdf", "user", "pypdf")
    assert document.text.startswith("Huawei")
    assert document.remarks == ()


def test_text_is_read_without_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.ingest.reading.reading_process", lambda: pytest.fail("started a process"))
    assert read_file(put(tmp_path, "a.md", "# Part\n\nText."), root=tmp_path).text == "Part\n\nText."


@pytest.mark.skipif(os.name != "posix", reason="signals and limits of memory")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hang.pdf", "took more than 5 seconds"),
        ("crash.pdf", "crash"),
        ("memory.pdf", "MB of memory"),
        ("print.pdf", ""),
        ("exit.pdf", "exit code 3"),
    ],
)
def test_what_a_reader_does_costs_that_file_alone(
    name: str, words: str, tmp_path: Path, process: ReadingProcess
) -> None:
    limits = Limits(seconds=5 if name == "hang.pdf" else 120, memory_bytes=700_000_000)
    path = put(tmp_path, name, PDF)
    document = process.read(path, root=tmp_path, collection="user", limits=limits)
    # The next reader takes over, and what happened is told.
    assert document.text.startswith("Huawei said")
    if words:
        assert document.reader == "PDFium"
        assert words in document.remarks[0]
        assert document.remarks[0].startswith("not read by pypdf")
    path = put(tmp_path, "b.pdf", PDF)
    healthy = process.read(path, root=tmp_path, collection="user", limits=Limits())
    assert healthy.reader == "pypdf"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_when_every_reader_hangs_the_limit_and_its_setting_are_named(
    tmp_path: Path, process: ReadingProcess
) -> None:
    path = put(tmp_path, "hang-all.pdf", PDF)
    with pytest.raises(DocumentError, match=r"hang-all\.pdf: took more than 1 seconds") as caught:
        process.read(path, root=tmp_path, collection="user", limits=Limits(seconds=1))
    assert caught.value.hint == "Raise ASSISTANT_READ_SECONDS."


def test_a_process_that_ended_while_idle_is_started_again(tmp_path: Path) -> None:
    worker = ReadingProcess()
    path = put(tmp_path, "a.pdf", PDF)
    try:
        for _ in range(2):
            assert worker.read(path, root=tmp_path, collection="user", limits=Limits()).text
            worker.close()
    finally:
        worker.close()


def test_keys_do_not_reach_the_process(
    tmp_path: Path, process: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    process.close()
    path = put(tmp_path, "environment.pdf", PDF)
    document = process.read(path, root=tmp_path, collection="user", limits=Limits())
    assert "PATH" in document.title
    assert "OPENAI" not in document.title


def test_limits_come_from_the_settings() -> None:
    limits = limits_of(Settings(max_file_mb=1, read_seconds=7, max_members=3))
    assert (limits.file_bytes, limits.seconds, limits.members) == (1_000_000, 7, 3)
    assert limits_of(Settings()) == Limits()


# Archives


def test_files_in_an_archive_are_documents(tmp_path: Path) -> None:
    inner = files.zipped({"deep.md": "Deep text."})
    members = {"reports/a.pdf": PDF, "note.md": "# Note\n\nText.", "inner.zip": inner, "picture.png": b"x"}
    path = put(tmp_path, "set/all.zip", files.zipped(members))
    archive = unpack_file(path, root=tmp_path)
    assert archive is not None
    names = [member.name for member in archive.members]
    assert names == ["inner.zip!/deep.md", "note.md", "reports/a.pdf"]
    assert [(each.name, each.is_failure) for each in archive.refused] == [("picture.png", False)]
    for name in names:
        document = read_file(path.with_name("all.zip!") / name, root=tmp_path)
        assert document.path == f"set/all.zip!/{name}"
        assert document.sha256 == next(m.sha256 for m in archive.members if m.name == name)


def test_one_broken_member_does_not_lose_the_others(tmp_path: Path) -> None:
    path = put(tmp_path, "a.zip", files.zipped({"good.md": "Good text.", "bad.md": "x" * 5000}))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("bad.md").header_offset
    data[start + 40 : start + 46] = b"\xff" * 6
    path.write_bytes(data)
    found = unpack_file(path, root=tmp_path)
    assert found is not None
    assert [member.name for member in found.members] == ["good.md"]
    assert [each.name for each in found.refused] == ["bad.md"]
    assert "damaged" in found.refused[0].what


@pytest.mark.parametrize(
    "name",
    ["../out.md", "/etc/out.md", "a/../../out.md", "..\\out.md", "C:\\out.md", "a//b.md", "bell\x07.md"],
)
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    found = unpack_file(
        put(tmp_path, "a.zip", files.zipped({name: "Text.", "ok.md": "Text."})), root=tmp_path
    )
    assert found is not None
    assert [member.name for member in found.members] == ["ok.md"]
    assert len(found.refused) == 1


def test_links_and_locked_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.md", "Text.")
    data = path.read_bytes()
    # The flag for encryption, in the member's own head and in the directory.
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rindex(mark) + offset
        data = data[:at] + b"\x01" + data[at + 1 :]
    path.write_bytes(data)
    found = unpack_file(path, root=tmp_path)
    assert found is not None
    assert not found.members
    assert [("link" in each.what, "password" in each.what) for each in found.refused] == [
        (True, False),
        (False, True),
    ]


def test_bombs_are_refused(tmp_path: Path) -> None:
    zeros = files.zipped({"zeros.txt": b"0" * 20_000_000, "ok.md": "Text."})
    found = unpack_file(put(tmp_path, "a.zip", zeros), root=tmp_path)
    assert found is not None
    assert "200 times its size" in found.refused[0].what
    with pytest.raises(DocumentError, match="unpacks to more than 2 MB") as caught:
        text = {f"{n}.txt": os.urandom(300_000).hex() for n in range(4)}
        limits = Limits(unpacked_bytes=1_800_000)
        unpack_file(put(tmp_path, "b.zip", files.zipped(text)), root=tmp_path, limits=limits)
    assert "ASSISTANT_MAX_UNPACKED_MB" in caught.value.hint
    with pytest.raises(DocumentError, match="more than 3 files"):
        many = files.zipped({f"{n}.md": "x" for n in range(4)})
        unpack_file(put(tmp_path, "c.zip", many), root=tmp_path, limits=Limits(members=3))


def test_archives_nest_twice_at_most(tmp_path: Path) -> None:
    data = files.zipped({"a.md": "Text."})
    for _ in range(4):
        data = files.zipped({"in.zip": data})
    found = unpack_file(put(tmp_path, "a.zip", data), root=tmp_path)
    assert found is not None
    assert not found.members
    assert "archives deep" in found.refused[0].what


def test_names_that_a_chinese_program_wrote(tmp_path: Path) -> None:
    path = put(tmp_path, "a.zip", files.zipped({"AAAAAA.md": "Text."}))
    path.write_bytes(path.read_bytes().replace(b"AAAAAA", "华为的".encode("gb18030")))
    found = unpack_file(path, root=tmp_path)
    assert found is not None
    assert [member.name for member in found.members] == ["华为的.md"]
    assert read_file(path.with_name("a.zip!") / "华为的.md", root=tmp_path).text == "Text."


def test_a_folder_that_is_named_like_an_archive_is_a_folder(tmp_path: Path) -> None:
    path = put(tmp_path, "a.zip!/b.md", "Text.")
    assert split_member(path) is None
    assert read_file(path, root=tmp_path).path == "a.zip!/b.md"


# Folders


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_what_is_not_read_of_a_folder_is_told_with_the_reason(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root, "a.md", "Text.")
    put(root, "b.png", b"x")
    put(root, "sub/odd\nname.md", "Text.")
    put(tmp_path, "secret.md", "Secret.")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    (root / "gone.md").symlink_to(root / "none.md")
    (root / "loop.md").symlink_to(root / "loop.md")
    (root / "folder").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(root / "pipe.md")
    found = survey(root)
    assert [path.name for path in found.files] == ["a.md"]
    told = {each.name: each.what for each in found.refused}
    assert "format" in told["b.png"]
    assert "leads out of the folder" in told["link.md"]
    assert "no regular file" in told["pipe.md"]
    assert "link to a folder" in told["folder"]
    assert "link" in told["gone.md"] and "loop.md" in told
    assert "not text" in told["sub/odd?name.md"]
