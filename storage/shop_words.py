"""The words of the shop's configuration, so that every process on one database reads alike.

A bot writes down what its configuration says when it starts, and the newest start wins. `number`
grows with each change of anything that days are read with: these words, what managers taught
(`taught_opinions`) and learnt (`word_proposals`). Whoever reads looks at the number to see whether
it still knows everything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bells import Bell, ring
from storage.bulk import insert
from storage.tables import shop_words


async def number_of_words(connection: AsyncConnection, shop_id: int) -> int:
    """The number that grows with each change; 0 where nothing was ever written down."""
    found = await connection.scalar(
        select(shop_words.c.number).where(shop_words.c.shop_id == shop_id)
    )
    return found or 0


async def configured_words(connection: AsyncConnection, shop_id: int) -> dict[str, Any] | None:
    """What the configuration of the newest start said; None where no bot has started yet."""
    found = await connection.scalar(
        select(shop_words.c.body).where(shop_words.c.shop_id == shop_id)
    )
    return found or None


async def adopt(
    connection: AsyncConnection, shop_id: int, body: dict[str, Any], at: datetime
) -> bool:
    """Write down what the configuration of this start says; False where it stands so already.

    Args:
        connection: an open transaction.
        shop_id: the shop.
        body: the words as JSON, not empty.
        at: now.
    """
    statement = insert(connection, shop_words).values(
        shop_id=shop_id, number=1, body=body, changed_at=at
    )
    written = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["shop_id"],
            set_={"number": shop_words.c.number + 1, "body": body, "changed_at": at},
            where=shop_words.c.body != statement.excluded.body,
        )
    )
    if written.rowcount != 1:
        return False
    await ring(connection, Bell.WORDS)
    return True


async def note_change(connection: AsyncConnection, shop_id: int, at: datetime) -> None:
    """Let everybody look at the words again once this transaction is committed."""
    await connection.execute(
        insert(connection, shop_words)
        .values(shop_id=shop_id, number=1, body={}, changed_at=at)
        .on_conflict_do_update(
            index_elements=["shop_id"],
            set_={"number": shop_words.c.number + 1, "changed_at": at},
        )
    )
    await ring(connection, Bell.WORDS)
