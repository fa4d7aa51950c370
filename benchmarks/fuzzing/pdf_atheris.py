"""Fuzzes the way of a PDF through pypdf and the layout, guided by coverage.

    pip install atheris
    python benchmarks/fuzzing/pdf_atheris.py -max_total_time=300

Arguments are those of libFuzzer. The corpus begins with the seeds; inputs that find new code are kept in
`fuzzing-corpus-pdf/`, one that breaks a rule is written as `crash-…`. A dictionary of PDF's words goes along.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pypdf", "assistant.ingest"]):
    from mutations import words_of
    from reading import read
    from seed_files import seeds

    # Readers are imported when they are needed, which would be too late here.
    import assistant.ingest.readers.pdf  # noqa: F401

from assistant.ingest.readers import Limits

_LIMITS = Limits(pages=50, characters=200_000)


def test_one_input(data: bytes) -> None:
    """Reads a PDF; anything but a document or a refusal ends the run."""
    result = read("input.pdf", b"%PDF-1.7\n" + data if not data.startswith(b"%PDF-") else data, _LIMITS)
    if result.outcome == "crash":
        raise AssertionError(result.detail)


def main() -> None:
    corpus = Path("fuzzing-corpus-pdf")
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds()[".pdf"]):
        # The embedded font is too large to learn from.
        if len(data) < 8000:
            (corpus / f"seed{number}").write_bytes(data)
    with tempfile.NamedTemporaryFile("w", suffix=".dict", delete=False) as dictionary:
        for word in words_of(".pdf"):
            if len(word) < 100:
                dictionary.write('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n')
    options = [f"-dict={dictionary.name}", "-max_len=8192", "-timeout=30", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
