"""Makes claims that are faithful to corpus passages and claims that are not, split by brief into two parts.

    python benchmarks/verification/make_pairs.py --squad DATA/squad2-cs224n/dev-v2.0.json --out pairs.jsonl

Half of the briefs (by a digest of their name) go to the part `fit`, the others to `report`; nothing is fitted
on the latter. Each line: brief, part, kind, language of the claim, label (1 faithful), claim, evidence, context, by
(`rule`; `hand`: paraphrases.yaml, or a rule on one of its claims; `written`: claims.yaml and claims_fit.yaml; `new`: claims_new.yaml; `more` and
`extra` and `translated`: see more_pairs.py; `public`: see public_pairs.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from corpus_text import Paragraph, evidence_of, read_paragraphs
from more_pairs import extra_rows, more_rows, translated_rows, written_rows
from perturb import RULES, name, name_zh
from public_pairs import public_rows
from rephrase import loses_source, rephrase

from assistant.ingest.translations import read_translations

_HERE = Path(__file__).parent


def part_of(brief: str) -> str:
    return "fit" if hashlib.sha256(brief.encode()).digest()[0] % 2 else "report"


def make_pairs(corpus: Path, seed: int = 7) -> Iterator[dict[str, Any]]:
    paragraphs = list(read_paragraphs(corpus))
    rng = random.Random(seed)
    from assistant.answering.names import find_names

    pool = {
        part: sorted(
            {
                n.text
                for p in paragraphs
                if part_of(p.brief) == part
                for n in find_names(p.text)
                if len(n.text) > 2
            }
        )
        for part in ("fit", "report")
    }
    by_brief: dict[str, list[Paragraph]] = {}
    for paragraph in paragraphs:
        by_brief.setdefault(paragraph.brief, []).append(paragraph)
    hand = yaml.safe_load((_HERE / "paraphrases.yaml").read_text(encoding="utf-8"))
    written: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for language, rows in (("en", hand["english"]), ("zh", hand["chinese"])):
        for brief, start, text in rows:
            written.setdefault((brief, start), []).append((language, text))

    for paragraph in paragraphs:
        part = part_of(paragraph.brief)
        for index, sentence in enumerate(paragraph.sentences):
            if not 8 <= len(sentence.split()) <= 60:
                continue
            evidence, others = evidence_of(paragraph, index)
            base = {
                "brief": paragraph.brief,
                "part": part,
                "evidence": evidence,
                "context": paragraph.context,
            }

            def row(
                claim: str,
                kind: str,
                label: int,
                language: str = "en",
                by: str = "rule",
                base: dict[str, Any] = base,
            ) -> dict[str, Any]:
                return {**base, "kind": kind, "language": language, "label": label, "claim": claim, "by": by}

            faithful: list[tuple[str, str, str]] = []
            made = rephrase(sentence, rng)
            if made and rng.random() < 0.8:
                faithful.append((made[0], "en", "rule"))
            for (brief, start), texts in written.items():
                if brief == paragraph.brief and sentence.startswith(start):
                    faithful.extend((text, language, "hand") for language, text in texts)
            for text, language, by in faithful:
                if by == "rule" and loses_source(sentence, text):
                    continue
                yield row(text, "paraphrase", 1, language, by)
            if rng.random() < 0.12 and others:
                second = rng.choice(others)
                yield row(
                    f"{sentence} {second}" if rng.random() < 0.5 else f"{sentence.rstrip('.')}; {second}",
                    "two sentences",
                    1,
                )
            for text, language, by in faithful or [(sentence, "en", "none")]:
                source = sentence if by == "rule" and rng.random() < 0.4 else text
                rules: list[tuple[str, Any]] = (
                    list(RULES.items())
                    if language == "en"
                    else [(k, v) for k, v in RULES.items() if k not in ("roles", "mix")]
                )
                wanted = rules if by == "hand" else rng.sample(rules, 5)
                for kind, rule in wanted:
                    changed = rule(source, rng, others)
                    if changed and changed != source:
                        yield row(changed, kind, 0, language, by)
                if by == "hand" or rng.random() < 0.35:
                    changed = (
                        name(source, rng, others, pool[part])
                        if language == "en"
                        else name_zh(source, rng, others)
                    )
                    if changed and changed != source:
                        yield row(changed, "name", 0, language, by)
                if by != "hand" and rng.random() < 0.12:
                    foreign = [p for p in by_brief[paragraph.brief] if p is not paragraph]
                    if foreign:
                        other = rng.choice(rng.choice(foreign).sentences)
                        if other not in evidence and len(other.split()) > 7:
                            yield row(
                                rng.choice(
                                    (other, f"{source.rstrip('.')}, and {other[0].lower() + other[1:]}")
                                ),
                                "not in passage",
                                0,
                            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=_HERE.parent.parent / "corpus")
    parser.add_argument("--squad", type=Path, required=True, help="a file of SQuAD 2.0")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    rows = list(make_pairs(arguments.corpus, arguments.seed))
    paragraphs = list(read_paragraphs(arguments.corpus))
    added = written_rows(paragraphs, _HERE / "claims.yaml") + more_rows(paragraphs, arguments.seed)
    added += written_rows(paragraphs, _HERE / "claims_fit.yaml")
    faithful = [row for row in (*rows, *added) if row["label"]]
    added += extra_rows(paragraphs, faithful, arguments.seed)
    added += [
        {**row, "by": "new"}
        for row in written_rows(paragraphs, _HERE / "claims_new.yaml")
        if row["by"] == "written"
    ]
    added += translated_rows(paragraphs, read_translations(arguments.corpus), arguments.seed)
    rows += [{**row, "part": part_of(row["brief"])} for row in added]
    rows += public_rows(arguments.squad, arguments.seed)
    arguments.out.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    for part in ("fit", "report"):
        print(
            part,
            dict(sorted(Counter(f"{r['language']} {r['kind']}" for r in rows if r["part"] == part).items())),
        )


if __name__ == "__main__":
    main()
