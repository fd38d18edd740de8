"""What members call themselves in single groups."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import messages
from storage.members import Seen
from storage.nicknames import note_nicknames
from storage.tables import memberships
from tests.storage.builders import group, heard, member, record


async def nicknames(connection: AsyncConnection) -> list[str | None]:
    rows = select(memberships.c.nickname).order_by(memberships.c.group_id, memberships.c.member_id)
    return list(await connection.scalars(rows))


async def test_each_group_has_its_own_and_the_newest_counts(connection: AsyncConnection) -> None:
    one, other = await group(connection, "一群"), await group(connection, "二群")
    fish = await member(connection, "小鱼", one, other)
    assert await nicknames(connection) == [None, None]
    seat, seat_there = (one.id, fish.id), (other.id, fish.id)
    await note_nicknames(connection, {seat: "鱼妈", seat_there: "三栋小鱼"})
    await note_nicknames(connection, {seat: "鱼鱼"})
    assert await nicknames(connection) == ["鱼鱼", "三栋小鱼"]
    await note_nicknames(connection, {seat: ""})
    assert await nicknames(connection) == ["", "三栋小鱼"]


async def test_of_who_has_no_seat_nothing_is_kept(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    fish = await member(connection, "小鱼")
    await note_nicknames(connection, {(here.id, fish.id): "鱼妈"})
    await note_nicknames(connection, {})
    assert await nicknames(connection) == []


async def test_it_comes_with_what_somebody_says(connection: AsyncConnection) -> None:
    first, second = (
        replace(heard(message), nickname=name) for message, name in (("m1", "鱼妈"), ("m2", "鱼鱼"))
    )
    await record(connection, first, second, heard("m3"))
    assert await nicknames(connection) == ["鱼鱼"]


async def test_what_the_bot_says_gives_it_no_seat(connection: AsyncConnection) -> None:
    said = heard("m1", sender=Seen("id-bot", "暖暖"), kind=messages.BOT)
    await record(connection, replace(said, nickname="店员"))
    assert await nicknames(connection) == []
    assert await messages.count_messages(connection) == 1
