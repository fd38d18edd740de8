"""Groups are known by their chat, carry tags, and reach each fan once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import groups
from storage.audiences import Audience, resolve
from storage.groups import Reach
from storage.seats import leave
from tests.storage.builders import ACCOUNT, DAY, HOUR, MINUTE, NOW, group, member, shop


async def ensure(connection: AsyncConnection, *chats: tuple[str, str]) -> dict[str, groups.Group]:
    return await groups.ensure_groups(connection, await shop(connection), ACCOUNT, chats, NOW)


async def test_a_chat_is_one_group_however_often_it_is_seen(connection: AsyncConnection) -> None:
    first = await ensure(connection, ("1", "一群"), ("2", "二群"))
    assert await ensure(connection, ("2", "二群"), ("1", "一群")) == first
    assert {chat: one.name for chat, one in first.items()} == {"1": "一群", "2": "二群"}
    assert await ensure(connection) == {}


async def test_the_same_chat_heard_through_two_accounts_is_two_groups(
    connection: AsyncConnection,
) -> None:
    one = await group(connection, "一群", account="room:1")
    two = await group(connection, "一群", account="room:2")
    assert one.id != two.id


async def test_a_renamed_group_stays_the_same_group(connection: AsyncConnection) -> None:
    before = (await ensure(connection, ("1", "一群")))["1"]
    after = (await ensure(connection, ("1", "福利一群")))["1"]
    assert (after.id, after.name) == (before.id, "福利一群")


async def test_a_group_without_a_name_keeps_the_one_it_had_or_goes_by_its_chat(
    connection: AsyncConnection,
) -> None:
    await ensure(connection, ("1", "一群"))
    found = await ensure(connection, ("1", ""), ("2", ""))
    assert {chat: one.name for chat, one in found.items()} == {"1": "一群", "2": "2"}


async def test_a_group_the_bot_left_is_chosen_no_more_until_it_is_heard_again(
    connection: AsyncConnection,
) -> None:
    shop_id, seat = await shop(connection), await group(connection, "一群")
    await groups.set_present(connection, seat.id, present=False)
    assert await groups.all_groups(connection, shop_id) == []
    gone = await resolve(connection, shop_id, Audience(("一群",)))
    assert (gone.groups, gone.unknown) == ((), ("一群",))
    await ensure(connection, (seat.chat, "一群"))
    assert await groups.all_groups(connection, shop_id) == [seat]


async def test_groups_are_found_by_their_ids_where_the_bot_is_in_them(
    connection: AsyncConnection,
) -> None:
    first, second, left = [await group(connection, name) for name in ("一群", "二群", "三群")]
    await groups.set_present(connection, left.id, present=False)
    found = await groups.groups_by_id(connection, [second.id, left.id, first.id, 10_000])
    assert found == {first.id: first, second.id: second}


async def test_chats_that_are_gone_are_marked_for_their_own_account(
    connection: AsyncConnection,
) -> None:
    one = await group(connection, "一群")
    same_chat = await group(connection, "一群", account="room:2")
    stays = await group(connection, "二群")
    await groups.mark_gone(connection, ACCOUNT, [one.chat])
    await groups.mark_gone(connection, ACCOUNT, [])
    left = await groups.all_groups(connection, await shop(connection))
    assert {each.id for each in left} == {same_chat.id, stays.id}


async def test_setting_group_tags_replaces_those_before(connection: AsyncConnection) -> None:
    seat, bare = (
        await group(connection, "一群", "福利群", "福利群"),
        await group(connection, "二群"),
    )
    shop_id = await shop(connection)
    assert await groups.tags_of_groups(connection, shop_id) == {seat.id: {"福利群"}, bare.id: set()}
    await groups.set_group_tags(connection, seat.id, ["老客群"])
    assert await groups.tags_of_groups(connection, shop_id) == {seat.id: {"老客群"}, bare.id: set()}


async def test_reach_counts_each_fan_once_and_names_the_overlap(
    connection: AsyncConnection,
) -> None:
    one, two, three = [await group(connection, name) for name in ("一群", "二群", "三群")]
    await member(connection, "小美", one)
    await member(connection, "阿云", one, two)
    await member(connection, "圆圆", one, two, three)
    await member(connection, "店长", one, two, staff=True)
    left = await member(connection, "走了", one, two)
    await leave(connection, two.id, left.id, NOW + MINUTE)
    assert await groups.reach(connection, [one.id, two.id]) == Reach(fans=4, in_several=2)
    assert await groups.reach(connection, [three.id]) == Reach(fans=1, in_several=0)
    assert await groups.reach(connection, []) == Reach(fans=0, in_several=0)


async def test_a_group_of_fans_elsewhere_has_a_time_zone_of_its_own(
    connection: AsyncConnection,
) -> None:
    shop_id, seat = await shop(connection), await group(connection, "海外群")
    assert seat.zone is None
    await groups.set_zone(connection, seat.id, "America/New_York")
    (found,) = await groups.all_groups(connection, shop_id)
    assert found.zone == "America/New_York"
    await groups.set_zone(connection, seat.id, None)
    assert await groups.all_groups(connection, shop_id) == [seat]


async def test_a_group_that_mutes_the_bot_is_tried_once_a_day_until_it_is_heard_there(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")

    async def muted(at: datetime) -> bool:
        return (await groups.groups_by_id(connection, [seat.id]))[seat.id].is_muted(at)

    assert not await muted(NOW)
    await groups.mark_muted(connection, ACCOUNT, [seat.chat], NOW)
    await groups.mark_muted(connection, ACCOUNT, [seat.chat], NOW + HOUR)
    assert await muted(NOW + DAY - MINUTE)
    assert not await muted(NOW + DAY)
    await groups.mark_muted(connection, ACCOUNT, [seat.chat], NOW + DAY)
    assert await muted(NOW + DAY + HOUR)
    await groups.mark_unmuted(connection, ACCOUNT, [seat.chat])
    assert not await muted(NOW + DAY + HOUR)


async def test_groups_that_were_known_before_a_moment_are_told_from_new_ones(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    old, left = await group(connection, "一群"), await group(connection, "二群")
    await groups.set_present(connection, left.id, present=False)
    found = await groups.groups_known_before(connection, shop_id, NOW + MINUTE)
    assert [one.id for one in found] == [old.id]
    assert await groups.groups_known_before(connection, shop_id, NOW) == []
