from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.readers import SUPPORTED_SUFFIXES, Limits, read_document
from tests.ingest import files
from tests.ingest.files import HTML_PAGE, SENTENCE, read


def test_the_content_decides_where_the_suffix_is_wrong() -> None:
    assert read("a.txt", files.pdf([[("paragraph", SENTENCE)]])).media_type == "application/pdf"
    assert read("a.md", HTML_PAGE).media_type == "text/html"
    assert read("a.bin", files.docx("<w:p><w:r><w:t>Text.</w:t></w:r></w:p>")).text == "Text."


def test_path_is_relative_to_the_root_and_the_file_is_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "chips" / "a.md"
    path.parent.mkdir()
    path.write_text("Text.")
    assert read_document(path, root=tmp_path, collection="user").path == "chips/a.md"
    path.write_bytes(b"\0" * 100)
    with pytest.raises(DocumentError, match=r"chips/a\.md is empty"):
        read_document(path, root=tmp_path)


def test_missing_folder_large_and_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="does not exist"):
        read_document(tmp_path / "none.md", root=tmp_path)
    with pytest.raises(DocumentError, match="is a folder"):
        read_document(tmp_path, root=tmp_path)
    (tmp_path / "big.md").write_text("x" * 2000)
    with pytest.raises(DocumentError, match="the limit is"):
        read_document(tmp_path / "big.md", root=tmp_path, limits=Limits(file_bytes=1000))
    with pytest.raises(DocumentError, match=r"Formats: \.md"):
        read("a.xyz", "text")
    with pytest.raises(DocumentError, match="more than 100 characters"):
        read("a.txt", "x" * 200, characters=100)


HOSTILE = {
    "empty": b"",
    "blank": b" \n\t \n",
    "nuls": b"\0" * 1000,
    "junk": bytes(range(256)) * 50,
    "pdf magic": b"%PDF-1.7\n" + b"\xff" * 500,
    "truncated pdf": files.pdf([[("paragraph", SENTENCE)]])[:700],
    "zip magic": b"PK\x03\x04" + b"\0" * 300,
    "truncated docx": files.docx("<w:p/>")[:200],
    "empty docx": files.docx(""),
    "old office": b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    "long line": b"a" * 200_000,
    "stars": b"*" * 200_000,
    "brackets": b"[" * 200_000,
    "quotes": b"> " * 50_000,
    "open tags": b"<a " * 50_000,
    "comments": b"<!--" * 50_000,
    "surrogates": b"\xed\xa0\x80" * 100,
    "yaml bomb": b"---\na: &a [x,x]\nb: &b [*a,*a]\ntitle: *b\n---\ntext",
    "nested yaml": b"---\na: " + b"[" * 5000 + b"\n---\ntext",
    "rules": b"---\n" * 1000,
    "title tag": b"<title><script>alert(1)</script></title><p>x",
}


@pytest.mark.parametrize("suffix", SUPPORTED_SUFFIXES)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_give_a_document_or_a_document_error(
    suffix: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"hostile{suffix}"
    path.write_bytes(content)
    try:
        document = read_document(path, root=tmp_path)
    except DocumentError as error:
        assert path.name in error.what
        assert error.hint
    else:
        assert document.text.strip()
        assert "\0" not in document.text
        assert document.title
