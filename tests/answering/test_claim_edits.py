"""What a few changed words within an otherwise repeated sentence change, in fields that the corpus does not treat."""

import pytest

from assistant.answering.claim_features import compare_claim

BRIDGE = (
    "The council said on 3 May 2024 that the northern bridge would close for some repairs in June and that buses might be "
    "sent over the southern bridge."
)
CUP = "Ajax beat Feyenoord in the final, and PSV lost to Twente in the match for third place."
DRUG = "The agency has authorised two hospitals to buy the vaccine, which was not tested on children."
ZOO = "动物园2024年5月表示，新馆将于秋季开放，部分动物不再展出。"


@pytest.mark.parametrize(
    ("claim", "evidence", "feature"),
    [
        (BRIDGE.replace("would close", "would not close"), BRIDGE, "edit_negation"),
        (BRIDGE.replace("would close", "did close"), BRIDGE, "edit_certainty"),
        (BRIDGE.replace("would close", "would open"), BRIDGE, "edit_axis"),
        (BRIDGE.replace("for some repairs", "for all repairs"), BRIDGE, "edit_scope"),
        (BRIDGE.replace("The council said", "The council confirmed"), BRIDGE, "edit_source"),
        (BRIDGE.replace("council said", "council did not say"), BRIDGE, "speech_denied"),
        (CUP.replace("Ajax beat Feyenoord", "Feyenoord beat Ajax"), CUP, "edit_anchor"),
        ("Two hospitals bought the vaccine, which was not tested on children.", DRUG, "infinitive_asserted"),
        ("Two hospitals may buy the vaccine, which was tested on children.", DRUG, "edit_negation"),
        (ZOO.replace("表示", "没有表示"), ZOO, "speech_denied"),
        (ZOO.replace("部分动物", "所有动物"), ZOO, "part_dropped"),
        (
            "The zoo counted 40 lions and 40 tigers.",
            "The zoo counted 40 lions and 25 tigers.",
            "number_reused",
        ),
    ],
)
def test_a_changed_word_is_seen(claim: str, evidence: str, feature: str) -> None:
    assert compare_claim(claim, evidence).features[feature] >= 0.4
    assert compare_claim(evidence, evidence).features[feature] == 0.0


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        # The same said with the opposite word and a negation.
        ("The driver was not allowed to leave the site.", "The driver was barred from leaving the site."),
        ("The figures were not accurate, the mayor said.", "The figures were inaccurate, the mayor said."),
        # Active and passive.
        ("The bridge was opened by Anna Smit on 3 May.", "Anna Smit opened the bridge on 3 May."),
        # A part left out at the end, with its negation.
        (
            "The mayor met the drivers on 3 May.",
            "The mayor met the drivers on 3 May, which the union did not.",
        ),
        # "Under" of no limit, and a source that is no informant.
        (
            "The plan is under discussion.",
            "The plan, for which there is no open source, is under discussion.",
        ),
    ],
)
def test_other_words_for_the_same_are_not_taken_for_a_change(claim: str, evidence: str) -> None:
    features = compare_claim(claim, evidence).features
    assert features["edit_negation"] < 0.5
    assert features["axis_conflict"] < 0.2
    assert features["claimed_dropped"] < 0.2
    assert features["edit_anchor"] <= 0.5


def test_an_english_sentence_with_a_chinese_gloss_stays_english() -> None:
    evidence = "The plan (城市规划) was adopted by the council on 3 May 2024."
    features = compare_claim("The plan (城市规划) was adopted on 3 May 2024.", evidence).features
    assert features["cross_language"] == 0.0
    assert features["plan_dropped"] == 0.0


@pytest.mark.parametrize("word", ["CEO", "President"])
def test_a_title_is_no_part_of_a_name(word: str) -> None:
    features = compare_claim(
        f"{word} Anna Smit opened it.", "Anna Smit, the chief executive, opened it."
    ).features
    assert features["names_missing"] == 0.0


def test_a_day_takes_its_month_from_the_date_after_it() -> None:
    features = compare_claim(
        "They met on 8 and January 9, 2026.", "They met in Oslo on 8 and 9 January 2026."
    ).features
    assert features["unmatched"] == 0.0


@pytest.mark.parametrize(
    "claim",
    [
        "市长没有表示，所有学校将于2024年5月3日关闭。",
        "市长2024年5月3日表示，全部学校将关闭。",
        "市长2024年5月3日证实，部分学校将关闭。",
    ],
)
def test_a_translation_that_denies_widens_or_confirms_is_not_fully_supported(claim: str) -> None:
    evidence = "The mayor said on 3 May 2024 that some schools would close."
    assert compare_claim(claim, evidence).hard
    assert not compare_claim("市长2024年5月3日表示，部分学校将关闭。", evidence).hard
