"""What groups have heard of a festival before, and which groups share fans."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import members, slots
from storage.deliveries import DeliveryState
from storage.members import Seen
from storage.said_before import (
    SaidBefore,
    neighbours,
    programme_of,
    said_before,
    standing_variants,
)
from storage.seats import sit
from storage.tables import deliveries as ledger
from storage.tables import members as member_table
from storage.tables import memberships
from tests.storage.builders import DAY, NOW, campaign, group, member, slot_of

PROGRAMME = "double11"  # what the builders' campaigns belong to
MOON = "2026-09-25:mid-autumn"


async def said(
    connection: AsyncConnection,
    name: str,
    *,
    slot: str = MOON,
    variant: str | None = "b",
    state: DeliveryState = DeliveryState.SENT,
    days_ago: int = 300,
) -> SaidBefore:
    """A post to this group as the ledger keeps it."""
    of, seat = await campaign(connection, f"{name}/{slot}"), await group(connection, name)
    await slots.plan_for_groups(connection, slot_of(of, slot), [seat.id], NOW)
    await connection.execute(
        update(ledger)
        .where(ledger.c.campaign_id == of.id)
        .values(state=state, variant=variant, began_at=NOW - days_ago * DAY)
    )
    return SaidBefore(seat.id, of.version_id, slot, variant)


async def heard_by(connection: AsyncConnection, *ids: int) -> list[SaidBefore]:
    return await said_before(connection, PROGRAMME, "mid-autumn", ids, NOW - 730 * DAY)


async def test_what_a_group_heard_of_a_festival_is_known(connection: AsyncConnection) -> None:
    one = await said(connection, "一群")
    other = await said(connection, "二群", variant=None, state=DeliveryState.UNCERTAIN)
    assert await heard_by(connection, one.group_id, other.group_id) == [one, other]
    both = await said(connection, "三群", slot="2020-10-01:mid-autumn+national-day")
    assert await heard_by(connection, both.group_id) == [both]
    assert await heard_by(connection, other.group_id) == [other]
    assert await heard_by(connection) == []


async def test_other_days_other_programmes_and_what_never_went_out_do_not_count(
    connection: AsyncConnection,
) -> None:
    at = (await said(connection, "一群", slot="2026-09-10:teacher")).group_id
    await said(connection, "一群", slot="2023-09-29:mid-autumn", days_ago=731)
    await said(connection, "一群", slot="2025-10-06:mid-autumn", state=DeliveryState.SKIPPED)
    await said(connection, "一群", slot="x:early-mid-autumn", state=DeliveryState.SENT)
    assert await heard_by(connection, at) == []
    long_ago = NOW - 730 * DAY
    assert len(await said_before(connection, PROGRAMME, "teacher", [at], long_ago)) == 1
    assert await said_before(connection, "festivals", "teacher", [at], long_ago) == []


async def test_the_programme_of_a_campaign_is_known(connection: AsyncConnection) -> None:
    assert await programme_of(connection, (await campaign(connection)).id) == PROGRAMME
    with pytest.raises(NoResultFound):
        await programme_of(connection, 1_000_000)


async def test_who_has_a_variant_already_is_known(connection: AsyncConnection) -> None:
    of = await campaign(connection)
    ids = [(await group(connection, name)).id for name in ("一群", "二群", "三群")]
    for group_id, variant in zip(ids, ("a", "b", None), strict=True):
        slot = slot_of(of, MOON)
        await slots.plan_for_groups(connection, slot, [group_id], NOW)
        await connection.execute(
            update(ledger).where(ledger.c.group_id == group_id).values(variant=variant)
        )
    assert await standing_variants(connection, of.id, MOON) == {ids[0]: "a", ids[1]: "b"}
    assert await standing_variants(connection, of.id, "2027-09-15:mid-autumn") == {}


async def test_groups_that_share_a_fan_are_neighbours(connection: AsyncConnection) -> None:
    one, two, three = [await group(connection, name) for name in ("一群", "二群", "三群")]
    await member(connection, "小美", one, two)
    await member(connection, "小林", two, one)
    await member(connection, "小陈", three)
    ids = [one.id, two.id, three.id]
    assert await neighbours(connection, ids) == [(one.id, two.id)]
    assert await neighbours(connection, [one.id, three.id]) == []
    assert await neighbours(connection, []) == []


async def test_staff_and_those_who_left_make_no_neighbours(connection: AsyncConnection) -> None:
    one, two = [await group(connection, name) for name in ("一群", "二群")]
    await member(connection, "客服", one, two, staff=True)
    gone = await member(connection, "小美", one, two)
    await connection.execute(
        update(memberships)
        .where(memberships.c.member_id == gone.id, memberships.c.group_id == two.id)
        .values(left_at=NOW)
    )
    assert await neighbours(connection, [one.id, two.id]) == []


async def test_one_customer_on_two_platforms_is_one_fan(connection: AsyncConnection) -> None:
    one, two = [await group(connection, name) for name in ("一群", "二群")]
    here = await member(connection, "小美", one)
    there = (await members.ensure_members(connection, "other", [Seen("x", "小美")], NOW))["x"]
    await sit(connection, [(two.id, there.id, NOW)])
    assert await neighbours(connection, [one.id, two.id]) == []
    await connection.execute(
        update(member_table)
        .where(member_table.c.id == there.id)
        .values(customer_id=here.customer_id)
    )
    assert await neighbours(connection, [one.id, two.id]) == [(one.id, two.id)]
