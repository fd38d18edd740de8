from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.background import Background, KnownWord
from insights.days import Utterance
from insights.new_words import NewWord, find_new_words
from tests.insights.groups import said

# Each holds the word twice in other company; together they are said by six members.
ROUND = [
    "{0}真好闻", "想买{0}", "{0}，爱了", "昨天收到{0}啦", "今晚{0}打折吗", "求{0}补货",
    "{0}", "姐妹们{0}冲", "这瓶{0}空了", "又囤{0}两瓶", "还是{0}最香", "听说{0}停产",
]  # fmt: skip
TALK = [
    line.split("\t")[0]
    for line in Path(__file__).with_name("sentences.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def chat(words: Iterable[str], members: int = 6) -> list[Utterance]:
    texts = [line.format(word) for word in words for line in ROUND] + TALK
    return said(*[(place % members + 1, text) for place, text in enumerate(texts)])


def words(found: Iterable[NewWord]) -> list[str]:
    return [one.word for one in found]


@pytest.mark.parametrize("word", ["绝绝子", "云絮霜", "早c晚a", "a醇", "柿柿如意"])
def test_what_fans_say_and_no_dictionary_knows_is_found(word: str, background: Background) -> None:
    found = find_new_words(chat([word]), background)
    assert words(found) == [word]
    assert found[0].mentions == sum(one.text.count(word) for one in chat([word]))
    assert found[0].speakers == 6
    assert found[0].cohesion > 4
    assert found[0].freedom > 2


@pytest.mark.parametrize(
    "word",
    [
        "面霜",  # the dictionary knows it
        "面霜礼盒",  # and both of these
        "好用吗",  # stop words at its ends
        "味道也不错",  # a sentence
        "满300减50",  # numbers are no words
    ],
)
def test_what_is_no_new_word_is_not_proposed(word: str, background: Background) -> None:
    assert find_new_words(chat([word]), background) == ()


def test_what_the_shop_knows_and_how_members_are_called_is_not_proposed(
    background: Background,
) -> None:
    both = chat(["云絮霜", "柿柿如意"])
    assert words(find_new_words(both, background)) == ["云絮霜", "柿柿如意"]
    assert words(find_new_words(both, background, known=["云絮霜"])) == ["柿柿如意"]
    assert words(find_new_words(both, background, names=["柿柿如意呀"])) == ["云絮霜"]


def test_a_joke_between_two_friends_is_no_word(background: Background) -> None:
    assert find_new_words(chat(["绝绝子"], members=2), background) == ()


def test_one_text_said_again_and_again_counts_once(background: Background) -> None:
    repeated = said(*[(member, "云絮霜真好闻") for member in range(1, 7)] * 40)
    assert find_new_words(repeated + chat([]), background) == ()


def test_a_part_that_only_stands_inside_a_word_is_none(background: Background) -> None:
    found = words(find_new_words(chat(["柿柿如意"]), background))
    assert not {"柿柿", "柿柿如", "如意"} & set(found)


class Hidden(Background):
    """A dictionary that knows nothing."""

    def look_up(self, words: Iterable[str]) -> dict[str, KnownWord]:
        del words
        return {}


def test_most_of_what_is_found_without_a_dictionary_stands_in_it(background: Background) -> None:
    hidden = ["面霜", "快递", "眉笔", "口红", "优惠券", "洗面奶"]
    found = words(find_new_words(chat(hidden), Hidden()))
    assert set(hidden) <= set(found)
    known = background.look_up(found)
    assert len(known) >= 0.6 * len(found)


@given(st.lists(st.sampled_from([*ROUND, *TALK[:9]]), max_size=60), st.integers(1, 9))
def test_whatever_is_said_each_word_is_somewhere_in_it(texts: list[str], members: int) -> None:
    lines = [text.format("云絮霜") for text in texts]
    utterances = said(*[(place % members, text) for place, text in enumerate(lines)])
    for one in find_new_words(utterances, Hidden()):
        holders = {u.member for u in utterances if one.word in u.text}
        assert len(holders) == one.speakers
        assert one.mentions >= one.speakers
