from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.ingest.discover import discover


def test_documents_are_found_in_order_and_the_rest_is_skipped(tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("x")
    root = tmp_path / "corpus"
    for name in (
        "b/z.PDF",
        "b/a.md",
        "a.txt",
        ".hidden.md",
        ".git/x.md",
        "__pycache__/y.md",
        "c.xyz",
        "~$open.docx",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (root / "leads-out.md").symlink_to(outside)
    (root / "stays.md").symlink_to(root / "b" / "a.md")
    (root / "broken.md").symlink_to(root / "none.md")
    (root / "loop").symlink_to(root, target_is_directory=True)
    found = [path.relative_to(root).as_posix() for path in discover(root)]
    assert found == ["a.txt", "b/a.md", "b/z.PDF", "stays.md"]
    assert discover(root / "a.txt") == [root / "a.txt"]
    assert [path.name for path in discover(root, (".txt",))] == ["a.txt"]


def test_a_missing_folder_is_named_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="none does not exist") as caught:
        discover(tmp_path / "none")
    assert caught.value.hint
