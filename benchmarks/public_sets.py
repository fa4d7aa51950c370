"""Readers of the public question sets; the files themselves are not part of this repository."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import BatchError
from assistant.schema import Turn


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with the title of its article."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class ParagraphQuestion:
    """A question about one paragraph."""

    id: str
    text: str
    paragraph: str
    answerable: bool


@dataclass(frozen=True)
class Conversation:
    """A question with the turns before it, and the passages that an answer may use."""

    id: str
    question: str
    history: tuple[Turn, ...]
    passages: tuple[tuple[str, str], ...] = ()
    """Document id and text."""
    answerability: str = ""
    collection: str = ""


def read_json(path: Path) -> Any:
    """JSON of a file.

    Raises:
        BatchError: It is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BatchError(
            f"{path}: cannot be read ({error.strerror}).", "Name the folder with --data."
        ) from error
    except ValueError as error:
        raise BatchError(f"{path}: no JSON ({error}).") from error


def read_json_lines(path: Path) -> list[Any]:
    """One JSON value a line."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except OSError as error:
        raise BatchError(
            f"{path}: cannot be read ({error.strerror}).", "Name the folder with --data."
        ) from error


def read_squad(path: Path) -> tuple[list[Paragraph], list[ParagraphQuestion]]:
    """A set in the format of SQuAD 1.1 or 2.0; a paragraph given twice is kept once."""
    paragraphs: dict[str, Paragraph] = {}
    questions: list[ParagraphQuestion] = []
    for article in read_json(path)["data"]:
        for entry in article["paragraphs"]:
            text = entry["context"].strip()
            paragraph = paragraphs.setdefault(
                text, Paragraph(f"p{len(paragraphs)}", article.get("title", "").replace("_", " "), text)
            )
            questions += [
                ParagraphQuestion(
                    question["id"],
                    question["question"].strip(),
                    paragraph.id,
                    not question.get("is_impossible", False),
                )
                for question in entry["qas"]
            ]
    return list(paragraphs.values()), questions


def read_mtrag_un(path: Path) -> list[Conversation]:
    """MTRAG-UN's generation tasks with their reference passages (`mtragun_reference.jsonl`)."""
    return [
        Conversation(
            id=task["task_id"],
            question=task["input"][-1]["text"].strip(),
            history=turns(task["input"][:-1]),
            passages=tuple((each["document_id"], each["text"].strip()) for each in task["contexts"]),
            answerability=task["answerability"][0],
            collection=task["Collection"],
        )
        for task in read_json_lines(path)
    ]


def read_mtrag_passages(folder: Path) -> dict[str, dict[str, str]]:
    """All passages that MTRAG's files hold, by collection and document id.

    They are those that annotators found relevant to some turn of some conversation, a small part of the
    collections; the reference tasks of MTRAG-UN have most of them, the human ratings of MTRAG the others.
    """
    pools: dict[str, dict[str, str]] = defaultdict(dict)
    for task in read_mtrag_un(folder / "mtragun_reference.jsonl"):
        pools[task.collection].update({name: text for name, text in task.passages if text})
    rated = read_json(folder / "mtrag_reference_subset_with_human_evaluations.json")
    texts = {each["document_id"]: each["text"].strip() for each in rated["documents"]}
    for task in rated["tasks"]:
        # For example `mt-rag-ibmcloud-elser-512-100-20240502`.
        pool = pools[task["Collection"].split("-")[2]]
        for each in task["contexts"]:
            pool.setdefault(each["document_id"], texts[each["document_id"]])
    return dict(pools)


def read_mtrag_relevance(folder: Path) -> dict[str, set[str]]:
    """The passages that answer each of MTRAG's retrieval tasks (`retrieval/*/qrels_dev.tsv`)."""
    relevant: dict[str, set[str]] = defaultdict(set)
    for path in sorted((folder / "retrieval").glob("*/qrels_dev.tsv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    relevant[row["query-id"]].add(row["corpus-id"])
        except OSError as error:
            raise BatchError(
                f"{path}: cannot be read ({error.strerror}).", "Name the folder with --data."
            ) from error
    return dict(relevant)


def turns(messages: list[dict[str, Any]]) -> tuple[Turn, ...]:
    """Pairs of question and answer from a list of messages; an unanswered question has an empty answer."""
    pairs: list[tuple[str, str]] = []
    for message in messages:
        text = message["text"].strip()
        if message["speaker"] == "user":
            pairs.append((text, ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], text)
    return tuple(Turn(question=question, answer=answer) for question, answer in pairs)


@dataclass(frozen=True)
class Rewrite:
    """A last turn with its conversation and the stand-alone question that a person wrote."""

    conversation: Conversation
    human: str


def read_mtrag_rewrites(folder: Path) -> list[Rewrite]:
    """MTRAG's retrieval tasks, `retrieval/*/*_{questions,rewrite}.jsonl`, with answers where they are known.

    The retrieval files hold the user's turns only; the answers between them come from
    `mtrag_reference_subset_with_human_evaluations.json`, which has some of the conversations.
    """
    known = {
        task["task_id"]: task["input"]
        for task in read_json(folder / "mtrag_reference_subset_with_human_evaluations.json")["tasks"]
    }
    rewrites = []
    for path in sorted((folder / "retrieval").glob("*/*_questions.jsonl")):
        human = {
            row["_id"]: _user_turns(row["text"])[-1]
            for row in read_json_lines(path.with_name(path.name.replace("_questions", "_rewrite")))
        }
        for row in read_json_lines(path):
            name = row["_id"]
            if name not in human:
                continue
            messages = known.get(name) or [
                {"speaker": "user", "text": text} for text in _user_turns(row["text"])
            ]
            conversation = Conversation(
                id=name,
                question=messages[-1]["text"].strip(),
                history=turns(messages[:-1]),
                answerability="answers known" if name in known else "user turns only",
                # As MTRAG-UN calls it.
                collection={"cloud": "ibmcloud"}.get(path.parent.name, path.parent.name),
            )
            rewrites.append(Rewrite(conversation, human[name]))
    return rewrites


def _user_turns(text: str) -> list[str]:
    return [turn.strip() for turn in text.split("|user|:") if turn.strip()]
