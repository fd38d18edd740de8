"""What is due on a lane: the most urgent first, with all that the decision asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries, due, groups, shops, slots, steering
from storage.deliveries import DeliveryState, Move
from storage.due import Due, Recipient
from storage.tables import campaigns, customers, members
from storage.tables import deliveries as ledger
from storage.tables import groups as group_table
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    begun,
    campaign,
    edited,
    group,
    lane,
    member,
    planned,
    sent,
    shop,
    slot_of,
)
from tests.storage.private_deliveries import deliver_to


async def all_due(connection: AsyncConnection, at: datetime = NOW, limit: int = 100) -> list[Due]:
    return await due.due(connection, ACCOUNT, at, limit)


async def the_one(connection: AsyncConnection) -> Due:
    (found,) = await all_due(connection)
    return found


# The order


async def test_due_is_what_is_planned_and_whose_time_has_come_the_oldest_first(
    connection: AsyncConnection,
) -> None:
    of = await campaign(connection)
    ids = [(await group(connection, name)).id for name in ("一群", "二群")]
    for minutes in (0, -5, 1):
        slot = slot_of(of, f"{minutes}", NOW + minutes * MINUTE)
        await slots.plan_for_groups(connection, slot, ids, NOW)
    found = await all_due(connection)
    assert [one.slot for one in found] == ["-5", "-5", "0", "0"]
    assert await all_due(connection, limit=3) == found[:3]
    assert await due.due(connection, "room:2", NOW, 3) == []


async def test_the_more_urgent_goes_before_the_older(connection: AsyncConnection) -> None:
    of, seat = await campaign(connection), await group(connection, "一群")
    for priority, minutes in ((3, -9), (1, -1), (2, -5), (2, -6), (1, -2)):
        name = f"{priority} {minutes}"
        slot = slot_of(of, name, NOW + minutes * MINUTE, priority=priority)
        await slots.plan_for_groups(connection, slot, [seat.id], NOW)
    slots_in_order = [one.slot for one in await all_due(connection)]
    assert slots_in_order == ["1 -2", "1 -1", "2 -6", "2 -5", "3 -9"]
    for limit in range(1, 6):
        limited = await all_due(connection, limit=limit)
        assert [one.slot for one in limited] == slots_in_order[:limit]


@pytest.mark.parametrize("state", [state for state in DeliveryState if state != "planned"])
async def test_what_is_not_planned_is_not_due(
    connection: AsyncConnection, state: DeliveryState
) -> None:
    await planned(connection, "一群")
    await connection.execute(update(ledger).values(state=state))
    assert await all_due(connection) == []
    assert await due.next_due(connection, ACCOUNT) is None


async def test_the_next_due_is_the_earliest_still_planned_whatever_its_priority(
    connection: AsyncConnection,
) -> None:
    assert await due.next_due(connection, ACCOUNT) is None
    of, seat = await campaign(connection), await group(connection, "一群")
    for hours, priority in ((2, 1), (1, 3), (3, 2)):
        slot = slot_of(of, f"{hours}", NOW + hours * HOUR, priority=priority)
        await slots.plan_for_groups(connection, slot, [seat.id], NOW)
    assert await due.next_due(connection, ACCOUNT) == NOW + HOUR
    assert await due.next_due(connection, "room:2") is None
    await steering.cancel_planned(connection, of.id, "over", NOW)
    assert await due.next_due(connection, ACCOUNT) is None


# What it tells


async def test_a_delivery_to_a_group_tells_all_about_it(connection: AsyncConnection) -> None:
    of, seat = await campaign(connection), await group(connection, "一群")
    slot = slot_of(of, "d-6", priority=2)
    await slots.plan_for_groups(connection, slot, [seat.id], NOW)
    found = await the_one(connection)
    assert found == Due(
        id=found.id,
        key="c1/d-6/room/group:chat-一群",
        campaign_id=of.id,
        campaign_key="c1",
        shop_id=await shop(connection),
        programme="double11",
        campaign_state="approved",
        halted=False,
        approved=True,
        hold_out=0,
        promotion=None,
        version_id=of.version_id,
        slot="d-6",
        address="group:chat-一群",
        member_id=None,
        priority=2,
        not_before=NOW,
        not_after=NOW + HOUR,
        tries=0,
        resent=False,
        variant=None,
        recipient=Recipient(group_id=seat.id, name="一群"),
    )


async def test_a_delivery_to_a_person_tells_all_about_them(connection: AsyncConnection) -> None:
    of, fan = await campaign(connection), await member(connection, "小美")
    await deliver_to(connection, slot_of(of), ACCOUNT, [fan.id], NOW)
    found = await the_one(connection)
    assert (found.member_id, found.address) == (fan.id, "person:id-小美")
    assert found.recipient == Recipient(customer_id=fan.customer_id, name="小美")


GROUP_FACTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gone": ({"present": False}, {"present": False}),
    "muted": ({"muted_at": NOW - DAY / 2}, {"muted": True}),
    "muted long ago": ({"muted_at": NOW - DAY}, {}),
    "elsewhere": ({"zone": "Europe/Berlin"}, {"zone": "Europe/Berlin"}),
}


@pytest.mark.parametrize("name", GROUP_FACTS)
async def test_what_is_known_of_a_group_is_told(connection: AsyncConnection, name: str) -> None:
    (one,) = await planned(connection, "一群")
    stored, told = GROUP_FACTS[name]
    await connection.execute(update(group_table).values(**stored))
    recipient = (await the_one(connection)).recipient
    assert recipient == Recipient(group_id=one.recipient.group_id, name="一群", **told)


PERSON_FACTS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "opted out": (customers, {"opted_out_at": NOW}, {"opted_out": True}),
    "elsewhere": (customers, {"zone": "Asia/Tokyo"}, {"zone": "Asia/Tokyo"}),
    "unreachable": (members, {"unreachable_at": NOW}, {"unreachable": True}),
}


@pytest.mark.parametrize("name", PERSON_FACTS)
async def test_what_is_known_of_a_person_is_told(connection: AsyncConnection, name: str) -> None:
    of, fan = await campaign(connection), await member(connection, "小美")
    await deliver_to(connection, slot_of(of), ACCOUNT, [fan.id], NOW)
    table, stored, told = PERSON_FACTS[name]
    await connection.execute(update(table).values(**stored))
    recipient = (await the_one(connection)).recipient
    assert recipient == Recipient(customer_id=fan.customer_id, name="小美", **told)


async def test_how_the_campaign_stands_is_told(connection: AsyncConnection) -> None:
    await planned(connection, "一群")
    promotion = {"a_day": 6, "夜": ["11-10"]}
    await connection.execute(
        update(campaigns).values(state="paused", hold_out=10, promotion=promotion)
    )
    await shops.set_halt(connection, await shop(connection), NOW)
    found = await the_one(connection)
    assert (found.campaign_state, found.halted) == ("paused", True)
    assert (found.hold_out, found.promotion) == (10, promotion)


async def test_whether_the_version_it_says_was_approved_is_told(
    connection: AsyncConnection,
) -> None:
    of, seat = await campaign(connection), await group(connection, "一群")
    await slots.plan_for_groups(connection, slot_of(of, "before"), [seat.id], NOW)
    version = await edited(connection, of)
    changed = slots.PlannedSlot(of.id, of.key, version, "after", NOW, NOW + HOUR)
    await slots.plan_for_groups(connection, changed, [seat.id], NOW)
    assert {one.slot: one.approved for one in await all_due(connection)} == {
        "before": True,
        "after": False,
    }


async def test_tries_and_a_resent_notice_are_told(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    await begun(connection, right, [one])
    again = Move(one.id, DeliveryState.PLANNED, "again", not_before=NOW + SECOND, resent=True)
    await deliveries.move(connection, right, [again], NOW)
    (found,) = await all_due(connection, NOW + SECOND)
    assert (found.tries, found.resent, found.not_before) == (1, True, NOW + SECOND)


async def test_a_group_that_left_is_told_as_gone(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    assert one.recipient.present
    await groups.mark_gone(connection, ACCOUNT, ["chat-一群"])
    assert not (await the_one(connection)).recipient.present


# When they were addressed before


async def test_what_was_begun_and_may_have_arrived_counts_for_its_group_the_oldest_first(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    for hours in (1, 3, 2):
        ready = await planned(connection, "一群", "二群", key=f"c{hours}")
        await sent(connection, right, ready[: hours % 3 + 1], NOW - hours * HOUR)
    one = (await group(connection, "一群")).id
    two = (await group(connection, "二群")).id
    found = await due.addressed_groups(connection, [one, two, 999], NOW - DAY)
    assert found == {
        one: (NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR),
        two: (NOW - 2 * HOUR, NOW - HOUR),
    }
    later = await due.addressed_groups(connection, [one], NOW - 2 * HOUR)
    assert later == {one: (NOW - HOUR,)}
    assert await due.addressed_groups(connection, [], NOW - DAY) == {}


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("planned", False),
        ("sending", True),
        ("sent", True),
        ("failed", False),
        ("uncertain", True),
        ("skipped", False),
        ("cancelled", False),
    ],
)
async def test_only_what_may_have_arrived_counts(
    connection: AsyncConnection, state: str, *, counts: bool
) -> None:
    (one,) = await planned(connection, "一群")
    await begun(connection, await lane(connection), [one])
    await connection.execute(update(ledger).values(state=state))
    seat = one.recipient.group_id
    assert seat is not None
    found = await due.addressed_groups(connection, [seat], NOW - DAY)
    assert found == ({seat: (NOW,)} if counts else {})


async def test_private_messages_count_for_the_customer_whichever_member_got_them(
    connection: AsyncConnection,
) -> None:
    of, right = await campaign(connection), await lane(connection)
    fans = [await member(connection, name) for name in ("小美", "阿云", "圆圆")]
    await connection.execute(
        update(members).where(members.c.id == fans[1].id).values(customer_id=fans[0].customer_id)
    )
    ids = [fan.id for fan in fans]
    await deliver_to(connection, slot_of(of), ACCOUNT, ids, NOW)
    first, second, third = await all_due(connection)
    await sent(connection, right, [second], NOW - 2 * HOUR)
    await sent(connection, right, [first], NOW - HOUR)
    await sent(connection, right, [third], NOW - 2 * DAY)
    asked = [fans[0].customer_id, fans[2].customer_id]
    assert await due.addressed_customers(connection, asked, NOW - DAY) == {
        fans[0].customer_id: (NOW - 2 * HOUR, NOW - HOUR)
    }
    assert await due.addressed_customers(connection, [], NOW - DAY) == {}
