"""The words by which a claim can agree with its evidence or contradict it, read from `data/lexicon.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import Stemmer
import yaml

CERTAINTY = {"possible": 1.0, "planned": 2.0, "certain": 2.5}
ATTRIBUTION = {"claimed": 1.0, "said": 2.0, "confirmed": 4.0}
_CJK = re.compile(r"[\u3400-\u9fff]")
# Snowball leaves these apart from their stems, or joins what should stay apart.
_IRREGULAR = {"rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall", "grew": "grow", "grown": "grow",
    "bought": "buy", "sold": "sell", "said": "say", "told": "tell", "wrote": "write", "written": "write",
    "began": "begin", "begun": "begin", "won": "win", "lost": "lose", "made": "make", "built": "build",
    "spent": "spend", "sought": "seek", "shown": "show", "withdrew": "withdraw", "withdrawn": "withdraw",
    "shrank": "shrink", "shrunk": "shrink", "forbade": "forbid", "went": "go", "gave": "give", "given": "give",
    "took": "take", "taken": "take", "held": "hold", "kept": "keep", "met": "meet", "paid": "pay", "sent": "send",
    "saw": "see", "seen": "see", "chose": "choose", "chosen": "choose", "brought": "bring", "ran": "run",
    "drew": "draw", "drawn": "draw", "cost": "cost", "came": "come", "has": "have", "had": "have", "was": "be",
    "were": "be", "is": "be", "are": "be", "been": "be", "be": "be", "did": "do", "does": "do", "companies": "company",
}  # fmt: skip


@dataclass
class Entry:
    """What a word or phrase stands for."""

    concepts: tuple[str, ...] = ()
    """Keys that its synonyms share."""
    axes: tuple[tuple[str, int], ...] = ()
    """Opposition and side, +1 or -1."""
    negates: bool = False
    attribution: float = 0.0
    """Strength of a verb of speech: 1 claimed, 2 said, 4 confirmed; 0 none."""
    certainty: float = 0.0
    """1 possible, 2 planned, 2.5 will; 0 none."""
    hedges: bool = False


@dataclass
class Lexicon:
    """Entries by stemmed phrase, with the longest phrase in words."""

    english: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    chinese: dict[str, Entry] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    """Words that widen a statement to everything or narrow it to one thing alone."""
    part: frozenset[str] = frozenset()
    """Words that leave it at a part, an example or a limit."""
    implied: frozenset[str] = frozenset()
    """Stems after which an infinitive is not left open: "managed to sell" says that it sold."""
    longest_english: int = 1
    longest_chinese: int = 1

    def entry(self, phrase: str) -> Entry:
        """The entry of a phrase as written in the file, made when it is new."""
        if _CJK.search(phrase):
            self.longest_chinese = max(self.longest_chinese, len(phrase))
            return self.chinese.setdefault(phrase, Entry())
        words = tuple(stem(word) for word in phrase.replace("_", " ").split())
        self.longest_english = max(self.longest_english, len(words))
        return self.english.setdefault(words, Entry())


_stemmer = Stemmer.Stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Stem of an English word, irregular forms included."""
    word = word.lower()
    word = _IRREGULAR.get(word, word)
    return str(_stemmer.stemWord(word))


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The lexicon that comes with the package."""
    text = resources.files("assistant.answering").joinpath("data/lexicon.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    lexicon = Lexicon(
        whole=frozenset(data["reach"]["whole"].split()),
        part=frozenset(data["reach"]["part"].split()),
        implied=frozenset(stem(word) for word in data["reach"]["implied"].split()),
    )
    for name, sides in data["axes"].items():
        for side, words in zip((1, -1), sides, strict=True):
            for entry in _entries(lexicon, words):
                entry.axes = tuple(dict.fromkeys((*entry.axes, (name, side))))
    for entry in _entries(lexicon, data["negation"]):
        entry.negates = True
    for level, words in data["attribution"].items():
        for entry in _entries(lexicon, words):
            entry.attribution = entry.attribution or ATTRIBUTION[level]
    for level, words in data["certainty"].items():
        for entry in _entries(lexicon, words):
            entry.certainty = entry.certainty or CERTAINTY[level]
    for _ in _entries(lexicon, data["plain"]):
        pass
    for entry in _entries(lexicon, data["hedge_words"]):
        entry.hedges = True
    for number, words in enumerate(data["synonyms"]):
        for entry in _entries(lexicon, words):
            entry.concepts = (*entry.concepts, f"~{number}")
    for entry in (*lexicon.english.values(), *lexicon.chinese.values()):
        entry.concepts = (*entry.concepts, *dict.fromkeys(f"^{name}" for name, _ in entry.axes))
    return lexicon


def _entries(lexicon: Lexicon, words: str) -> Iterable[Entry]:
    return [lexicon.entry(word) for word in words.split()]
