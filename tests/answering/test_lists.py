"""Lists of which an answer tells a part."""

from assistant.answering.compose import CheckedSentence, Composer, Support
from assistant.answering.evidence import reading_order
from assistant.answering.lists import continued_lists, is_list_item
from assistant.answering.verify import Check
from assistant.retrieval.query import read_question
from tests.doubles import make_passage, rank_all

SITES = make_passage(
    "Sites of the Loong grid:\n\n" + "\n".join(f"Site {n} draws {n}0 megawatts." for n in range(1, 8)),
    title="Register",
    start=50,
)
QUERY = read_question("List the sites of the Loong grid.")


def composed(count: int) -> str:
    ranked = rank_all(SITES)
    items = [i for i in ranked if is_list_item(i.passage, i.sentence.char_start)]
    composer = Composer(QUERY, "en")
    for item in items[:count]:
        support = Support(item.passage, item.sentence.char_start, item.sentence.char_end, 1.0)
        composer.add(CheckedSentence(item.sentence.text, Check("supported", 1.0), (support,)))
    return composer.finish((), composer.notes(continued_lists(composer.citations, ranked)))[0]


def test_items_are_known_by_their_lines() -> None:
    found = [is_list_item(SITES, s.char_start) for s in SITES.sentences]
    assert found == [False] + [True] * 7
    apart = make_passage("Loong is a grid. It grew.\n\nIt grew again.")
    assert not any(is_list_item(apart, sentence.char_start) for sentence in apart.sentences)


def test_what_is_left_out_of_a_list_is_told() -> None:
    assert "4 more items beside these 3 in “Register”" in composed(3)
    assert "more items" not in composed(7)
    # Two sentences that happen to be items are no list that the answer tells.
    assert "more items" not in composed(2)


def test_items_keep_the_order_of_the_list() -> None:
    items = [i for i in rank_all(SITES) if is_list_item(i.passage, i.sentence.char_start)]
    shuffled = [items[4], items[0], items[2]]
    assert [i.position for i in reading_order(QUERY, shuffled)] == sorted(i.position for i in shuffled)
