"""How surely somebody under a new id is somebody known: the table, and what is done by it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.likeness import (
    CERTAIN,
    Known,
    Likeness,
    Looks,
    Recognised,
    Shown,
    Trait,
    recognised,
)

ALIAS, NICKNAME, NAME, FRIEND = Trait.ALIAS, Trait.NICKNAME, Trait.NAME, Trait.FRIEND


def looks(
    name: str = "小美",
    alias: str | None = "",
    *,
    seats: dict[int, str | None] | None = None,
    friend: bool = False,
) -> Looks:
    """Somebody who sits in group 1 and has nothing but a name, unless it is said."""
    return Looks(name, alias, {1: ""} if seats is None else seats, friend)


def decided(
    known: Looks | list[Looks], shown: Looks | list[Looks], *, ids_last: bool = False
) -> Recognised:
    """Members are counted from 1, and the ids now are `a`, `b`, ..."""
    before = known if isinstance(known, list) else [known]
    now = shown if isinstance(shown, list) else [shown]
    return recognised(
        [Known(number, one) for number, one in enumerate(before, 1)],
        [Shown(chr(ord("a") + place), one) for place, one in enumerate(now)],
        ids_last=ids_last,
    )


def pairs(found: tuple[Likeness, ...]) -> set[tuple[int, str]]:
    return {(one.member, one.person) for one in found}


# The table


@pytest.mark.parametrize(
    ("known", "shown", "percent", "why"),
    [
        (looks("甲", "张姐", seats={}), looks("乙", "张姐", seats={}), 95, [ALIAS]),
        (looks("甲", "张姐"), looks("甲", "张姐"), 95, [ALIAS]),
        (looks(seats={1: "美"}), looks(seats={1: "美"}), 95, [NICKNAME, NAME]),
        (looks(), looks(), 90, [NAME]),
        (looks("  小 美 "), looks("小  美"), 90, [NAME]),
        (looks(alias=None), looks(alias="张姐"), 90, [NAME]),
        (looks(alias="张姐"), looks(alias=None), 90, [NAME]),
        (looks(seats={}, friend=True), looks(seats={}, friend=True), 80, [FRIEND]),
        (looks("甲", seats={1: "美"}), looks("乙", seats={1: "美"}), 75, [NICKNAME]),
        # More groups
        (looks(seats={1: "", 2: ""}), looks(seats={1: "", 2: ""}), 92, [NAME, Trait.GROUPS]),
        (
            looks(seats=dict.fromkeys(range(9))),
            looks(seats=dict.fromkeys(range(9))),
            96,
            [NAME, Trait.GROUPS],
        ),
        (
            looks(alias="张姐", seats=dict.fromkeys(range(9))),
            looks(alias="张姐", seats=dict.fromkeys(range(9))),
            99,
            [ALIAS, Trait.GROUPS],
        ),
        (
            looks("甲", seats={1: "美", 2: ""}),
            looks("乙", seats={1: "美", 2: ""}),
            77,
            [NICKNAME, Trait.GROUPS],
        ),
        # What speaks against it
        (looks(alias="张姐"), looks(alias="李姐"), 60, [NAME, Trait.ALIAS_DIFFERS]),
        (looks(alias="张姐"), looks(alias=""), 60, [NAME, Trait.ALIAS_DIFFERS]),
        (looks(alias=""), looks(alias="张姐"), 60, [NAME, Trait.ALIAS_DIFFERS]),
        (looks("美"), looks("美"), 80, [NAME, Trait.SHORT_NAME]),
        (
            looks("美", seats={}, friend=True),
            looks("美", seats={}, friend=True),
            70,
            [FRIEND, Trait.SHORT_NAME],
        ),
        (looks("美", "张姐"), looks("美", "张姐"), 95, [ALIAS]),
    ],
)
def test_what_both_have_makes_sure(
    known: Looks, shown: Looks, percent: int, why: list[Trait]
) -> None:
    found = decided(known, shown)
    (one,) = found.taken or found.doubtful
    assert (one.member, one.person) == (1, "a")
    assert one.confidence == percent
    assert list(one.why) == why
    assert bool(found.taken) is (percent >= CERTAIN)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (looks("小美"), looks("小鱼")),
        (looks("小美"), looks("小美", seats={2: ""})),
        (looks("小美", seats={}), looks("小美", seats={})),
        (looks("小美", seats={}, friend=True), looks("小美", seats={})),
        (looks("", seats={1: ""}), looks("", seats={1: ""})),
        (looks(" ", "  ", friend=True), looks(" ", "  ", friend=True)),
        (looks("甲", None, seats={1: None}), looks("乙", None, seats={1: None})),
        (looks("甲", "小美", seats={1: "小鱼"}), looks("小美", "", seats={1: ""})),
        (looks("甲", "x", seats={1: "美"}), looks("乙", "y", seats={1: "美"})),
    ],
)
def test_who_has_nothing_in_common_is_somebody_new(known: Looks, shown: Looks) -> None:
    assert decided(known, shown) == Recognised((), ())


@pytest.mark.parametrize(
    ("before", "now", "percent"), [(1, 2, 65), (2, 1, 65), (2, 2, 65), (3, 1, None), (1, 9, None)]
)
def test_namesakes_take_a_quarter_each(before: int, now: int, percent: int | None) -> None:
    found = decided([looks()] * before, [looks()] * now)
    assert found.taken == ()
    assert {one.confidence for one in found.doubtful} == ({percent} if percent else set())
    assert len(found.doubtful) == (before * now if percent else 0)
    assert all(one.why == (NAME, Trait.NAMESAKES) for one in found.doubtful)


def test_a_namesake_in_one_group_of_two_takes_nothing() -> None:
    here, both = looks(), looks(seats={1: "", 2: ""})
    assert pairs(decided([both, here], [both, here]).taken) == {(1, "a"), (2, "b")}


def test_a_name_alone_is_no_proof_of_whom_something_was_laid_down() -> None:
    seats = dict.fromkeys(range(9))
    for known, percent in ((looks(), 85), (looks(seats=seats), 89)):
        found = recognised([Known(1, known, bound=True)], [Shown("a", known)])
        assert found.taken == ()
        (one,) = found.doubtful
        assert (one.confidence, one.why[-1]) == (percent, Trait.BOUND)
    surer = looks(seats={1: "美"})
    assert recognised([Known(1, surer, bound=True)], [Shown("a", surer)]).taken


@pytest.mark.parametrize(("there", "taken"), [(1, False), (9, False), (10, True)])
def test_nor_is_it_where_many_are_gone_without_a_trace(there: int, *, taken: bool) -> None:
    stays = [looks(f"粉丝{number}") for number in range(there - 1)]
    found = decided([looks(), *stays, looks("走了")], [looks(), *stays])
    everybody = {(number + 1, chr(ord("a") + number)) for number in range(there)}
    assert pairs(found.taken) == (everybody if taken else set())
    assert pairs(found.doubtful) == (set() if taken else everybody)
    assert {one.confidence for one in found.doubtful} <= {85}


def test_another_group_that_is_whole_is_proof() -> None:
    fan = looks(seats={1: "", 2: ""})
    assert pairs(decided([fan, looks("走了")], [fan]).taken) == {(1, "a")}


# What is done by it


def test_an_alias_tells_namesakes_apart_and_who_is_left_is_known_by_that() -> None:
    known = [looks(alias="张姐"), looks()]
    found = decided(known, known)
    assert pairs(found.taken) == {(1, "a"), (2, "b")}
    assert [one.confidence for one in found.taken] == [95, 90]
    assert found.doubtful == ()


def test_who_may_be_two_is_asked_about_and_not_taken() -> None:
    by_alias, by_name = looks("甲", "张姐"), looks("小美", None)
    found = decided(looks("小美", "张姐"), [by_alias, by_name])
    assert found.taken == ()
    assert pairs(found.doubtful) == {(1, "a"), (1, "b")}


def test_what_is_far_below_the_best_is_not_asked() -> None:
    staff = Known(1, looks("小美", "张姐"), guarded=True)
    found = recognised([staff], [Shown("a", looks("甲", "张姐")), Shown("b", looks("小美", ""))])
    assert pairs(found.doubtful) == {(1, "a")}


def test_at_most_three_are_asked_about() -> None:
    names = [looks("甲", seats={group: "美"}) for group in range(5)]
    found = decided(looks("乙", seats=dict.fromkeys(range(5), "美")), names)
    assert found.taken == ()
    assert len(found.doubtful) == 3


def test_a_place_among_the_staff_is_never_taken() -> None:
    same = looks("阿玲", "店长", seats={1: "店长", 2: "店长"}, friend=True)
    found = recognised([Known(1, same, guarded=True)], [Shown("a", same)])
    assert found.taken == ()
    (asked,) = found.doubtful
    assert asked.confidence >= CERTAIN
    assert Trait.GUARDED in asked.why


def test_a_fan_is_not_taken_for_who_may_be_staff() -> None:
    staff, fan = Known(1, looks("阿玲"), guarded=True), Known(2, looks("甲", seats={1: "阿玲"}))
    found = recognised([staff, fan], [Shown("a", looks("阿玲", seats={1: "阿玲"}))])
    assert found.taken == ()


def test_where_ids_last_nobody_is_taken() -> None:
    found = decided(looks(), looks(), ids_last=True)
    assert found.taken == ()
    (asked,) = found.doubtful
    assert asked.why == (NAME, Trait.IDS_LAST)


def test_what_was_ruled_out_is_neither_taken_nor_asked() -> None:
    found = recognised([Known(1, looks())], [Shown("a", looks())], ruled_out={(1, "a")})
    assert found == Recognised((), ())


def test_a_crowd_of_one_name_costs_no_time() -> None:
    crowd = [looks("用户", friend=True)] * 3_000
    began = time.perf_counter()
    assert decided(crowd, crowd) == Recognised((), ())
    assert time.perf_counter() - began < 5  # every pair of them would take minutes


NAMES = st.sampled_from(["小美", "小鱼", "阿玲", "美", ""])
ALIASES = st.sampled_from([None, "", "张姐", "李姐"])
LOOKS = st.builds(
    Looks,
    name=NAMES,
    alias=ALIASES,
    seats=st.dictionaries(st.integers(1, 3), st.sampled_from([None, "", "美", "鱼"])),
    friend=st.booleans(),
)


@given(
    known=st.lists(st.tuples(LOOKS, st.booleans()), max_size=6),
    shown=st.lists(LOOKS, max_size=6),
    ids_last=st.booleans(),
)
def test_nobody_is_two_and_staff_are_nobody(
    known: list[tuple[Looks, bool]], shown: list[Looks], *, ids_last: bool
) -> None:
    before = [Known(number, one, guarded) for number, (one, guarded) in enumerate(known)]
    now = [Shown(str(number), one) for number, one in enumerate(shown)]
    found = recognised(before, now, ids_last=ids_last)
    members = [one.member for one in found.taken]
    people = [one.person for one in found.taken]
    assert len({*members}) == len(members)
    assert len({*people}) == len(people)
    assert not {one.member for one in before if one.guarded} & {*members}
    assert not (ids_last and members)
    assert all(CERTAIN <= one.confidence < 100 for one in found.taken)
    assert not {*members} & {one.member for one in found.doubtful}
    assert not {*people} & {one.person for one in found.doubtful}
    reordered = recognised(before[::-1], now[::-1], ids_last=ids_last)
    assert {*reordered.taken} == {*found.taken}


@given(people=st.lists(LOOKS, max_size=8, unique_by=lambda one: one.name))
def test_who_changed_nothing_is_never_taken_for_another(people: list[Looks]) -> None:
    everybody = [replace(one, seats=one.seats or {1: ""}) for one in people]
    found = recognised(
        [Known(number, one) for number, one in enumerate(everybody)],
        [Shown(str(number), one) for number, one in enumerate(everybody)],
    )
    unique = [one for one in found.taken if NAME in one.why]
    assert all(str(one.member) == one.person for one in unique)
