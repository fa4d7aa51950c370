"""Where a claim repeats its evidence word for word but for a few words, and what these few words change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.answering.claim_polarity import DENYING
from assistant.answering.claim_runs import ARTICLES, Runs, entry_of, opposite
from assistant.answering.claim_standing import VOICED
from assistant.answering.claim_text import Token
from assistant.answering.lexicon import Entry, load_lexicon, stem
from assistant.answering.names import Name
from assistant.answering.quantities import Quantity
from assistant.answering.reasons import reason

_UN = re.compile(r"^(?:un|in|im|il|ir|dis|non-?|mis)(?=[a-z]{3})")

_PAST = re.compile(
    r"(?:[a-z]ed|bought|sold|built|made|won|got|led|paid|met|sent|held|took|gave|left|kept|lost|spent|grew|rose|fell|put|said|told|wrote|began|set|cut)$"
)

EDITS = (
    "verbatim", "edit_negation", "edit_axis", "edit_certainty", "edit_source", "edit_scope", "edit_anchor", "edit_word",
    "edit_added", "displaced", "speech_denied", "negations_fewer", "negations_more", "infinitive_asserted", "part_dropped", "subject_changed", "number_reused",
)  # fmt: skip


class Edits(Runs):
    """Reads what stands between the runs of words that claim and evidence share."""

    def _edits(self, window: list[int], reasons: list[str]) -> dict[str, float]:
        """Features of the words that were put in, taken out or exchanged between shared runs of words."""
        result = dict.fromkeys(EDITS, 0.0)
        result["speech_denied"] = self._speech_denied(window)
        result |= self._negation_balance(window)
        result["infinitive_asserted"] = self._infinitive_asserted(window)
        result["part_dropped"] = self._part_dropped(window)
        result["subject_changed"] = self._subject_changed(window)
        result["number_reused"] = self._number_reused()
        if result["speech_denied"]:
            reasons.append(reason("denied"))
        if result["part_dropped"] >= 1.0:
            reasons.append(reason("scope_added"))
        if self.cross:
            return result
        mine = [i for i, token in enumerate(self.claim.tokens) if token.word not in ARTICLES]
        theirs = [
            i
            for i, token in enumerate(self.evidence.tokens)
            if token.sentence in window and token.word not in ARTICLES
        ]
        place, weight = self._shared_runs(mine, theirs)
        size = len(self.content) or 1
        covered = [
            k
            for k, index in enumerate(mine)
            if weight.get(k, 0.0) >= 2.0 and not self.claim.tokens[index].function
        ]
        result["verbatim"] = len(covered) / size
        for left, right, trust, whole in self._gaps(mine, theirs, place, weight):
            self._read_gap(left, right, trust if whole else 0.6 * trust, whole, result)
        if theirs and self._voices_differ(theirs[0]):
            result["edit_anchor"], result["displaced"] = (
                0.5 * result["edit_anchor"],
                0.5 * result["displaced"],
            )
        if result["edit_negation"] > 0.5:
            reasons.append(reason("denied"))
        if result["edit_certainty"] > 0.5:
            reasons.append(reason("modal_dropped"))
        if result["edit_source"] > 0.5:
            reasons.append(reason("confirmed_added"))
        if result["edit_scope"] > 0.6:
            reasons.append(reason("scope_added"))
        return result

    # Reading

    def _read_gap(
        self, left: list[int], right: list[int], trust: float, closed: bool, result: dict[str, float]
    ) -> None:
        claim, tokens = self.claim.tokens, self.evidence.tokens
        free = list(right)
        mine: list[int] = []
        for index in left:
            twin = next(
                (o for o in free if o in self.matches[index] and not opposite(claim[index], tokens[o])), None
            )
            if twin is None:
                mine.append(index)
            else:
                free.remove(twin)

        def note(name: str, value: float) -> None:
            result[name] = max(result[name], value * trust)

        ours, others = [entry_of(claim[i]) for i in mine], [entry_of(tokens[o]) for o in free]
        axes = [(a, b) for e in ours for a in e.axes for f in others for b in f.axes]
        contrary = any(a[0] == b[0] and a[1] == -b[1] for a, b in axes)
        same = any(a == b for a, b in axes)
        parity = (sum(e.negates for e in ours) + sum(e.negates for e in others)) % 2
        here, there = [claim[i] for i in mine], [tokens[o] for o in free]
        prefixed = _prefixed(here, there) or _prefixed(there, here)
        if parity and closed and not contrary and not same and (mine or len(free) <= 3):
            note("edit_negation", 0.0 if prefixed else 1.0)
        if contrary and not same and not parity:
            note("edit_axis", 1.0)
        elif not same and not parity and any(a[1] == -b[1] for a, b in axes):
            note("edit_axis", 0.5)
        elif prefixed and not parity:
            note("edit_axis", 1.0)
        if closed:
            self._read_standing(ours, others, bool(mine), note)
        words, said = {token.word for token in here}, {token.word for token in there}
        whole, part = words & load_lexicon().whole, said & load_lexicon().part
        if whole and not said & load_lexicon().whole:
            note("edit_scope", 1.0 if part else 0.7)
        elif part and not words & load_lexicon().part and not whole:
            note("edit_scope", 0.4)
        moved = any(e.attribution in (1.0, 2.0) for e in ours)
        anchored = [i for i in mine if claim[i].anchor is not None and not moved]
        for index in anchored:
            rivals = [o for o in free if type(tokens[o].anchor) is type(claim[index].anchor)]
            if not self.matches[index]:
                continue
            if rivals:
                note("edit_anchor", 1.0)
            elif free:
                note("displaced", 1.0)
        plain = [i for i in mine if i in self._content_set and claim[i].anchor is None]
        replaced = [o for o in free if not tokens[o].function and tokens[o].anchor is None]
        lost = sum(1.0 if not self.matches[i] else 0.5 for i in plain)
        note("edit_word" if replaced else "edit_added", min(3.0, lost))

    def _read_standing(
        self, ours: list[Entry], others: list[Entry], filled: bool, note: Callable[[str, float], None]
    ) -> None:
        weak = min((e.certainty for e in others if e.certainty), default=0.0)
        kept = min((e.certainty for e in ours if e.certainty), default=0.0)
        if weak and not kept:
            note("edit_certainty", 1.0 if filled else 0.7)
        elif weak and kept > weak + 0.4:
            note("edit_certainty", 0.8 if weak == 1.0 else 0.4)
        source = min((e.attribution for e in others if e.attribution), default=0.0)
        own = max((e.attribution for e in ours if e.attribution), default=0.0)
        if own == 4.0 and source != 4.0:
            note("edit_source", 1.0)
        elif source in (1.0, 2.0) and not own and not self._voiced:
            note("edit_source", 0.8 if source == 1.0 else 0.6)

    @property
    def _voiced(self) -> bool:
        """Whether the claim gives a source of its own, wherever it stands."""
        return any(entry_of(token).attribution in (1.0, 2.0) for token in self.claim.tokens) or bool(
            VOICED.search(self.claim.text)
        )

    @property
    def _content_set(self) -> set[int]:
        cache: set[int] | None = self.__dict__.get("_contents")
        if cache is None:
            cache = self.__dict__["_contents"] = set(self.content)
        return cache

    # Beyond the runs

    def _speech_denied(self, window: list[int]) -> float:
        """1 when the claim denies that somebody said it, and the evidence does not."""
        inside = [token for token in self.evidence.tokens if token.sentence in window]
        if not any(entry_of(token).attribution for token in inside) and not self.cross:
            return 0.0
        return float(_denied_speech(self.claim.tokens) and not _denied_speech(inside))

    def _negation_balance(self, window: list[int]) -> dict[str, float]:
        """Negations that the claim has more or fewer than the sentence it follows, if it repeats most of that sentence."""
        if not window:
            return {"negations_fewer": 0.0, "negations_more": 0.0}
        tokens = self.evidence.tokens
        best = [o for o, token in enumerate(tokens) if token.sentence == window[0]]
        denials = [o for o in best if _negates(tokens[o])]
        here = sum(_negates(token) for token in self.claim.tokens)
        there = len(denials)
        around = sum(_negates(t) or 0.5 * _refuses(t) for t in tokens if t.sentence in window)
        if self.cross:
            around += len(DENYING.findall(self._window_text(window).lower()))
        anchors = [o for o in best if tokens[o].anchor is not None]
        content = [o for o in best if not tokens[o].function]
        shared = sum(o in self.claim_of for o in anchors) / len(anchors) if anchors else 0.0
        whole = max(shared, sum(o in self.claim_of for o in content) / max(1, len(content)))
        return {
            "negations_fewer": min(1.0, max(0.0, there - here))
            * min([whole, *(self._covered(o) + 0.3 for o in denials)]),
            "negations_more": min(1.0, max(0.0, here - around)),
        }

    def _infinitive_asserted(self, window: list[int]) -> float:
        """1 when the claim states as done what the evidence leaves to an infinitive: "cleared ten firms to buy"."""
        if self.cross:
            return 0.0
        tokens, claim = self.evidence.tokens, self.claim.tokens
        worst = 0.0
        for other in range(1, len(tokens)):
            token = tokens[other]
            if (
                token.sentence not in window
                or token.anchor is not None
                or token.function
                or tokens[other - 1].word != "to"
            ):
                continue
            if re.search(r"(?:s|ed|ing)$", token.word) or not _bare_verb(
                self.evidence.text, token, tokens[other - 1]
            ):
                continue
            governor = next(
                (
                    t
                    for t in reversed(tokens[max(0, other - 8) : other - 1])
                    if not t.function and t.anchor is None
                ),
                None,
            )
            if (
                governor is None
                or governor.sentence != token.sentence
                or governor.keys[0] in load_lexicon().implied
            ):
                continue
            for index in self.claim_of.get(other, ()):
                mine = claim[index]
                if mine.sure < 3.0 or mine.function or mine.negated or mine.anchor is not None:
                    continue
                before = claim[index - 1].word if index else ""
                if before in ("to", "not", "be") or not _PAST.search(mine.word):
                    continue
                if re.search(
                    r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?$", self.claim.text[: mine.start]
                ) and governor.keys[0] in ("requir", "need"):
                    continue
                worst = 1.0
        return worst

    def _subject_changed(self, window: list[int]) -> float:
        """Share of the verbs of both texts whose subjects are different names, passives turned round."""
        if self.cross:
            return 0.0
        tokens, changed, seen = self.evidence.tokens, 0, 0
        for index, token in enumerate(self.claim.tokens):
            if token.function or token.anchor is not None or not _PAST.search(token.word):
                continue
            other = self._best(index, window)
            if other < 0 or not _PAST.search(tokens[other].word):
                continue
            mine = _subject(self.claim.tokens, index, self.claim.text)
            theirs = _subject(tokens, other, self.evidence.text)
            if mine < 0 or theirs < 0:
                continue
            seen += 1
            if theirs not in self.matches[mine] and any(
                tokens[o].sentence in window for o in self.matches[mine]
            ):
                changed += 1
        return changed / seen if seen else 0.0

    def _number_reused(self) -> float:
        """How often the claim gives a number to more things than the evidence does."""
        groups: dict[frozenset[int], int] = {}
        for index, token in enumerate(self.claim.tokens):
            if isinstance(token.anchor, Quantity) and not token.anchor.soft and self.matches[index]:
                key = frozenset(self.matches[index])
                groups[key] = groups.get(key, 0) + 1
        return float(sum(max(0, count - len(key)) for key, count in groups.items()))

    def _part_dropped(self, window: list[int]) -> float:
        """1 when the evidence speaks of a part or an example and the claim of all or of these alone."""
        mine = {token.word for token in self.claim.tokens}
        if not mine & load_lexicon().whole:
            return 0.0
        there = {token.word for token in self.evidence.tokens if token.sentence in window[:1]}
        if there & load_lexicon().whole:
            return 0.0
        return 1.0 if there & load_lexicon().part and not mine & load_lexicon().part else 0.5


def _prefixed(left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Whether one side has a word with a denying prefix of which the other has the rest."""
    for token in left:
        match = _UN.match(token.word)
        if match is not None:
            rest = stem(token.word[match.end() :])
            if any(rest in other.keys for other in right):
                return True
    return False


