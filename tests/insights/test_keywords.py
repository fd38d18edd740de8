from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import keywords
from insights.background import Background
from insights.counted import Sums
from insights.days import AnalysedDay, analyse_day
from insights.keywords import find_keywords, keywords_of
from insights.lexicon import standard_lexicon
from insights.words import RjiebaSegmenter
from tests.insights.groups import said


def day_of(*lines: tuple[int, str]) -> AnalysedDay:
    return analyse_day(said(*lines), RjiebaSegmenter(), standard_lexicon())


def test_what_many_say_stands_above_what_chinese_is_full_of(background: Background) -> None:
    day = day_of(*[(member, "闷痘问题") for member in range(6)], (1, "中国公司"), (2, "中国公司"))
    words = [keyword.word for keyword in find_keywords(day, background)]
    assert words.index("闷痘") < words.index("中国公司")


def test_one_loud_fan_does_not_make_a_trend(background: Background) -> None:
    day = day_of(*[(1, "香薰蜡烛")] * 30, *[(member, "闷痘") for member in range(2, 8)])
    words = {keyword.word for keyword in find_keywords(day, background)}
    assert words == {"闷痘"}


def test_speakers_weigh_more_than_repetition(background: Background) -> None:
    day = day_of(*[(1, "粉饼")] * 12, (2, "粉饼"), *[(member, "眉笔") for member in range(1, 8)])
    found = {keyword.word: keyword for keyword in find_keywords(day, background)}
    assert found["粉饼"].mentions > found["眉笔"].mentions
    assert found["粉饼"].score < found["眉笔"].score


def test_a_word_gives_way_to_the_phrase_it_is_always_said_in(background: Background) -> None:
    day = day_of((1, "补水面膜"), (2, "补水面膜"), (3, "补水面膜"))
    assert [k.word for k in find_keywords(day, background)] == ["补水面膜"]


def test_a_phrase_stands_out_beside_its_words(background: Background) -> None:
    day = day_of(*[(member, ("补水面膜", "补水，面膜")[member % 2]) for member in range(8)])
    scores = {k.word: k.score for k in find_keywords(day, background)}
    # Said by half as many, and as rare as both words together.
    assert min(scores["补水"], scores["面膜"]) < 2 * scores["补水面膜"]
    assert scores["补水面膜"] < scores["补水"] + scores["面膜"]


def test_the_keywords_of_one_text_are_its_own(background: Background) -> None:
    text = "神经酰胺面霜修护屏障。神经酰胺面霜的价格，大家觉得怎么样？我们公司觉得很好。"
    found = keywords_of(text, RjiebaSegmenter(), background, most=3)
    assert found[0] == "神经酰胺面霜"
    assert "公司" not in found
    assert len(found) == 3
    assert keywords_of("的了吗", RjiebaSegmenter(), background) == []


def test_a_change_is_told_where_it_is_sure_and_only_with_a_period_before(
    background: Background,
) -> None:
    day = day_of((1, "面膜"), (2, "面膜"))
    for changes, change in ((None, None), ({}, 0.0), ({"面膜": 1.5}, 1.5)):
        assert [one.change for one in find_keywords(day, background, changes)] == [change]


SPOKEN = st.dictionaries(
    st.text("甲乙丙", min_size=2, max_size=5),
    st.tuples(st.integers(2, 9), st.integers(0, 5)).map(lambda n: Sums(n[0], n[0] + n[1], 0)),
    max_size=40,
)


@given(SPOKEN, st.integers(1, 6))
def test_the_terms_left_out_at_once_are_no_candidates_anyway(
    spoken: dict[str, Sums], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keywords, "_CANDIDATES", most)
        taken_in = keywords._taken_in({term: sums.mentions for term, sums in spoken.items()})
        meant = sorted(
            spoken.keys() - taken_in,
            key=lambda term: (-spoken[term].speakers, -spoken[term].mentions, term),
        )
        assert keywords._candidates(spoken) == meant[:most]
