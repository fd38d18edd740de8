"""A lane is leased to one process at a time, and its former holders can do nothing more."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import lanes
from storage.database import Database
from storage.errors import LaneLost
from storage.lanes import Lane, Rest, guard, lease_lane, release_lane, renew_lane
from tests.storage.builders import ACCOUNT, HOUR, MINUTE, NOW, SECOND

OTHER = "telegram:shop"
SHORT = timedelta(milliseconds=150)
A_WHILE = 4 * SHORT  # a lease that is to hold yet when a busy machine gets to asking


async def leased(
    connection: AsyncConnection,
    holder: str = "bot-1",
    *,
    account: str = ACCOUNT,
    lasts: timedelta = MINUTE,
) -> Lane:
    """The lane, which is free."""
    lane = await lease_lane(connection, account, holder, lasts)
    assert lane is not None
    return lane


async def holds(connection: AsyncConnection, lane: Lane) -> bool:
    try:
        await guard(connection, lane)
    except LaneLost:
        return False
    return True


# Leasing


async def test_a_lane_never_leased_is_free(connection: AsyncConnection) -> None:
    assert await leased(connection) == Lane(ACCOUNT, "bot-1", 1)


async def test_a_lane_that_somebody_holds_is_not_leased_to_another(
    connection: AsyncConnection,
) -> None:
    ours = await leased(connection)
    assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is None
    assert await holds(connection, ours)


async def test_the_lanes_that_are_held_now_are_known(connection: AsyncConnection) -> None:
    await leased(connection)
    await leased(connection, account="wechat:shop", lasts=timedelta(0))
    await release_lane(connection, await leased(connection, account=OTHER))
    assert await lanes.leased(connection) == {ACCOUNT}


async def test_each_account_has_a_lane_of_its_own(connection: AsyncConnection) -> None:
    ours = await leased(connection)
    theirs = await leased(connection, "bot-2", account=OTHER)
    assert await holds(connection, ours)
    assert await holds(connection, theirs)


async def test_the_same_holder_leasing_again_loses_its_older_token(
    connection: AsyncConnection,
) -> None:
    old = await leased(connection)
    new = await leased(connection)
    assert new.token > old.token
    assert not await holds(connection, old)
    assert await holds(connection, new)


async def test_who_is_alone_on_the_database_takes_a_dead_holder_s_lane_at_once(
    connection: AsyncConnection,
) -> None:
    dead = await leased(connection)
    taken = await lease_lane(connection, ACCOUNT, "bot-2", MINUTE, alone=True)
    assert taken is not None
    assert taken.token > dead.token
    assert not await holds(connection, dead)


async def test_each_takeover_gets_a_higher_token_also_after_a_release(
    connection: AsyncConnection,
) -> None:
    tokens = []
    for number in range(4):
        lane = await leased(connection, f"bot-{number}")
        tokens.append(lane.token)
        await release_lane(connection, lane)
    assert tokens == sorted(set(tokens))


async def test_of_many_who_want_a_lane_at_once_one_gets_it(
    database: Database, other: Database
) -> None:
    async def lease(which: Database, holder: str) -> Lane | None:
        async with which.writing() as connection:
            return await lease_lane(connection, ACCOUNT, holder, MINUTE)

    found = await asyncio.gather(
        *(lease(which, f"{id(which)}-{number}") for which in (database, other) for number in "1234")
    )
    (winner,) = [lane for lane in found if lane is not None]
    async with database.writing() as connection:
        assert await holds(connection, winner)


# The end of a lease


async def test_a_lease_that_is_not_renewed_ends_by_itself(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        old = await leased(connection, lasts=SHORT)
    async with other.writing() as connection:
        assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is None
    await asyncio.sleep(SHORT.total_seconds())
    async with other.writing() as connection:
        new = await lease_lane(connection, ACCOUNT, "bot-2", MINUTE)
    assert new is not None
    assert new.token > old.token
    async with database.writing() as connection:
        assert not await holds(connection, old)
        assert not await renew_lane(connection, old, MINUTE)


async def test_a_lease_that_is_renewed_lasts(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        ours = await leased(connection, lasts=A_WHILE)
    for _ in range(3):
        await asyncio.sleep(A_WHILE.total_seconds() / 2)
        async with database.writing() as connection:
            assert await renew_lane(connection, ours, A_WHILE)
    async with other.writing() as connection:
        assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is None


async def test_a_lease_that_ended_may_be_renewed_while_nobody_has_taken_the_lane(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        ours = await leased(connection, lasts=SHORT)
    await asyncio.sleep(SHORT.total_seconds())
    async with database.writing() as connection:
        assert await renew_lane(connection, ours, MINUTE)
    async with other.writing() as connection:
        assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is None


async def test_a_transaction_reckons_the_lease_from_the_moment_it_asks(
    database: Database, other: Database
) -> None:
    """On PostgreSQL `now()` would be when the transaction began."""
    async with database.writing() as connection:
        await lanes.rest_of(connection, ACCOUNT)
        await asyncio.sleep(A_WHILE.total_seconds())
        await leased(connection, lasts=A_WHILE)
    async with other.writing() as connection:
        assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is None


async def test_it_is_known_when_a_lane_will_be_free(connection: AsyncConnection) -> None:
    assert await lanes.free_in(connection, ACCOUNT) == timedelta(0)
    await leased(connection, account=OTHER)
    assert await lanes.free_in(connection, ACCOUNT) == timedelta(0)
    ours = await leased(connection, lasts=MINUTE)
    assert MINUTE - 10 * SECOND < await lanes.free_in(connection, ACCOUNT) <= MINUTE
    assert await renew_lane(connection, ours, -SECOND)
    assert await lanes.free_in(connection, ACCOUNT) <= -SECOND
    await release_lane(connection, ours)
    assert await lanes.free_in(connection, ACCOUNT) == timedelta(0)


async def test_a_lane_given_back_is_free_at_once(connection: AsyncConnection) -> None:
    ours = await leased(connection)
    await release_lane(connection, ours)
    assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is not None


async def test_who_lost_a_lane_can_neither_renew_nor_give_it_back(
    connection: AsyncConnection,
) -> None:
    old = await leased(connection)
    await release_lane(connection, old)
    new = await leased(connection, "bot-2")
    assert not await renew_lane(connection, old, MINUTE)
    await release_lane(connection, old)
    assert await lease_lane(connection, ACCOUNT, "bot-3", MINUTE) is None
    assert await holds(connection, new)


# The guard


async def test_the_guard_names_the_account_that_was_lost(connection: AsyncConnection) -> None:
    old = await leased(connection)
    await lease_lane(connection, ACCOUNT, "bot-2", MINUTE, alone=True)
    with pytest.raises(LaneLost, match=ACCOUNT):
        await guard(connection, old)


async def test_a_lane_that_nobody_ever_leased_passes_no_guard(
    connection: AsyncConnection,
) -> None:
    with pytest.raises(LaneLost):
        await guard(connection, Lane(ACCOUNT, "bot-1", 1))


async def test_a_takeover_waits_until_what_was_guarded_is_written(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        ours = await leased(connection, lasts=SHORT)
    await asyncio.sleep(SHORT.total_seconds())
    order: list[str] = []

    async def take_over() -> None:
        async with other.writing() as connection:
            assert await lease_lane(connection, ACCOUNT, "bot-2", MINUTE) is not None
            order.append("taken over")

    async with database.writing() as connection:
        await guard(connection, ours)
        rival = asyncio.create_task(take_over())
        await asyncio.sleep(0.1)
        order.append("written")
    await rival
    assert order == ["written", "taken over"]


async def test_who_holds_all_lanes_makes_senders_wait(database: Database, other: Database) -> None:
    async with database.writing() as connection:
        ours = await leased(connection)

    async def send() -> None:
        async with other.writing() as connection:
            await guard(connection, ours)

    async with database.writing() as connection:
        await lanes.hold_lanes(connection)
        sending = asyncio.create_task(send())
        await asyncio.sleep(0.1)
        assert not sending.done()
    await sending


# Rest


async def test_an_account_that_never_paused_has_no_rest(connection: AsyncConnection) -> None:
    assert await lanes.rest_of(connection, ACCOUNT) is None
    await leased(connection)
    assert await lanes.rest_of(connection, ACCOUNT) is None


async def test_a_rest_is_kept_for_the_next_holder_until_it_is_lifted(
    connection: AsyncConnection,
) -> None:
    ours = await leased(connection)
    await leased(connection, account=OTHER)
    await lanes.set_rest(connection, ours, NOW + HOUR, "token revoked")
    await release_lane(connection, ours)
    next_one = await leased(connection, "bot-2")
    expected = Rest(ACCOUNT, NOW + HOUR, "token revoked")
    assert await lanes.rest_of(connection, ACCOUNT) == expected
    assert await lanes.rest_of(connection, OTHER) is None
    await lanes.set_rest(connection, ours, None)  # by who lost the lane
    assert await lanes.rest_of(connection, ACCOUNT) == expected
    await lanes.set_rest(connection, next_one, None)
    assert await lanes.rest_of(connection, ACCOUNT) is None
