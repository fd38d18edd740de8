"""A group that a stranger brought the bot into waits, and is on no list until it is accepted."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import acceptance, groups, members, staff_chats
from storage.appointments import appoint
from storage.audiences import Audience, aims_of, resolve
from storage.groups import Group
from storage.moving import Whereabouts, move_group
from storage.tables import groups as rows
from tests.storage.builders import ACCOUNT, MINUTE, NOW, PLATFORM, group, member, shop

HERE = "chat-野群"


async def stranger(connection: AsyncConnection, name: str = "野群") -> Group:
    """A group that waits."""
    chat = f"chat-{name}"
    shop_id = await shop(connection)
    made = await groups.ensure_groups(
        connection, shop_id, ACCOUNT, [(chat, name)], NOW, accepted=False
    )
    return made[chat]


async def waiting(connection: AsyncConnection) -> list[str]:
    return [one.name for one in await acceptance.waiting(connection, await shop(connection))]


async def listed(connection: AsyncConnection) -> list[set[str]]:
    """The names on each list of groups that the rest of the bot works with."""
    shop_id = await shop(connection)
    everything = await connection.scalars(select(rows.c.id))
    by_id = await groups.groups_by_id(connection, list(everything))
    aims = await aims_of(connection, shop_id, Audience())
    return [
        {one.name for one in await groups.all_groups(connection, shop_id)},
        {one.name for one in await groups.heard_groups(connection, shop_id)},
        {one.name for one in by_id.values()},
        {one.name for one in (await resolve(connection, shop_id, Audience())).groups},
        {by_id[one].name for one, _ in aims},
    ]


async def test_it_is_on_no_list_until_it_is_accepted(connection: AsyncConnection) -> None:
    await group(connection, "一群")
    made = await stranger(connection)
    assert await listed(connection) == [{"一群"}] * 5
    assert await waiting(connection) == ["野群"]
    chats = [HERE, "chat-一群", "chat-nowhere"]
    known = await acceptance.acceptance_of(connection, ACCOUNT, chats)
    assert known == {HERE: False, "chat-一群": True}
    assert await acceptance.accept(connection, made.id, NOW + MINUTE)
    assert await listed(connection) == [{"一群", "野群"}] * 5
    assert await waiting(connection) == []
    assert not await acceptance.accept(connection, made.id, NOW + 2 * MINUTE)
    assert not await acceptance.decline(connection, made.id, NOW + 2 * MINUTE)


async def test_it_stays_unaccepted_when_it_is_heard_of_again(connection: AsyncConnection) -> None:
    made = await stranger(connection)
    shop_id = await shop(connection)
    await groups.ensure_groups(connection, shop_id, ACCOUNT, [(HERE, "新名字")], NOW)
    assert await waiting(connection) == ["新名字"]
    assert await acceptance.group_by_number(connection, shop_id, made.id + 1) is None
    await groups.set_present(connection, made.id, present=False)
    assert await waiting(connection) == []
    assert await acceptance.group_by_number(connection, shop_id, made.id) is None


async def test_it_is_never_a_chat_of_the_staffs(connection: AsyncConnection) -> None:
    made = await stranger(connection)
    fans = await group(connection, "一群")
    await staff_chats.tie(connection, made.id, [fans.id])
    assert await staff_chats.staff_chats(connection, await shop(connection)) == []


async def test_it_is_asked_about_once_and_not_when_it_was_declined(
    connection: AsyncConnection,
) -> None:
    first, second = await stranger(connection), await stranger(connection, "别的群")
    assert await acceptance.decline(connection, second.id, NOW)
    assert not await acceptance.decline(connection, second.id, NOW)
    asked = await acceptance.to_ask_about(connection, ACCOUNT)
    assert [one.name for one in asked] == ["野群"]
    assert await acceptance.to_ask_about(connection, "telegram:other") == []
    await acceptance.mark_asked(connection, [first.id], NOW)
    assert await acceptance.to_ask_about(connection, ACCOUNT) == []
    assert await waiting(connection) == ["野群"]
    assert await acceptance.accept(connection, second.id, NOW)  # somebody thought again


async def test_a_group_that_moves_stays_what_it_was(connection: AsyncConnection) -> None:
    fans, made = await group(connection, "一群"), await stranger(connection)
    new = await stranger(connection, "搬到这里")  # heard of before the move was told
    for before, after in ((fans.chat, new.chat), (made.chat, "chat-elsewhere")):
        await move_group(
            connection, ACCOUNT, Whereabouts(before, before), Whereabouts(after, after), NOW
        )
    chats = [new.chat, "chat-elsewhere"]
    known = await acceptance.acceptance_of(connection, ACCOUNT, chats)
    assert known == {new.chat: True, "chat-elsewhere": False}


async def test_a_group_that_is_given_up_makes_nobody_staff_and_looks_after_nothing(
    connection: AsyncConnection,
) -> None:
    gone, fans = await group(connection, "一群"), await group(connection, "二群")
    await staff_chats.tie(connection, gone.id, [fans.id])
    for name in ("店员", "店主"):
        await member(connection, name, gone, staff=True)
    elsewhere = await member(connection, "客服", fans, staff=True)
    owner = await members.member_known_as(connection, PLATFORM, "id-店主")
    assert owner is not None
    await appoint(connection, owner.id, NOW)
    assert await acceptance.give_up(connection, gone.id, NOW)
    assert not await acceptance.give_up(connection, gone.id, NOW)
    staff = await members.staff(connection)
    assert [one.name for one in staff] == ["店主", elsewhere.name]
    assert await staff_chats.staff_chats(connection, await shop(connection)) == []
    assert await listed(connection) == [{"二群"}] * 5
    assert await waiting(connection) == []
