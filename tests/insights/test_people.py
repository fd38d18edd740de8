from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from types import MappingProxyType

import pytest
from hypothesis import given, settings

from insights.days import AnalysedDay, AspectStance, Tally, Utterance, analyse_day
from insights.lexicon import WHOLE, standard_lexicon
from insights.opinions import Stance
from insights.people import (
    Deeds,
    Person,
    Standing,
    find_interests,
    find_people,
    is_private_thing,
    join_deeds,
    read_deeds,
)
from insights.words import RjiebaSegmenter
from tests.insights.groups import START, chats, said

SEGMENTER, LEXICON = RjiebaSegmenter(), standard_lexicon()
LIKED = AspectStance("气味", "气味", Stance.LIKE)
DISLIKED = AspectStance("包装", "包装", Stance.DISLIKE)
RASH = AspectStance("安全", "安全", Stance.DISLIKE)
NO_REPLIES: Mapping[int, int] = MappingProxyType({})


def is_private(word: str) -> bool:
    return word == "宝宝面霜"


def deeds_of(*lines: tuple[int, str], replies: Mapping[int, int] = NO_REPLIES) -> Deeds:
    spoken = [replace(one, reply_to=replies.get(one.message)) for one in said(*lines)]
    return read_deeds(spoken, SEGMENTER, LEXICON)


def period(messages: int, **aspects: int) -> AnalysedDay:
    keys = {"likes": LIKED, "dislikes": DISLIKED, "rashes": RASH}
    return AnalysedDay(
        messages={1: messages} if messages else {},
        aspects={keys[name]: Tally({1: count}, {}) for name, count in aspects.items() if count},
    )


def standings(day: AnalysedDay, deeds: Deeds) -> set[Standing]:
    return {one for person in find_people(day, deeds, {1}, is_private) for one in person.standings}


@pytest.mark.parametrize(
    ("day", "deeds", "parts"),
    [
        (period(9, likes=3), Deeds({1: 2}), {Standing.ADVOCATE}),
        (period(9, likes=3), Deeds({1: 1}), set()),  # once is no habit
        (period(9, likes=3, dislikes=2), Deeds({1: 2}), set()),  # nor is a mixed judgement
        (period(9), Deeds({}, {1: 3}), {Standing.HELPER}),
        (period(9), Deeds({}, {1: 2}), set()),
        (period(9, dislikes=3), Deeds(), {Standing.CRITIC}),
        (period(9, dislikes=2), Deeds(), set()),
        (period(9, dislikes=3, likes=2), Deeds(), set()),
        (period(9, rashes=9), Deeds(), set()),  # nobody is known by their health
        (period(0), Deeds(), {Standing.SILENT}),
        (period(1), Deeds(), set()),
        (period(9, dislikes=3), Deeds({}, {1: 5}), {Standing.CRITIC, Standing.HELPER}),
    ],
)
def test_what_somebody_says_tells_the_part_they_play(
    day: AnalysedDay, deeds: Deeds, parts: set[Standing]
) -> None:
    assert standings(day, deeds) == parts


def test_a_person_comes_with_what_the_part_rests_on() -> None:
    found = find_people(period(9, likes=4, dislikes=1), Deeds({1: 2}, {1: 3}), {1, 2}, is_private)
    assert found == (
        Person(1, frozenset({Standing.ADVOCATE, Standing.HELPER}), 9, 4, 1, 2, 3),
        Person(2, frozenset({Standing.SILENT}), 0, 0, 0, 0, 0),
    )


def test_who_has_left_plays_no_part() -> None:
    assert find_people(period(9, dislikes=5), Deeds(), {2, 3}, is_private)[0].member == 2


def test_what_is_private_to_the_shop_counts_for_nothing_either() -> None:
    private = AspectStance("宝宝面霜", "整体", Stance.DISLIKE)
    day = AnalysedDay(messages={1: 9}, aspects={private: Tally({1: 9}, {})})
    assert standings(day, Deeds()) == set()


def test_what_speaks_of_health_is_what_the_lexicon_calls_so() -> None:
    words = tomllib.loads(resources.files("insights").joinpath("people.toml").read_text("utf-8"))
    known = {*LEXICON.categories, *LEXICON.categories.values()}
    assert known >= set(words["health"])


