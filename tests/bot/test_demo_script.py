"""The demo's script: the same seed gives the same days, another seed other seconds only."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from bot.demo.script import Joins, Leaves, Moment, Says, Script, read_script

FIRST = date(2026, 11, 1)


def script(*, days: int = 12, seed: int = 11, first: date = FIRST) -> Script:
    return read_script(first, days, seed)


def in_their_chats(play: Script) -> dict[str | None, list[tuple[str, str]]]:
    """What is said in each chat, in its order."""
    chats: dict[str | None, list[tuple[str, str]]] = {}
    for moment in play.moments:
        if isinstance(moment.deed, Says):
            said = (moment.deed.member, moment.deed.text)
            chats.setdefault(moment.deed.group, []).append(said)
    return chats


def minute(moment: Moment) -> str:
    return f"{moment.at:%Y-%m-%d %H:%M}"


def test_the_same_seed_gives_the_same_script() -> None:
    assert script() == script()


def test_another_seed_moves_lines_within_their_minutes_and_nothing_else() -> None:
    one, other = script(), script(seed=12)
    assert one.moments != other.moments
    assert in_their_chats(one) == in_their_chats(other)
    assert sorted(map(minute, one.moments)) == sorted(map(minute, other.moments))
    assert (one.people, one.groups, one.end) == (other.people, other.groups, other.end)


def test_fewer_days_are_the_beginning_of_more() -> None:
    few, many = script(days=3), script()
    assert many.moments[: len(few.moments)] == few.moments
    assert few.moments[-1].at <= few.end < many.moments[len(few.moments)].at
    assert many.end - few.end == timedelta(days=9)


@pytest.mark.parametrize("first", [date(2025, 11, 1), date(2028, 2, 27)])
def test_another_first_day_moves_everything(first: date) -> None:
    moved, usual = script(first=first), script()
    assert [one.deed for one in moved.moments] == [one.deed for one in usual.moments]
    assert moved.begin.date() == first
    assert {one.at - moved.begin for one in moved.moments} == {
        one.at - usual.begin for one in usual.moments
    }


def test_everything_happens_in_order_by_the_shop_s_clock() -> None:
    play = script()
    assert all(one.at <= other.at for one, other in pairwise(play.moments))
    assert play.opening < play.begin <= play.moments[0].at
    assert play.begin.utcoffset() == timedelta(hours=8)


def test_whoever_acts_is_somebody_and_where_they_are() -> None:
    play = script()
    groups = {group.id for group in play.groups}
    seats = {(one.id, group) for one in play.people for group in one.groups}
    for moment in play.moments:
        match moment.deed:
            case Says(member, None, _):
                assert member in {one.id for one in play.people}
            case Says(member, group, text):
                assert (member, group) in seats
                assert text
            case Joins(member, group):
                assert group in groups
                assert (member, group) not in seats
                seats.add((member, group))
            case Leaves(member, group):
                seats.remove((member, group))
