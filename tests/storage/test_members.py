"""Members are made once, keep what their platform shows, and sit where they sit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import analysis, customers, members, messages
from storage.members import Seen
from storage.nicknames import note_nicknames
from storage.seats import leave, names_in, sit
from storage.tables import customers as customer_rows
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    MINUTE,
    NOW,
    PLATFORM,
    analysed,
    group,
    heard,
    member,
    record,
    shop,
)


async def customers_made(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.count()).select_from(customer_rows)) or 0


async def test_everybody_new_is_made_with_a_customer_of_their_own(
    connection: AsyncConnection,
) -> None:
    shown = [Seen("1", "小美"), Seen("2", "阿云", staff=True)]
    made = await members.ensure_members(connection, PLATFORM, shown, NOW)
    assert {key: (one.name, one.staff) for key, one in made.items()} == {
        "1": ("小美", False),
        "2": ("阿云", True),
    }
    assert len({one.customer_id for one in made.values()}) == 2
    assert all(one.first_seen_at == NOW and not one.opted_out for one in made.values())


async def test_nobody_shown_is_nobody_made(connection: AsyncConnection) -> None:
    assert await members.ensure_members(connection, PLATFORM, [], NOW) == {}


async def test_who_is_known_stays_the_same_and_no_customer_is_left_over(
    connection: AsyncConnection,
) -> None:
    known = await member(connection, "小美")
    shown = [Seen("id-小美", "小美"), Seen("id-阿云", "阿云")]
    made = await members.ensure_members(connection, PLATFORM, shown, NOW + DAY)
    assert made["id-小美"] == known
    assert await customers_made(connection) == 2


async def test_somebody_shown_twice_is_made_once_as_shown_last(
    connection: AsyncConnection,
) -> None:
    shown = [Seen("1", "小美"), Seen("1", "小美美")]
    made = await members.ensure_members(connection, PLATFORM, shown, NOW)
    assert made["1"].name == "小美美"
    assert await customers_made(connection) == 1


async def test_a_new_name_and_a_new_staff_mark_are_kept(connection: AsyncConnection) -> None:
    before = await member(connection, "小美")
    shown = [Seen("id-小美", "店长小美", staff=True)]
    await members.ensure_members(connection, PLATFORM, shown, NOW + DAY)
    after = (await members.members_by_id(connection, [before.id]))[before.id]
    assert after is not None
    assert (after.name, after.staff) == ("店长小美", True)
    assert after.first_seen_at == NOW


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ((), None),
        ((None,), None),
        (("老王",), "老王"),
        (("老王", None), "老王"),
        (("老王", ""), ""),
    ],
)
async def test_the_accounts_own_name_for_somebody_stays_until_the_platform_shows_another(
    connection: AsyncConnection, shown: tuple[str | None, ...], kept: str | None
) -> None:
    for alias in (None, *shown):
        seen = [Seen("1", "王强", alias=alias)]
        await members.ensure_members(connection, PLATFORM, seen, NOW)
    known = await members.member_known_as(connection, PLATFORM, "1")
    assert known is not None
    assert known.alias == kept


async def test_the_same_id_on_two_platforms_is_two_members(connection: AsyncConnection) -> None:
    one = await members.ensure_members(connection, "room", [Seen("1", "小美")], NOW)
    two = await members.ensure_members(connection, "telegram", [Seen("1", "小美")], NOW)
    assert one["1"].id != two["1"].id


async def test_a_member_nobody_knows_is_none(connection: AsyncConnection) -> None:
    assert await members.members_by_id(connection, [1]) == {}


async def test_members_are_found_by_exact_name_or_platform_id(connection: AsyncConnection) -> None:
    one = await member(connection, "小美")
    two = (await members.ensure_members(connection, PLATFORM, [Seen("x", "小美")], NOW))["x"]
    await member(connection, "小美美")
    assert [found.id for found in await members.members_named(connection, "小美")] == [
        one.id,
        two.id,
    ]
    assert [found.id for found in await members.members_named(connection, "x")] == [two.id]
    assert await members.members_named(connection, "小%") == []


async def test_within_a_group_only_those_who_sit_there_now_are_found(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小美", first)
    assert await members.members_named(connection, "小美", [first.id]) == [fan]
    assert await members.members_named(connection, "小美", [second.id]) == []
    await leave(connection, first.id, fan.id, NOW + MINUTE)
    assert await members.members_named(connection, "小美", [first.id]) == []


# Coming and going


async def test_sitting_down_tells_who_was_not_there_before(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    one, two = await member(connection, "小美", seat), await member(connection, "阿云")
    come = await sit(connection, [(seat.id, one.id, NOW), (seat.id, two.id, NOW)])
    assert come == {(seat.id, two.id)}
    assert await sit(connection, []) == set()


async def test_who_left_and_comes_back_is_new_again(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    fan = await member(connection, "小美", seat)
    await leave(connection, seat.id, fan.id, NOW + MINUTE)
    assert await sit(connection, [(seat.id, fan.id, NOW + 2 * MINUTE)]) == {(seat.id, fan.id)}
    assert await members.members_named(connection, "小美", [seat.id]) == [fan]


async def test_coming_back_to_one_group_leaves_the_other_left(connection: AsyncConnection) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    fan = await member(connection, "小美", first, second)
    for seat in (first, second):
        await leave(connection, seat.id, fan.id, NOW + MINUTE)
    await sit(connection, [(first.id, fan.id, NOW + 2 * MINUTE)])
    assert await members.members_named(connection, "小美", [first.id]) == [fan]
    assert await members.members_named(connection, "小美", [second.id]) == []


async def test_events_told_a_second_time_after_a_restart_change_nothing(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    fan = await member(connection, "小美")
    joined, left, back = (NOW + number * MINUTE for number in range(3))
    welcomed = []
    for _ in range(2):
        welcomed.append(await sit(connection, [(seat.id, fan.id, joined)]))
        await leave(connection, seat.id, fan.id, left)
        welcomed.append(await sit(connection, [(seat.id, fan.id, back)]))
        assert await members.members_named(connection, "小美", [seat.id]) == [fan]
    assert welcomed == [{(seat.id, fan.id)}, {(seat.id, fan.id)}, set(), set()]


async def test_leaving_is_noted_once(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    fan = await member(connection, "小美", seat)
    for minutes in (1, 3):
        await leave(connection, seat.id, fan.id, NOW + minutes * MINUTE)
    back = [(seat.id, fan.id, NOW + 2 * MINUTE)]
    assert await sit(connection, back) == {(seat.id, fan.id)}


# What binds a person


async def test_an_opt_out_binds_the_customer_until_it_is_taken_back(
    connection: AsyncConnection,
) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "阿云")
    await customers.set_opt_out(connection, fan.customer_id, NOW)
    found = (await members.members_by_id(connection, [fan.id]))[fan.id]
    assert found is not None
    assert found.opted_out
    assert (await members.members_by_id(connection, [other.id]))[other.id] == other
    await customers.set_opt_out(connection, fan.customer_id, None)
    assert (await members.members_by_id(connection, [fan.id]))[fan.id] == fan


async def test_no_record_marks_the_days_on_which_they_spoke_and_no_others(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    spoke, never = NOW.date(), NOW.date() - timedelta(days=100)
    await record(
        connection,
        heard("m1", at=NOW),
        heard("m2", at=NOW, sender="阿云", chat="chat-二群"),
        heard("m3", chat=None, at=NOW),
    )
    for seat in (first, second):
        await analysed(connection, seat, spoke, never)
    fan = await member(connection, "小美")
    await customers.set_no_record(connection, fan.customer_id, no_record=True)
    days = await analysis.day_states(connection, [first.id, second.id], never, spoke)
    assert {(day.group_id, day.day) for day in days if day.dirty} == {(first.id, spoke)}


# Their names


async def test_a_group_knows_the_names_of_all_who_sat_or_spoke_in_it(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    left = await member(connection, "走了的", first)
    await leave(connection, first.id, left.id, NOW)
    await member(connection, "只听的", first)
    await member(connection, "别群的", second)
    forgotten = [(await member(connection, f"从前的{number}")).id for number in range(3)]
    await messages.record(
        connection,
        shop_id=await shop(connection),
        platform=PLATFORM,
        account=ACCOUNT,
        heard=[heard("m1", sender="历史的"), heard("m2", chat="chat-二群", sender="别处的")],
        obey=False,
    )
    seated = {"走了的", "只听的", "历史的"}
    assert set(await names_in(connection, [first.id])) == seated
    spoke = await names_in(connection, [first.id], forgotten)
    assert set(spoke) == seated | {"从前的0", "从前的1", "从前的2"}
    assert await names_in(connection, []) == []


async def test_a_group_knows_the_other_names_of_those_in_it_as_well(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    known = Seen("id-小美", "小美", alias="王女士 13800000000")
    fan = (await members.ensure_members(connection, PLATFORM, [known], NOW))["id-小美"]
    await sit(connection, [(first.id, fan.id, NOW), (second.id, fan.id, NOW)])
    await note_nicknames(connection, {(first.id, fan.id): "美美", (second.id, fan.id): ""})
    assert set(await names_in(connection, [first.id])) == {
        "小美",
        "王女士 13800000000",
        "美美",
    }
    assert set(await names_in(connection, [second.id])) == {"小美", "王女士 13800000000"}


async def test_somebody_is_found_by_what_they_are_called_in_a_group_and_by_the_account(
    connection: AsyncConnection,
) -> None:
    first, second = await group(connection, "一群"), await group(connection, "二群")
    known = Seen("id-小美", "小美", alias="王女士")
    fan = (await members.ensure_members(connection, PLATFORM, [known], NOW))["id-小美"]
    await sit(connection, [(first.id, fan.id, NOW), (second.id, fan.id, NOW)])
    await note_nicknames(connection, {(first.id, fan.id): "美美"})

    async def found(name: str, *groups: int) -> bool:
        named = await members.members_named(connection, name, groups or None)
        return named == [fan]

    assert await found("王女士")
    assert await found("王女士", second.id)
    assert await found("美美")
    assert await found("美美", first.id)
    assert not await found("美美", second.id)
    await leave(connection, first.id, fan.id, NOW)
    assert not await found("美美")
