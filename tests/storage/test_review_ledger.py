"""What the ledger tells of campaigns that are looked back on, part by part."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries import DeliveryState
from storage.outcome_sources import Metric
from storage.outcomes import Counted
from storage.review_ledger import (
    After,
    Aftermath,
    Looking,
    Part,
    Stand,
    aftermath,
    groups_concerned,
    stands,
)
from tests.storage.builders import DAY, HOUR, NOW, campaign, group, member
from tests.storage.test_outcomes import WINDOW, old_fan, posted, says, written_to

LOOKING = Looking(WINDOW, ("暖群",), NOW - 30 * DAY)


async def looked(connection: AsyncConnection, **parts: Any) -> dict[str, Aftermath]:
    """What came of parts that are written as the slots of the one campaign."""
    of = await campaign(connection)
    meant: dict[str, Part] = {name: {of.id: slots} for name, slots in parts.items()}
    return await aftermath(connection, meant, LOOKING)


def did(one: After | None) -> dict[Metric, int]:
    assert one is not None
    return {metric: count.people for metric, count in one.did.items() if count.people}


async def test_deliveries_are_counted_by_post_state_and_reason(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    await posted(connection, [here, there])
    await posted(connection, [here], slot="d-0", at=NOW + DAY, state="skipped", reason="daily_cap")
    await written_to(connection, await member(connection, "小鱼"))
    of = await campaign(connection)
    assert await stands(connection, [of.id]) == [
        Stand(of.id, "d-1", False, DeliveryState.SENT, None, 2, NOW),
        Stand(of.id, "once", True, DeliveryState.SENT, None, 1, NOW),
        Stand(of.id, "d-0", False, DeliveryState.SKIPPED, "daily_cap", 1, NOW + DAY),
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


async def test_each_part_has_its_posts_and_a_fan_counts_once_in_however_many_groups(
    connection: AsyncConnection,
) -> None:
    here, there = await group(connection, "一群"), await group(connection, "二群")
    await old_fan(connection, "小鱼", here, there)
    await member(connection, "小美", here)
    await posted(connection, [here, there])
    await posted(connection, [here], slot="d-0", at=NOW + 4 * DAY)
    await says(connection, "小鱼")
    await says(connection, "小鱼", chat="chat-二群", reply_to="post-二群")
    await says(connection, "小美", "暖群真好", at=NOW + 4 * DAY + HOUR)
    found = await looked(connection, before=["d-1"], after=["d-0"])
    assert found.keys() == {"before", "after"}
    assert found["before"].both == found["before"].groups
    before, after = found["before"].both, found["after"].groups
    assert before is not None
    assert after is not None
    assert (before.posts, before.recipients, before.fans) == (2, 2, Counted(2, 1))
    assert did(before) == {Metric.REPLIES: 1, Metric.TALK: 1}
    assert before.did[Metric.TALK] == Counted(1, 0)
    assert (after.posts, after.recipients, after.fans) == (1, 1, Counted(2, 1))
    assert did(after) == {Metric.TALK: 1, Metric.MENTIONS: 1}
    whole = (await looked(connection, whole=None))["whole"]
    assert whole.groups is not None
    assert (whole.groups.posts, whole.groups.recipients, whole.private) == (3, 2, None)
    assert (whole.people(Metric.TALK), whole.people(Metric.COUPONS), whole.fans) == (2, 0, 2)


async def test_who_is_reached_in_both_ways_counts_once_altogether(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    fan = await member(connection, "小鱼", seat)
    await member(connection, "小陈", seat)
    await posted(connection, [seat])
    await written_to(connection, fan, await member(connection, "小美"))
    await says(connection, "小鱼", chat=None)
    await says(connection, "小鱼")
    await says(connection, "小陈")
    found = (await looked(connection, whole=None))["whole"]
    assert found.groups is not None
    assert found.private is not None
    assert found.both is not None
    assert (found.groups.recipients, found.private.recipients) == (1, 2)
    assert (found.both.posts, found.both.recipients) == (3, 3)
    assert found.private.fans == found.groups.fans == Counted(2, 2)
    assert found.both.fans == Counted(3, 3)
    assert did(found.private) == {Metric.REPLIES: 1, Metric.TALK: 1}
    assert did(found.groups) == {Metric.TALK: 2}
    assert did(found.both) == {Metric.REPLIES: 1, Metric.TALK: 2}
    assert Aftermath().people(Metric.TALK) == Aftermath().fans == 0


async def test_what_reached_nobody_has_no_aftermath(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    await posted(connection, [seat], state="failed", reason="blocked")
    await says(connection, "小鱼")
    assert await looked(connection, whole=None) == {}
    assert await aftermath(connection, {}, LOOKING) == {}
