import datetime as dt

from assistant.answering.disagreement import find_disagreements
from assistant.schema import Citation, DocumentInfo, Passage, Sentence, SourceNote


def cite(number: int, text: str, publisher: str = "", date: str | None = None) -> Citation:
    """A citation of one sentence with one source note, or none."""
    document = DocumentInfo(
        id=f"d{number}", path=f"chips/{number}.md", title=f"Brief {number}", date=dt.date(2026, 3, 10)
    )
    notes = (SourceNote(label="1", publisher=publisher, date=date),) if publisher else ()
    passage = Passage(
        id=f"p{number}", document=document, text=text, char_start=100, char_end=100 + len(text),
        sentences=(Sentence(text=text, char_start=100, char_end=100 + len(text), note_labels=("1",)),), sources=notes,
    )  # fmt: skip
    return Citation(
        number=number, passage=passage, quote=text, char_start=100, char_end=100 + len(text), score=0.9
    )


def test_two_passages_with_different_values() -> None:
    found = find_disagreements(
        (),
        [
            cite(
                1,
                "Kunlunxin's revenue for 2025 was expected to be about 5 billion yuan.",
                "TrendForce",
                "2026-01",
            ),
            cite(
                2,
                "Goldman Sachs expected Kunlunxin's revenue for 2025 to be 3.5 billion yuan.",
                "Goldman Sachs",
                "2026-01-20",
            ),
        ],
    )
    assert len(found) == 1
    assert {(v.value, v.publisher, v.date, v.citation) for v in found[0].values} == {
        ("5 billion yuan", "TrendForce", "2026-01", 1), ("3.5 billion yuan", "Goldman Sachs", "2026-01-20", 2),
    }  # fmt: skip
    assert "Kunlunxin" in found[0].quantity


def test_rounding_other_years_and_other_subjects_are_no_disagreement() -> None:
    base = cite(1, "SMIC's revenue for 2025 was $9,326.8 million.", "SMIC")
    assert (
        find_disagreements((), [base, cite(2, "SMIC's revenue for 2025 was about $9.3 billion.", "KrASIA")])
        == ()
    )
    assert (
        find_disagreements((), [base, cite(2, "SMIC's revenue for 2024 was $8,029.9 million.", "KrASIA")])
        == ()
    )
    assert (
        find_disagreements((), [base, cite(2, "Hua Hong's revenue for 2025 was $2,402 million.", "KrASIA")])
        == ()
    )
    assert (
        find_disagreements((), [base, cite(2, "SMIC's profit for 2025 was $685.1 million.", "KrASIA")]) == ()
    )
    assert (
        find_disagreements((), [base, cite(2, "SMIC's revenue for 2025 was more than $9 billion.", "KrASIA")])
        == ()
    )


def test_a_sentence_that_reports_a_difference() -> None:
    (found,) = find_disagreements(
        (),
        [cite(1, "Accounts of the Dongguan plant's share of Nexperia's output differ: CBT News says about half, the trade "
                 "site C114 says 70 percent of final shipments.", "CBT News", "2025-11")],
    )  # fmt: skip
    assert found.quantity == "the Dongguan plant's share of Nexperia's output"
    assert [value.publisher for value in found.values] == ["CBT News", "C114"]
    assert found.values[1].value == "70 percent"


def test_a_sentence_with_dates_that_differ() -> None:
    (found,) = find_disagreements(
        (),
        [cite(1, "Accounts of the Phase III timetable differ: Nikkei expected output around 2027, while ChosunBiz wrote on "
                 "30 January 2026 that mass production would begin in the second half of 2026.")],
    )  # fmt: skip
    assert [value.publisher for value in found.values] == ["Nikkei", "ChosunBiz"]
    assert "2027" in found.values[0].value and "second half of 2026" in found.values[1].value


def test_two_facts_side_by_side_are_no_disagreement() -> None:
    text = "Goldman Sachs put the US share of global data-centre capacity at 44 percent and China's at about a quarter."
    assert find_disagreements((), [cite(1, text)]) == ()
    text = "Huawei said Ascend 950 chips were used for part of V4-Flash's training, while another report notes that DeepSeek did not disclose its exact training hardware."
    assert find_disagreements((), [cite(1, text)]) == ()


def test_a_sentence_that_takes_its_quarter_from_the_one_before() -> None:
    first = "Tencent reported capital expenditure of 31.9 billion yuan for the first quarter of 2026."
    second = "An Edgen article counts capital expenditure payments of 37 billion yuan for the same quarter."
    at = 100 + len(first) + 1
    both = cite(1, f"{first} {second}", "Edgen", "2026-05")
    sentences = (
        Sentence(text=first, char_start=100, char_end=100 + len(first)),
        Sentence(text=second, char_start=at, char_end=at + len(second), note_labels=("1",)),
    )
    passage = both.passage.model_copy(update={"sentences": sentences})
    payments = both.model_copy(
        update={"passage": passage, "quote": second, "char_start": at, "char_end": at + len(second)}
    )
    filed = "Tencent's capital expenditure was {} billion yuan in the first quarter of 2026."
    found = find_disagreements((), [payments, cite(2, filed.format("31.9"), "Tencent", "2026-05-13")])
    assert [(v.value, v.publisher) for v in found[0].values] == [
        ("37 billion yuan", "Edgen"),
        ("31.9 billion yuan", "Tencent"),
    ]
    assert not find_disagreements((), [payments, cite(2, filed.format("37"), "Tencent", "2026-05-13")])


def test_a_small_number_in_words_is_no_value() -> None:
    text = (
        "Huawei's plan gave the 950PR 128 GB of memory; ITBEAR's report printed the two memory sets"
        " the other way round."
    )
    found = find_disagreements((), [cite(1, text, "Huawei", "2025-09")])
    assert all(value.value != "two" for item in found for value in item.values)


def test_what_came_of_a_forecast_does_not_contradict_it() -> None:
    forecast = cite(1, "Nvidia expected a charge of about $5.5 billion for the H20 in April 2025.", "Reuters")
    booked = cite(2, "Nvidia booked a charge of $4.5 billion for the H20 in April 2025.", "AI 360")
    told = cite(3, "Nvidia told of a charge of $5.2 billion for the H20 in April 2025.", "Wire")
    assert not find_disagreements((), [forecast, booked])
    assert len(find_disagreements((), [told, booked])) == 1


def test_who_states_a_value_is_a_name() -> None:
    texts = (
        "The gap to IDC is wide because Bernstein's 8 percent is a forecast for 2026 while IDC's 55 percent is a count for 2025.",
        "Accounts of the shipments give different dates: the press release speaks of 2021, while Mondaq dates the"
        " shipments between November 2020 and July 2022.",
    )
    for text in texts:
        for item in find_disagreements((), [cite(1, text, "Mondaq", "2026-02")]):
            assert all(len(value.publisher.split()) <= 4 for value in item.values)
            assert not any(value.publisher.startswith("Accounts") for value in item.values)
