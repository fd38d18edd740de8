"""Events that were set aside are counted, and go with old text and with who wants no record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts, customers
from storage.tables import unheard_events
from storage.unheard import (
    UnheardEvent,
    count_unheard,
    delete_unheard_before,
    keep_unheard,
    last_unheard,
)
from tests.storage.builders import ACCOUNT, NOW, PLATFORM, SECOND, member


def unheard(
    cursor: str = "1",
    *,
    account: str = ACCOUNT,
    person: str | None = "id-小美",
    at: datetime = NOW,
) -> UnheardEvent:
    return UnheardEvent(account, cursor, person, '{"text":"补水"}', "KeyError: 补水", at)


async def kept(connection: AsyncConnection) -> list[str]:
    """The cursors of the events that are kept."""
    rows = await connection.scalars(select(unheard_events.c.cursor).order_by(unheard_events.c.id))
    return list(rows)


async def test_the_last_one_set_aside_is_told(connection: AsyncConnection) -> None:
    assert (await count_unheard(connection), await last_unheard(connection)) == (0, None)
    for one in (unheard("1"), unheard("2", person=None), unheard("0", at=NOW - SECOND)):
        await keep_unheard(connection, one)
    assert await count_unheard(connection) == 3
    assert await last_unheard(connection) == unheard("2", person=None)


async def test_they_go_with_old_text_a_few_at_a_time(connection: AsyncConnection) -> None:
    for number in range(3):
        await keep_unheard(connection, unheard(f"old {number}", at=NOW - SECOND))
    await keep_unheard(connection, unheard("new"))
    assert await delete_unheard_before(connection, NOW, batch=2) == 2
    assert await delete_unheard_before(connection, NOW, batch=2) == 1
    assert await kept(connection) == ["new"]


async def test_they_go_when_somebody_asks_for_no_record_and_only_theirs(
    connection: AsyncConnection,
) -> None:
    for account, platform in ((ACCOUNT, PLATFORM), ("elsewhere", "telegram")):
        await accounts.set_cursor(connection, account, platform, "1")
    await keep_unheard(connection, unheard("theirs"))
    await keep_unheard(connection, unheard("another's", person="id-阿云"))
    await keep_unheard(connection, unheard("nobody's", person=None))
    await keep_unheard(connection, unheard("of the same id elsewhere", account="elsewhere"))
    quiet = await member(connection, "小美")
    await customers.set_no_record(connection, quiet.customer_id, no_record=True)
    assert await kept(connection) == ["another's", "nobody's", "of the same id elsewhere"]
