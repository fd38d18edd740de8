"""Only the last offer at an address holds, and only for a while."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import numbered_choices
from storage.numbered_choices import Offer
from tests.storage.builders import DAY, MINUTE, NOW

ACCOUNT = "wechat:shop"
HERE = "group:1@chatroom"


async def test_the_last_offer_at_an_address_holds(connection: AsyncConnection) -> None:
    await numbered_choices.offer(connection, ACCOUNT, HERE, ["/yes", "/no"], NOW - MINUTE)
    await numbered_choices.offer(connection, ACCOUNT, HERE, ["/plan 下一页"], NOW)
    await numbered_choices.offer(connection, ACCOUNT, "person:x", ["/me"], NOW)
    await numbered_choices.offer(connection, "wechat:other", HERE, ["/help"], NOW)
    assert await numbered_choices.offered(connection, ACCOUNT, HERE, NOW) == ["/plan 下一页"]
    assert await numbered_choices.offered(connection, ACCOUNT, "person:x", NOW) == ["/me"]
    assert await numbered_choices.offered(connection, ACCOUNT, "person:y", NOW) == []


async def test_an_offer_may_be_put_back_as_it_stood_or_withdrawn(
    connection: AsyncConnection,
) -> None:
    assert await numbered_choices.standing(connection, ACCOUNT, HERE) is None
    await numbered_choices.offer(connection, ACCOUNT, HERE, ["/yes"], NOW - DAY)
    await numbered_choices.offer(connection, ACCOUNT, "person:x", ["/me"], NOW)
    former = await numbered_choices.standing(connection, ACCOUNT, HERE)
    assert former == Offer(["/yes"], NOW - DAY)
    await numbered_choices.withdraw(connection, ACCOUNT, HERE)
    assert await numbered_choices.standing(connection, ACCOUNT, HERE) is None
    assert await numbered_choices.offered(connection, ACCOUNT, "person:x", NOW) == ["/me"]


async def test_an_old_offer_does_not_hold(connection: AsyncConnection) -> None:
    await numbered_choices.offer(connection, ACCOUNT, HERE, ["/yes"], NOW - DAY)
    assert await numbered_choices.offered(connection, ACCOUNT, HERE, NOW - DAY) == ["/yes"]
    assert await numbered_choices.offered(connection, ACCOUNT, HERE, NOW - DAY + MINUTE) == []


async def test_old_offers_are_forgotten_a_part_at_a_time(connection: AsyncConnection) -> None:
    for number in range(3):
        await numbered_choices.offer(connection, ACCOUNT, f"person:{number}", ["/me"], NOW - DAY)
    await numbered_choices.offer(connection, ACCOUNT, HERE, ["/yes"], NOW)
    gone = [
        await numbered_choices.delete_offered_before(connection, NOW, batch=2) for _ in range(3)
    ]
    assert gone == [2, 1, 0]
    assert await numbered_choices.offered(connection, ACCOUNT, HERE, NOW) == ["/yes"]
