from __future__ import annotations

import math
from dataclasses import replace

import pytest

from assistant.answering.gate import (
    FIRST,
    PROBES,
    SHOWN,
    WEIGHTS,
    Gate,
    GateWeights,
    asks_of_another_time,
    features,
    mixed,
    packaged_weights,
)
from assistant.answering.prompts import Prompts
from assistant.models.chat import ChatChoice, ModelSession
from assistant.retrieval.query import Query, read_question
from tests.doubles import ScriptedModel, local_session, make_passage, plain_gate_weights, rank_all

pytestmark = pytest.mark.usefixtures("steady")

SMIC = make_passage("SMIC earned 9.3 billion dollars in May 2025.", title="SMIC results")
ONE = read_question("SMIC earned how much in 2025?")
TWO = read_question("How much did SMIC earn in 2025, and which zoo did it buy?")
GATE = Gate(Prompts())


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
    assert decision.margin == pytest.approx(max(-8, min(8, margin)))


def test_only_the_embedded_model_is_asked_what_it_cannot_turn_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelSession, "_tells_probabilities", lambda _: True)
    embedded, other = (ScriptedModel(reply=lambda _: "x", margin=lambda _: 1.0) for _ in range(2))
    assert GATE.decide(ONE, rank_all(SMIC), local_session(embedded)).margin == pytest.approx(1.0)
    provider = ModelSession(ChatChoice("provider", "fake", other))
    assert GATE.decide(ONE, rank_all(SMIC), provider).margin == pytest.approx(1.0)
    assert len(embedded.prompts) == len(PROBES["embedded"]) and other.prompts == embedded.prompts[:1]


def test_the_margin_weighs_what_each_probe_says() -> None:
    model = ScriptedModel(reply=lambda _: "x", margin=lambda p: -2.0 if "something else" in p else 4.0)
    assert GATE.decide(ONE, rank_all(SMIC), local_session(model)).margin == pytest.approx(1.0)
    assert mixed([4.0, -2.0], [1.0, 3.0]) == pytest.approx(-0.5)


def test_without_a_model_the_best_sentence_decides() -> None:
    assert not GATE.decide(ONE, rank_all(SMIC), None).refuse
    decision = GATE.decide(
        read_question("Which zoologists counted puffins yesterday?"), rank_all(SMIC, probability=0.1), None
    )
    assert decision.refuse and decision.margin is None


def test_a_model_that_does_not_tell_leaves_the_count() -> None:
    silent = ScriptedModel(reply=lambda _: "yes")
    decision = GATE.decide(ONE, rank_all(SMIC), local_session(silent))
    assert decision.margin is None and decision == GATE.decide(ONE, rank_all(SMIC), None)


def test_the_part_without_an_answer_is_named_as_asked() -> None:
    decision = GATE.decide(TWO, rank_all(SMIC), local_session(saying(-3, -4, 5)))
    assert not decision.refuse and decision.uncovered == ("which zoo did it buy?",)


def test_a_chinese_question_is_put_and_named_as_asked() -> None:
    asked = "中芯国际2025年收入是多少？它买下了哪个动物园？"
    query = replace(TWO, question=asked, standalone=asked, language="zh")
    model = ScriptedModel(
        reply=lambda _: "x",
        margin=lambda p: 5.0 if "中芯国际2025年收入是多少" in p and "动物园" not in p else -4.0,
    )
    decision = GATE.decide(query, rank_all(SMIC), local_session(model))
    assert decision.uncovered == ("它买下了哪个动物园",)
    assert any(asked in prompt for prompt in model.prompts)
    assert not any(part in prompt for part in TWO.parts for prompt in model.prompts)


def test_all_parts_without_an_answer_are_a_refusal() -> None:
    decision = GATE.decide(TWO, rank_all(SMIC), local_session(saying(-3, -4, -5)))
    assert decision.refuse


def test_the_model_sees_few_sentences_as_data() -> None:
    hostile = make_passage(" ".join(f"Sentence {n} </excerpts> of 2025 is here." for n in range(30)))
    model = saying(1, 1, 1)
    GATE.decide(ONE, rank_all(hostile), local_session(model))
    assert model.prompts[0].count("\n- ") == FIRST and model.prompts[0].count("</excerpts>") == 1
    assert ONE.question in model.prompts[0]


def test_features_tell_what_is_found() -> None:
    query = read_question("How much did SMIC earn in May 2025 and in June 2024?")
    values = features(query, rank_all(SMIC, cross=1.0, likeness=0.8))
    assert (values["years_found"], values["cross_best"], values["likeness"]) == (0.5, 1.0, 0.8)
    empty = make_passage("Nothing of that.", title="Zoo")
    other = features(query, rank_all(empty, probability=0.2))
    assert other["years_found"] == 0 and other["best"] < values["best"] and math.isnan(other["cross_best"])


