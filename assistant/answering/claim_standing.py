"""Who says it, how sure it is and how far it reaches: what a claim drops or adds against its evidence."""

from __future__ import annotations

import re

from assistant.answering.claim_marks import speech
from assistant.answering.claim_polarity import Polarity
from assistant.answering.claim_text import ParsedText, Token
from assistant.answering.lexicon import Entry
from assistant.answering.name_table import NamePool
from assistant.answering.names import Name, find_names, name_tokens
from assistant.answering.quantities import Quantity
from assistant.answering.reasons import reason

_NOTHING = Entry()
_TITLES = {"the", "of", "and", "chief", "ceo", "china", "us", "chinese"}
_DONE = re.compile(
    r"\b(?:already|achieved?|completed?|finished|managed to|succeeded in|realised|realized|took effect|put into force)\b|已|实现了?|完成|达成|生效"
)
_CAUSE = re.compile(
    r"\b(?:because|owing to|due to|thanks to|as a result|resulted|therefore|caused?|led to|in answer to|driven by)\b|因为|由于|因此|导致|使得|从而|得益于"
)
# Other ways to say that one thing follows from another; "after" and "as" alone are too common to count as a cause.
_FOLLOWS = re.compile(
    r"\b(?:so|since|as|after|hence|thus|in response|response|answer(?:s|ed)?|over|reduc\w+|lift\w*|push\w*|would|means?|on)\b|故|所以|为|以",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:over|owing|thanks|so|since|result\w*|reason|kept|response|answer\w*|means?|hence|thus|effect|blam\w+|mak(?:es|ing)|made)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"\b(?:all|every|only|solely|entire(?:ly)?|whole|complete(?:ly)?|fully|always|worldwide|permanent(?:ly)?|for good|exactly|precisely)\b"
    r"|全部|所有(?![者权制])(?=[\u3400-\u9fff])|(?<![未没不无])(?<![未没不无].)(?<![未没不无]..)(?<![未没不无]...)任何"
    r"|一切|只有|只能|(?<!不)仅(?!约|次于)|永久|完全|正好|恰好",
    re.IGNORECASE,
)
_WHOLE_THERE = re.compile(
    _WHOLE.pattern
    + r"|\b(?:each|any|none|both|no|full|total|just|alone|always|never|nothing|whenever|wherever|anywhere|confined|limited|restricted|stays? with)\b|全|都|均|每|无",
    re.IGNORECASE,
)
# A claim that gives a source in other ways than by a verb of speech.
VOICED = re.compile(
    r"\b(?:call(?:s|ed)|announc\w+|present\w*|data show|put(?:s)?|observed|accept\w*|conced\w+|view|eyes?|count|stated|promis\w+|answer\w+|point\w* out"
    r"|hold|held|indicat\w+|judg\w+)\b|数据|公布|统计|定为|指责|驳斥|提出|显示|规定|公告"
)


def _entry(token: Token) -> Entry:
    return token.entry or _NOTHING


# Who announces a step leaves it to come.
_PROMISED = re.compile(r"\b(?:announc\w+|pledg\w+|promis\w+|commit\w+)\b|宣布|承诺")


