"""The lexicon and the model together: who decides what."""

from __future__ import annotations

import pytest

from insights.clauses import read_clauses
from insights.lexicon import Lexicon, Taught
from insights.opinions import Lean, Stance, read_opinions
from insights.teaching import TaughtWord, teach
from insights.words import Segmenter

SURE, UNSURE = 3.0, 0.4


def stances(
    text: str, lexicon: Lexicon, segmenter: Segmenter, lean: Lean | None
) -> list[tuple[str, str, Stance]]:
    clauses = read_clauses(text, segmenter.tag(text), lexicon)
    opinions, _ = read_opinions(text, clauses, lexicon, lean)
    return [(o.aspect, o.opinion, o.stance) for o in opinions]


def always(value: float) -> Lean:
    return lambda *_: value


@pytest.mark.parametrize(
    ("text", "leaning", "expected"),
    [
        # an aspect that no word judges
        ("味道让人想起童年", None, [("气味", "", Stance.CARE)]),
        ("味道让人想起童年", UNSURE, [("气味", "", Stance.CARE)]),
        ("味道让人想起童年", SURE, [("气味", "", Stance.LIKE)]),
        ("味道让人想起医院", -SURE, [("气味", "", Stance.DISLIKE)]),
        ("这瓶是十月的批次", SURE, [("真伪", "", Stance.CARE)]),  # of facts it has learnt nothing
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
    lean = None if leaning is None else always(leaning)
    assert stances(text, lexicon, segmenter, lean) == expected


def test_a_shop_s_own_word_is_never_overruled(lexicon: Lexicon, segmenter: Segmenter) -> None:
    taught = teach(lexicon, [TaughtWord("气味", "好闻", Taught.LIKE)])
    found = stances("好闻得刺鼻", taught, segmenter, always(-SURE))
    assert ("气味", "好闻", Stance.LIKE) in found
    by_file = lexicon.with_words('[positive]\n"气味" = ["像医院"]\n', "shop.toml")
    assert stances("味道像医院", by_file, segmenter, always(-SURE)) == [
        ("气味", "像医院", Stance.LIKE)
    ]


def test_the_model_is_asked_about_the_clause_alone(lexicon: Lexicon, segmenter: Segmenter) -> None:
    asked: list[tuple[str, int, int]] = []

    def lean(text: str, well: int, badly: int) -> float:
        asked.append((text, well, badly))
        return 0.0

    stances("快递到了，味道好闻得刺鼻。", lexicon, segmenter, lean)
    assert ("味道好闻得刺鼻", 1, 1) in asked
    assert ("快递到了", 0, 0) in asked


def test_the_sentiment_weighs_the_model_where_something_is_judged(
    lexicon: Lexicon, segmenter: Segmenter
) -> None:
    def sentiment(text: str, lean: Lean | None) -> float:
        clauses = read_clauses(text, segmenter.tag(text), lexicon)
        return read_opinions(text, clauses, lexicon, lean)[1]

    text = "好用，只够敷三天"
    assert sentiment(text, always(-SURE)) < sentiment(text, None) < sentiment(text, always(SURE))
    assert sentiment("今天下雨了", always(-SURE)) == 0
    assert sentiment("快递到了吗", always(-SURE)) == 0
