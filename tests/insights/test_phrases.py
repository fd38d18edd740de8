from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.phrases import WORDS, Part, find_phrases

NOUN, VERB, ADJECTIVE, BORDER = Part.NOUN, Part.VERB, Part.ADJECTIVE, Part.BORDER


@pytest.mark.parametrize(
    ("words", "phrases"),
    [
        ([("补水", NOUN), ("面膜", NOUN)], ["补水面膜"]),
        ([("大型", ADJECTIVE), ("礼盒", NOUN)], ["大型礼盒"]),
        ([("面霜", NOUN), ("补货", VERB)], ["面霜补货"]),
        ([("过期", VERB), ("面霜", NOUN)], ["过期面霜"]),
        ([("洗面奶", NOUN), ("瓶", NOUN)], ["洗面奶瓶"]),
        ([("推荐", VERB), ("购买", VERB)], []),  # two verbs name nothing
        ([("面霜", NOUN), ("便宜", ADJECTIVE)], []),  # an adjective ends nothing
        ([("面霜", NOUN), ("便宜", ADJECTIVE), ("礼盒", NOUN)], ["便宜礼盒", "面霜便宜礼盒"]),
        ([("面霜", NOUN), ("，", BORDER), ("面膜", NOUN)], []),
        ([("面膜", NOUN)], []),
        ([("超长待机面霜", NOUN), ("大号旅行套装", NOUN)], []),  # 12 characters: a sentence
        (
            [("水", NOUN), ("乳", NOUN), ("套装", NOUN), ("盒", NOUN)],
            ["水乳", "乳套装", "水乳套装", "套装盒", "乳套装盒"],
        ),
    ],
)
def test_parts_of_speech_say_what_belongs_together(
    words: list[tuple[str, Part]], phrases: list[str]
) -> None:
    assert find_phrases(words) == phrases


@given(
    st.lists(st.tuples(st.sampled_from(["水", "面膜", "补货", "大号"]), st.sampled_from(Part))),
    st.lists(st.tuples(st.sampled_from(["水", "面膜", "补货", "大号"]), st.sampled_from(Part))),
)
def test_a_border_parts_a_text_in_two(
    first: list[tuple[str, Part]], second: list[tuple[str, Part]]
) -> None:
    together = find_phrases([*first, ("，", BORDER), *second])
    assert together == find_phrases(first) + find_phrases(second)
    text = "".join(word for word, _ in [*first, ("，", BORDER), *second])
    assert all(phrase in text for phrase in together)
    assert len(find_phrases(first)) <= (WORDS - 1) * len(first)
