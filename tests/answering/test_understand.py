from __future__ import annotations

import datetime as dt

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.understand import understand
from assistant.models.chat import ModelSession
from assistant.retrieval.query import Query
from assistant.schema import Filters, Turn
from tests.doubles import ScriptedModel, local_session

HISTORY = [
    Turn(question="How much did SMIC earn in 2025?", answer="SMIC earned 9.3 billion dollars in 2025. [1]")
]
HISTORY_ZH = [Turn(question="华为的昇腾950何时发布？", answer="计划于2026年初发布。[1]")]
GLOSSARY = Glossary([("Ascend", "昇腾"), ("Huawei", "华为")])


def ask(
    question: str, says: str | None = None, history: list[Turn] | None = None, **options: object
) -> Query:
    session: ModelSession | None = None
    if says is not None:
        session = local_session(ScriptedModel(reply=lambda _: says))
    return understand(
        question, history=history or [], session=session, prompts=Prompts(), glossary=GLOSSARY, **options
    )  # type: ignore[arg-type]


def test_a_question_that_stands_alone_is_not_rewritten() -> None:
    question = "How many Ascend 910C chips did Huawei make in 2025?"
    model = ScriptedModel(reply=lambda _: "Something else?")
    query = understand(
        question, history=HISTORY, session=local_session(model), prompts=Prompts(), glossary=GLOSSARY
    )
    assert query.standalone == question and not model.prompts and query.extra == ()


def test_a_follow_up_is_rewritten_and_also_searched_as_asked() -> None:
    query = ask("And what does it expect?", "What does SMIC expect for 2025?", HISTORY)
    assert query.question == "And what does it expect?"
    assert query.standalone == query.english == "What does SMIC expect for 2025?"
    assert [(s.text, s.weight) for s in query.searches] == [
        ("What does SMIC expect for 2025?", 1.0),
        ("And what does it expect?", 0.3),
    ]


def test_a_chinese_question_is_searched_as_asked_and_with_its_names() -> None:
    model = ScriptedModel(reply=lambda _: "Something else?")
    query = understand(
        "华为的昇腾950何时发布？", session=local_session(model), prompts=Prompts(), glossary=GLOSSARY
    )
    assert query.language == "zh" and query.standalone == "华为的昇腾950何时发布？"
    assert query.english == "Huawei 的 Ascend 950何时发布？" and not model.prompts
    assert [s.text for s in query.searches] == [query.standalone, query.english]
    assert query.kinds == ("date",)


def test_a_chinese_follow_up_is_rewritten() -> None:
    query = ask("它的产量呢？", "华为昇腾950的产量是多少？", HISTORY_ZH)
    assert query.standalone == "华为昇腾950的产量是多少？"
    assert query.english == "Huawei Ascend 950的产量是多少？" and query.kinds == ("number",)


def test_parts_of_a_chinese_question_have_the_english_names() -> None:
    query = ask("华为收入多少，谁领导华为？")
    assert [part.replace(" ", "") for part in query.parts] == ["Huawei收入多少", "谁领导Huawei"]


def test_filters_and_wish_for_the_newest() -> None:
    query = ask(
        "What do reports since March 2026 say about the latest H200 rules?",
        filters=Filters(topics=("trade",)),
    )
    assert query.filters == Filters(topics=("trade",), since=dt.date(2026, 3, 1)) and query.prefer_recent
