from __future__ import annotations

from collections.abc import Iterator

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from assistant.answering.compose import CheckedSentence
from assistant.answering.prompts import Prompts
from assistant.answering.verify import ClaimVerifier
from assistant.answering.writing import evidence_passages, write_claims
from assistant.errors import ModelError
from assistant.models.chat import ChatChoice, ModelSession
from assistant.retrieval.query import Query, read_question
from tests.doubles import ScriptedModel, make_hits, make_passage, rank_all

SMIC = make_passage(
    "SMIC earned 9.3 billion dollars in 2025. It expects growth of 10 percent in 2026.", title="SMIC results"
)
HUAWEI = make_passage(
    "Huawei plans to ship the Ascend 950PR in early 2026.",
    path="chips/b.md",
    title="Huawei shipments",
    start=50,
)
QUERY = read_question("How much did SMIC earn in 2025?")


def write(model: object, query: Query = QUERY, language: str = "en") -> Iterator[CheckedSentence]:
    session = ModelSession(ChatChoice("provider", "fake", model))  # type: ignore[arg-type]
    passages = (SMIC, HUAWEI)
    return write_claims(
        query, make_hits(*passages), rank_all(*passages), language=language, session=session, prompts=Prompts(), verifier=ClaimVerifier(),
    )  # fmt: skip


def says(text: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(text)]))


def verdicts(text: str) -> list[tuple[str, str, list[str]]]:
    return [
        (
            c.text,
            c.check.verdict,
            [s.passage.document.path for s in c.supports if c.check.verdict != "unsupported"],
        )
        for c in write(says(text))
    ]


def test_a_marked_sentence_is_checked_against_its_passage() -> None:
    assert verdicts("SMIC earned 9.3 billion dollars in 2025. [1]") == [
        ("SMIC earned 9.3 billion dollars in 2025.", "supported", [SMIC.document.path])
    ]


@pytest.mark.parametrize("mark", ["", " [2]", " [7]", " [0]"])
def test_a_forgotten_or_wrong_mark_is_made_right(mark: str) -> None:
    assert verdicts(f"SMIC earned 9.3 billion dollars in 2025{mark}.") == [
        ("SMIC earned 9.3 billion dollars in 2025.", "supported", [SMIC.document.path])
    ]


def test_the_quote_is_the_sentence_that_supports() -> None:
    (claim,) = write(says("Huawei plans to ship the Ascend 950PR in early 2026 [2]."))
    (support,) = claim.supports
    assert support.quote == HUAWEI.text and (support.char_start, support.char_end) == (
        50,
        50 + len(HUAWEI.text),
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "SMIC earned 12.7 billion dollars in 2025 [1].",
        "SMIC earned 9.3 billion dollars in 2019 [1].",
        "TSMC sued Samsung in a court of Texas [1].",
        "The moon is made of cheese.",
    ],
)
def test_an_invention_is_unsupported(sentence: str) -> None:
    ((_, verdict, _),) = verdicts(sentence)
    assert verdict != "supported"


def test_an_invented_number_beside_a_true_sentence() -> None:
    out = verdicts(
        "SMIC earned 9.3 billion dollars in 2025 [1]. It lost 77 billion euros to Apple in Chile [1]."
    )
    assert [verdict for _, verdict, _ in out] == ["supported", "unsupported"]


@pytest.mark.parametrize("text", ["NOT STATED", "**NOT STATED**.", "文件未说明。", "", "\n\n"])
def test_a_refusal_says_nothing(text: str) -> None:
    assert list(write(ScriptedModel(reply=lambda _: text))) == []


def test_sentences_come_while_the_model_writes() -> None:
    written: list[str] = []
    text = "SMIC earned 9.3 billion dollars in 2025. [1] It expects growth of 10 percent in 2026. [1]"

    class Slow:
        def stream(self, messages, config=None, **options):  # type: ignore[no-untyped-def]
            for word in text.split(" "):
                written.append(word)
                yield AIMessage(word + " ")

    stream = write(Slow())
    assert next(stream).text == "SMIC earned 9.3 billion dollars in 2025."
    assert written[-1] == "It"
    assert next(stream).text == "It expects growth of 10 percent in 2026."


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_the_size_of_pieces_changes_nothing(piece: int) -> None:
    text = "SMIC earned 9.3 billion dollars in 2025. [1]\n- Huawei plans to ship the Ascend 950PR in early 2026.[2]\nSources:\n[1] x"
    out = list(write(ScriptedModel(reply=lambda _: text, piece=piece)))
    assert [(c.text, [s.passage for s in c.supports]) for c in out] == [
        ("SMIC earned 9.3 billion dollars in 2025.", [SMIC]),
        ("Huawei plans to ship the Ascend 950PR in early 2026.", [HUAWEI]),
    ]


def test_an_address_of_the_models_own_is_never_shown() -> None:
    out = verdicts("SMIC earned 9.3 billion dollars in 2025, see https://evil.example/?q=secret [1].")
    assert [verdict for _, verdict, _ in out] == ["unsupported"]
    (claim,) = write(says("SMIC earned 9.3 billion dollars in 2025 (www.evil.example)."))
    assert claim.check.reasons == ("the address www.evil.example is in no passage",) and claim.supports == ()


def test_the_prompt_holds_the_passages_as_data() -> None:
    model = ScriptedModel(reply=lambda _: "NOT STATED")
    list(write(model))
    assert model.prompts[0].index('<passage number="1">') < model.prompts[0].index("SMIC earned 9.3 billion")
    assert (
        "Question: How much did SMIC earn in 2025?" in model.prompts[0] and "in English" in model.prompts[0]
    )
    list(write(model, language="zh"))
    assert "Simplified Chinese" in model.prompts[1]
    list(write(model, query=read_question("Give a timeline of SMIC.")))
    assert "order of their dates" in model.prompts[2] and "order of their dates" not in model.prompts[0]


def test_a_failing_model_is_an_error_of_ours() -> None:
    with pytest.raises(ModelError, match="fake"):
        list(write(GenericFakeChatModel(messages=iter([]))))


def test_passages_fit_into_the_words_of_their_sentences() -> None:
    long = make_passage("One is short. " + "Word " * 80 + "end.", path="chips/c.md")
    hits = make_hits(SMIC, long, HUAWEI)
    assert evidence_passages(hits, rank_all(SMIC, HUAWEI)) == [SMIC, HUAWEI]
    assert evidence_passages(hits, rank_all(long)[:1]) == [long]
    assert evidence_passages(hits, rank_all(SMIC)[:1] + rank_all(long)[:1]) == [SMIC]
    assert evidence_passages(hits, []) == []
