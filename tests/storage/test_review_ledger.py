"""What the ledger tells of campaigns that are looked back on, post by post."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.review_ledger import Stand, groups_concerned, stands
from tests.storage.builders import DAY, NOW, campaign, group, member
from tests.storage.test_outcomes import posted, written_to


async def test_deliveries_are_counted_by_post_state_and_reason(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    await posted(connection, [here, there])
    await posted(connection, [here], slot="d-0", at=NOW + DAY, state="skipped", reason="daily_cap")
    await written_to(connection, await member(connection, "小鱼"))
    of = await campaign(connection)
    assert await stands(connection, [of.id]) == [
        Stand(of.id, "d-1", False, DeliveryState.SENT, None, 2, NOW, NOW),
        Stand(of.id, "once", True, DeliveryState.SENT, None, 1, NOW, NOW),
        Stand(of.id, "d-0", False, DeliveryState.SKIPPED, "daily_cap", 1, NOW + DAY, NOW + DAY),
    ]
    assert await stands(connection, [of.id + 1]) == []


async def test_the_groups_are_those_spoken_to_and_those_of_whom_was_written_to(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    await group(connection, "三群")
    await posted(connection, [here])
    await written_to(connection, await member(connection, "小鱼", there))
    of = await campaign(connection)
    assert await groups_concerned(connection, [of.id]) == {here.id, there.id}
