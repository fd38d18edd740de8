"""Progress counts every delivery of a campaign once, with its reason and its next moment."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import deliveries
from storage.deliveries import DeliveryState, Move
from storage.progress import Progress, PutOff, progress
from storage.tables import deliveries as ledger
from tests.storage.builders import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    begun,
    campaign,
    lane,
    planned,
    sent,
)

GROUPS = tuple(f"{number}群" for number in range(12))
NOTHING = dict.fromkeys(map(str, DeliveryState), 0)


async def test_a_campaign_with_nothing_planned_has_nothing_to_show(
    connection: AsyncConnection,
) -> None:
    made = await campaign(connection)
    found = await progress(connection, made.id, NOW)
    assert found == Progress(
        counts=NOTHING,
        put_off={},
        failed={},
        skipped={},
        next_at=None,
        last_at=None,
        began=0,
        ended=0,
        began_first=None,
    )
    assert found.left == 0


async def test_every_delivery_is_counted_by_its_state_and_reason(
    connection: AsyncConnection,
) -> None:
    ready = await planned(connection, *GROUPS)
    await sent(connection, await lane(connection), (await planned(connection, "一群", key="c2")))
    right = await lane(connection)
    await sent(connection, right, ready[:3])
    await begun(connection, right, ready[3:6])
    moves = [
        Move(ready[3].id, DeliveryState.FAILED, "group_gone"),
        Move(ready[4].id, DeliveryState.UNCERTAIN, "no_answer"),
        Move(ready[6].id, DeliveryState.SKIPPED, "too_late"),
        Move(ready[7].id, DeliveryState.SKIPPED, "too_late"),
        Move(ready[8].id, DeliveryState.SKIPPED, "muted"),
        Move(ready[9].id, DeliveryState.PLANNED, "quiet_hours", not_before=NOW + 9 * HOUR),
        Move(ready[10].id, DeliveryState.PLANNED, "quiet_hours", not_before=NOW + 8 * HOUR),
    ]
    await deliveries.move(connection, right, moves, NOW)
    found = await progress(connection, ready[0].campaign_id, NOW)
    assert found.counts == NOTHING | {
        "sent": 3,
        "sending": 1,
        "failed": 1,
        "uncertain": 1,
        "skipped": 3,
        "planned": 3,
    }
    assert found.left == 4
    assert found.failed == {"group_gone": 1}
    assert found.skipped == {"too_late": 2, "muted": 1}
    assert found.put_off == {"quiet_hours": PutOff(2, NOW + 8 * HOUR, NOW + 9 * HOUR)}
    assert (found.next_at, found.last_at) == (NOW, NOW + 9 * HOUR)
    assert (found.began, found.ended, found.began_first) == (6, 5, NOW)


async def test_what_may_go_again_is_put_off_no_longer(connection: AsyncConnection) -> None:
    (one,) = await planned(connection, "一群")
    right = await lane(connection)
    later = Move(one.id, DeliveryState.PLANNED, "daily_cap", not_before=NOW + MINUTE)
    await deliveries.move(connection, right, [later], NOW)
    before = await progress(connection, one.campaign_id, NOW + MINUTE - SECOND)
    assert before.put_off == {"daily_cap": PutOff(1, NOW + MINUTE, NOW + MINUTE)}
    after = await progress(connection, one.campaign_id, NOW + MINUTE)
    assert (after.put_off, after.counts["planned"]) == ({}, 1)


async def test_only_the_last_minute_tells_the_pace(connection: AsyncConnection) -> None:
    ready = await planned(connection, *GROUPS[:4])
    right = await lane(connection)
    for number, one in enumerate(ready):
        await sent(connection, right, [one], NOW + number * 20 * SECOND)
    found = await progress(connection, ready[0].campaign_id, NOW + MINUTE)
    assert (found.began, found.ended, found.began_first) == (3, 3, NOW + 20 * SECOND)
    assert found.counts["sent"] == 4


async def test_a_reason_that_nobody_gave_is_counted_too(connection: AsyncConnection) -> None:
    ready = await planned(connection, *GROUPS[:2])
    await connection.execute(update(ledger).values(state="failed", reason=None))
    assert (await progress(connection, ready[0].campaign_id, NOW)).failed == {"": 2}
