"""A reading process whose first PDF reader breaks in the way that the file's name says."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Any

from assistant.ingest import worker_main
from assistant.ingest.readers import pdf, pdfium
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

_read, _read_next = pdf.read, pdfium.read


def _break(source: SourceFile) -> Document:
    match source.stem:
        case "hang" | "hang-all":
            while True:
                time.sleep(0.01)
        case "crash":
            ctypes.string_at(0)
        case "memory":
            hoard: list[Any] = []
            while True:
                hoard.append(bytearray(50_000_000))
        case "print":
            sys.stdout.write('{"kind": "document"}\n')
            sys.stdout.flush()
            os.write(1, b"noise\n")
        case "exit":
            os._exit(3)
        case "environment":
            return _read(source).model_copy(update={"title": " ".join(sorted(os.environ))})
    return _read(source)


def _break_next(source: SourceFile) -> Document:
    while source.stem == "hang-all":
        time.sleep(0.01)
    return _read_next(source)


if __name__ == "__main__":
    pdf.read, pdfium.read = _break, _break_next
    worker_main.main()
