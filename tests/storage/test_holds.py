"""A hold that was lifted meanwhile holds nothing up any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import campaigns, deliveries, shops
from storage.database import Database
from storage.deliveries import DeliveryState, Move
from storage.holds import CAMPAIGN_PAUSED, HALTED, HOLDS, NOT_APPROVED, still_standing
from storage.lanes import guard
from tests.storage.builders import (
    HOUR,
    NOW,
    approved,
    begun,
    campaign,
    due_now,
    lane,
    planned,
    shop,
    waiting,
)

Step = Callable[[AsyncConnection, int], Awaitable[object]]


async def nothing(connection: AsyncConnection, campaign_id: int) -> None:
    pass


async def pause(connection: AsyncConnection, campaign_id: int) -> None:
    await campaigns.pause(connection, campaign_id, "by_manager")


async def halt(connection: AsyncConnection, campaign_id: int) -> None:
    assert campaign_id
    await shops.set_halt(connection, await shop(connection), NOW)


async def approve(connection: AsyncConnection, campaign_id: int) -> None:
    found = await campaigns.by_id(connection, campaign_id)
    assert found is not None
    await approved(connection, found, found.version_id)


@pytest.mark.parametrize(
    ("hold", "lift", "standing"),
    [
        (nothing, nothing, {NOT_APPROVED}),
        (nothing, approve, set()),
        (pause, nothing, {NOT_APPROVED, CAMPAIGN_PAUSED}),
        (pause, approve, {CAMPAIGN_PAUSED}),
        (halt, nothing, {NOT_APPROVED, HALTED}),
        (halt, approve, {HALTED}),
    ],
)
async def test_only_what_is_still_held_is_put_off(
    connection: AsyncConnection, hold: Step, lift: Step, standing: set[str]
) -> None:
    made = await waiting(connection, "一群", "二群")
    await hold(connection, made.id)
    await lift(connection, made.id)
    one, two = await due_now(connection)
    other = Move(two.id, DeliveryState.PLANNED, "quiet_hours", not_before=NOW + HOUR)
    found = set()
    for reason in HOLDS:
        held = Move(one.id, DeliveryState.PLANNED, reason, not_before=NOW + HOUR)
        left = await still_standing(connection, [other, held])
        assert other in left
        if held in left:
            found.add(reason)
    assert found == standing


async def test_answers_are_recorded_whatever_is_held(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    await begun(connection, await lane(connection), [one])
    moves = [Move(one.id, DeliveryState.SENT, NOT_APPROVED, receipt="1")]
    assert await still_standing(connection, moves) == moves


async def test_an_approval_and_a_decision_made_before_it_leave_the_delivery_due(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        made = await waiting(connection, "一群")
        right = await lane(connection)
        (one,) = await due_now(connection)
    hold = [Move(one.id, DeliveryState.PLANNED, NOT_APPROVED, not_before=one.not_after + HOUR)]

    async def record() -> None:
        async with other.writing() as connection:
            await guard(connection, right)
            standing = await still_standing(connection, hold)
            await deliveries.move(connection, right, standing, NOW)

    async def agree() -> None:
        async with database.writing() as connection:
            assert await approved(connection, made, made.version_id)

    await asyncio.gather(record(), agree())
    async with database.reading() as connection:
        (still,) = await due_now(connection)
    assert still.approved


async def test_a_sender_may_pause_a_campaign_while_it_and_others_guard_their_lanes(
    database: Database, other: Database
) -> None:
    async with database.writing() as connection:
        made = await campaign(connection)
        rights = [await lane(connection, account=account) for account in ("one", "two")]

    async def turn(which: Database, number: int) -> bool:
        async with which.writing() as connection:
            await guard(connection, rights[number])
            await asyncio.sleep(0.05)
            return await campaigns.pause(connection, made.id, "permanent_errors")

    paused = await asyncio.gather(turn(database, 0), turn(other, 1))
    assert sorted(paused) == [False, True]