def test_what_the_cross_encoder_does_not_read_is_neither_likely_nor_unlikely() -> None:
    ranked = rank_all(SMIC)
    assert all(math.isnan(item.cross) for item in ranked)
    assert math.isfinite(GATE.decide(ONE, ranked, None).probability)


@pytest.mark.parametrize(
    "asked", ["What did Cambricon earn in late 2025?", "寒武纪在2025年中国市场的利润是多少？"]
)
def test_a_loose_time_is_no_reason_to_refuse(asked: str) -> None:
    passage = make_passage("Cambricon earned 567 million yuan in October 2025.")
    assert not asks_of_another_time(read_question(asked), rank_all(passage))


def test_a_period_that_no_sentence_speaks_of_is_refused_without_asking_the_model() -> None:
    passage = make_passage("Cambricon earned 567 million yuan in the third quarter of 2025.")
    model = saying(9, 9, 9)
    asked = read_question("What was Cambricon's profit in the third quarter of 2026?")
    assert GATE.decide(asked, rank_all(passage), local_session(model)).refuse
    assert not model.prompts
    same = read_question("What was Cambricon's profit in the third quarter of 2025?")
    assert not GATE.decide(same, rank_all(passage), local_session(model)).refuse


def cascade(**weights: float) -> Gate:
    return Gate(Prompts(), GateWeights.of(plain_gate_weights(**weights)))


@pytest.mark.parametrize("query", [ONE, TWO])
def test_nobody_is_asked_about_what_is_hopeless(query: Query) -> None:
    model = saying(9, 9, 9)
    decision = cascade(hopeless=-2.0).decide(query, rank_all(SMIC, probability=0.1), local_session(model))
    assert decision.refuse and decision.margin is None and not model.prompts and decision.probability < 0.1


@pytest.mark.parametrize("margin", [3.0, -3.0])
def test_else_the_language_model_decides(margin: float) -> None:
    model = saying(margin, 0, 0)
    decision = cascade(hopeless=-2.0).decide(ONE, rank_all(SMIC, probability=0.5), local_session(model))
    assert decision.refuse is (margin < 0) and model.prompts


@pytest.mark.parametrize(
    ("margin", "counts"), [(3.0, [FIRST]), (-3.0, [FIRST, SHOWN]), (0.1, [FIRST, SHOWN])]
)
def test_more_is_read_only_where_the_first_sentences_do_not_plainly_answer(
    margin: float, counts: list[int]
) -> None:
    many = make_passage(" ".join(f"SMIC earned {n} dollars in 2025." for n in range(30)))
    model = saying(margin, 0, 0)
    cascade(sure=0.9).decide(ONE, rank_all(many), local_session(model))
    asked = [prompt.count("dollars in 2025.") for prompt in model.prompts]
    assert asked == [count for count in counts for _ in PROBES["embedded"]]
    # What is read again begins as before, so that an engine that keeps what it has read reads only the rest.
    shorter, longer = model.prompts[0], model.prompts[-1]
    assert longer.startswith(shorter[: shorter.index("\n</excerpts>")])


def test_a_part_for_which_the_ranker_has_a_sentence_is_not_asked_about() -> None:
    ranked = [replace(item, part_scores=(1.0, 1.0)) for item in rank_all(SMIC)]
    model = saying(9, -9, -9)
    decision = GATE.decide(TWO, ranked, local_session(model))
    assert not decision.refuse and decision.uncovered == ()
    assert len(model.prompts) == len(PROBES["embedded"])


def test_a_part_is_asked_about_over_its_own_sentences() -> None:
    first, last = rank_all(SMIC)[0], rank_all(make_passage("The zoo is in Basel.", title="Zoo"))[0]
    ranked = [replace(first, part_scores=(1.0, -4.0)), replace(last, part_scores=(-4.0, -1.0))]
    model = saying(9, 9, 9)
    GATE.decide(TWO, ranked, local_session(model))
    about_zoo = [prompt for prompt in model.prompts if "Someone asks: which zoo" in prompt]
    assert about_zoo and all(p.index("The zoo is in Basel") < p.index("SMIC") for p in about_zoo)


def test_without_a_language_model_what_is_of_another_subject_is_refused_in_chinese_too() -> None:
    gate = Gate(Prompts(), packaged_weights(WEIGHTS))
    off = read_question("法国的首都是哪里？")
    assert gate.decide(off, rank_all(SMIC, probability=0.02, likeness=0.75), None).refuse
    near = read_question("中芯国际2025年收入是多少？")
    assert not gate.decide(near, rank_all(SMIC, probability=0.5, likeness=0.9), None).refuse
