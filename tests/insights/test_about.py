"""Who speaks about one thing: the tallies behind a name, and the same of a single text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from insights.about import names_of, speaks_about, tallies_about
from insights.days import Utterance, analyse_day
from insights.lexicon import DemandKind, standard_lexicon
from insights.opinions import Stance
from insights.understanding import understand
from insights.words import RjiebaSegmenter

SEGMENTER, LEXICON = RjiebaSegmenter(), standard_lexicon().with_thing("面膜", ["面膜"])
TEXTS = [
    "气味太刺鼻了",
    "味道好闻，喜欢",
    "香味会不会太重",
    "求补货面膜",
    "面膜什么时候补货",
    "精华什么时候补货",
    "蓝色很适合夏天",
]
DAY = analyse_day(
    [
        Utterance(number, 100 + number, datetime(2026, 11, 5, tzinfo=UTC), text)
        for number, text in enumerate(TEXTS)
    ],
    SEGMENTER,
    LEXICON,
)
RESTOCK = DemandKind.RESTOCK


@pytest.mark.parametrize(
    ("thing", "stance", "kind", "who"),
    [
        ("气味", None, None, {0, 1, 2}),
        ("气味", Stance.DISLIKE, None, {0}),
        ("气味", Stance.LIKE, None, {1}),
        ("气味", Stance.MIND, None, {2}),
        ("面膜", None, None, {3, 4}),
        ("面膜", None, RESTOCK, {3, 4}),
        ("", None, RESTOCK, {3, 4, 5}),
        ("", None, None, set()),
        ("蓝色", None, None, {6}),
        ("物流", None, None, set()),
    ],
)
def test_a_day_and_its_messages_tell_the_same(
    thing: str, stance: Stance | None, kind: DemandKind | None, who: set[int]
) -> None:
    tally = tallies_about(DAY, thing, stance, kind=kind)
    assert {member - 100 for member in tally.members} == who
    assert set(tally.quotes.values()) <= who
    read = [understand(text, SEGMENTER, LEXICON) for text in TEXTS]
    assert {n for n, one in enumerate(read) if speaks_about(one, thing, stance, kind=kind)} == who


def test_one_message_under_several_keys_counts_once() -> None:
    tally = tallies_about(DAY, ["气味", "刺鼻", "味道", "香味"])
    assert tally.mentions == tally.speakers == 3


@pytest.mark.parametrize(
    ("thing", "names"),
    [("香味", ("香味", "气味")), ("气味", ("气味",)), ("ＳＰＦ", ("ＳＰＦ", "spf")), ("", ())],
)
def test_a_word_stands_for_what_it_names(thing: str, names: tuple[str, ...]) -> None:
    assert set(names) <= set(names_of(thing, LEXICON))
