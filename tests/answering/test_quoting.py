from __future__ import annotations

from typing import Any

import pytest

from assistant.answering.compose import CheckedSentence
from assistant.answering.glossary import Glossary
from assistant.answering.prompts import Prompts
from assistant.answering.quoting import quote_claims
from assistant.answering.verify import Check, ClaimVerifier
from assistant.models.chat import ChatChoice, ModelSession
from assistant.retrieval.query import Query, read_question
from assistant.schema import Passage
from tests.doubles import ScriptedModel, local_session, make_passage, rank_all

ENGLISH = make_passage("SMIC earned 9.3 billion dollars\nin 2025. It hired 500 people.", start=40)
QUERY = read_question("How much did SMIC earn in 2025?")
QUERY_ZH = Query(
    "中芯国际2025年收入多少？",
    "中芯国际2025年收入多少？",
    "zh",
    "How much did SMIC earn in 2025?",
    kinds=("number",),
)


class Numbers(ClaimVerifier):
    """Supports a translation that has all figures of the original."""

    def __init__(self) -> None:
        super().__init__()
        self.contexts: list[str] = []

    def check(self, claim: str, evidence: str, *, context: str = "", premise_sentences: Any = None) -> Check:
        self.contexts.append(context)
        return (
            Check("supported", 0.8)
            if "9.3" in claim or "500" in claim
            else Check("unsupported", 0.1, ("number",))
        )


def quote(
    query: Query,
    *passages: Passage,
    language: str = "en",
    session: ModelSession | None = None,
    **options: Any,
) -> list[CheckedSentence]:
    return list(
        quote_claims(
            query,
            rank_all(*passages),
            language=language,
            session=session,
            prompts=Prompts(),
            verifier=options.pop("verifier", Numbers()),
            glossary=options.pop("glossary", Glossary()),
            translations=options.pop("translations", {}),
        )
    )


def test_quotes_are_verbatim() -> None:
    claims = quote(QUERY, ENGLISH)
    assert claims[0].text == "SMIC earned 9.3 billion dollars in 2025."
    for claim in claims:
        (support,) = claim.supports
        assert ENGLISH.text[support.char_start - 40 : support.char_end - 40] == support.quote
        assert " ".join(support.quote.split()) == claim.text and claim.check.verdict == "supported"


def test_an_english_answer_needs_no_model() -> None:
    model = ScriptedModel(reply=lambda _: "x")
    assert quote(QUERY, ENGLISH, session=local_session(model)) == quote(QUERY, ENGLISH) and not model.prompts


def test_a_chinese_answer_translates_and_quotes_the_original() -> None:
    model = ScriptedModel(
        reply=lambda p: "“中芯国际2025年收入93亿美元（US$9.3bn）。”" if "93亿" in p else "它雇用了500人。"
    )
    verifier = Numbers()
    claims = quote(QUERY_ZH, ENGLISH, language="zh", session=local_session(model), verifier=verifier)
    assert claims[0].text == "中芯国际2025年收入93亿美元（US$9.3bn）。"
    assert (
        claims[0].supports[0].quote == "SMIC earned 9.3 billion dollars\nin 2025."
        and claims[0].supports[0].score == 0.8
    )
    # A small model's translation is shown, with its doubt; the quote is what counts.
    assert claims[0].check.verdict == "partly_supported" and "the quote counts" in claims[0].check.reasons[-1]
    assert "Huawei's Ascend plans" in verifier.contexts[0]


SENTENCE = "SMIC earned 9.3 billion dollars in 2025."


def test_a_translation_that_came_with_the_documents_is_said_without_a_model() -> None:
    model = ScriptedModel(reply=lambda _: "模型的译文93亿美元。")
    written = {SENTENCE: "中芯国际2025年收入93亿美元。"}
    for session in (None, local_session(model)):
        said = quote(
            QUERY_ZH, ENGLISH, language="zh", session=session, translations=written, verifier=ClaimVerifier()
        )[0]
        assert said.text == written[SENTENCE] and said.check.verdict == "supported"
        assert " ".join(said.supports[0].quote.split()) == SENTENCE
    assert not any("9.3 billion" in str(prompt) for prompt in model.prompts)


def test_an_english_answer_ignores_translations() -> None:
    assert quote(QUERY, ENGLISH, translations={SENTENCE: "中芯国际2025年收入93亿美元。"})[0].text == SENTENCE


def test_a_translation_in_doubt_is_shown_with_the_doubt() -> None:
    written = {SENTENCE: "2025年，中芯国际93亿美元的收入得到证实。"}
    said = quote(QUERY_ZH, ENGLISH, language="zh", translations=written, verifier=ClaimVerifier())[0]
    assert said.text == written[SENTENCE] and said.check.verdict == "partly_supported" and said.check.reasons


