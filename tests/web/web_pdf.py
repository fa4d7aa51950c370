"""A small two-page PDF for the upload tests."""

from __future__ import annotations

from pathlib import Path


def write_memo(path: Path) -> Path:
    from fpdf import FPDF

    pages = (
        "Internal memo. Zhongguancun photonics laboratory. Minutes of the meeting of 3 March 2026.",
        "The laboratory tested the Lingxi optical interconnect at 1.6 terabits per second. "
        "Lingxi modules cost 4,200 yuan each in the pilot run. "
        "The board expects 30,000 Lingxi modules in 2027.",
    )
    pdf = FPDF()
    for text in pages:
        pdf.add_page()
        pdf.set_font("Helvetica", size=13)
        pdf.multi_cell(0, 8, text)
    pdf.output(str(path))
    return path
