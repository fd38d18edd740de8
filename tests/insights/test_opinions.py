"""The lexicon and the model together: who decides what."""

from __future__ import annotations

import pytest

from insights.clauses import read_clauses
from insights.lexicon import WHOLE, Lexicon, Taught
from insights.opinions import Stance, read_opinions
from insights.teaching import TaughtWord, teach
from insights.words import Segmenter
from tests.insights.guesses import SURE, UNSURE, Guess


def read(
    text: str, lexicon: Lexicon, segmenter: Segmenter, guess: Guess | None
) -> tuple[list[tuple[str, str, Stance]], float]:
    tagged = segmenter.tag(text)
    clauses = read_clauses(text, tagged, lexicon)
    opinions, sentiment = read_opinions(text, tagged, clauses, lexicon, guess)
    return [(o.aspect, o.opinion, o.stance) for o in opinions], sentiment


def stances(
    text: str, lexicon: Lexicon, segmenter: Segmenter, guess: Guess | None
) -> list[tuple[str, str, Stance]]:
    return read(text, lexicon, segmenter, guess)[0]


@pytest.mark.parametrize(
    ("text", "leaning", "expected"),
    [
        # an aspect that no word judges
        ("味道让人想起童年", None, [("气味", "", Stance.CARE)]),
        ("味道让人想起童年", UNSURE, [("气味", "", Stance.CARE)]),
        ("味道让人想起童年", SURE, [("气味", "味道让人想起童年", Stance.LIKE)]),
        ("味道让人想起医院", -SURE, [("气味", "味道让人想起医院", Stance.DISLIKE)]),
        ("这瓶是十月的批次", SURE, [("真伪", "", Stance.CARE)]),  # of facts it has learnt nothing
        # a clause without an aspect: about what was just named, or else the whole
        ("像在医院里", UNSURE, []),
        ("像在医院里。", -SURE, [(WHOLE, "像在医院里", Stance.DISLIKE)]),
        ("味道呢，像医院", -SURE, [("气味", "味道呢", Stance.DISLIKE)]),
        ("这个批次呢，像医院", -SURE, [("真伪", "", Stance.CARE)]),
        # the whole is judged only where nothing else is
        ("味道难闻。像医院", -SURE, [("气味", "难闻", Stance.DISLIKE)]),
        # an emoji has its say, and who asks for something judges nothing
        ("[爱心][爱心]", -SURE, []),
        ("求上架", SURE, []),
        ("大家好呀，我是新来的", SURE, [(WHOLE, "我是新来的", Stance.LIKE)]),  # a greeting is none
        # what is asked, wished or feared states nothing
        ("味道怎么样", -SURE, [("气味", "", Stance.CARE)]),
        ("跟老款的味道差不多", -SURE, [("气味", "", Stance.CARE)]),
        ("希望换个味道", -SURE, [("气味", "", Stance.CARE)]),
        # what a word judges is not asked of the model
        ("味道难闻", SURE, [("气味", "难闻", Stance.DISLIKE)]),
        ("味道难闻，这个味道让人想起童年", SURE, [("气味", "难闻", Stance.DISLIKE)]),
        # words that contradict each other in one clause
        (
            "好闻得刺鼻",
            UNSURE,
            [("气味", "好闻", Stance.LIKE), ("气味", "刺鼻", Stance.DISLIKE)],
        ),
        ("好闻得刺鼻", -SURE, [("气味", "刺鼻", Stance.DISLIKE)]),
        ("好闻得刺鼻", SURE, [("气味", "好闻", Stance.LIKE)]),
    ],
)
def test_the_model_decides_what_the_words_leave_open(
    text: str,
    leaning: float | None,
    expected: list[tuple[str, str, Stance]],
    lexicon: Lexicon,
    segmenter: Segmenter,
) -> None:
    guess = None if leaning is None else Guess(leaning)
    assert stances(text, lexicon, segmenter, guess) == expected


def test_a_shop_s_own_word_is_never_overruled(lexicon: Lexicon, segmenter: Segmenter) -> None:
    taught = teach(lexicon, [TaughtWord("气味", "好闻", Taught.LIKE)])
    found = stances("好闻得刺鼻", taught, segmenter, Guess(-SURE))
    assert ("气味", "好闻", Stance.LIKE) in found
    by_file = lexicon.with_words('[positive]\n"气味" = ["像医院"]\n', "shop.toml")
    assert stances("味道像医院", by_file, segmenter, Guess(-SURE)) == [
        ("气味", "像医院", Stance.LIKE)
    ]


def test_the_model_is_asked_about_the_clause_alone(lexicon: Lexicon, segmenter: Segmenter) -> None:
    guess = Guess(UNSURE)
    stances("质地像布丁，味道好闻得刺鼻。", lexicon, segmenter, guess)
    assert guess.asked == ["质地像布丁"]
    assert ("味道好闻得刺鼻", 1, 1) in guess.weighed
    assert ("质地像布丁", 0, 0) in guess.weighed


def test_the_sentiment_weighs_the_model_where_something_is_judged(
    lexicon: Lexicon, segmenter: Segmenter
) -> None:
    def sentiment(text: str, guess: Guess | None) -> float:
        return read(text, lexicon, segmenter, guess)[1]

    text = "好用，只够敷三天"
    assert sentiment(text, Guess(-SURE)) < sentiment(text, None) < sentiment(text, Guess(SURE))
    assert sentiment("今天下雨了", Guess(-UNSURE)) == 0
    assert sentiment("快递到了吗", Guess(-SURE)) == 0
    assert sentiment("像医院", Guess(-SURE)) < 0
