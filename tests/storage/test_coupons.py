"""Each code is handed out once and each person given one of a batch, whoever asks at once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import coupons
from storage.coupons import Coupon
from storage.customers import set_no_record
from storage.database import Database
from storage.merging import hold_people, merge_members
from tests.storage.builders import DAY, MINUTE, NOW, member, shop

FANS = 12


async def batch(connection: AsyncConnection, *codes: str, name: str = "双11券") -> int:
    """A batch with these codes."""
    shop_id = await shop(connection)
    made = await coupons.make_batch(
        connection, shop_id, name, "满199减30", NOW + DAY, by="room:boss", at=NOW
    )
    await coupons.add_codes(connection, made, codes, f"m-{name}")
    return made


async def customer(connection: AsyncConnection, name: str) -> int:
    return (await member(connection, name)).customer_id


async def test_everybody_gets_a_code_of_their_own_until_none_is_left(
    connection: AsyncConnection,
) -> None:
    made = await batch(connection, "A1", "B2")
    fans = [await customer(connection, name) for name in ("小鱼", "小美", "小月")]
    given = [await coupons.hand_out(connection, made, fan, NOW) for fan in fans]
    assert [one.code if one else None for one in given] == ["A1", "B2", None]
    assert given[0] == Coupon("A1", "双11券", "满199减30", NOW + DAY, fans[0], NOW, None, None)
    (left,) = await coupons.batches(connection, await shop(connection))
    assert (left.codes, left.handed, left.redeemed, left.left) == (2, 2, 0, 0)


async def test_who_asks_again_gets_the_same_code(connection: AsyncConnection) -> None:
    made = await batch(connection, "A1", "B2")
    fan = await customer(connection, "小鱼")
    first = await coupons.hand_out(connection, made, fan, NOW)
    assert await coupons.hand_out(connection, made, fan, NOW + MINUTE) == first
    assert await coupons.coupons_of(connection, fan) == [first]


async def test_codes_come_once_whatever_is_said_twice(connection: AsyncConnection) -> None:
    made = await batch(connection, "A1", "A1")
    assert await coupons.add_codes(connection, made, ["B2"], "m-双11券") is None
    assert await coupons.add_codes(connection, made, ["A1", "B2"], "m2") == 1
    other = await batch(connection, "B2", "C3", name="会员日")
    assert await coupons.add_codes(connection, other, ["A1"], "m3") == 0
    found = {
        one.name: one.codes for one in await coupons.batches(connection, await shop(connection))
    }
    assert found == {"双11券": 2, "会员日": 1}


async def test_a_batch_that_is_made_again_is_worth_what_is_said_now(
    connection: AsyncConnection,
) -> None:
    made, shop_id = await batch(connection, "A1"), await shop(connection)
    again = await coupons.make_batch(
        connection, shop_id, "双11券", "满299减50", None, by="room:boss", at=NOW
    )
    found = await coupons.batch_named(connection, shop_id, "双11券")
    assert found is not None
    assert (again, found.gives, found.until, found.codes) == (made, "满299减50", None, 1)
    assert not found.is_over(NOW + 9 * DAY)
    assert await coupons.batch_named(connection, shop_id, "没有") is None


async def test_a_coupon_is_redeemed_once_and_only_when_somebody_has_it(
    connection: AsyncConnection,
) -> None:
    made = await batch(connection, "A1", "B2")
    await coupons.hand_out(connection, made, await customer(connection, "小鱼"), NOW)
    assert await coupons.redeem(connection, "A1", "room:boss", NOW + MINUTE)
    assert await coupons.redeem(connection, "A1", "room:boss", NOW + MINUTE)  # the same redeeming
    assert not await coupons.redeem(connection, "A1", "room:boss", NOW + 2 * MINUTE)
    assert not await coupons.redeem(connection, "B2", "room:boss", NOW)
    assert not await coupons.redeem(connection, "Z9", "room:boss", NOW)
    found = await coupons.coupon_of_code(connection, "A1")
    assert found is not None
    assert found.redeemed_at == NOW + MINUTE
    assert found.is_over(NOW + 2 * DAY)
    (listed,) = await coupons.last_handed_out(connection, made, 5)
    assert listed == coupons.HandedOut("A1", "小鱼", NOW, NOW + MINUTE)


async def test_who_asked_for_no_record_keeps_the_coupon_that_was_given(
    connection: AsyncConnection,
) -> None:
    made = await batch(connection, "A1", "B2")
    fan = await customer(connection, "小鱼")
    given = await coupons.hand_out(connection, made, fan, NOW)
    await set_no_record(connection, fan, no_record=True)
    assert await coupons.coupons_of(connection, fan) == [given]


async def test_a_merged_person_has_both_coupons_handed_out_and_gets_no_third(
    connection: AsyncConnection,
) -> None:
    made = await batch(connection, "A1", "B2", "C3")
    other = await batch(connection, "D4", name="会员日")
    older, newer = await member(connection, "小鱼"), await member(connection, "小鱼#2")
    await coupons.hand_out(connection, made, older.customer_id, NOW)
    await coupons.hand_out(connection, made, newer.customer_id, NOW)
    await coupons.hand_out(connection, other, newer.customer_id, NOW)
    await hold_people(connection, [older.id, newer.id])
    await merge_members(connection, newer.id, older.id, NOW)
    theirs = await coupons.coupons_of(connection, older.customer_id)
    assert {one.code for one in theirs} == {"A1", "D4"}
    again = await coupons.hand_out(connection, made, older.customer_id, NOW)
    assert again is not None
    assert again.code == "A1"
    next_fan = await coupons.hand_out(connection, made, await customer(connection, "小美"), NOW)
    assert next_fan is not None
    assert next_fan.code == "C3"
    assert await coupons.redeem(connection, "B2", "room:boss", NOW)  # it still counts


async def test_two_processes_that_hand_out_at_once_give_no_code_twice(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        made = await batch(connection, *(f"C{number}" for number in range(FANS - 2)))
        fans = [await customer(connection, f"粉丝{number}") for number in range(FANS)]

    async def ask(where: Database, fan: int) -> tuple[int, str | None]:
        async with where.writing() as connection:
            found = await coupons.hand_out(connection, made, fan, NOW)
        return fan, found.code if found else None

    answers = await asyncio.gather(*(ask(one, fan) for fan in fans for one in (database, other)))
    by_fan = {fan: {code for who, code in answers if who == fan} for fan in fans}
    assert all(len(codes) == 1 for codes in by_fan.values())
    given = [code for codes in by_fan.values() for code in codes if code is not None]
    assert len(given) == len(set(given)) == FANS - 2


async def test_what_was_not_committed_was_not_handed_out(database: Database) -> None:
    async with database.writing() as connection:
        made = await batch(connection, "A1")
        fan, second = await customer(connection, "小鱼"), await customer(connection, "小美")

    async def interrupted() -> None:
        async with database.writing() as connection:
            assert await coupons.hand_out(connection, made, fan, NOW) is not None
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await interrupted()
    async with database.writing() as connection:
        found = await coupons.hand_out(connection, made, second, NOW)
        assert found is not None
        assert found.code == "A1"


async def test_many_are_given_theirs_at_once_and_who_has_one_keeps_it(
    connection: AsyncConnection,
) -> None:
    made = await batch(connection, "A1", "B2", "C3")
    fans = [await customer(connection, name) for name in ("小鱼", "小美", "小月", "小陈")]
    assert await coupons.hand_out(connection, made, fans[1], NOW) is not None
    given = await coupons.hand_out_to_all(connection, made, fans, NOW + MINUTE)
    assert {fan: one.code for fan, one in given.items()} == {
        fans[0]: "B2",
        fans[1]: "A1",
        fans[2]: "C3",
    }
    assert await coupons.hand_out_to_all(connection, made, fans, NOW + DAY) == given
