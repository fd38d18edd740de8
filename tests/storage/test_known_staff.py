"""What a channel asks storage at its start, to know the staff again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.groups import set_present
from storage.known_staff import present_chats, staff_on
from storage.members import Seen, ensure_members
from tests.storage.builders import NOW, group


async def test_the_staff_of_one_platform_are_known_by_its_ids(connection: AsyncConnection) -> None:
    seen = [Seen("7", "店长", staff=True), Seen("8", "小雨")]
    await ensure_members(connection, "telegram", seen, NOW)
    await ensure_members(connection, "room", [Seen("9", "阿玲", staff=True)], NOW)
    assert await staff_on(connection, "telegram") == {"7": "店长"}
    assert await staff_on(connection, "wechat") == {}


async def test_the_groups_an_account_sits_in_are_known_by_their_chats(
    connection: AsyncConnection,
) -> None:
    first = await group(connection, "一群", account="telegram:shop")
    left = await group(connection, "二群", account="telegram:shop")
    third = await group(connection, "三群", account="telegram:shop")
    await group(connection, "别处", account="telegram:other")
    await set_present(connection, left.id, present=False, muted_at=None)
    assert await present_chats(connection, "telegram:shop") == [first.chat, third.chat]
