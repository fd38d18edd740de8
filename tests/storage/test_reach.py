"""Whom a private message finds: who opened the chat with the bot, and who closed it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import due, slots
from storage.accounts import set_cursor
from storage.reach import mark_reachable, mark_refused, mark_unreachable
from storage.tables import members
from tests.storage.builders import ACCOUNT, DAY, NOW, PLATFORM, campaign, group, member, slot_of
from tests.storage.private_deliveries import deliver_to


async def reach(connection: AsyncConnection, *names: str) -> list[tuple[object, object]]:
    """Since when each of them is reachable, and since when not."""
    found = await connection.execute(
        select(members.c.name, members.c.started_at, members.c.unreachable_at)
    )
    by_name = {row.name: (row.started_at, row.unreachable_at) for row in found}
    return [by_name[name] for name in names]


async def test_who_opens_the_chat_again_stays_with_the_first_time(
    connection: AsyncConnection,
) -> None:
    fan = await member(connection, "小鱼")
    await member(connection, "小美")
    await mark_reachable(connection, [fan.id], NOW)
    await mark_reachable(connection, [fan.id], NOW + DAY)
    assert await reach(connection, "小鱼", "小美") == [(NOW, None), (None, None)]


async def test_who_blocked_the_bot_is_reachable_again_once_known_so(
    connection: AsyncConnection,
) -> None:
    refusing = [(await member(connection, name)).id for name in ("小鱼", "小美")]
    await mark_reachable(connection, refusing, NOW)
    await mark_unreachable(connection, refusing, NOW + DAY)
    await mark_reachable(connection, refusing[:1], NOW + 2 * DAY)
    assert await reach(connection, "小鱼", "小美") == [(NOW, None), (NOW, NOW + DAY)]


@pytest.mark.parametrize(
    ("started_at", "blocked_at", "anywhere", "where_one_must_start"),
    [
        (None, None, False, True),
        (NOW, None, False, False),
        (NOW, NOW, True, True),
        (None, NOW, True, True),
    ],
)
async def test_who_never_opened_the_chat_is_out_of_reach_only_where_they_must(
    connection: AsyncConnection,
    started_at: datetime | None,
    blocked_at: datetime | None,
    *,
    anywhere: bool,
    where_one_must_start: bool,
) -> None:
    fan = await member(connection, "小鱼")
    if started_at:
        await mark_reachable(connection, [fan.id], started_at)
    if blocked_at:
        await mark_unreachable(connection, [fan.id], blocked_at)
    slot = slot_of(await campaign(connection))
    await deliver_to(connection, slot, ACCOUNT, [fan.id], NOW)
    for must_start, unreachable in ((False, anywhere), (True, where_one_must_start)):
        (found,) = await due.due(connection, ACCOUNT, NOW, 9, must_start=must_start)
        assert found.recipient.unreachable is unreachable


async def test_a_group_is_opened_by_nobody(connection: AsyncConnection) -> None:
    here = await group(connection, "一群")
    slot = slot_of(await campaign(connection))
    await slots.plan_for_groups(connection, slot, [here.id], NOW)
    (found,) = await due.due(connection, ACCOUNT, NOW, 9, must_start=True)
    assert not found.recipient.unreachable


async def test_who_refuses_a_private_word_is_known_by_the_platform_of_the_account(
    connection: AsyncConnection,
) -> None:
    await set_cursor(connection, ACCOUNT, PLATFORM, "1")
    await set_cursor(connection, "wechat:1", "wechat", "1")
    for name in ("小鱼", "小美"):
        await member(connection, name)
    await mark_refused(connection, "wechat:1", ["id-小鱼"], NOW)
    assert await reach(connection, "小鱼", "小美") == [(None, None), (None, None)]
    await mark_refused(connection, ACCOUNT, ["id-小鱼"], NOW)
    await mark_refused(connection, ACCOUNT, ["id-小鱼"], NOW + DAY)
    assert await reach(connection, "小鱼", "小美") == [(None, NOW), (None, None)]
