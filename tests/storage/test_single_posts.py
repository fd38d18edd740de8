"""One post of a campaign is left out, taken back in, or moved; the others go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import approvals, campaigns, slots
from storage.campaigns import StoredCampaign
from storage.single_posts import (
    LEFT_OUT,
    SlotStands,
    leave_out,
    move_planned,
    slot_stands,
    take_in,
)
from storage.tables import deliveries
from tests.storage.builders import (
    HOUR,
    MINUTE,
    NOW,
    campaign,
    edited,
    group,
    planned,
    slot_of,
    stored,
)

SCHEDULE = {"kind": "countdown", "day": "2026-11-12", "first_days_left": 3, "at": "10:18"}


async def ledger(connection: AsyncConnection) -> list[tuple[str, str, str | None, datetime]]:
    of = deliveries.c
    rows = await connection.execute(
        select(of.slot, of.state, of.reason, of.not_before).order_by(of.slot, of.id)
    )
    return [tuple(row) for row in rows]


async def two_slots(connection: AsyncConnection) -> StoredCampaign:
    """A campaign that has planned `d-2` and `d-1` for one group."""
    made = await campaign(connection)
    here = await group(connection, "一群")
    for slot in ("d-1", "d-2"):
        await slots.plan_for_groups(connection, replace(slot_of(made), slot=slot), [here.id], NOW)
    return made


async def test_one_post_is_left_out_and_the_other_stays(connection: AsyncConnection) -> None:
    made = await two_slots(connection)
    assert await leave_out(connection, made.id, "d-1", NOW) == 1
    assert await leave_out(connection, made.id, "d-1", NOW) == 0
    assert (await stored(connection, made)).skipped == ("d-1",)
    states = [(slot, state, reason) for slot, state, reason, _ in await ledger(connection)]
    assert states == [("d-1", "cancelled", LEFT_OUT), ("d-2", "planned", None)]


async def test_a_post_that_is_taken_back_in_is_planned_again_while_it_is_valid(
    connection: AsyncConnection,
) -> None:
    made = await two_slots(connection)
    await leave_out(connection, made.id, "d-1", NOW)
    await leave_out(connection, made.id, "d-2", NOW)
    assert await take_in(connection, made.id, "d-1", NOW + MINUTE) == 1
    assert await take_in(connection, made.id, "d-1", NOW + MINUTE) == 0
    assert (await stored(connection, made)).skipped == ("d-2",)
    late = slot_of(made).not_after + MINUTE
    assert await take_in(connection, made.id, "d-2", late) == 0  # it has ended
    assert (await stored(connection, made)).skipped == ()


async def test_what_is_planned_of_a_post_moves(connection: AsyncConnection) -> None:
    made = await two_slots(connection)
    begins, ends = NOW + 5 * HOUR, NOW + 6 * HOUR
    assert await move_planned(connection, made.id, "d-1", begins, ends, at=NOW) == 1
    assert [row[3] == begins for row in await ledger(connection)] == [True, False]


async def test_it_is_known_how_far_a_post_has_got(connection: AsyncConnection) -> None:
    first, _ = await planned(connection, "一群", "二群")
    made, slot = await campaign(connection), first.slot
    assert await slot_stands(connection, made.id, "none") == SlotStands()
    stands = await slot_stands(connection, made.id, slot)
    assert (stands.planned, stands.gone) == (2, 0)
    await connection.execute(
        deliveries.update().where(deliveries.c.id == first.id).values(state="sent")
    )
    stands = await slot_stands(connection, made.id, slot)
    assert (stands.planned, stands.gone) == (1, 1)


async def test_a_version_may_have_other_moments_which_the_next_one_keeps(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    at = NOW + HOUR
    await campaigns.add_version(
        connection, made.id, body={}, audience=made.audience, by="room:a", at=at, schedule=SCHEDULE
    )
    assert (await stored(connection, made)).schedule == SCHEDULE
    await edited(connection, made)
    assert (await stored(connection, made)).schedule == SCHEDULE


async def test_refused_moments_are_given_up_and_planned_anew_from_then_on(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    at = NOW + HOUR
    version = await campaigns.add_version(
        connection, made.id, body={}, audience=made.audience, by="room:a", at=at, schedule=SCHEDULE
    )
    await campaigns.advance(connection, [made.id], NOW + 5 * HOUR)
    refused = await approvals.reject(
        connection, made.id, version=version, by="room:b", at=NOW + 6 * HOUR
    )
    assert refused
    after = await stored(connection, made)
    assert (after.schedule, after.planned_until) == (made.schedule, at)
