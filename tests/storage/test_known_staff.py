"""What a channel asks storage at its start, to know the staff again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.groups import set_present
from storage.known_staff import present_chats, staff_on
from storage.members import (
    Seen,
    dismiss,
    ensure_members,
    member_known_as,
    members_by_id,
)
from storage.seats import leave, sit
from tests.storage.builders import NOW, group


async def test_the_staff_who_sit_in_an_account_s_groups_are_known_by_their_ids(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群", account="telegram:shop")
    there = await group(connection, "二群", account="telegram:other")
    staff = [Seen("7", "店长", staff=True), Seen("8", "阿玲", staff=True), Seen("5", "小禾", True)]
    made = await ensure_members(connection, "telegram", [*staff, Seen("9", "小雨")], NOW)
    seats = [(here, "7"), (here, "9"), (there, "8"), (here, "5")]
    await sit(connection, [(one.id, made[person].id, NOW) for one, person in seats])
    await leave(connection, here.id, made["5"].id, NOW)
    assert await staff_on(connection, "telegram", "telegram:shop") == {"7": "店长"}
    assert await staff_on(connection, "telegram", "telegram:other") == {"8": "阿玲"}
    assert await staff_on(connection, "wechat", "telegram:shop") == {}


async def test_who_is_dismissed_is_staff_no_more_and_nobody_becomes_known_by_it(
    connection: AsyncConnection,
) -> None:
    made = await ensure_members(connection, "telegram", [Seen("7", "店长", staff=True)], NOW)
    for person in ("7", "8"):
        await dismiss(connection, "telegram", person)
    assert not (await members_by_id(connection, [made["7"].id]))[made["7"].id].staff
    assert await member_known_as(connection, "telegram", "8") is None


async def test_the_groups_an_account_sits_in_are_known_by_their_chats(
    connection: AsyncConnection,
) -> None:
    first = await group(connection, "一群", account="telegram:shop")
    left = await group(connection, "二群", account="telegram:shop")
    third = await group(connection, "三群", account="telegram:shop")
    await group(connection, "别处", account="telegram:other")
    await set_present(connection, left.id, present=False, muted_at=None)
    assert await present_chats(connection, "telegram:shop") == [first.chat, third.chat]
