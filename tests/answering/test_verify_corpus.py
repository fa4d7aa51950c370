"""A verbatim sentence of a document is always supported by the passage it stands in."""

import re
from pathlib import Path

from assistant.answering.verify import ClaimVerifier
from assistant.ingest.sentences import split_sentences

CORPUS = Path(__file__).parent.parent.parent / "corpus"


def test_every_corpus_sentence_is_supported_verbatim() -> None:
    verifier = ClaimVerifier()
    failed: list[str] = []
    count = 0
    for path in sorted(CORPUS.glob("*/*.md")):
        body = path.read_text(encoding="utf-8").split("---", 2)[2]
        body = re.sub(r"(?m)^\[\^\d+\]:.*$", "", body)
        for block in re.split(r"\n\s*\n", re.sub(r"\[\^\d+\]", "", body)):
            block = block.strip()
            if len(block) < 40 or block.startswith("#"):
                continue
            for start, end in split_sentences(block):
                sentence = block[start:end]
                count += 1
                if verifier.check(sentence, block).verdict != "supported":
                    failed.append(sentence)
    assert count > 1000
    assert failed == []
