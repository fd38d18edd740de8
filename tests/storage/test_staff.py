"""Who may be staff, how they can be reached, and in which time zone somebody lives."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import customers, members
from storage.seats import heard_through, leave
from storage.tables import customers as customer_rows
from tests.storage.builders import MINUTE, NOW, PLATFORM, group, heard, member, record


async def test_staff_is_who_is_marked_or_listed(connection: AsyncConnection) -> None:
    await member(connection, "小美")
    listed = await member(connection, "店主")
    marked = await member(connection, "阿玲", staff=True)
    assert await members.staff(connection) == [marked]
    assert await members.staff(connection, ["id-店主", "id-nobody"]) == [listed, marked]


async def test_somebody_is_known_by_platform_and_id(connection: AsyncConnection) -> None:
    found = await member(connection, "阿玲")
    assert await members.member_known_as(connection, PLATFORM, "id-阿玲") == found
    assert await members.member_known_as(connection, "telegram", "id-阿玲") is None
    assert await members.member_known_as(connection, PLATFORM, "阿玲") is None


async def test_somebody_is_reached_through_a_shared_group_or_where_they_spoke(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群", account="room:1")
    left = await group(connection, "二群", account="room:2")
    found = await member(connection, "阿玲", here, left)
    await leave(connection, left.id, found.id, NOW + MINUTE)
    assert await heard_through(connection, found.id) == ["room:1"]
    await record(connection, heard(chat=None, sender="阿玲"), account="room:3")
    assert await heard_through(connection, found.id) == ["room:1", "room:3"]
    stranger = await member(connection, "小美")
    assert await heard_through(connection, stranger.id) == []


async def test_a_person_s_time_zone_can_be_said_and_taken_back(
    connection: AsyncConnection,
) -> None:
    found = await member(connection, "小美")
    zone = select(customer_rows.c.zone).where(customer_rows.c.id == found.customer_id)
    for name in ("Europe/Paris", None):
        await customers.set_zone(connection, found.customer_id, name)
        assert await connection.scalar(zone) == name