class Standing(Polarity):
    """Compares attribution, certainty, limits, causes and scope."""

    def _raised(self, window: list[int]) -> dict[str, float]:
        """Shares of the claim that stand firmer in the claim than in the evidence."""
        tokens = self.evidence.tokens
        claimed = said = possible = planned = 0.0
        seen = 0
        for index in self.content:
            token = self.claim.tokens[index]
            near = [o for o in self.matches[index] if tokens[o].sentence in window]
            if not near:
                continue
            seen += 1
            firm = max(near, key=lambda o: (tokens[o].sentence == window[0], self._likeness(index, o)))
            theirs = tokens[firm]
            claimed += float(theirs.source == 1.0 and token.source > 1.0) * (
                1.0 if token.source == 3.0 else 0.5
            )
            said += float(theirs.source < 3.0 and token.source == 3.0)
            possible += float(theirs.sure == 1.0 and token.sure > 1.0) * (1.0 if token.sure == 3.0 else 0.6)
            planned += float(theirs.sure < 3.0 and token.sure == 3.0)
        size = seen or 1
        if VOICED.search(self.claim.text):
            claimed, said = 0.5 * claimed, 0.5 * said
        if _PROMISED.search(self.claim.text):
            planned *= 0.5
        return {
            "claimed_dropped": claimed / size, "said_dropped": said / size,
            "possible_dropped": possible / size, "plan_dropped": planned / size,
        }  # fmt: skip

    def _standing(self, window: list[int], reasons: list[str]) -> dict[str, float]:
        """Attribution, certainty and limits that the claim drops or adds."""
        claim, tokens = self.claim.tokens, self.evidence.tokens
        inside = [
            index
            for index, token in enumerate(tokens)
            if token.sentence in window and token.entry is not None
        ]
        meant = [index for index, token in enumerate(claim) if token.entry is not None]
        result = dict.fromkeys(
            ("claimed_dropped", "said_dropped", "confirmed_added", "attribution_added", "possible_dropped", "plan_dropped", "will_added",
             "bound_dropped", "hedge_dropped", "hope_dropped"), 0.0)  # fmt: skip

        def lose(name: str, amount: float) -> None:
            result[name] = max(result[name], amount)

        for name, share in self._raised(window).items():
            lose(name, share)
        text = self._window_text(window)
        result |= {
            "source_changed": self._source_changed(window),
            "modal_dropped": self._modal_dropped(window, inside),
            "done_added": float(bool(_DONE.search(self.claim.text)) and not _DONE.search(text) and any(_entry(tokens[o]).certainty for o in inside)),
            "cause_added": self._cause_added(text),
            "scope_added": float(bool(_WHOLE.search(self.claim.text)) and not _WHOLE_THERE.search(text)),
        }  # fmt: skip
        for other in inside:
            entry = _entry(tokens[other])
            if entry.certainty:
                weaker = [i for i in meant if 0 < _entry(claim[i]).certainty <= max(2.0, entry.certainty)]
                lose("hope_dropped", self._scope(other) - self._answered(other, weaker))
        there = [_entry(tokens[o]) for o in inside]
        certain = {key for o in inside if _entry(tokens[o]).attribution == 4.0 for key in tokens[o].keys}
        for index in meant:
            entry = _entry(claim[index])
            if entry.attribution == 4.0 and not set(claim[index].keys) & certain:
                result["confirmed_added"] = 1.0
            if entry.attribution in (1.0, 2.0) and not any(e.attribution for e in there):
                lose("attribution_added", 1.0 if entry.attribution == 1.0 else 0.5)
            if entry.certainty == 2.5 and not any(e.certainty >= 2.0 for e in there):
                result["will_added"] = 1.0
        for index, token in enumerate(claim):
            if not isinstance(token.anchor, Quantity) or not self.matches[index]:
                continue
            best = max(self.matches[index], key=lambda o: self._likeness(index, o))
            written = tokens[best].anchor
            if isinstance(written, Quantity):
                limited = token.anchor.approximate or token.anchor.bound
                lose("bound_dropped", float(bool(written.bound) and not token.anchor.bound))
                lose("hedge_dropped", float(written.approximate and not limited))
        for name, limit in (
            ("claimed_dropped", 0.45),
            ("said_dropped", 0.6),
            ("confirmed_added", 0.5),
            ("possible_dropped", 0.45),
            ("source_changed", 0.5),
            ("modal_dropped", 0.6),
            ("cause_added", 0.5),
            ("scope_added", 0.5),
            ("plan_dropped", 0.5),
            ("bound_dropped", 0.5),
        ):
            if result[name] > limit:
                reasons.append(reason(name))
        return result

    def _cause_added(self, text: str) -> float:
        """1 when the claim gives a reason and the evidence none; less when other words may stand for one."""
        if not _CAUSE.search(self.claim.text) or _CAUSE.search(text):
            return 0.0
        if self.cross:
            return float(not _FOLLOWS.search(text))
        return 0.5 if _REASON.search(text) else 1.0

    def _best(self, index: int, window: list[int]) -> int:
        """The evidence word that a claim word stands for; -1 when there is none in the window."""
        tokens = self.evidence.tokens
        near = [other for other in self.matches[index] if tokens[other].sentence in window]
        if not near:
            return -1
        return max(near, key=lambda o: (tokens[o].sentence == window[0], self._likeness(index, o)))

    def _modal_dropped(self, window: list[int], inside: list[int]) -> float:
        """How firmly the claim states the words next to a modal or a word of planning of the evidence."""
        tokens, claim = self.evidence.tokens, self.claim.tokens
        worst = 0.0
        for marker in inside:
            level = _entry(tokens[marker]).certainty
            if not level or any(_entry(claim[i]).certainty for i in self.claim_of.get(marker, ())):
                continue
            raised: list[float] = []
            for other in range(marker + 1, len(tokens)):
                token = tokens[other]
                if token.sentence != tokens[marker].sentence or len(raised) == 3 or other > marker + 8:
                    break
                if token.function or _entry(token).certainty:
                    continue
                mine = [i for i in self.claim_of.get(other, ()) if self._best(i, window) == other]
                if not mine:
                    if not raised:
                        continue
                    break
                sure = min(claim[i].sure for i in mine)
                raised.append(1.0 if sure == 3.0 else 0.6 if sure > level + 1.0 else 0.0)
            if raised:
                # A plan is nearer to a fact than a possibility.
                worst = max(worst, sum(raised) / len(raised) * (1.0 if level == 1.0 else 0.9))
        return worst

    def _source_changed(self, window: list[int]) -> float:
        """1 when the claim names a speaker and the evidence names others for these words."""
        mine = [name for name in self._speakers(self.claim) if name is not None]
        chinese = self._chinese_speakers()
        if not mine and not chinese:
            return 0.0
        tokens, text = self.evidence.tokens, self.evidence.text
        voices = [item for item in speech(tokens, text) if tokens[item[0]].sentence in window]
        own = [item for item in voices if tokens[item[0]].sentence == window[0]]
        regions = []
        for first, last, begin, end, _ in own or voices:
            # A pronoun or "the same report" takes its name from elsewhere.
            sentence = self.evidence.sentences[tokens[first].sentence]
            regions.append(
                text[
                    max(sentence[0], tokens[max(begin, first - 9)].start) : tokens[min(end, last + 8) - 1].end
                ]
            )
        named = " ".join(regions)
        if not find_names(named) and not self.table.chinese_names(named):
            return 0.0
        pools = [NamePool(named, table) for table in self.tables] + self.context_names
        words = set(name_tokens(named)) - _TITLES
        if any(words & set(name.tokens) or any(pool.has(name) for pool in pools) for name in mine):
            return 0.0
        if any(pool.has_spelling(s) for names in chinese for s in names for pool in pools):
            return 0.0
        return 1.0

    @staticmethod
    def _speakers(parsed: ParsedText) -> list[Name | None]:
        """The names that stand beside the verbs of speech of a text."""
        found: list[Name | None] = []
        for first, last, begin, end, _ in speech(parsed.tokens, parsed.text):
            according = parsed.tokens[first].word.startswith("according")
            around = (
                range(last + 1, min(end, last + 5))
                if according
                else range(first - 1, max(begin, first - 5) - 1, -1)
            )
            for index in around:
                anchor = parsed.tokens[index].anchor
                if isinstance(anchor, Name):
                    found.append(anchor)
                    break
        return found

    def _chinese_speakers(self) -> list[set[str]]:
        text = self.claim.text
        found = []
        for position, written, spellings in self.table.chinese_names(text):
            end = position + len(written)
            near = re.match(
                r"[》”]?(?:消息人士|\d{4}年|\d{1,2}月|\d{1,2}日|在|底|初|援引[^，]{2,12})*(?:称|表示|报道|声称|估计|预测|指出|认为|写道|警告|宣布)",
                text[end:],
            )
            if near:
                found.append({*spellings, written})
        return found
