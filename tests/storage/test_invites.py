"""A fan's own link: made once, and it counts whom it brought."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import groups, staff_chats
from storage.invites import (
    brought,
    brought_by,
    came_by,
    has_sat,
    invite_behind,
    invite_of,
    keep_invite,
    sits_in,
)
from storage.seats import leave
from tests.storage.builders import ACCOUNT, MINUTE, NOW, group, member

LINK = "https://t.example/+abc"


async def test_a_link_is_made_once(connection: AsyncConnection) -> None:
    here, fan = await group(connection, "一群"), await member(connection, "小鱼")
    assert await invite_of(connection, here.id, fan.id) is None
    made = await keep_invite(connection, here.id, fan.id, LINK, NOW)
    assert (made.link, made.came) == (LINK, 0)
    assert await keep_invite(connection, here.id, fan.id, f"{LINK}2", NOW) == made
    assert await invite_of(connection, here.id, fan.id) == made


async def test_it_is_known_in_its_group_and_not_as_its_owners_way_in(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan, friend = await member(connection, "小鱼"), await member(connection, "小美")
    await keep_invite(connection, here.id, fan.id, LINK, NOW)
    found = await invite_of(connection, here.id, fan.id)
    assert found is not None
    assert await invite_behind(connection, here.id, LINK, but=friend.id) == found.id
    assert await invite_behind(connection, here.id, LINK, but=fan.id) is None
    assert await invite_behind(connection, there.id, LINK, but=friend.id) is None
    assert await invite_behind(connection, here.id, f"{LINK}2", but=friend.id) is None


async def test_it_counts_who_came_by_it(connection: AsyncConnection) -> None:
    here, fan = await group(connection, "一群"), await member(connection, "小鱼")
    await keep_invite(connection, here.id, fan.id, LINK, NOW)
    invite = await invite_of(connection, here.id, fan.id)
    assert invite is not None
    for name in ("小美", "圆圆"):
        came = await member(connection, name, here)
        await came_by(connection, here.id, came.id, invite.id)
    await member(connection, "自己来的", here)
    again = await invite_of(connection, here.id, fan.id)
    assert again is not None
    assert again.came == 2


async def test_whom_somebody_brought_counts_for_them_in_that_group_alone(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小鱼", here, there)
    friends = [await member(connection, name, here) for name in ("小美", "圆圆")]
    for came in friends:
        await brought_by(connection, here.id, came.id, fan.id)
    await brought_by(connection, here.id, fan.id, fan.id)
    assert await brought(connection, here.id, fan.id) == 2
    assert await brought(connection, there.id, fan.id) == 0
    assert await brought(connection, here.id, friends[0].id) == 0


async def test_who_left_has_still_sat_there(connection: AsyncConnection) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小鱼", here)
    await leave(connection, here.id, fan.id, NOW + MINUTE)
    assert await has_sat(connection, here.id, fan.id)
    assert not await has_sat(connection, there.id, fan.id)


async def test_the_groups_somebody_sits_in_are_those_of_fans_and_of_the_account(
    connection: AsyncConnection,
) -> None:
    here, left, gone = [await group(connection, name) for name in ("一群", "二群", "三群")]
    elsewhere = await group(connection, "四群", account="room:2")
    staff_chat = await group(connection, "管理群")
    await staff_chats.tie(connection, staff_chat.id, [gone.id])
    fan = await member(connection, "小鱼", here, left, gone, elsewhere, staff_chat)
    await leave(connection, left.id, fan.id, NOW + MINUTE)
    await groups.set_present(connection, gone.id, present=False)
    assert [one.name for one in await sits_in(connection, ACCOUNT, fan.id)] == ["一群"]
