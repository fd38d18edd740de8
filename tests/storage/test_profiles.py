"""What is known of one member besides the tags."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import invites, nicknames, profiles
from storage.profiles import Profile
from storage.seats import leave
from tests.storage.builders import MINUTE, NOW, SECOND, group, heard, member, record


async def test_a_profile_tells_where_somebody_sits_and_how_much_they_said(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小美", second, first)
    await record(
        connection,
        heard("m1", at=NOW),
        heard("m2", at=NOW + SECOND),
        heard("m3", at=NOW + MINUTE, kind="command", text="/me"),
        heard("m4", at=NOW + MINUTE, sender="阿云"),
    )
    found = await profiles.profile(connection, fan)
    assert found == Profile(fan, ("一群", "二群"), 2, NOW + SECOND)


async def test_the_profile_of_somebody_silent_is_empty(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    assert await profiles.profile(connection, fan) == Profile(fan, (), 0, None)


async def test_a_profile_tells_other_names_and_who_brought_somebody_in_each_once(
    connection: AsyncConnection,
) -> None:
    seats = [await group(connection, name) for name in ("一群", "二群", "三群", "四群")]
    fan, friend = await member(connection, "小美", *seats), await member(connection, "小鱼")
    names = ("美美", "三栋小美", "美美", "")
    shown = {(seat.id, fan.id): name for seat, name in zip(seats, names, strict=True)}
    await nicknames.note_nicknames(connection, shown)
    for seat in seats[:2]:
        await invites.brought_by(connection, seat.id, fan.id, friend.id)
    found = await profiles.profile(connection, fan)
    assert (set(found.nicknames), found.brought_by) == ({"美美", "三栋小美"}, ("小鱼",))
    await leave(connection, seats[1].id, fan.id, NOW)
    assert (await profiles.profile(connection, fan)).nicknames == ("美美",)
