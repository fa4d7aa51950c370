"""Checks the training questions in this folder against the corpus.

Every `questions-*.yaml` is a list of records with id, question, language, type, answers and facts. An answer
names a brief and the first words of one of its sentences; facts are short strings of those sentences, with
`a|b` for alternatives. One line is printed for each problem, and the exit status is 1 when there is any.

    python benchmarks/training/check_questions.py
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
CORPUS = FOLDER.parents[1] / "corpus"
TYPES = {"fact", "list", "compare", "timeline", "why", "multi", "unanswerable"}
KEYS = {"id", "question", "language", "type", "answers", "facts"}

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_NOTE_DEFINITION = re.compile(r"^\[\^[^\]]+\]:.*$", re.MULTILINE)
_NOTE_MARK = re.compile(r"\[\^[^\]]+\]")
_LIST_MARKER = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
_BOUNDARY = re.compile(r"[.!?][\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9])")
# A full stop after these does not end a sentence (No. 837, H.R. 2683, U.S. rules, initials).
_ABBREVIATION = re.compile(r"(?:\b(?:No|Nos|Mr|Ms|Mrs|Dr|Inc|Co|Ltd|vs|St)|\b[A-Z])\.$")
_CJK = re.compile(r"[\u3400-\u9fff]")


def sentences(markdown: str) -> list[str]:
    """Sentences of a brief's body, without front matter, headings and footnotes."""
    body = _NOTE_MARK.sub("", _NOTE_DEFINITION.sub("", _FRONT_MATTER.sub("", markdown)))
    found: list[str] = []
    for line in body.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        text = _LIST_MARKER.sub("", line).strip()
        start = 0
        for match in _BOUNDARY.finditer(text):
            if _ABBREVIATION.search(text[: match.start() + 1]):
                continue
            found.append(text[start : match.end()].strip())
            start = match.end()
        found.append(text[start:].strip())
    return found


def read_briefs(corpus: Path = CORPUS) -> dict[str, list[str]]:
    """Sentences of every brief, by file name."""
    return {path.name: sentences(path.read_text(encoding="utf-8")) for path in sorted(corpus.rglob("*.md"))}


def fact_problem(fact: str, language: str, named: str) -> str | None:
    """What is wrong with a fact, or None; `named` is the folded text of the named sentences."""
    alternatives = [part.strip() for part in fact.split("|")]
    if not all(alternatives):
        return f"fact {fact!r} has an empty alternative"
    present = [part.casefold() in named for part in alternatives]
    if not any(present):
        return f"fact {fact!r}: no alternative occurs in the named sentences"
    # Forms for Chinese answers (华为, 41%) need not occur in English briefs: one form anchors the fact.
    if language == "zh" or _CJK.search(fact):
        return None
    missing = [part for part, is_there in zip(alternatives, present, strict=True) if not is_there]
    return f"fact alternative {missing[0]!r} does not occur in the named sentences" if missing else None


def check_record(record: dict[str, Any], briefs: dict[str, list[str]]) -> list[str]:
    """Problems of one question."""
    if set(record) != KEYS:
        return [f"keys are {sorted(record)}, expected {sorted(KEYS)}"]
    problems: list[str] = []
    language, kind, answers, facts = (record[key] for key in ("language", "type", "answers", "facts"))
    if kind not in TYPES:
        problems.append(f"type {kind!r} is unknown")
    if language not in {"en", "zh"}:
        problems.append(f"language {language!r} is unknown")
    elif (language == "zh") != bool(_CJK.search(record["question"])):
        problems.append(f"language {language!r} does not match the question's script")
    if kind == "unanswerable":
        return [*problems, "unanswerable, but has answers or facts"] if answers or facts else problems
    if not 1 <= len(answers) <= 6:
        problems.append(f"{len(answers)} answers, expected 1 to 6")
    if not facts:
        problems.append("no facts")
    if kind == "multi" and len({answer["brief"] for answer in answers}) < 2:
        problems.append("multi, but names fewer than two briefs")
    named: list[str] = []
    for answer in answers:
        brief, starts = answer["brief"], answer["starts"]
        if brief not in briefs:
            problems.append(f"brief {brief} does not exist")
            continue
        matches = [sentence for sentence in briefs[brief] if sentence.startswith(starts)]
        if len(matches) != 1:
            problems.append(f"{starts!r} starts {len(matches)} sentences of {brief}, expected 1")
        named.extend(matches)
    if len(set(named)) < len(named):
        problems.append("names the same sentence twice")
    text = "\n".join(named).casefold()
    problems.extend(filter(None, (fact_problem(str(fact), language, text) for fact in facts)))
    return problems


def main() -> int:
    """Print one line for each problem of every question file; return the exit status."""
    briefs = read_briefs()
    problems = 0
    ids: Counter[str] = Counter()
    wordings: Counter[str] = Counter()
    types: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for path in sorted(FOLDER.glob("questions-*.yaml")):
        for record in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            name = str(record.get("id"))
            ids[name] += 1
            wordings[str(record.get("question")).casefold()] += 1
            types[str(record.get("type"))] += 1
            languages[str(record.get("language"))] += 1
            for problem in check_record(record, briefs):
                print(f"{path.name} {name}: {problem}")
                problems += 1
    for label, counts in (("id", ids), ("question", wordings)):
        for value, count in counts.items():
            if count > 1:
                print(f"{label} {value!r} occurs {count} times")
                problems += 1
    if not problems:
        print(f"{sum(ids.values())} questions, no problem: {dict(types)}, {dict(languages)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
