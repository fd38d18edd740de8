"""What a shop says of a word is how the word counts, and the model has nothing to say to it."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.clauses import read_clauses
from insights.lexicon import WHOLE, Lexicon, Taught, standard_lexicon
from insights.opinions import Stance, read_opinions
from insights.teaching import TaughtWord, teach
from insights.words import RjiebaSegmenter, Segmenter
from tests.insights.guesses import Guess

LIKE, DISLIKE, MIND, CARE, NOTHING = Taught
SMELL, TEXTURE, PRICE = "气味", "质地", "价格"

Found = list[tuple[str, str, Stance]]


def stances(text: str, lexicon: Lexicon, segmenter: Segmenter, lean: float = 0.0) -> Found:
    tagged = segmenter.tag(text)
    clauses = read_clauses(text, tagged, lexicon)
    opinions, _ = read_opinions(text, tagged, clauses, lexicon, Guess(lean))
    return [(one.aspect, one.opinion, one.stance) for one in opinions]


@pytest.mark.parametrize(
    ("rows", "text", "expected"),
    [
        # a word that nobody knew
        ([(SMELL, "龙涎", LIKE)], "味道很龙涎", [(SMELL, "龙涎", Stance.LIKE)]),
        ([(SMELL, "龙涎", DISLIKE)], "味道很龙涎", [(SMELL, "龙涎", Stance.DISLIKE)]),
        ([(SMELL, "龙涎", MIND)], "味道很龙涎", [(SMELL, "龙涎", Stance.MIND)]),
        ([(SMELL, "龙涎", CARE)], "味道很龙涎", [(SMELL, "龙涎", Stance.CARE)]),
        ([(SMELL, "龙涎", NOTHING)], "味道很龙涎", [(SMELL, "", Stance.CARE)]),
        # alone it speaks of its aspect; about another one it is what it was: nothing
        ([(SMELL, "龙涎", DISLIKE)], "好龙涎呀", [(SMELL, "龙涎", Stance.DISLIKE)]),
        ([(SMELL, "龙涎", DISLIKE)], "价格龙涎", [(PRICE, "", Stance.CARE)]),
        # about whatever it is said of
        ([("", "龙涎", DISLIKE)], "价格龙涎", [(PRICE, "龙涎", Stance.DISLIKE)]),
        ([("", "龙涎", DISLIKE)], "真龙涎", [(WHOLE, "龙涎", Stance.DISLIKE)]),
        ([("", "龙涎", CARE)], "真龙涎", [(WHOLE, "龙涎", Stance.CARE)]),
        ([(WHOLE, "龙涎", LIKE)], "真龙涎", [(WHOLE, "龙涎", Stance.LIKE)]),
        # a word that judged otherwise
        ([(SMELL, "刺鼻", LIKE)], "味道刺鼻", [(SMELL, "刺鼻", Stance.LIKE)]),
        ([(SMELL, "刺鼻", MIND)], "味道刺鼻", [(SMELL, "刺鼻", Stance.MIND)]),
        ([(SMELL, "刺鼻", NOTHING)], "味道刺鼻", [(SMELL, "", Stance.CARE)]),
        ([(SMELL, "刺鼻", NOTHING)], "太刺鼻", []),
        ([("", "刺鼻", NOTHING)], "味道刺鼻", [(SMELL, "", Stance.CARE)]),
        ([("", "刺鼻", NOTHING)], "太刺鼻", []),
        ([("", "刺鼻", LIKE)], "太刺鼻", [(SMELL, "刺鼻", Stance.LIKE)]),
        ([(PRICE, "好闻", DISLIKE)], "味道好闻", [(SMELL, "好闻", Stance.LIKE)]),
        # the lexicon knows 太上头 and 不刺鼻 as well
        ([(SMELL, "上头", DISLIKE)], "这个香味太上头了", [(SMELL, "太上头", Stance.DISLIKE)]),
        ([("", "刺鼻", NOTHING)], "味道不刺鼻", [(SMELL, "", Stance.CARE)]),
        ([("", "上头", DISLIKE)], "这个香味太上头了", [(SMELL, "上头", Stance.DISLIKE)]),
        # about other aspects they say what they said
        ([(PRICE, "香", LIKE)], "真香", [(WHOLE, "真香", Stance.LIKE)]),
        ([(PRICE, "香", DISLIKE)], "价格真香", [(PRICE, "真香", Stance.DISLIKE)]),
        # a word that the lexicon finds in parts, taught as a whole: still about the smell
        ([("", "不难闻", DISLIKE)], "不难闻", [(SMELL, "不难闻", Stance.DISLIKE)]),
        ([(PRICE, "不难闻", DISLIKE)], "不难闻", [(SMELL, "不难闻", Stance.LIKE)]),
        ([(PRICE, "不难闻", DISLIKE)], "价格不难闻", [(PRICE, "不难闻", Stance.DISLIKE)]),
        # one word, two aspects
        (
            [(PRICE, "龙涎", DISLIKE), (SMELL, "龙涎", LIKE)],
            "价格龙涎，味道龙涎",
            [(PRICE, "龙涎", Stance.DISLIKE), (SMELL, "龙涎", Stance.LIKE)],
        ),
        # both at once: the aspect's own meaning wins
        (
            [("", "龙涎", DISLIKE), (SMELL, "龙涎", LIKE)],
            "价格龙涎，味道龙涎",
            [(PRICE, "龙涎", Stance.DISLIKE), (SMELL, "龙涎", Stance.LIKE)],
        ),
        # a word that begins with 不 or 没, wherever the text ends
        ([(SMELL, "不香", LIKE)], "味道不香", [(SMELL, "不香", Stance.LIKE)]),
        ([(SMELL, "不香", LIKE)], "味道不香啊", [(SMELL, "不香", Stance.LIKE)]),
        ([("", "不便宜", NOTHING)], "不便宜", []),
        ([("", "没效果", NOTHING)], "没效果", []),
        # denied, and asked
        ([(SMELL, "龙涎", DISLIKE)], "味道不龙涎", [(SMELL, "不龙涎", Stance.LIKE)]),
        ([(SMELL, "刺鼻", LIKE)], "味道不刺鼻", [(SMELL, "不刺鼻", Stance.DISLIKE)]),
        ([(SMELL, "龙涎", MIND)], "味道不龙涎", [(SMELL, "不龙涎", Stance.CARE)]),
        ([(SMELL, "龙涎", DISLIKE)], "味道龙涎吗？", [(SMELL, "龙涎", Stance.CARE)]),
        ([(SMELL, "龙涎", MIND)], "味道龙涎吗？", [(SMELL, "龙涎", Stance.MIND)]),
        # a health word may be an opinion, and an aspect's own word may judge it
        ([("", "过敏", MIND)], "味道过敏", [(SMELL, "过敏", Stance.MIND)]),
        ([("成分", "酒精", MIND)], "里面有酒精吗", [("成分", "酒精", Stance.MIND)]),
        ([("成分", "酒精", CARE)], "有酒精的", [("成分", "酒精", Stance.CARE)]),
        # an aspect by another name, and one that nobody had heard of
        ([("香味", "龙涎", DISLIKE)], "味道很龙涎", [(SMELL, "龙涎", Stance.DISLIKE)]),
        ([("流苏扣", "龙涎", DISLIKE)], "流苏扣龙涎", [("流苏扣", "龙涎", Stance.DISLIKE)]),
    ],
)
def test_a_word_counts_as_it_was_taught(
    rows: list[tuple[str, str, Taught]],
    text: str,
    expected: Found,
    lexicon: Lexicon,
    segmenter: Segmenter,
) -> None:
    taught = teach(lexicon, [TaughtWord(*row) for row in rows])
    for lean in (-9.0, 0.0, 9.0):
        assert stances(text, taught, segmenter, lean) == expected


def test_what_is_taught_changes_the_version_and_leaves_the_old_lexicon_alone(
    lexicon: Lexicon,
) -> None:
    before = lexicon.version
    versions = {
        teach(lexicon, [TaughtWord(aspect, "刺鼻", one)]).version
        for one in Taught
        for aspect in ("", SMELL)
    }
    assert len(versions | {before}) == 2 * len(Taught) + 1
    assert standard_lexicon().version == before


def test_of_two_rows_on_one_thing_the_last_holds(lexicon: Lexicon) -> None:
    rows = [TaughtWord(SMELL, "刺鼻", one) for one in (LIKE, NOTHING, DISLIKE)]
    assert teach(lexicon, rows).version == teach(lexicon, rows[-1:]).version


def test_rows_on_different_things_may_come_in_any_order(lexicon: Lexicon) -> None:
    rows = [
        TaughtWord("", "龙涎", MIND),
        TaughtWord(SMELL, "龙涎", LIKE),
        TaughtWord(PRICE, "高", DISLIKE),
    ]
    assert len({teach(lexicon, some).version for some in permutations(rows)}) == 1


def test_what_is_taught_of_a_word_holds_in_a_phrase_that_asks_for_something(
    lexicon: Lexicon, segmenter: Segmenter
) -> None:
    assert Stance.DISLIKE in {one for _, _, one in stances("又断货了", lexicon, segmenter)}
    taught = teach(lexicon, [TaughtWord("", "又断货", NOTHING)])
    assert taught.terms["又断货了"].always is lexicon.terms["又断货了"].always
    assert Stance.DISLIKE not in {one for _, _, one in stances("又断货了", taught, segmenter)}


WORDS = st.sampled_from(["龙涎", "刺鼻", "好闻", "酒精", "贵", "高", "[赞]"])
ASPECTS = st.sampled_from(["", SMELL, TEXTURE, PRICE, WHOLE, "流苏扣"])
ROWS = st.lists(st.builds(TaughtWord, ASPECTS, WORDS, st.sampled_from(Taught)), max_size=5)
TEXTS = st.lists(
    st.sampled_from([*"，。？不太很吗的比", "味道", "价格", "龙涎", "刺鼻", "酒精", "贵", "希望"]),
    max_size=8,
).map("".join)
STANDARD, SEGMENTER = standard_lexicon(), RjiebaSegmenter()


@given(ROWS, TEXTS)
def test_a_word_of_no_judgement_is_never_the_word_of_an_opinion(
    rows: list[TaughtWord], text: str
) -> None:
    kept = [row for row in rows if row.word != "刺鼻"]
    taught = teach(STANDARD, [*kept, TaughtWord("", "刺鼻", NOTHING)])
    assert not [one for one in stances(text, taught, SEGMENTER) if one[1].endswith("刺鼻")]
