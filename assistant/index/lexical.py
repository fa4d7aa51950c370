"""BM25 over passages, for English and Chinese, persistent and tied to one state of the index.

BM25 has no incremental build; it is rebuilt whenever the set of passages changes, which takes seconds for
100,000 passages. A file that is missing, damaged or of another state is never used.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import threading
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.ingest.scripts import simplified
from assistant.schema import Passage

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_TOKEN = re.compile(
    rf"(?P<cjk>[{_CJK}]+)"
    # A number keeps its separators and the letters that touch it: 9.3, 1,000, 950pr, h20.
    rf"|(?P<word>(?:(?![{_CJK}])[^\W_])+(?:[.,](?=\d)\d(?:(?![{_CJK}])[^\W_])*)*)",
)
_POSSESSIVE = re.compile(r"['’]s\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_META = "meta.json"
# 2: Traditional Chinese is folded.
_VERSION = 2


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


# One stemmer a thread: the C object is not thread-safe.
_local = threading.local()


def _stemmer() -> Any:
    if not hasattr(_local, "stemmer"):
        import Stemmer

        _local.stemmer = Stemmer.Stemmer("english")
    return _local.stemmer


def tokenize(text: str) -> list[str]:
    """Search terms of a text, in order, repeated as often as they occur.

    Words are lower-cased and stemmed (Porter 2); numbers keep decimal points and the letters that touch them
    (`9.3`, `950pr`, `h20`) and lose thousands separators and signs (`$1,000` is `1000`); a run of Chinese,
    Japanese or Korean characters gives its bigrams, a single character itself. Traditional Chinese is folded to
    Simplified.
    """
    text = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text).lower())
    terms: list[str] = []
    for match in _TOKEN.finditer(text):
        if run := match["cjk"]:
            run = simplified(run)
            terms += [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            word = match["word"]
            terms += [_THOUSANDS.sub("", word)] if word[0].isdigit() else _words(word)
    return terms


def _words(word: str) -> list[str]:
    return [_stem(word)] if word.isalpha() else [word]


class PassageSet(NamedTuple):
    """Some passages of one state of the index."""

    ids: Sequence[str]
    """Of all passages of the state."""
    positions: Mapping[str, int]
    """Where each stands among them."""
    mask: NDArray[np.bool_] | None
    """Which of them belong to the set; all when None."""

    def __contains__(self, passage_id: object) -> bool:
        position = self.positions.get(str(passage_id))
        return position is not None and (self.mask is None or bool(self.mask[position]))

    @property
    def size(self) -> int:
        """How many passages belong to it."""
        return len(self.ids) if self.mask is None else int(np.count_nonzero(self.mask))


class LexicalIndex:
    """BM25 (Robertson's, in the variant of Lucene; Lù 2024, bm25s) over the text of passages.

    Args:
        ids: Passage ids.
        documents: The document ids of the passages, in the same order.
        bm25: The `bm25s.BM25` object; None when there is nothing to search.
        stamp: The state of the index that it was built from.
    """

    def __init__(self, ids: list[str], documents: list[str], bm25: Any, stamp: str) -> None:
        self.stamp = stamp
        self._ids = ids
        self._bm25 = bm25
        self._positions = {passage_id: i for i, passage_id in enumerate(ids)}
        # Each document has a number; `_numbers` has that of each passage.
        self._documents: dict[str, int] = {}
        self._numbers = np.fromiter(
            (self._documents.setdefault(document, len(self._documents)) for document in documents),
            np.int32,
            len(ids),
        )

    def __len__(self) -> int:
        return len(self._ids)

    @classmethod
    def build(cls, passages: Iterable[Passage], stamp: str = "") -> LexicalIndex:
        """Index passages by title, headings and text."""
        import bm25s

        ids: list[str] = []
        documents: list[str] = []
        vocabulary: dict[str, int] = {}
        terms: list[list[int]] = []
        for passage in passages:
            ids.append(passage.id)
            documents.append(passage.document.id)
            terms.append(
                [vocabulary.setdefault(t, len(vocabulary)) for t in tokenize(passage.embedding_text())]
            )
        if not vocabulary:
            return cls(ids, documents, None, stamp)
        bm25 = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        # The library would add an empty term with a number of its own; it needs a place in the vocabulary.
        vocabulary.setdefault("", len(vocabulary))
        bm25.index((terms, vocabulary), show_progress=False)
        return cls(ids, documents, bm25, stamp)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the passages in it."""
        return tuple(self._ids)

    def rows_of(self, document_id: str) -> NDArray[np.intp]:
        """Where the passages of a document stand among all, in its order."""
        number = self._documents.get(document_id)
        rows, starts = self._by_document
        return rows[starts[number] : starts[number + 1]] if number is not None else rows[:0]

    @cached_property
    def _by_document(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Positions of the passages, document after document, and where those of each begin."""
        rows = np.argsort(self._numbers, kind="stable")
        return rows, np.searchsorted(self._numbers[rows], np.arange(len(self._documents) + 1))

    def among(self, documents: Collection[str] | None = None) -> PassageSet:
        """The passages of documents with these ids; all passages when None."""
        if documents is None:
            return PassageSet(self._ids, self._positions, None)
        chosen = np.zeros(len(self._documents), dtype=bool)
        chosen[[self._documents[i] for i in documents if i in self._documents]] = True
        return PassageSet(self._ids, self._positions, chosen[self._numbers])

    def search(
        self,
        query: str,
        k: int = 10,
        allowed: PassageSet | None = None,
    ) -> list[tuple[str, float]]:
        """Passage ids with positive scores, best first.

        Args:
            query: Words in any language.
            k: Most results.
            allowed: Only these passages may be returned, a set of this index; all when None.
        """
        if self._bm25 is None or k < 1:
            return []
        terms = [t for t in tokenize(query) if t in self._bm25.vocab_dict]
        if not terms:
            return []
        scores = np.asarray(self._bm25.get_scores(terms), dtype=np.float32)[: len(self._ids)]
        if allowed is not None and allowed.mask is not None:
            scores = np.where(allowed.mask, scores, 0)
        found = min(k, int(np.count_nonzero(scores > 0)))
        if not found:
            return []
        top = np.argpartition(-scores, found - 1)[:found] if found < len(scores) else np.arange(len(scores))
        # Equal scores keep the order of the passages, so that results repeat.
        top = top[np.lexsort((top, -scores[top]))][:found]
        return [(self._ids[i], float(scores[i])) for i in top]

    def term_weights(self, text: str) -> dict[str, float]:
        """Inverse document frequency, as BM25 uses it, of each distinct term; unknown terms weigh most."""
        count = max(1, len(self._ids))
        starts = None if self._bm25 is None else np.asarray(self._bm25.scores["indptr"])
        weights = {}
        for term in dict.fromkeys(tokenize(text)):
            number = None if self._bm25 is None else self._bm25.vocab_dict.get(term)
            found = 0 if number is None or starts is None else int(starts[number + 1] - starts[number])
            weights[term] = math.log(1 + (count - found + 0.5) / (found + 0.5))
        return weights

    def save(self, folder: Path) -> None:
        """Write to a folder beside others of its kind; complete or not at all."""
        # Two readers that find the file damaged may both write it.
        scratch = folder.with_name(f"{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
        scratch.mkdir(parents=True)
        names = list(self._documents)
        documents = [names[number] for number in self._numbers.tolist()]
        (scratch / "ids.json").write_text(json.dumps([self._ids, documents]), encoding="utf-8")
        if self._bm25 is not None:
            self._bm25.save(scratch, show_progress=False)
        digests = {path.name: _digest(path) for path in sorted(scratch.iterdir())}
        meta = {"version": _VERSION, "stamp": self.stamp, "files": digests}
        (scratch / _META).write_text(json.dumps(meta), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            scratch.replace(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, stamp: str) -> LexicalIndex | None:
        """Read a saved index; None when it is missing, damaged or was built from another state."""
        import bm25s

        try:
            meta = json.loads((folder / _META).read_text(encoding="utf-8"))
            if meta["version"] != _VERSION or meta["stamp"] != stamp:
                return None
            if any(_digest(folder / name) != digest for name, digest in meta["files"].items()):
                return None
            ids, documents = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
            bm25 = bm25s.BM25.load(folder, load_corpus=False) if len(meta["files"]) > 1 else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return cls(ids, documents, bm25, stamp)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
