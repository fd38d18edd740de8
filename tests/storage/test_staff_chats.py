"""A staff chat looks after fan groups, each of which has at most one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import groups
from storage.groups import Group
from storage.seats import leave
from storage.staff_chats import customers_in, looked_after, staff_chats, tie, untie
from tests.storage.builders import MINUTE, NOW, group, member, shop


async def seated(connection: AsyncConnection) -> list[Group]:
    """一群, 二群, and a chat of the staff's that looks after both."""
    made = [await group(connection, name) for name in ("一群", "二群", "店员群")]
    await tie(connection, made[2].id, [each.id for each in made])
    return made


async def names(connection: AsyncConnection, chat: Group) -> list[str]:
    """What a chat looks after."""
    return [each.name for each in await looked_after(connection, chat.id)]


async def test_a_staff_chat_is_no_group_of_fans_and_not_its_own(
    connection: AsyncConnection,
) -> None:
    seats = await seated(connection)
    shop_id = await shop(connection)
    assert [each.name for each in await staff_chats(connection, shop_id)] == ["店员群"]
    assert await names(connection, seats[2]) == ["一群", "二群"]
    for listed in (groups.all_groups, groups.heard_groups):
        assert [each.name for each in await listed(connection, shop_id)] == ["一群", "二群"]
    found = await groups.groups_by_id(connection, [seats[0].id, seats[2].id])
    assert [found[each.id].is_staff for each in (seats[0], seats[2])] == [False, True]
    assert found[seats[0].id].staff_group_id == seats[2].id


async def test_a_group_that_is_tied_to_another_chat_leaves_the_one_before(
    connection: AsyncConnection,
) -> None:
    seats = await seated(connection)
    other = await group(connection, "客服群")
    await tie(connection, other.id, [seats[0].id])
    assert await names(connection, other) == ["一群"]
    assert await names(connection, seats[2]) == ["二群"]
    await tie(connection, other.id, [seats[1].id])  # the first has none left
    chats = await staff_chats(connection, await shop(connection))
    assert [each.name for each in chats] == ["客服群"]


async def test_a_chat_whose_last_group_is_untied_is_an_ordinary_group_again(
    connection: AsyncConnection,
) -> None:
    seats = await seated(connection)
    one, two, chat = seats
    assert await untie(connection, chat.id, [one.id])
    assert not await untie(connection, chat.id, [one.id, two.id])
    assert await staff_chats(connection, await shop(connection)) == []
    everywhere = await groups.all_groups(connection, await shop(connection))
    assert {each.name for each in everywhere} == {"一群", "二群", "店员群"}
    assert all(each.staff_group_id is None for each in everywhere)


async def test_a_chat_or_group_that_the_bot_is_not_in_is_not_listed_but_stays_tied(
    connection: AsyncConnection,
) -> None:
    seats = await seated(connection)
    one, two, chat = seats
    shop_id = await shop(connection)
    for seat in (one, two, chat):
        await groups.set_present(connection, seat.id, present=False)
    assert await names(connection, chat) == []
    assert await staff_chats(connection, shop_id) == []
    for seat in (one, chat):
        await groups.set_present(connection, seat.id, present=True)
    assert await names(connection, chat) == ["一群"]
    assert [each.id for each in await staff_chats(connection, shop_id)] == [chat.id]


async def test_who_sits_in_a_chat_now_is_known_by_customer(
    connection: AsyncConnection,
) -> None:
    seats = await seated(connection)
    one, _, chat = seats
    manager = await member(connection, "阿玲", one, chat, staff=True)
    left = await member(connection, "阿强", chat, staff=True)
    await leave(connection, chat.id, left.id, NOW + MINUTE)
    fan = await member(connection, "小美", one)
    assert await customers_in(connection, [chat.id]) == {manager.customer_id}
    assert await customers_in(connection, [chat.id, one.id]) == {
        manager.customer_id,
        fan.customer_id,
    }
    assert await customers_in(connection, []) == set()
