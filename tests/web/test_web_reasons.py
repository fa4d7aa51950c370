"""Why a sentence is doubted is told in the language of the page."""

from __future__ import annotations

import html
import re

import pytest
from web_fake import FakeAssistant, passages_of

from assistant.answering.reasons import REASONS
from assistant.schema import Citation, Claim, Reason
from assistant.web.turns import LiveTurn, live_html


def test_every_reason_has_its_words_in_both_languages() -> None:
    for code, (english, chinese) in REASONS.items():
        assert re.fullmatch(r"[ -~]+", english)
        assert re.search(r"[\u4e00-\u9fff]", chinese) or code == "other"
        assert not re.search(r"[A-Za-z]{2,}", re.sub(r"{\w+}", "", chinese)), code
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))


def told(engine: FakeAssistant, language: str, claim: Claim) -> str:
    """What the tooltip of the citation's number says against the sentence."""
    document = engine.document("companies/2026-05-13-tencent-ai-spending.md")
    passage = passages_of(document)[0]
    place = passage.sentences[0]
    citation = Citation(
        number=1, passage=passage, quote=place.text, score=0.5,
        char_start=place.char_start, char_end=place.char_end,
    )  # fmt: skip
    page = live_html(language, LiveTurn("When?", claims=[claim], citations=[citation]))
    attribute = "data-reasons" if claim.citations else "title"
    found = re.search(rf'{attribute}="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("citations", [(1,), ()])
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "number {12} is not in the passage; the passage says rose, not <fell>"),
        ("zh", "段落中没有数字 {12}；段落说的是 rose，不是 <fell>"),
    ],
)
def test_reasons_speak_the_language_of_the_page(
    engine: FakeAssistant, language: str, words: str, citations: tuple[int, ...]
) -> None:
    claim = Claim(
        text="It fell by 12.",
        citations=citations,
        verdict="partly_supported",
        score=0.4,
        reasons=("number {12} is not in the passage", "the passage says rose, not <fell>"),
        reason_codes=(
            Reason(code="number_missing", said="{12}"),
            Reason(code="contradicted", said="<fell>", found="rose"),
        ),
    )
    assert told(engine, language, claim) == words


def test_an_older_answer_and_a_newer_code_show_the_words_that_came_with_them(engine: FakeAssistant) -> None:
    old = Claim(
        text="It fell.", citations=(1,), verdict="partly_supported", score=0.4, reasons=("no date", "no name")
    )
    assert told(engine, "zh", old) == "no date；no name"
    newer = old.model_copy(update={"reason_codes": (Reason(code="of_tomorrow"), Reason(code="unstated"))})
    assert told(engine, "zh", newer) == "no date；没有段落这样说"
