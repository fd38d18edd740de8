"""Joins and leaves: what a group gained and lost, however often somebody came and went."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.appointments import appoint
from storage.comings import (
    ComingAndGoing,
    comings_and_goings,
    delete_comings_before,
    note_coming,
)
from storage.customers import set_no_record
from tests.storage.builders import DAY, HOUR, NOW, group, member


@pytest.mark.parametrize(
    ("moves", "joined", "left"),
    [
        ("+", 1, 0),
        ("-", 0, 1),
        ("+-", 1, 1),  # came and went again
        ("-+", 0, 0),  # went and came back
        ("+-+", 1, 0),
        ("-+-", 0, 1),
        ("-+-+", 0, 0),
        ("+-+-", 1, 1),
    ],
)
async def test_a_group_grows_by_who_joined_and_shrinks_by_who_left(
    connection: AsyncConnection, moves: str, joined: int, left: int
) -> None:
    here = await group(connection, "一群")
    fan = await member(connection, "小美")
    for hour, move in enumerate(moves):
        await note_coming(connection, here.id, fan.id, NOW + hour * HOUR, came=move == "+")
    found = await comings_and_goings(connection, [here.id], NOW, NOW + DAY)
    one = found.get(here.id, ComingAndGoing())
    assert (one.joined, one.left, one.net) == (joined, left, joined - left)


async def test_within_one_second_the_order_told_counts(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    for name, moves in (("小美", "+-"), ("小鱼", "-+")):
        fan = await member(connection, name)
        for move in moves:
            await note_coming(connection, here.id, fan.id, NOW, came=move == "+")
    found = await comings_and_goings(connection, [here.id], NOW, NOW + DAY)
    assert found == {here.id: ComingAndGoing(joined=1, left=1)}


async def test_told_twice_it_counts_once_and_staff_and_other_days_and_groups_not_at_all(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan, boss = await member(connection, "小美"), await member(connection, "店长", staff=True)
    for _ in range(2):
        await note_coming(connection, here.id, fan.id, NOW, came=True)
    await note_coming(connection, here.id, boss.id, NOW, came=True)
    await note_coming(connection, here.id, fan.id, NOW + DAY, came=False)
    await note_coming(connection, there.id, fan.id, NOW, came=True)
    assert await comings_and_goings(connection, [here.id], NOW, NOW + DAY) == {
        here.id: ComingAndGoing(joined=1)
    }
    assert await comings_and_goings(connection, [], NOW, NOW + DAY) == {}


async def test_who_asked_for_no_record_is_not_counted_nor_who_was_appointed(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    fan, helper = await member(connection, "小美"), await member(connection, "阿强")
    for one in (fan, helper):
        await note_coming(connection, here.id, one.id, NOW, came=True)
    await set_no_record(connection, fan.customer_id, no_record=True)
    await appoint(connection, helper.id, NOW)
    assert await comings_and_goings(connection, [here.id], NOW, NOW + DAY) == {}


async def test_they_go_as_old_words_do_a_batch_at_a_time(connection: AsyncConnection) -> None:
    here, fan = await group(connection, "一群"), await member(connection, "小美")
    for hour in range(5):
        await note_coming(connection, here.id, fan.id, NOW + hour * HOUR, came=hour % 2 == 0)
    before = NOW + 3 * HOUR
    assert await delete_comings_before(connection, before, batch=2) == 2
    assert await delete_comings_before(connection, before, batch=2) == 1
    found = await comings_and_goings(connection, [here.id], NOW, NOW + DAY)
    assert found == {}  # went and came back
