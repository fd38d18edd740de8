"""Welcomes that are still to be said: stored with the joins they answer, deleted once said.

So a welcome is neither lost with the process that heard the join, nor does hearing wait for a
platform. Numbers are given again once the table is empty: they order what stands in it, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.tables import pending_welcomes


@dataclass(frozen=True, slots=True)
class NewWelcome:
    """What is to be said where. `at` is when the last of those it greets came.

    `key` is the delivery key that the platform is given; `address` and `body` are an address and
    a content as they are written down.
    """

    key: str
    address: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class PendingWelcome:
    """A welcome that nobody has noted as said."""

    id: int
    key: str
    address: str
    body: dict[str, Any]
    at: datetime


async def keep_welcomes(
    connection: AsyncConnection, account: str, welcomes: Sequence[NewWelcome]
) -> None:
    """Store what is to be said through an account; a key that stands already is left alone."""
    await insert_new(
        connection,
        pending_welcomes,
        [
            {
                "account": account,
                "key": one.key,
                "address": one.address,
                "body": one.body,
                "at": one.at,
            }
            for one in welcomes
        ],
    )


async def welcomes_to_say(
    connection: AsyncConnection, account: str, *, after: int, limit: int
) -> list[PendingWelcome]:
    """The next welcomes of an account behind the number `after`, in the order they were stored."""
    rows = await connection.execute(
        select(
            pending_welcomes.c.id,
            pending_welcomes.c.key,
            pending_welcomes.c.address,
            pending_welcomes.c.body,
            pending_welcomes.c.at,
        )
        .where(pending_welcomes.c.account == account, pending_welcomes.c.id > after)
        .order_by(pending_welcomes.c.id)
        .limit(limit)
    )
    return [PendingWelcome(*row) for row in rows]


async def finish_welcome(connection: AsyncConnection, welcome_id: int) -> None:
    """Note that a welcome was said, or is not wanted any more."""
    await connection.execute(delete(pending_welcomes).where(pending_welcomes.c.id == welcome_id))
