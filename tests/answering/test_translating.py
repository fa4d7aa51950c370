"""A translation keeps figures, dates and names, or it is tried again, or it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from langchain_core.messages import AIMessage

from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.translating import lost_figures, translate
from assistant.answering.verify import Check, ClaimVerifier
from assistant.models.chat import ChatChoice, ModelSession
from tests.doubles import ScriptedModel, local_session

WRITTEN = [("Huawei", "华为"), ("Ascend", "昇腾"), ("shipments", "出货量"), ("Donald Trump", "唐纳德·特朗普")]
GLOSSARY = Glossary([("Yao Shunyu", "姚顺雨")], written=WRITTEN)


class Agrees(ClaimVerifier):
    """Supports whatever it is asked."""

    def check(self, claim: str, *_: object, **__: object) -> Check:
        return Check("supported", 0.9)


def said(text: str, *replies: str) -> tuple[str | None, list[str]]:
    """What comes of a sentence, and what the model was asked."""
    order: Iterator[str] = iter(replies)
    model = ScriptedModel(reply=lambda _: next(order))
    result = translate(
        text,
        context="",
        session=local_session(model),
        prompts=Prompts(),
        verifier=Agrees(),
        glossary=GLOSSARY,
    )
    asked = [prompt.rpartition("\n\n")[2] for prompt in model.prompts]
    return (result[0] if result else None), asked


def test_the_model_reads_names_amounts_and_dates_in_chinese() -> None:
    text, asked = said(
        "Huawei's sales rose 5 percent to $1.2 billion on 3 May 2026, Yao Shunyu said.",
        "姚顺雨表示，华为2026年5月3日的销售额增长5%，达到12亿美元。",
    )
    assert text == "姚顺雨表示，华为2026年5月3日的销售额增长5%，达到12亿美元。"
    assert "Sentence: 华为的 sales rose 5% to 12亿美元 on 2026年5月3日, Yao Shunyu said." in asked[0]
    # A pair that only a pattern found is told, not put in.
    assert "Names: Yao Shunyu = 姚顺雨\n" in asked[0] and "Huawei" not in asked[0]


def test_a_year_that_was_left_out_comes_back() -> None:
    text, asked = said("On 13 January 2026 officials met.", "官员1月13日会面。")
    assert text == "官员2026年1月13日会面。" and len(asked) == 1
    # Not where another year stands, nor within another day.
    assert said("On 3 January 2026 officials met.", "官员2025年1月3日会面。", "官员1月30日会面。")[0] is None


def test_what_was_lost_is_named_in_the_second_attempt() -> None:
    text, asked = said(
        "It sold 300 H20 chips in March 2026.", "它卖出了芯片。", "它在2026年3月卖出了300块H20芯片。"
    )
    assert text == "它在2026年3月卖出了300块H20芯片。"
    assert "must also say" not in asked[0]
    assert "The translation must also say: H20; 300; 2026年3月\n" in asked[1]


def test_a_name_that_was_miscopied_goes_through_in_latin() -> None:
    text, asked = said("The Ascend 950 sold well.", "腾云950销售良好。", "Ascend 950销售良好。")
    assert "Sentence: The 昇腾 950" in asked[0] and "Sentence: The Ascend 950" in asked[1]
    assert text == "昇腾 950销售良好。"
    assert said("The Ascend 950 sold well.", "腾云950销售良好。", "腾问950销售良好。")[0] is None


def test_common_words_may_be_put_otherwise_and_a_last_name_is_enough() -> None:
    assert said("Donald Trump spoke of shipments.", "特朗普谈到发货。")[0] == "特朗普谈到发货。"


def test_english_that_was_left_is_no_translation() -> None:
    text, asked = said("An interim team left.", "interim团队离开了。", "interim团队走了。")
    assert text is None and "must also say: interim" in asked[1]


@pytest.mark.parametrize("lead", ["翻译如下：", "句子: ", "1. ", "“"])
def test_what_a_model_says_before_its_translation_is_taken_away(lead: str) -> None:
    assert said("Nobody came.", f"{lead}没有人来。")[0] == "没有人来。"


@pytest.mark.parametrize(
    ("english", "chinese", "lost"),
    [
        ("about 2 million H200 chips", "约200万H200芯片", []),
        ("5 firms", "2025家公司", ["5"]),
        ("South Korea put the 910B at 20 percent.", "韩国称910B为20%。", []),
        ("in the first half of 2025", "2025年第一季度", ["2025年上半年"]),
        ("in 2024", "去年", ["2024年"]),
    ],
)
def test_lost_figures(english: str, chinese: str, lost: list[str]) -> None:
    assert lost_figures(english, chinese) == lost


def test_the_embedded_model_may_write_no_latin_but_the_names() -> None:
    model = ScriptedModel(reply=lambda _: "MetaX上涨5%。")
    translate(
        "The firm MetaX rose 5 percent to 3 GB/s.", context="", session=local_session(model), prompts=Prompts(),
        verifier=Agrees(), glossary=GLOSSARY,
    )  # fmt: skip
    grammar = str(model.options[0]["grammar"])
    assert re.findall(r'\| "([^"]+)"', grammar) == ["MetaX", "GB/s", "GB"]
    # Other engines are not told: not each of them knows the form.
    model.options.clear()
    translate(
        "The firm MetaX rose.", context="", session=ModelSession(ChatChoice("provider", "p:m", model)),
        prompts=Prompts(), verifier=Agrees(), glossary=GLOSSARY,
    )  # fmt: skip
    assert "grammar" not in model.options[0]


@pytest.mark.parametrize(("logprobs", "shown"), [((-0.1, -0.2), True), ((-0.1, -1.5), False), ((), True)])
def test_a_translation_that_the_embedded_model_is_unsure_of_is_none(
    monkeypatch: pytest.MonkeyPatch, logprobs: tuple[float, ...], shown: bool
) -> None:
    session = local_session(ScriptedModel(reply=lambda _: ""))
    content = [{"token": "x", "logprob": value} for value in logprobs]
    reply = AIMessage("没有人来。", response_metadata={"logprobs": {"content": content}})
    asked: list[object] = []
    monkeypatch.setattr(session, "complete", lambda _, **options: asked.append(options["logprobs"]) or reply)
    result = translate(
        "Nobody came.", context="", session=session, prompts=Prompts(), verifier=Agrees(), glossary=GLOSSARY
    )
    assert (result is not None) == shown
    assert asked == ([True] if shown else [True, True])
