"""What is asked: one question with all that goes with it, read from any of the forms of input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast, get_args

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from assistant.errors import QuestionError
from assistant.schema import Filters, Turn

AssistantInput = str | dict[str, Any] | list[BaseMessage]
"""A question, the messages of a chat, or a dict with `question` and perhaps other fields of `Request`."""
History = Sequence[Turn | tuple[str, str] | BaseMessage]
"""Earlier exchanges, oldest first."""
AnswerLanguage = Literal["auto", "en", "zh"]
"""Language of an answer; `auto` is that of the question."""
MOST_PASSAGES = 100


class Request(NamedTuple):
    """One question with everything that goes with it."""

    question: str
    history: tuple[Turn, ...] = ()
    filters: Filters | None = None
    model: str | None = None
    passages: int | None = None
    language: AnswerLanguage | None = None


def turns_of(history: History) -> tuple[Turn, ...]:
    """Earlier exchanges as turns.

    Args:
        history: Turns, pairs of question and answer text, or messages; a human message without an answer and
            messages of other kinds are left out.

    Raises:
        QuestionError: An item is none of these.
    """
    turns: list[Turn] = []
    asked = ""
    for item in history:
        if isinstance(item, Turn):
            turns.append(item)
        elif isinstance(item, HumanMessage):
            asked = item.text
        elif isinstance(item, AIMessage):
            if asked:
                turns.append(Turn(question=asked, answer=item.text))
            asked = ""
        elif isinstance(item, BaseMessage):
            continue
        elif (
            isinstance(item, (tuple, list)) and len(item) == 2 and all(isinstance(part, str) for part in item)
        ):
            turns.append(Turn(question=item[0], answer=item[1]))
        else:
            raise QuestionError(
                f"The history has an item that is no exchange: {str(item)[:60]!r}.",
                "Give pairs of question and answer, or messages.",
            )
    return tuple(turns)


def read_input(
    value: AssistantInput,
    *,
    history: History = (),
    filters: Filters | dict[str, Any] | None = None,
    model: str | None = None,
    passages: int | None = None,
    language: str | None = None,
) -> Request:
    """What is asked, from any of the forms of input; what the input itself says wins.

    Raises:
        QuestionError: The input has none of the forms, unknown keys, or values that do not fit.
    """
    if isinstance(value, dict):
        unknown = sorted(map(str, set(value) - set(Request._fields)))
        if unknown or "question" not in value:
            what = f"unknown '{unknown[0]}'" if unknown else "no 'question'"
            raise QuestionError(f"The input has {what}.", f"It may have {', '.join(Request._fields)}.")
        history = value.get("history") or history
        filters = value.get("filters") or filters
        model = value.get("model") or model
        passages = passages if value.get("passages") is None else value["passages"]
        language = value.get("language") or language
        value = value["question"]
    elif isinstance(value, (list, tuple)):
        if not value or not isinstance(value[-1], HumanMessage):
            raise QuestionError("The last message is not the user's.", "End the messages with a question.")
        history, value = (*history, *value[:-1]), value[-1].text
    if not isinstance(value, str):
        raise QuestionError(f"The question is not text but {type(value).__name__}.", "Give a string.")
    chosen = Filters.model_validate(filters) if filters is not None else None
    if passages is not None and not (type(passages) is int and 1 <= passages <= MOST_PASSAGES):
        raise QuestionError(
            f"The number of passages is {str(passages)[:20]!r}.",
            f"Give a whole number from 1 to {MOST_PASSAGES}.",
        )
    if language is not None and language not in get_args(AnswerLanguage):
        raise QuestionError(f"The answer's language is {str(language)[:20]!r}.", "Choose auto, en or zh.")
    return Request(value, turns_of(history), chosen, model, passages, cast(AnswerLanguage | None, language))


def inputs_of(request: Request) -> dict[str, Any]:
    """What a trace shows as input."""
    return {name: value for name, value in request._asdict().items() if value}