def _negates(token: Token) -> bool:
    """Whether a word denies and is no verb of refusal, which has words of its own to answer it."""
    return entry_of(token).negates and not entry_of(token).axes


def _refuses(token: Token) -> bool:
    return any(
        side == -1 and axis in ("permit", "accept", "start", "join", "admit")
        for axis, side in entry_of(token).axes
    )


def _denied_speech(tokens: Sequence[Token]) -> bool:
    """Whether a verb of speech follows a negation directly, as in "did not say" or 并未表示."""
    for index, token in enumerate(tokens):
        if not entry_of(token).negates or entry_of(token).attribution:
            continue
        for later in tokens[index + 1 : index + 3]:
            if later.clause != token.clause or (not later.function and not entry_of(later).attribution):
                break
            if entry_of(later).attribution in (1.0, 2.0):
                return True
    return False


def _subject(tokens: Sequence[Token], verb: int, text: str) -> int:
    """The name that does what a verb says: before it, or after "by" when it is passive; -1 when it is not a name."""
    here = tokens[verb]
    passive = bool(
        re.search(
            r"\b(?:was|were|is|are|been|being|be)\s+(?:\w+ly\s+)?$",
            text[max(0, here.start - 30) : here.start],
        )
    )
    if passive:
        for later in range(verb + 1, min(len(tokens), verb + 9)):
            if tokens[later].sentence != here.sentence:
                break
            if isinstance(tokens[later].anchor, Name) and re.search(
                r"\bby (?:the )?$", text[: tokens[later].start][-8:]
            ):
                return later
        return -1
    for earlier in range(verb - 1, max(-1, verb - 9), -1):
        token = tokens[earlier]
        if token.sentence != here.sentence:
            break
        if isinstance(token.anchor, Name):
            after = text[token.end : token.end + 3]
            if not re.match(r"['’]s", after) and not re.search(
                r"\b(?:of|in|at|from|to|with|for|by|on) (?:the )?$", text[: token.start][-9:]
            ):
                return earlier
    return -1


def _bare_verb(text: str, token: Token, before: Token) -> bool:
    """Whether "to" and a word stand together as an infinitive."""
    return text[before.end : token.start] == " " and text[token.start].islower()
