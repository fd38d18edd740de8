"""Each thing counts once for each person, and follows them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import wishes
from storage.customers import set_no_record
from storage.merging import hold_people, merge_members
from storage.wishes import Wish, Wished, WishKind
from tests.storage.builders import MINUTE, NOW, member, shop


async def wish(
    connection: AsyncConnection,
    customer_id: int,
    thing: str,
    *,
    kind: WishKind = WishKind.WISH,
    at: datetime = NOW,
) -> bool | None:
    one = Wish(kind, thing.lower(), thing, at)
    return await wishes.keep_wish(connection, await shop(connection), customer_id, one, most=3)


async def test_a_thing_is_kept_once_and_no_more_than_so_many(connection: AsyncConnection) -> None:
    fan = (await member(connection, "小鱼")).customer_id
    assert await wish(connection, fan, "面霜") is True
    assert await wish(connection, fan, "面霜") is False
    assert await wish(connection, fan, "面霜", kind=WishKind.FAVOURITE) is True
    for thing in ("精华", "PDRN"):
        assert await wish(connection, fan, thing, at=NOW + MINUTE) is True
    assert await wish(connection, fan, "防晒") is None
    assert [one.written for one in await wishes.wishes_of(connection, fan)] == [
        "PDRN",
        "精华",
        "面霜",
        "面霜",
    ]
    assert await wishes.drop_wish(connection, fan, WishKind.WISH, "pdrn")
    assert not await wishes.drop_wish(connection, fan, WishKind.WISH, "pdrn")
    assert await wish(connection, fan, "防晒") is True


async def test_things_are_counted_by_people(connection: AsyncConnection) -> None:
    for name, things in {"小鱼": ["面霜", "精华"], "小美": ["面霜"]}.items():
        for thing in things:
            await wish(connection, (await member(connection, name)).customer_id, thing)
    shop_id = await shop(connection)
    found = await wishes.most_wished(connection, shop_id, WishKind.WISH, skip=0, most=5)
    assert found == [Wished("面霜", "面霜", 2), Wished("精华", "精华", 1)]
    assert await wishes.most_wished(connection, shop_id, WishKind.WISH, skip=1, most=1) == found[1:]
    assert await wishes.most_wished(connection, shop_id, WishKind.FAVOURITE, skip=0, most=5) == []


async def test_wishes_follow_a_merge_and_go_with_no_record(connection: AsyncConnection) -> None:
    older, newer = await member(connection, "小鱼"), await member(connection, "小鱼#2")
    await wish(connection, older.customer_id, "面霜")
    for thing in ("面霜", "精华"):
        await wish(connection, newer.customer_id, thing)
    await hold_people(connection, [older.id, newer.id])
    await merge_members(connection, newer.id, older.id, NOW)
    theirs = await wishes.wishes_of(connection, older.customer_id)
    assert {one.thing for one in theirs} == {"面霜", "精华"}
    await set_no_record(connection, older.customer_id, no_record=True)
    assert await wishes.wishes_of(connection, older.customer_id) == []
