"""Lists of documents of which an answer quotes some items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.retrieval.rerank import RankedSentence
from assistant.schema import Citation, Passage

# So many items of a list make it one that the answer tells.
_TOLD = 3


@dataclass(frozen=True)
class ContinuedList:
    """A list that goes on where the answer stops."""

    title: str
    """Of its document."""
    told: int
    more: int


def is_list_item(passage: Passage, char_start: int) -> bool:
    """Whether a sentence at this offset of the document's text begins a line with another line just before or behind it.

    Readers take the marks of list items away, and put paragraphs apart by an empty line.
    """
    at = char_start - passage.char_start
    begins = at == 0 or passage.text[at - 1 : at] == "\n"
    end = passage.text.find("\n", at)
    follows = end >= 0 and passage.text[end + 1 : end + 2] not in ("", "\n")
    precedes = at > 1 and passage.text[at - 2 : at - 1] not in ("", "\n")
    return begins and (follows or precedes)


def continued_lists(citations: Iterable[Citation], ranked: Sequence[RankedSentence]) -> list[ContinuedList]:
    """Lists of which items are left out.

    Args:
        citations: What the answer quotes.
        ranked: All sentences that were found; items beyond them are not known.
    """
    told: dict[tuple[str, tuple[str, ...]], set[int]] = defaultdict(set)
    for citation in citations:
        if is_list_item(citation.passage, citation.char_start):
            told[citation.passage.document.id, citation.passage.heading_path].add(citation.char_start)
    found = []
    for key, starts in told.items():
        if len(starts) < _TOLD:
            continue
        items = {
            item.sentence.char_start: item.passage.document.title
            for item in ranked
            if (item.passage.document.id, item.passage.heading_path) == key
            and is_list_item(item.passage, item.sentence.char_start)
        }
        more = items.keys() - starts
        if more:
            found.append(ContinuedList(items[next(iter(more))], len(starts), len(more)))
    return found
