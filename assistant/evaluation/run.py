"""`assistant eval`: question sets in, one or two configurations asked, reports written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant.errors import BatchError, ConfigurationError
from assistant.evaluation.gold import GoldQuestion, load_gold
from assistant.evaluation.metrics import EVIDENCE_WORDS
from assistant.evaluation.page import write_page
from assistant.evaluation.records import EvalRow, Evaluation
from assistant.evaluation.report import Report, build_report, print_report, write_json
from assistant.evaluation.runner import Evaluable, evaluate
from assistant.settings import Settings, load_settings

OpenAssistant = Callable[[Mapping[str, str]], AbstractContextManager[Evaluable]]


@dataclass(frozen=True)
class Configuration:
    """A named set of settings to be measured."""

    name: str
    overrides: Mapping[str, str]


def parse_configuration(text: str, base: Mapping[str, str] | None = None) -> Configuration:
    """Read a model's name, or settings such as `model=extractive,embedding=minilm`.

    Args:
        text: What the user wrote.
        base: Settings that hold unless `text` sets them.

    Raises:
        ConfigurationError: A part is not `setting=value`, or the setting does not exist.
    """
    text = text.strip()
    if not text:
        raise ConfigurationError("A configuration is empty.", "Name a model, or settings as `model=local`.")
    if not re.match(r"[a-z_]+=", text):
        return Configuration(text, {**(base or {}), "model": text})
    overrides: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not value.strip():
            raise ConfigurationError(f"'{part.strip()}' is not of the form setting=value.")
        if name not in Settings.model_fields:
            raise ConfigurationError(
                f"Unknown setting '{name}'.", "See `assistant settings` for the names that exist."
            )
        if name in overrides:
            raise ConfigurationError(f"The setting '{name}' is given twice.", "Name it once.")
        overrides[name] = value.strip()
    return Configuration(text, {**(base or {}), **overrides})


def run_eval(
    gold: Sequence[Path],
    out: Path,
    model: str | None = None,
    compare: tuple[str, str] | None = None,
    limit: int | None = None,
    *,
    languages: Sequence[str] = (),
    types: Sequence[str] = (),
    resume: bool = False,
    retrieval_only: bool = False,
    overrides: Mapping[str, str] | None = None,
    console: Console | None = None,
    open_assistant: OpenAssistant | None = None,
) -> Report:
    """Measure one configuration, or two against each other, and write what was found.

    Writes into `out`: `report.json`, `report.html` and for each configuration `rows-NAME.jsonl`.

    Args:
        gold: Files of questions or folders of them.
        out: Folder for the reports.
        model: A model's name or settings such as `model=extractive,embedding=minilm`.
        compare: Two of the same; the second is compared with the first. With `model`, both build on it.
        limit: Ask at most so many questions, spread evenly over the sets.
        languages: Ask only questions in these languages (`en`, `zh`).
        types: Ask only questions of these types.
        resume: Go on with an earlier run in `out` instead of asking everything again.
        retrieval_only: Measure retrieval alone, without asking the language model.
        overrides: Settings for all configurations.
        console: Where tables and progress are printed; None prints nothing.
        open_assistant: Opens the assistant for some settings; the project's own when None.

    Raises:
        BatchError: The question sets or the folder cannot be used.
        ConfigurationError: A setting is unknown or wrong.
    """
    base: dict[str, str] = dict(overrides or {})
    if compare and model:
        base |= parse_configuration(model).overrides
    names = compare or (model or "",)
    configurations = [
        parse_configuration(name, base) if name else Configuration("default", base) for name in names
    ]
    if compare and configurations[0].overrides == configurations[1].overrides:
        raise ConfigurationError("Both configurations are the same.", "Compare two that differ.")
    questions = select(load_gold(gold), languages=languages, types=types, limit=limit)
    # A wrong setting of the second configuration must not show after hours of the first.
    settings = [load_settings(**configuration.overrides) for configuration in configurations]
    evaluations = []
    for configuration in configurations:
        with (open_assistant or open_default)(configuration.overrides) as assistant:
            evaluations.append(
                _evaluate(assistant, questions, configuration, out, resume, retrieval_only, console)
            )
    # Evidence of both is compared at one length: that of the embedded model unless they say otherwise.
    limits = [each.evidence_words for each in settings if each.evidence_words]
    report = build_report(evaluations, evidence_words=max(limits, default=EVIDENCE_WORDS))
    write_json(report, out / "report.json")
    write_page(report, evaluations, out / "report.html")
    if console:
        print_report(report, console)
        console.print(f"Written to {out / 'report.html'} and {out / 'report.json'}", highlight=False)
    return report


def open_default(overrides: Mapping[str, str]) -> AbstractContextManager[Evaluable]:
    """The project's assistant with these settings, its index up to date and its models loaded."""
    from assistant.assistant import Assistant

    assistant = Assistant(settings=load_settings(**overrides))
    assistant.sync()
    # Otherwise the first question would be charged with loading the models.
    assistant.warm_up()
    return cast("AbstractContextManager[Evaluable]", assistant)


def select(
    questions: Sequence[GoldQuestion],
    *,
    languages: Sequence[str] = (),
    types: Sequence[str] = (),
    limit: int | None = None,
) -> list[GoldQuestion]:
    """The questions of some languages and types, at most `limit` of them, spread evenly over the list.

    Raises:
        BatchError: None is left, or the limit is no positive number.
    """
    if limit is not None and limit < 1:
        raise BatchError(f"A limit of {limit} leaves no question.", "Give 1 or more.")
    chosen = [
        question
        for question in questions
        if (not languages or question.language in languages) and (not types or question.type in types)
    ]
    if not chosen:
        raise BatchError("No question is of that language and type.", "Ask for others.")
    if limit is not None and limit < len(chosen):
        chosen = [chosen[at * len(chosen) // limit] for at in range(limit)]
    return chosen


def _evaluate(
    assistant: Evaluable,
    questions: Sequence[GoldQuestion],
    configuration: Configuration,
    out: Path,
    resume: bool,
    retrieval_only: bool,
    console: Console | None,
) -> Evaluation:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console or Console(quiet=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(configuration.name, total=len(questions))

        def advance(done: int, total: int, row: EvalRow) -> None:
            bar.update(task, completed=done, total=total)

        return evaluate(
            assistant,
            questions,
            advance,
            name=configuration.name,
            settings=dict(configuration.overrides),
            rows_path=out / f"rows-{_file_name(configuration.name)}.jsonl",
            resume=resume,
            retrieval_only=retrieval_only,
        )


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.=-]+", "-", name).strip("-.")[:80] or "default"
