"""Pairs from SQuAD 2.0, so that the model learns that what a text does not mention does not follow from it.

Changed claims share nearly all words with their evidence: a model fitted on them alone hardly counts shared words.
What a writer makes up is of the subject and simply not there; a sentence of another paragraph of the same article is.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from rephrase import loses_source, rephrase

from assistant.ingest.sentences import split_sentences

# Sentences of other paragraphs that each paragraph is compared with, and the share of its own that are rephrased.
_FOREIGN = 2
_REPHRASED = 0.3


def public_rows(path: Path, seed: int) -> list[dict[str, Any]]:
    """Rows of the part `fit`, with the article in the place of the brief and `public` in that of `by`.

    Args:
        path: A file of SQuAD 2.0 (Rajpurkar et al. 2018), CC BY-SA 4.0.
        seed: Of what is chosen.
    """
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        paragraphs = [
            [text[start:end] for start, end in split_sentences(text)]
            for text in (paragraph["context"] for paragraph in article["paragraphs"])
        ]
        for index, sentences in enumerate(paragraphs):
            evidence = " ".join(sentences)
            base = {
                "brief": f"squad:{article['title']}", "part": "fit", "evidence": evidence,
                "context": article["title"].replace("_", " "), "language": "en", "by": "public",
            }  # fmt: skip
            for sentence in sentences:
                made = rephrase(sentence, rng) if _fits(sentence) and rng.random() < _REPHRASED else None
                if made and not loses_source(sentence, made[0]):
                    rows.append({**base, "claim": made[0], "kind": "paraphrase", "label": 1})
            others = [s for other, ss in enumerate(paragraphs) if other != index for s in ss if _fits(s)]
            for sentence in rng.sample(others, min(_FOREIGN, len(others))):
                if sentence not in evidence:
                    rows.append({**base, "claim": sentence, "kind": "of another paragraph", "label": 0})
    return rows


def _fits(sentence: str) -> bool:
    return 8 <= len(sentence.split()) <= 50
