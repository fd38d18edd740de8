"""What fans did after the posts that are looked back on, part by part."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import comings
from storage.aftermath import After, Aftermath, aftermath
from storage.aftermath_questions import MOST_CELLS, Looking
from storage.customers import set_no_record, set_opt_out
from storage.outcome_sources import Metric
from storage.outcomes import Counted
from storage.tables import members, memberships
from tests.storage.builders import DAY, HOUR, NOW, campaign, group, member
from tests.storage.test_outcomes import WINDOW, old_fan, posted, redeem, says, written_to

LOOKING = Looking(WINDOW, ("暖群",), NOW - 30 * DAY)
EVERY = ("d-1", "d-0", "once")


async def looked(connection: AsyncConnection, **parts: Collection[str]) -> dict[str, Aftermath]:
    """What came of parts that are written as the slots of the one campaign."""
    of = await campaign(connection)
    return await aftermath(
        connection, {name: {of.id: slots} for name, slots in parts.items()}, LOOKING
    )


def did(one: After | None) -> dict[Metric, int]:
    assert one is not None
    return {metric: count.people for metric, count in one.did.items() if count.people}


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
    whole = (await looked(connection, whole=EVERY))["whole"]
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
    found = (await looked(connection, whole=EVERY))["whole"]
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
    assert await looked(connection, whole=EVERY) == {}
    assert await aftermath(connection, {}, LOOKING) == {}


async def test_a_post_may_belong_to_several_parts_and_to_none(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    await member(connection, "小鱼", seat)
    await posted(connection, [seat])
    await posted(connection, [seat], slot="d-0", at=NOW + 4 * DAY)
    await says(connection, "小鱼", at=NOW + 4 * DAY + HOUR)
    found = await looked(connection, whole=["d-1", "d-0"], first=["d-1"], later=["d-2"])
    assert found.keys() == {"whole", "first"}
    assert [found[name].people(Metric.TALK) for name in ("whole", "first")] == [1, 0]


async def test_more_parts_than_one_question_holds_are_told_apart(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await member(connection, "小鱼", seat)
    parts = {f"d-{number}": [f"d-{number}"] for number in range(MOST_CELLS * 2 + 1)}
    for number, slot in enumerate(parts):
        await posted(connection, [seat], slot=slot, at=NOW + number * 3 * DAY)
    said = [0, MOST_CELLS - 1, MOST_CELLS, MOST_CELLS * 2]
    for number in said:
        await says(connection, "小鱼", at=NOW + number * 3 * DAY + HOUR)
    found = await looked(connection, **parts)
    assert [number for number in range(len(parts)) if found[f"d-{number}"].people(Metric.TALK)] == (
        said
    )
    assert all(one.fans == 1 for one in found.values())


async def test_who_leaves_and_opts_out_is_gone_once(connection: AsyncConnection) -> None:
    seat = await group(connection, "一群")
    gone, out = await member(connection, "小鱼", seat), await member(connection, "小美", seat)
    await posted(connection, [seat])
    await written_to(connection, gone)
    for fan in (gone, out):
        await set_opt_out(connection, fan.customer_id, NOW + HOUR)
    await comings.note_coming(connection, seat.id, gone.id, NOW + HOUR, came=False)
    found = (await looked(connection, whole=EVERY))["whole"]
    assert did(found.both) == {Metric.OPT_OUTS: 2, Metric.LEAVES: 1}
    assert did(found.private) == {Metric.OPT_OUTS: 1, Metric.LEAVES: 1}
    assert found.gone == 2
    assert Aftermath().gone == 0


async def test_fans_are_those_who_sat_there_when_a_post_came_and_who_did_something_after_it(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    for name in ("小鱼", "小美", "小陈", "小李"):
        await member(connection, name, seat)
    await sat(connection, "小美", NOW + HOUR, NOW + DAY)  # between the two posts
    await sat(connection, "小陈", NOW - DAY, NOW + DAY)  # for the first
    await posted(connection, [seat])
    await posted(connection, [seat], slot="d-0", at=NOW + 2 * DAY)
    await says(connection, "新来的", at=NOW + 3 * DAY)
    found = await looked(connection, whole=EVERY, first=["d-1"], second=["d-0"])
    assert {name: one.fans for name, one in found.items()} == {"whole": 4, "first": 3, "second": 3}


async def sat(connection: AsyncConnection, name: str, since: datetime, until: datetime) -> None:
    """Since when a fan sat in their group, and until when."""
    theirs = select(members.c.id).where(members.c.name == name).scalar_subquery()
    await connection.execute(
        update(memberships)
        .where(memberships.c.member_id == theirs)
        .values(joined_at=since, left_at=until)
    )


async def test_staff_and_who_asked_for_no_record_are_nobody_here(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    await member(connection, "店员", seat, staff=True)
    quiet = await member(connection, "小静", seat)
    await set_no_record(connection, quiet.customer_id, no_record=True)
    await posted(connection, [seat])
    await written_to(connection, quiet, await member(connection, "小鱼"))
    for name in ("店员", "小静"):
        await says(connection, name)
        await says(connection, name, chat=None)
    found = (await looked(connection, whole=EVERY))["whole"]
    assert found.groups is not None
    assert found.groups.fans == Counted()
    assert (found.fans, did(found.both)) == (1, {})


async def test_coupons_and_presses_count_for_the_part_after_which_they_came(
    connection: AsyncConnection,
) -> None:
    seat = await group(connection, "一群")
    buyer = await old_fan(connection, "小鱼", seat)
    await posted(connection, [seat])
    await posted(connection, [seat], slot="d-0", at=NOW + 4 * DAY)
    await redeem(connection, buyer, NOW + 4 * DAY + HOUR)
    await says(connection, "小鱼", "/wish", kind="command", pressed_on="post-一群")
    found = await looked(connection, first=["d-1"], second=["d-0"])
    assert did(found["first"].groups) == {Metric.PRESSES: 1}
    assert did(found["second"].groups) == {Metric.COUPONS: 1}
    assert found["second"].groups is not None
    assert found["second"].groups.did[Metric.COUPONS] == Counted(1, 0)
