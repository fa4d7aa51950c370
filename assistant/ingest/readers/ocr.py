"""Reads scanned PDF by OCR, when Tesseract and pypdfium2 are installed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Sequence

from assistant.ingest.readers import pdf
from assistant.ingest.readers.builder import DocumentBuilder
from assistant.ingest.readers.layout import Line, add_pages
from assistant.ingest.readers.pdfium import open_pdf
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

_DOTS_PER_INCH = 200
_MOST_PAGES = 300
# A poster rendered at full size would take gigabytes.
_MOST_PIXELS = 25_000_000


def read(source: SourceFile) -> Document:
    """Reads the pictures of a scanned PDF's pages.

    Raises:
        DocumentError: Tesseract is not installed, fails or finds no text, or there are too many pages.
        ImportError: pypdfium2 is not installed.
    """
    file = open_pdf(source)
    try:
        count = len(file)
    finally:
        file.close()
    pdf.check_page_count(source, count)
    found = read_pages(source, range(count))
    pages = [found[number] for number in range(count)]
    pdf.check_text(source, pages)
    builder = DocumentBuilder(source)
    add_pages(builder, pages, ())
    return builder.build(media_type=pdf.MEDIA_TYPE, page_count=count)


def read_pages(source: SourceFile, numbers: Sequence[int]) -> dict[int, list[Line]]:
    """Lines of the given pages, counted from 0, by OCR.

    Raises:
        DocumentError: Tesseract is not installed or fails, or there are too many pages.
        ImportError: pypdfium2 is not installed.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise source.error(
            "has no text and Tesseract is not installed.", "Install Tesseract and add it again."
        )
    if len(numbers) > _MOST_PAGES:
        raise source.error(f"has more than {_MOST_PAGES} scanned pages.", "Run `ocrmypdf` on it first.")
    languages = _languages(program)
    found = {}
    file = open_pdf(source)
    try:
        for number in numbers:
            source.alive()
            page = file[number]
            width, height = page.get_size()
            scale = min(_DOTS_PER_INCH / 72, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
            picture = io.BytesIO()
            page.render(scale=scale, grayscale=True).to_pil().save(picture, "PNG")
            page.close()
            found[number] = _lines(source, program, languages, picture.getvalue())
    finally:
        file.close()
    return found


def _languages(program: str) -> str:
    """Those of English and Chinese that Tesseract has, in its own notation."""
    result = subprocess.run([program, "--list-langs"], capture_output=True, timeout=30, check=False)
    known = re.findall(r"^\w+$", result.stdout.decode(errors="replace"), re.MULTILINE)
    return "+".join(name for name in ("eng", "chi_sim", "chi_tra") if name in known) or "eng"


def _lines(source: SourceFile, program: str, languages: str, picture: bytes) -> list[Line]:
    command = [program, "stdin", "stdout", "-l", languages, "--dpi", str(_DOTS_PER_INCH)]
    try:
        result = subprocess.run(
            command, input=picture, capture_output=True, timeout=source.limits.seconds * 0.9, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise source.error(
            "could not be read by Tesseract.", "Run `ocrmypdf` on it and add the result."
        ) from error
    return [Line(text=line) for line in result.stdout.decode(errors="replace").splitlines() if line.strip()]
