"""A group's day in figures: who was there, who spoke, and what became of its posts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, customers, deliveries
from storage.accounts import State
from storage.deliveries import DeliveryState, Move
from storage.group_days import Ended, Presence, posts_of, presence
from storage.members import Seen
from storage.seats import leave, sit
from tests.storage.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    NOW,
    PLATFORM,
    begun,
    group,
    heard,
    lane,
    member,
    planned,
    put_off,
    record,
    sent,
)


async def there_and_spoke(connection: AsyncConnection, *group_ids: int) -> dict[int, Presence]:
    return await presence(connection, group_ids, NOW, NOW + DAY)


async def test_fans_are_there_and_some_of_them_speak(connection: AsyncConnection) -> None:
    here, other = await group(connection, "一群"), await group(connection, "二群")
    for name in ("小美", "小鱼", "圆圆"):
        await member(connection, name, here)
    await member(connection, "店长", here, staff=True)
    await record(
        connection,
        heard("m1"),
        heard("m2"),  # twice is once
        heard("m3", sender="小鱼", kind="command", text="/me"),
        heard("m4", sender="圆圆", at=NOW + DAY),
        heard("m5", sender=Seen("id-店长", "店长", staff=True), kind="staff"),
    )
    assert await there_and_spoke(connection, here.id, other.id) == {here.id: Presence(3, 1)}
    assert await there_and_spoke(connection) == {}


@pytest.mark.parametrize(
    ("joined", "left", "there"),
    [
        (-DAY, None, True),
        (-DAY, HOUR, True),  # for a part of the day
        (-DAY, -HOUR, False),
        (HOUR, None, True),
        (HOUR, 2 * HOUR, True),
        (DAY, None, False),
    ],
)
async def test_whoever_sat_there_at_any_time_of_the_day_was_there(
    connection: AsyncConnection, joined: timedelta, left: timedelta | None, *, there: bool
) -> None:
    here, fan = await group(connection, "一群"), await member(connection, "小美")
    await sit(connection, [(here.id, fan.id, NOW + joined)])
    if left is not None:
        await leave(connection, here.id, fan.id, NOW + left)
    expected = {here.id: Presence(1, 0)} if there else {}
    assert await there_and_spoke(connection, here.id) == expected


async def test_who_asked_for_no_record_is_not_counted_and_who_left_since_is(
    connection: AsyncConnection,
) -> None:
    here = await group(connection, "一群")
    quiet, gone = await member(connection, "安静", here), await member(connection, "小美", here)
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    await record(connection, heard("m1"), heard("m2", sender="安静"))
    await leave(connection, here.id, gone.id, NOW + DAY)
    assert await there_and_spoke(connection, here.id) == {here.id: Presence(1, 1)}


async def test_the_bot_s_own_account_is_no_fan(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    await member(connection, "小美", here)
    account = await member(connection, "暖暖", here)
    online = State("online", NOW, me=account.person, me_name="暖暖")
    await accounts.note_state(connection, ACCOUNT, PLATFORM, online)
    assert await there_and_spoke(connection, here.id) == {here.id: Presence(1, 0)}


async def posts(connection: AsyncConnection, *names: str) -> list[Ended]:
    ids = [(await group(connection, name)).id for name in names]
    return await posts_of(connection, ids, NOW, NOW + DAY, ["not_approved"])


async def test_posts_are_counted_by_what_became_of_them(connection: AsyncConnection) -> None:
    right = await lane(connection)
    one, two, three = await planned(connection, "一群", "二群", "三群")
    await sent(connection, right, [one])
    await begun(connection, right, [two])
    ended = [
        Move(two.id, DeliveryState.FAILED, "muted"),
        Move(three.id, DeliveryState.SKIPPED, "too_late"),
    ]
    await deliveries.move(connection, right, ended, NOW + HOUR)
    ids = [(await group(connection, name)).id for name in ("一群", "二群", "三群")]
    assert await posts(connection, "一群", "二群", "三群") == [
        Ended(ids[0], DeliveryState.SENT, None, 1),
        Ended(ids[1], DeliveryState.FAILED, "muted", 1),
        Ended(ids[2], DeliveryState.SKIPPED, "too_late", 1),
    ]
    assert await posts(connection, "一群") == [Ended(ids[0], DeliveryState.SENT, None, 1)]
    assert await posts_of(connection, ids, NOW + DAY, NOW + 2 * DAY, []) == []


async def test_what_only_people_can_let_go_counts_as_held(connection: AsyncConnection) -> None:
    await planned(connection, "一群")
    here = await group(connection, "一群")
    assert await posts(connection, "一群") == []  # it is only planned
    await put_off(connection, "not_approved")
    assert await posts(connection, "一群") == [
        Ended(here.id, DeliveryState.PLANNED, "not_approved", 1)
    ]
    await put_off(connection, "quiet_hours")
    assert await posts(connection, "一群") == []
