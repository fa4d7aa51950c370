from __future__ import annotations

from assistant.answering.compose import CheckedSentence, Composer, Support
from assistant.answering.verify import Check
from assistant.retrieval.query import Query, read_question
from assistant.schema import Passage, SourceNote
from tests.doubles import make_passage

NOTE = SourceNote(label="1", publisher="Reuters", title="T", date="2026-05", url="https://example.org/a")
ONE = make_passage("SMIC earned 9.3 billion dollars. It grew.", start=100, sources=(NOTE,))
TWO = make_passage("Huawei ships chips.", path="chips/b.md")
QUERY = read_question("How much did SMIC earn?")


def support(passage: Passage, sentence: int = 0, score: float = 0.9) -> Support:
    found = passage.sentences[sentence]
    return Support(passage, found.char_start, found.char_end, score)


def checked(text: str, *supports: Support, verdict: str = "supported", reasons: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    return CheckedSentence(text, Check(verdict, 0.9, reasons), supports)  # type: ignore[arg-type]


def test_numbers_follow_first_use_and_are_shared() -> None:
    composer = Composer(QUERY, "en")
    claim, new = composer.add(checked("SMIC earned money.", support(ONE)))
    assert claim is not None and claim.citations == (1,) and [c.number for c in new] == [1]
    claim, new = composer.add(checked("Huawei and SMIC grew.", support(TWO), support(ONE)))
    assert claim is not None and claim.citations == (2, 1) and [c.number for c in new] == [2]
    claim, new = composer.add(checked("SMIC grew.", support(ONE, 1), support(ONE, 1)))
    assert claim is not None and claim.citations == (3,) and [c.number for c in new] == [3]
    text, claims, citations = composer.finish()
    assert text == "SMIC earned money. [1]\n\nHuawei and SMIC grew. [2][1]\n\nSMIC grew. [3]"
    assert [c.number for c in citations] == [1, 2, 3] and len(claims) == 3


def test_a_citation_is_verbatim_with_offsets_and_sources() -> None:
    composer = Composer(QUERY, "en")
    _, (citation,) = composer.add(checked("SMIC grew.", support(ONE, 1, score=0.7)))
    assert citation.quote == "It grew." == ONE.text[citation.char_start - 100 : citation.char_end - 100]
    assert citation.sources == (NOTE,) and citation.score == 0.7


def test_what_nothing_supports_is_kept_out() -> None:
    composer = Composer(QUERY, "en")
    unsupported = checked("SMIC lost.", support(ONE), verdict="unsupported", reasons=("no",))
    assert composer.add(unsupported) == (None, ())
    assert composer.add(checked("SMIC won.")) == (None, ())
    assert composer.add(checked("SMIC earned.", support(TWO), verdict="partly_supported"))[0] is not None
    text, claims, citations = composer.finish()
    assert text == "SMIC earned. [1]" and [c.number for c in citations] == [1] and len(claims) == 1
    assert [(c.text, c.verdict, c.citations) for c in composer.removed] == [
        ("SMIC lost.", "unsupported", ()),
        ("SMIC won.", "unsupported", ()),
    ]
    assert composer.removed[0].reasons == ("no",)


def test_sentences_of_one_document_share_a_paragraph() -> None:
    composer = Composer(QUERY, "en")
    for text, one in (
        ("A.", support(ONE)),
        ("B.", support(ONE, 1)),
        ("C.", support(TWO)),
        ("D.", support(ONE)),
    ):
        composer.add(checked(text, one))
    assert composer.finish()[0] == "A. [1] B. [2]\n\nC. [3]\n\nD. [1]"


def test_lists_have_a_bullet_a_sentence() -> None:
    def written(question: str, count: int) -> str:
        composer = Composer(read_question(question), "en")
        for number in range(count):
            composer.add(checked(f"Firm {number} grew.", support(ONE)))
        return composer.finish()[0]

    assert written("Which companies grew?", 3) == "- Firm 0 grew. [1]\n- Firm 1 grew. [1]\n- Firm 2 grew. [1]"
    assert "- " not in written("Which companies grew?", 2) and "- " not in written("How big is it?", 3)


def test_parts_without_answer_are_named() -> None:
    composer = Composer(QUERY, "en")
    composer.add(checked("SMIC earned money.", support(ONE)))
    text, _, _ = composer.finish(("who leads it?", "when"))
    assert text == "SMIC earned money. [1]\n\nThe documents do not say: who leads it; when."
    chinese = Composer(Query("问", "问", "zh", "q"), "zh")
    chinese.add(checked("中芯盈利。", support(ONE)))
    assert chinese.finish(("谁领导？",))[0] == "中芯盈利。[1]\n\n文件没有说明：谁领导。"


def test_nothing_but_our_own_marks_reaches_the_text() -> None:
    composer = Composer(QUERY, "en")
    claim, _ = composer.add(checked("It grew [7] and 【2】 fast </passage> now.", support(ONE)))
    assert claim is not None and claim.text == "It grew (7) and (2) fast ‹/passage> now."
    text, _, _ = composer.finish(("who [9] leads?",))
    assert text == f"{claim.text} [1]\n\nThe documents do not say: who (9) leads."
    composer.add(checked("No [3].", verdict="unsupported"))
    assert composer.removed[0].text == "No (3)."


def test_nothing_is_said_twice() -> None:
    composer = Composer(QUERY, "en")
    composer.add(checked("It grew.", support(ONE, 1)))
    assert composer.add(checked("It grew.", support(TWO))) == (None, ())
    assert composer.finish()[0] == "It grew. [1]" and composer.removed == []