@pytest.mark.parametrize(
    "text", ["安利给大家，这个面霜", "强烈推荐", "闭眼入吧姐妹们", "入股不亏", "真心推荐这款精华"]
)
def test_who_speaks_well_and_recommends_is_counted(text: str) -> None:
    assert deeds_of((1, text)).recommended == {1: 1}


@pytest.mark.parametrize("text", ["求推荐", "有推荐的吗", "不推荐", "面霜好用", "早"])
def test_who_asks_for_it_or_warns_recommends_nothing(text: str) -> None:
    assert deeds_of((1, text)).recommended == {}


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ((2, "我敏感肌用着没事"), True),
        ((1, "敏感肌用着没事"), False),  # the one who asked
        ((2, "敏感肌用会闷痘吗"), False),  # asks on
        ((2, "同问，敏感肌"), False),
        ((2, "今天天气真好"), False),
    ],
)
def test_an_answer_speaks_of_what_was_asked(answer: tuple[int, str], *, counts: bool) -> None:
    answered = deeds_of((1, "这个面霜敏感肌能用吗"), (3, "早上好"), answer).answered
    assert answered == ({answer[0]: 1} if counts else {})


def test_a_reply_answers_whatever_it_says_and_a_question_is_answered_once() -> None:
    lines = [(1, "多久能到呀"), (2, "三四天吧"), (3, "我的两天")]
    assert deeds_of(*lines).answered == {}
    assert deeds_of(*lines, replies={2: 1, 3: 1}).answered == {2: 1}


def test_a_question_stands_open_for_a_quarter_of_an_hour() -> None:
    def asked(minutes: int) -> Deeds:
        late = START + timedelta(minutes=minutes)
        lines = [Utterance(1, 1, START, "面霜好用吗"), Utterance(2, 2, late, "面霜我觉得还行")]
        return read_deeds(lines, SEGMENTER, LEXICON)

    assert asked(15).answered == {2: 1}
    assert asked(16).answered == {}


def test_deeds_of_several_groups_add_up() -> None:
    assert join_deeds([Deeds({1: 2}, {2: 1}), Deeds({1: 1, 3: 1}), Deeds()]) == Deeds(
        {1: 3, 3: 1}, {2: 1}
    )


def test_interests_are_what_somebody_speaks_of_again_and_again() -> None:
    lexicon = LEXICON.with_thing("云絮霜").with_thing("宝宝面霜")
    day = AnalysedDay(
        messages={1: 9, 2: 9},
        terms={"云絮霜": Tally({1: 4, 2: 2}, {}), "宝宝面霜": Tally({1: 9}, {})},
        aspects={
            LIKED: Tally({1: 2, 2: 1}, {}),
            AspectStance("气味", "气味", Stance.CARE): Tally({1: 1}, {}),
            AspectStance(WHOLE, WHOLE, Stance.LIKE): Tally({1: 9}, {}),
            RASH: Tally({2: 9}, {}),
        },
    )
    (found,) = find_interests(day, lexicon, is_private).items()
    assert (found[0], list(found[1].items())) == (1, [("云絮霜", 4), ("气味", 3)])


def test_a_thing_is_private_by_any_of_its_names_and_by_its_category() -> None:
    day = AnalysedDay(messages={1: 1}, aspects={RASH: Tally({1: 1}, {}), LIKED: Tally({1: 1}, {})})
    assert is_private_thing([RASH.aspect], day, is_private)
    assert is_private_thing(["霜霜", "宝宝面霜"], AnalysedDay(), is_private)
    assert not is_private_thing([LIKED.aspect, "面霜"], day, is_private)


@settings(deadline=None)  # many short chats are read in each
@given(chats())
def test_nobody_answers_more_than_was_asked_by_others(utterances: list[Utterance]) -> None:
    deeds = read_deeds(utterances, SEGMENTER, LEXICON)
    asked = sum(
        bool(
            read_deeds([u, Utterance(99, 99, u.at, "嗯嗯", u.message)], SEGMENTER, LEXICON).answered
        )
        for u in utterances
    )
    assert sum(deeds.answered.values()) <= asked
    day = analyse_day(utterances, SEGMENTER, LEXICON)
    people = find_people(day, deeds, set(range(1, 8)), is_private)
    assert {p.member for p in people if Standing.SILENT in p.standings} == set(
        range(1, 8)
    ) - day.messages.keys()
