"""Pages of PDF files as pictures, with the places of a quote."""

from __future__ import annotations

import base64
import io
import re
import threading
from dataclasses import dataclass
from pathlib import Path

# PDFium is not thread-safe: one page at a time in the whole process.
_lock = threading.Lock()


@dataclass(frozen=True)
class Box:
    """A rectangle in percent of the page, origin at the top left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class PagePicture:
    """A drawn page."""

    source: str
    """PNG as a `data:` address."""
    width: int
    height: int
    boxes: tuple[Box, ...]


def draw_page(file: Path, page: int, quote: str = "", width: int = 1000) -> PagePicture | None:
    """Draw a page and find the quote on it.

    Args:
        file: The PDF.
        page: Page number, counted from 1.
        quote: Words to mark; those that cannot be found leave the picture unmarked.
        width: Width of the picture in pixels.

    Returns:
        The picture, or None when the file is missing, damaged or has no such page.
    """
    import pypdfium2 as pdfium

    try:
        with _lock:
            document = pdfium.PdfDocument(file)
            try:
                if not 1 <= page <= len(document):
                    return None
                sheet = document[page - 1]
                page_width, page_height = sheet.get_size()
                image = sheet.render(scale=width / page_width).to_pil().convert("RGB")
                boxes = _boxes(sheet.get_textpage(), quote, page_width, page_height) if quote else ()
            finally:
                document.close()
    except (pdfium.PdfiumError, OSError, ZeroDivisionError):
        return None
    buffer = io.BytesIO()
    # 64 grey-friendly colours keep a page of text under 150 kB without a visible loss.
    image.quantize(64).save(buffer, "PNG", optimize=True)
    source = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return PagePicture(source, image.width, image.height, boxes)


def _boxes(textpage: object, quote: str, page_width: float, page_height: float) -> tuple[Box, ...]:
    """Places of the quote; spaces, line breaks and soft hyphens of the page do not matter."""
    text = textpage.get_text_range()  # type: ignore[attr-defined]
    letters = [(i, c) for i, c in enumerate(text) if not re.match(r"[\s\u00ad\ufffe\u0002-]", c)]
    wanted = re.sub(r"[\s\u00ad\ufffe\u0002-]", "", quote)
    at = "".join(c for _, c in letters).find(wanted)
    if not wanted or at < 0:
        return ()
    first, last = letters[at][0], letters[at + len(wanted) - 1][0]
    count = textpage.count_rects(first, last - first + 1)  # type: ignore[attr-defined]
    boxes = []
    for i in range(count):
        left, bottom, right, top = textpage.get_rect(i)  # type: ignore[attr-defined]
        boxes.append(
            Box(
                left=round(100 * left / page_width, 3),
                top=round(100 * (page_height - top) / page_height, 3),
                width=round(100 * (right - left) / page_width, 3),
                height=round(100 * (top - bottom) / page_height, 3),
            )
        )
    return tuple(boxes)
