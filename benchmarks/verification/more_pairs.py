"""Pairs beside those of `make_pairs`: claims written by hand, more changes of source and certainty, missing sentences,
translations."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from corpus_text import Paragraph, evidence_of
from perturb import RULES, name_zh
from perturb_scope import RULES as SCOPE_RULES
from rephrase import loses_source, rephrase

from assistant.ingest.translations import one_line

_SOURCES = (
    "Reuters", "The Financial Times", "Bloomberg", "The Information", "SemiAnalysis", "Nikkei", "The Wall Street Journal", "CNBC",
    "Morgan Stanley", "Goldman Sachs", "Bernstein", "IDC", "TrendForce", "Huawei", "Nvidia", "BIS", "MOFCOM",
)  # fmt: skip
_SPEAKS = r"(?:said|reported|wrote|estimated|forecast|warned|claimed|predicted|noted|counted|found|argued)\b"


def written_rows(paragraphs: Sequence[Paragraph], path: Path) -> list[dict[str, Any]]:
    """The claims of `claims.yaml` with their evidence, and what the rules make of the faithful ones."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    rng = random.Random(11)
    rows: list[dict[str, Any]] = []
    for item in data["corpus"]:
        paragraph, index = next(
            (p, i)
            for p in paragraphs
            if p.brief == item["brief"]
            for i, sentence in enumerate(p.sentences)
            if sentence.startswith(item["starts"])
        )
        evidence, others = evidence_of(paragraph, index)
        base = {"brief": paragraph.brief, "evidence": evidence, "context": paragraph.context}
        rows.extend(_written(item, base, others, rng))
    for item in data["passages"]:
        base = {"brief": item["name"], "evidence": item["evidence"], "context": ""}
        rows.extend(_written(item, base, [], rng))
    return rows


def _written(
    item: dict[str, Any], base: dict[str, Any], others: Sequence[str], rng: random.Random
) -> list[dict[str, Any]]:
    rows = []
    for language in ("en", "zh"):
        for text in item.get(f"faithful_{language}", ()):
            rows.append(
                {
                    **base,
                    "kind": "paraphrase",
                    "language": language,
                    "label": 1,
                    "claim": text,
                    "by": "written",
                }
            )
            for kind, rule in RULES.items():
                if language == "zh" and kind in ("roles", "mix"):
                    continue
                changed = rule(text, rng, others)
                if changed and changed != text:
                    rows.append(
                        {
                            **base,
                            "kind": kind,
                            "language": language,
                            "label": 0,
                            "claim": changed,
                            "by": "more",
                        }
                    )
        for kind, text in item.get(f"changed_{language}", ()):
            rows.append(
                {**base, "kind": kind, "language": language, "label": 0, "claim": text, "by": "written"}
            )
    return rows


def more_rows(paragraphs: Sequence[Paragraph], seed: int) -> list[dict[str, Any]]:
    """Changes of source and certainty wherever a sentence allows them, sentences that the evidence lacks, long evidence."""
    rng = random.Random(seed + 1)
    rows: list[dict[str, Any]] = []
    by_brief: dict[str, list[Paragraph]] = {}
    for paragraph in paragraphs:
        by_brief.setdefault(paragraph.brief, []).append(paragraph)
    for paragraph in paragraphs:
        for index, sentence in enumerate(paragraph.sentences):
            if not 8 <= len(sentence.split()) <= 60:
                continue
            evidence, others = evidence_of(paragraph, index)
            made = rephrase(sentence, rng)
            base = {
                "brief": paragraph.brief, "evidence": evidence, "context": paragraph.context, "language": "en", "by": "more",
            }  # fmt: skip
            text = made[0] if made and rng.random() < 0.5 else sentence
            for kind, changed in (
                ("attribution", RULES["attribution"](text, rng, others)),
                ("certainty", RULES["certainty"](text, rng, others)),
                ("source", other_source(text, rng)),
            ):
                if changed and changed != text and rng.random() < 0.5:
                    rows.append({**base, "kind": kind, "label": 0, "claim": changed})
            if others and rng.random() < 0.15:
                rows.append(
                    {
                        **base,
                        "kind": "sentence missing",
                        "label": 0,
                        "claim": text,
                        "evidence": " ".join(others),
                    }
                )
            if made and rng.random() < 0.12:
                pool = [p for p in by_brief[paragraph.brief] if p is not paragraph]
                long = [p.text for p in rng.sample(pool, min(3, len(pool)))]
                long.insert(rng.randrange(len(long) + 1), evidence)
                if loses_source(sentence, made[0]):
                    continue
                rows.append(
                    {
                        **base,
                        "kind": "long evidence",
                        "label": 1,
                        "claim": made[0],
                        "evidence": "\n\n".join(long),
                    }
                )
    return rows


