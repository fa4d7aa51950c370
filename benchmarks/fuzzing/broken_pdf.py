"""PDF files that are broken or hostile on purpose, for `broken_files.py`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from seed_files import pdf

_SENTENCE = b"SMIC ships 30,000 wafers a month. "


def broken_pdfs() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each PDF that is broken or hostile."""
    plain = pdf(compressed=False, pages=1, outline=False)
    drawn = zlib.compress(b"\0" * 60_000_000, 9)
    yield "bomb.pdf", _pdf_of(drawn, "/Filter/FlateDecode")
    twice = zlib.compress(drawn, 9)
    yield "bomb-twice.pdf", _pdf_of(twice, "/Filter[/FlateDecode/FlateDecode]")
    yield "filters.pdf", _pdf_of(b"x", "/Filter[" + "/ASCIIHexDecode" * 5000 + "]")
    yield (
        "predictor.pdf",
        _pdf_of(zlib.compress(b"abc"), "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 999999999>>"),
    )
    yield "text-loop.pdf", _pdf_of(b"BT " + b"(a) Tj " * 200_000 + b"ET")
    yield "states.pdf", _pdf_of(b"q " * 100_000 + b"BT (a) Tj ET")
    yield "arrays.pdf", _pdf_of(b"[" * 20_000)
    yield "dictionaries.pdf", _pdf_of(b"<<" * 20_000)
    yield "strings.pdf", _pdf_of(b"(" * 50_000)
    yield "numbers.pdf", _pdf_of(b"BT " + b"9" * 100_000 + b" 0 0 1 0 0 Tm (a) Tj ET")
    yield "inline-image.pdf", _pdf_of(b"BI /W 1 /H 1 ID " + b"x" * 100_000)
    yield (
        "form-loop.pdf",
        _pdf_of(
            b"/X Do",
            resources="/XObject<</X 4 0 R>>",
            stream="/Subtype/Form/Resources<</XObject<</X 4 0 R>>>>",
        ),
    )
    yield "pages-loop.pdf", plain.replace(b"/Kids [3 0 R]", b"/Kids [1 0 R]")
    yield (
        "pages-self.pdf",
        _objects({1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"}),
    )
    yield (
        "pages-doubled.pdf",
        _objects(
            {
                1: "<</Type/Catalog/Pages 2 0 R>>",
                **{n: f"<</Type/Pages/Kids[{n + 1} 0 R {n + 1} 0 R]/Count 9>>" for n in range(2, 40)},
                40: "<</Type/Page/Parent 39 0 R>>",
            }
        ),
    )
    yield "count-huge.pdf", plain.replace(b"/Count 1", b"/Count 999999999")
    yield "count-negative.pdf", plain.replace(b"/Count 1", b"/Count -1")
    yield "reference-to-itself.pdf", _objects({1: "1 0 R"})
    yield "references-long.pdf", _objects({n: f"{n + 1} 0 R" for n in range(1, 3000)})
    yield "arrays-in-objects.pdf", _objects({1: "<</Type/Catalog/Pages " + "[" * 10_000 + ">>"})
    yield (
        "outline-loop.pdf",
        _objects(
            {
                1: "<</Type/Catalog/Pages 2 0 R/Outlines 4 0 R>>",
                2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                3: "<</Type/Page/Parent 2 0 R>>",
                4: "<</First 5 0 R/Last 5 0 R>>",
                5: "<</Title(a)/Next 5 0 R/First 5 0 R>>",
            }
        ),
    )
    yield "previous-loop.pdf", plain.replace(b"/Root", b"/Prev 9 /Root")
    yield "no-trailer.pdf", plain.partition(b"xref")[0]
    yield "startxref.pdf", plain.partition(b"startxref")[0] + b"startxref\n99999999999999999999\n%%EOF"
    yield "xref-huge.pdf", plain.replace(b"xref\n0 ", b"xref\n0 999999999 ")
    yield (
        "encrypted-odd.pdf",
        plain.replace(b"/Root", b"/Encrypt<</Filter/Standard/V 5/R 6/O()/U()/P -1>> /Root"),
    )
    yield "encrypted-none.pdf", plain.replace(b"/Root", b"/Encrypt null /Root")
    yield "length-long.pdf", plain.replace(b"/Length ", b"/Length 99999")
    yield (
        "map-huge.pdf",
        _pdf_of(
            b"BT /F 9 Tf <0041> Tj ET",
            map_text="1 begincodespacerange <0000> <FFFF> endcodespacerange "
            + "1 beginbfrange <00000000> <FFFFFFFF> <0000> endbfrange",
        ),
    )
    yield (
        "map-of-surrogates.pdf",
        _pdf_of(b"BT /F 9 Tf <0041> Tj ET", map_text="1 beginbfchar <0041> <D800> endbfchar"),
    )
    yield (
        "page-huge.pdf",
        plain.replace(b"/MediaBox [0 0 595.28 841.89]", b"/MediaBox [-1e30 -1e30 1e30 1e30]"),
    )


def _objects(bodies: dict[int, str]) -> bytes:
    """A PDF of objects by number with no cross-reference table where it says: readers find them by search."""
    parts = "".join(f"{number} 0 obj\n{body}\nendobj\n" for number, body in bodies.items())
    return f"%PDF-1.4\n{parts}trailer\n<</Root 1 0 R/Size {len(bodies) + 1}>>\nstartxref\n0\n%%EOF\n".encode()


def _pdf_of(
    content: bytes, filters: str = "", *, resources: str = "", stream: str = "", map_text: str = ""
) -> bytes:
    """A PDF of one page with this stream."""
    font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/A/ToUnicode 5 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A>>]>>"
    head = _objects(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F {font}>>{resources}>>>>",
            5: f"<</Length {len(map_text)}>>\nstream\n{map_text}\nendstream",
        }
    ).partition(b"trailer")
    body = (
        f"4 0 obj\n<<{stream}/Length {len(content)}{filters}>>\nstream\n".encode()
        + content
        + b"\nendstream\nendobj\n"
    )
    return head[0] + body + head[1] + head[2]