@pytest.mark.parametrize("wrong", ["中芯国际2025年收入39亿美元。", "中芯国际收入93亿元。"])
def test_a_translation_with_another_figure_gives_way(wrong: str) -> None:
    said = quote(QUERY_ZH, ENGLISH, language="zh", translations={SENTENCE: wrong}, verifier=ClaimVerifier())[
        0
    ]
    assert said.text == SENTENCE and said.check.verdict == "supported"


@pytest.mark.parametrize(
    "says",
    [
        "中芯国际收入大增。",
        "中芯国际 earned 93亿美元（US$9.3bn）。",
        "SMIC earned 9.3 billion dollars in 2025.",
        "",
        "  ",
    ],
)
def test_a_translation_that_loses_something_gives_way_to_the_original(says: str) -> None:
    claims = quote(
        QUERY_ZH, ENGLISH, language="zh", session=local_session(ScriptedModel(reply=lambda _: says))
    )
    assert (
        claims[0].text == "SMIC earned 9.3 billion dollars in 2025."
        and claims[0].check.verdict == "supported"
    )


def test_the_real_verifier_rejects_a_translation_without_the_number() -> None:
    model = ScriptedModel(reply=lambda _: "中芯国际2025年收入为44亿美元。")
    claims = quote(QUERY_ZH, ENGLISH, language="zh", session=local_session(model), verifier=ClaimVerifier())
    assert claims[0].text == "SMIC earned 9.3 billion dollars in 2025."


@pytest.mark.parametrize("kind", ["local", "provider"])
@pytest.mark.parametrize(
    "order", [("doubtful", "good"), ("good",), ("bad", "doubtful"), ("doubtful", "doubtful")]
)
def test_a_doubtful_translation_is_tried_again(order: tuple[str, ...], kind: Any) -> None:
    said = {
        "good": "中芯国际2025年收入93亿美元。", "doubtful": "中芯国际2025年亏损93亿美元。", "bad": "收入大增。",
    }  # fmt: skip

    class Verdicts(ClaimVerifier):
        def check(self, claim: str, *_: Any, **__: Any) -> Check:
            return Check("partly_supported", 0.3) if "亏损" in claim else Check("supported", 0.9)

    passage = make_passage("SMIC earned 9.3 billion dollars in 2025.")
    replies = iter(said[name] for name in order)
    model = ScriptedModel(reply=lambda _: next(replies))
    session = ModelSession(ChatChoice(kind, "fake", model))
    (claim,) = quote(QUERY_ZH, passage, language="zh", session=session, verifier=Verdicts())
    # Of a doubtful sentence by the embedded model the original is better.
    best = said["good" if "good" in order else "doubtful"]
    assert claim.text == (passage.text if kind == "local" and "good" not in order else best)
    assert len(model.prompts) == len(order)


def test_chinese_sentences_and_no_model_need_no_translation() -> None:
    chinese = make_passage("中芯国际2025年收入93亿美元。", path="chips/c.md")
    model = ScriptedModel(reply=lambda _: "x")
    assert quote(QUERY_ZH, chinese, language="zh", session=local_session(model))[0].text == chinese.text
    assert not model.prompts
    assert quote(QUERY_ZH, ENGLISH, language="zh")[0].text == "SMIC earned 9.3 billion dollars in 2025."


def test_the_translator_is_told_the_names() -> None:
    model = ScriptedModel(reply=lambda _: "中芯国际赚了9.3。")
    glossary = Glossary([("SMIC", "中芯国际"), ("Huawei", "华为")])
    quote(QUERY_ZH, ENGLISH, language="zh", session=local_session(model), glossary=glossary)
    # Two sentences are translated at once: which is asked first is not told.
    about = [prompt for prompt in model.prompts if "Sentence: SMIC" in prompt]
    assert about and all("Names: SMIC = 中芯国际\n" in prompt for prompt in about)
    assert not any("华为" in prompt for prompt in model.prompts)


def test_nothing_ranked_quotes_nothing() -> None:
    assert quote(QUERY) == []


def test_what_two_documents_state_carries_both_marks() -> None:
    same = make_passage("In 2025 SMIC earned 9.3 billion dollars.", path="a/same.md")
    again = make_passage("SMIC earned 9.3 billion dollars in 2025.", path="a/same.md", start=900)
    other = make_passage("SMIC earned 8.8 billion dollars in 2025.", path="a/other.md")
    found = quote(QUERY, make_passage("SMIC earned 9.3 billion dollars in 2025."), same, again, other)
    assert [[s.passage.document.path for s in claim.supports] for claim in found] == [
        ["chips/2026-05-01-ascend.md", "a/same.md"],
        ["a/other.md"],
    ]
    assert found[0].supports[1].quote == "In 2025 SMIC earned 9.3 billion dollars."