def extra_rows(
    paragraphs: Sequence[Paragraph], faithful: Sequence[dict[str, Any]], seed: int
) -> list[dict[str, Any]]:
    """Scope, cause, deeds left open and denied words changed; further paraphrases by the rules, with other dice."""
    rng = random.Random(seed + 2)
    rows: list[dict[str, Any]] = []
    for paragraph in paragraphs:
        for index, sentence in enumerate(paragraph.sentences):
            if not 8 <= len(sentence.split()) <= 60:
                continue
            evidence, others = evidence_of(paragraph, index)
            base = {
                "brief": paragraph.brief, "evidence": evidence, "context": paragraph.context, "language": "en", "by": "extra",
            }  # fmt: skip
            made = rephrase(sentence, rng)
            if made and rng.random() < 0.6 and not loses_source(sentence, made[0]):
                rows.append({**base, "kind": "paraphrase", "label": 1, "claim": made[0]})
            text = made[0] if made and rng.random() < 0.6 else sentence
            rows.extend(
                {**base, "kind": kind, "label": 0, "claim": changed}
                for kind, rule in SCOPE_RULES.items()
                if rng.random() < 0.4 and (changed := rule(text, rng, others)) and changed != text
            )
    for row in faithful:
        if row["by"] in ("hand", "written"):
            rows.extend(
                {**row, "kind": kind, "label": 0, "claim": changed, "by": "extra"}
                for kind, rule in SCOPE_RULES.items()
                if (changed := rule(row["claim"], rng, ())) and changed != row["claim"]
            )
    return rows


def translated_rows(
    paragraphs: Sequence[Paragraph], translations: Mapping[str, str], seed: int
) -> list[dict[str, Any]]:
    """The Chinese translations of the corpus as claims, what the rules make of them, and those of other sentences."""
    rng = random.Random(seed + 3)
    by_brief: dict[str, list[str]] = {}
    for paragraph in paragraphs:
        found = by_brief.setdefault(paragraph.brief, [])
        found += [text for text in map(one_line, paragraph.sentences) if text in translations]
    rows: list[dict[str, Any]] = []
    for paragraph in paragraphs:
        for index, sentence in enumerate(map(one_line, paragraph.sentences)):
            if sentence not in translations or not 8 <= len(sentence.split()) <= 60:
                continue
            evidence, others = evidence_of(paragraph, index)
            base = {
                "brief": paragraph.brief, "context": paragraph.context, "language": "zh", "by": "translated",
            }  # fmt: skip
            claim = translations[sentence]
            # As an answer checks it, over the sentence alone; as a model that writes is checked, over the passage.
            said_of = sentence if rng.random() < 0.5 else evidence
            rows.append({**base, "kind": "paraphrase", "label": 1, "claim": claim, "evidence": said_of})
            rules = [(kind, rule) for kind, rule in RULES.items() if kind not in ("roles", "mix")]
            for kind, rule in [*rng.sample(rules, 4), ("name", name_zh)]:
                changed = rule(claim, rng, others)
                if changed and changed != claim:
                    rows.append({**base, "kind": kind, "label": 0, "claim": changed, "evidence": said_of})
            elsewhere = [
                text for text in by_brief[paragraph.brief] if text not in evidence and text != sentence
            ]
            if elsewhere and rng.random() < 0.3:
                other = translations[rng.choice(elsewhere)]
                rows.append(
                    {**base, "kind": "not in passage", "label": 0, "claim": other, "evidence": evidence}
                )
    return rows


def other_source(text: str, rng: random.Random) -> str | None:
    """The name of who said it exchanged for another."""
    found = [
        match
        for source in _SOURCES
        for match in re.finditer(
            rf"\b{source}(?= {_SPEAKS})|(?<=, ){source}(?= {_SPEAKS})|(?<=[Aa]ccording to ){source}\b", text
        )
    ]
    if not found:
        return None
    match = rng.choice(found)
    new = rng.choice([source for source in _SOURCES if source not in text])
    return text[: match.start()] + new + text[match.end() :]
