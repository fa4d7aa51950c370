"""Question sets with the facts and documents of a right answer, read from YAML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from assistant.errors import BatchError
from assistant.ingest.sentences import language_of
from assistant.schema import Turn

QuestionType = Literal["fact", "list", "compare", "timeline", "why", "multi", "unanswerable"]


class GoldQuestion(BaseModel):
    """A question with what a right answer holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    question: str
    type: QuestionType
    facts: tuple[str, ...]
    """Strings that a right answer contains; `a|b` are alternatives."""
    briefs: tuple[str, ...]
    """File names of the documents that support the answer."""
    history: tuple[Turn, ...] = ()
    """Earlier exchanges that the question refers to, oldest first."""
    language: Literal["en", "zh"]
    topic: str
    """Name of its file, without the ending, unless the file says otherwise."""
    source: str = ""
    """The file it was read from."""

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return self.type != "unanswerable"

    @field_validator("id", "question", "topic")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is empty")
        return value.strip()

    @field_validator("facts", "briefs")
    @classmethod
    def _no_blank_entry(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not alternative.strip() for entry in value for alternative in entry.split("|")):
            raise ValueError("an entry is empty")
        return value

    @model_validator(mode="after")
    def _facts_fit_type(self) -> GoldQuestion:
        if self.answerable and not (self.facts and self.briefs):
            raise ValueError("an answerable question needs at least one fact and one brief")
        if not self.answerable and (self.facts or self.briefs):
            raise ValueError("an unanswerable question has neither facts nor briefs")
        return self


def load_gold(paths: Sequence[Path | str]) -> list[GoldQuestion]:
    """Read question sets from YAML files and folders of them, in the order given.

    Args:
        paths: Files, or folders whose `*.yaml` and `*.yml` files are read in order of name.

    Raises:
        BatchError: A file is missing, is not YAML, or an entry is wrong; names the file and the id.
    """
    questions: list[GoldQuestion] = []
    first_use: dict[str, str] = {}
    for path in _files(paths):
        for question in _read_file(path):
            if question.id in first_use:
                raise BatchError(
                    f"{path}: the id '{question.id}' is used twice (first in {first_use[question.id]}).",
                    "Give every question its own id.",
                )
            first_use[question.id] = str(path)
            questions.append(question)
    if not questions:
        raise BatchError("The question sets hold no question.", "Name a YAML file or a folder of them.")
    return questions


def _files(paths: Sequence[Path | str]) -> Iterable[Path]:
    seen: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file())
            if not found:
                raise BatchError(f"{path}: no YAML file in this folder.", "Name a folder with question sets.")
        elif path.is_file():
            found = [path]
        else:
            raise BatchError(f"{path}: no such file or folder.", "Name a YAML file or a folder of them.")
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


class _Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
    """Safe YAML that refuses a key given twice, which plain YAML loading drops silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice", node.start_mark
                )
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


def _read_file(path: Path) -> Iterable[GoldQuestion]:
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise BatchError(f"{path}: not UTF-8 text.", "Save the file as UTF-8.") from error
    except OSError as error:
        raise BatchError(f"{path}: cannot be read ({error.strerror}).") from error
    except yaml.YAMLError as error:
        raise BatchError(f"{path}: not valid YAML: {_one_line(error)}.", "Correct the file.") from error
    if entries is None:
        return
    if not isinstance(entries, list):
        raise BatchError(f"{path}: a list of questions is expected, found {_kind(entries)}.")
    for number, entry in enumerate(entries, start=1):
        yield _read_entry(path, number, entry)


def _read_entry(path: Path, number: int, entry: object) -> GoldQuestion:
    if not isinstance(entry, dict):
        raise BatchError(f"{path}: entry {number} is {_kind(entry)}, not a mapping with id and question.")
    name = f"question '{entry['id']}'" if isinstance(entry.get("id"), str) else f"entry {number}"
    unknown = sorted(str(key) for key in entry if key not in _KEYS)
    if unknown:
        raise BatchError(f"{path}: {name} has the unknown key '{unknown[0]}'.", f"Keys: {', '.join(_KEYS)}.")
    text = entry.get("question")
    values = {
        "facts": [],
        "briefs": [],
        "topic": path.stem,
        "language": language_of(text) if isinstance(text, str) else "en",
        **entry,
        "source": str(path),
    }
    try:
        return GoldQuestion.model_validate(values)
    except ValidationError as error:
        raise BatchError(f"{path}: {name}: {_explain(error)}.", _hint(error)) from error


_KEYS = ("id", "question", "type", "facts", "briefs", "history", "language", "topic")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"'{place}' is missing"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_type":
        message = f"text is expected, found {_kind(first['input'])} {first['input']!r}"
    elif first["type"] == "literal_error" and place == "type":
        message = f"'{first['input']}' is none of {', '.join(get_args(QuestionType))}"
    return f"'{place}': {message}" if place else message


def _hint(error: ValidationError) -> str:
    if error.errors()[0]["type"] == "string_type":
        return "Put numbers, dates and yes/no in quotes."
    return "See the format of the question sets in tests/gold/README.md."


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    names |= {bool: "yes/no", type(None): "nothing"}
    return names.get(type(value), f"a {type(value).__name__}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
