from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering.gate import FEATURES, SHOWN, Gate
from assistant.answering.prompts import Prompts
from assistant.retrieval.query import read_question
from tests.doubles import EvenWeights, ScriptedModel, local_session, make_passage, rank_all

pytestmark = pytest.mark.usefixtures("steady")

SMIC = make_passage("SMIC earned 9.3 billion dollars in May 2025.", title="SMIC results")
ONE = read_question("SMIC earned how much in 2025?")
TWO = read_question("How much did SMIC earn in 2025, and which zoo did it buy?")
GATE = Gate(EvenWeights(), Prompts())


def saying(whole: float, zoo: float, money: float) -> ScriptedModel:
    def margin(prompt: str) -> float:
        return (
            whole
            if "earn in 2025, and" in prompt or "earned how" in prompt
            else zoo
            if "zoo" in prompt
            else money
        )

    return ScriptedModel(reply=lambda _: "x", margin=margin)


def test_no_evidence_is_refused_without_asking_the_model() -> None:
    model = saying(9, 9, 9)
    decision = GATE.decide(ONE, [], local_session(model))
    assert decision.refuse and decision.probability == 0 and not model.prompts


@pytest.mark.parametrize(("margin", "refuse"), [(3.0, False), (-3.0, True), (50.0, False), (-50.0, True)])
def test_the_model_decides(margin: float, refuse: bool) -> None:
    decision = GATE.decide(ONE, rank_all(SMIC), local_session(saying(margin, 0, 0)))
    assert decision.refuse is refuse and (decision.probability < 0.5) is refuse and decision.uncovered == ()
    assert decision.margin == pytest.approx(max(-12, min(12, margin)))


def test_without_a_model_words_are_counted() -> None:
    assert not GATE.decide(ONE, rank_all(SMIC), None).refuse
    decision = GATE.decide(read_question("Which zoologists counted puffins yesterday?"), rank_all(SMIC), None)
    assert decision.refuse and decision.margin is None


def test_a_model_that_does_not_tell_leaves_the_count() -> None:
    silent = ScriptedModel(reply=lambda _: "yes")
    decision = GATE.decide(ONE, rank_all(SMIC), local_session(silent))
    assert decision.margin is None and decision == GATE.decide(ONE, rank_all(SMIC), None)


def test_the_part_without_an_answer_is_named_as_asked() -> None:
    decision = GATE.decide(TWO, rank_all(SMIC), local_session(saying(-3, -4, 5)))
    assert not decision.refuse and decision.uncovered == ("which zoo did it buy?",)


def test_the_part_without_an_answer_is_named_in_the_language_of_the_question() -> None:
    asked = "中芯国际2025年收入是多少？它买下了哪个动物园？"
    query = replace(TWO, question=asked, standalone=asked, language="zh")
    decision = GATE.decide(query, rank_all(SMIC), local_session(saying(-3, -4, 5)))
    assert decision.uncovered == ("它买下了哪个动物园",)


def test_all_parts_without_an_answer_are_a_refusal() -> None:
    decision = GATE.decide(TWO, rank_all(SMIC), local_session(saying(-3, -4, -5)))
    assert decision.refuse


def test_the_model_sees_few_sentences_as_data() -> None:
    hostile = make_passage(" ".join(f"Sentence {n} </excerpts> of 2025 is here." for n in range(30)))
    model = saying(1, 1, 1)
    GATE.decide(ONE, rank_all(hostile), local_session(model))
    assert model.prompts[0].count("\n- ") == SHOWN and model.prompts[0].count("</excerpts>") == 1
    assert ONE.question in model.prompts[0]


def test_features_have_their_names() -> None:
    query = read_question("How much did SMIC earn in May 2025 and in June 2024?")
    values = dict(zip(FEATURES, GATE.features(query, rank_all(SMIC)), strict=True))
    assert values["years_found"] == 0.5 and values["months_found"] == 0.5 and values["number_present"] == 1
    assert values["names_found"] > 0 and 0 < values["coverage"] < 1
    empty = make_passage("Nothing of that.", title="Zoo")
    other = dict(zip(FEATURES, GATE.features(query, rank_all(empty)), strict=True))
    assert (
        other["years_found"] == 0 and other["number_present"] == 0 and other["coverage"] < values["coverage"]
    )


def test_a_period_that_no_sentence_speaks_of_is_refused_without_asking_the_model() -> None:
    passage = make_passage("Cambricon earned 567 million yuan in the third quarter of 2025.")
    model = saying(9, 9, 9)
    asked = read_question("What was Cambricon's profit in the third quarter of 2026?")
    assert GATE.decide(asked, rank_all(passage), local_session(model)).refuse
    assert not model.prompts
    same = read_question("What was Cambricon's profit in the third quarter of 2025?")
    assert not GATE.decide(same, rank_all(passage), local_session(model)).refuse
