import re
from pathlib import Path

import pytest

from assistant.evaluation.page import render_page, write_page
from assistant.evaluation.records import EvalRow, Evaluation, RankedPassage
from assistant.evaluation.report import build_report
from assistant.schema import Answer, Turn

from .fakes import answer, gold, passage, unanswerable

EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
A = passage("a.md", f"Huawei planned 600,000 dies {EVIL}.")
RIGHT = answer(
    "q", [(f"They planned 600,000 dies {EVIL}.", A, "supported"), ("Or not.", None, "unsupported")]
)
REFUSAL = answer("q", status="not_in_corpus")


def run(name: str, reply: Answer, **values: object) -> Evaluation:
    held = (RankedPassage(document="chips/a.md", text=A.text),)
    entries: list[dict[str, object]] = [
        {
            "question": gold("q1", f"How many {EVIL}?", history=(Turn(question=EVIL, answer=EVIL),)),
            "answer": reply,
        },
        {
            "question": gold("q2", facts=["H20", "600,000"]),
            "answer": REFUSAL,
            "evidence": A.text,
            "retrieved": held,
        },
        {"question": unanswerable("q3", "What price?"), "answer": reply},
        {"question": gold("q4", "多少?", language="zh"), "error": f"Broken {EVIL}"},
    ]
    return Evaluation(name=name, rows=tuple(EvalRow.model_validate(entry) for entry in entries))


def page(*evaluations: Evaluation) -> str:
    return render_page(build_report(evaluations), evaluations)


def section(text: str, name: str) -> str:
    found = re.search(
        rf'<details class="question[^>]*><summary><span class="id">{name}<.*?</details>', text, re.S
    )
    assert found
    return found[0]


def test_nothing_from_questions_or_documents_becomes_markup() -> None:
    text = page(run(f"A {EVIL}", RIGHT), run(f"B {EVIL}", REFUSAL))
    assert "<script" not in text and "<img" not in text
    assert "&lt;script&gt;" in text


def test_loads_nothing_from_elsewhere() -> None:
    text = page(run("A", RIGHT))
    assert not re.search(r"<link|@import|url\(|<iframe|<object", text)
    assert not re.search(r"<[^<>]*\b(?:src|href|action)\s*=", text)
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text


def test_tells_where_a_fact_was_lost() -> None:
    text = section(page(run("A", RIGHT)), "q2")
    assert "✗ H20: not retrieved" in text
    assert "✗ 600,000: was in the evidence" in text


def test_marks_questions_for_the_filters() -> None:
    text = page(run("A", RIGHT), run("B", REFUSAL))
    assert 'class="question changed missed refused unsupported"' in section(text, "q1")
    assert 'class="question missed refused"' in section(text, "q2")
    assert "answered" in section(text, "q3").split(">")[0]
    assert 'class="question failed"' in section(text, "q4")


def test_every_element_is_closed() -> None:
    from html.parser import HTMLParser

    open_elements: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in {"meta", "br", "input"}:
                open_elements.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            return None

        def handle_endtag(self, tag: str) -> None:
            assert open_elements.pop() == tag

    Checker().feed(page(run("A", RIGHT), run("B", REFUSAL)))
    assert open_elements == []


def test_retrieval_alone_makes_a_page() -> None:
    held = (RankedPassage(document="chips/a.md", text=A.text),)
    rows = (EvalRow(question=gold(facts=["H20", "600,000"]), retrieved=held),)
    text = section(page(Evaluation(name="A", rows=rows)), "q1")
    assert "✗ H20" in text and "✓ 600,000" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_set_every_colour(scheme: str) -> None:
    css = Path("assistant/evaluation/report.css")
    text = (Path(__file__).parents[2] / css).read_text(encoding="utf-8")
    light, dark = text.split("prefers-color-scheme: dark", 1)
    block = light if scheme == "light" else dark.split("}", 1)[0]
    for name in set(re.findall(r"var\((--\w[\w-]*)\)", text)):
        assert f"{name}:" in block, name


def test_written_whole(tmp_path: Path) -> None:
    evaluations = [run("A", RIGHT)]
    write_page(build_report(evaluations), evaluations, tmp_path / "new" / "report.html")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
