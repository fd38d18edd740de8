"""Numbered choices: what each number says that stood below the last offer at an address.

Where a platform has no buttons, a message lists its choices by number, and whoever answers with a
number chooses. Only the last offer at an address holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import numbered_choices


@dataclass(frozen=True, slots=True)
class Offer:
    """What the numbers from 1 on say, and since when."""

    choices: Sequence[str]
    at: datetime


async def standing(connection: AsyncConnection, account: str, address: str) -> Offer | None:
    """The last offer at an address, however old."""
    found = await connection.execute(
        select(numbered_choices.c.choices, numbered_choices.c.offered_at).where(
            numbered_choices.c.account == account, numbered_choices.c.address == address
        )
    )
    row = found.one_or_none()
    return None if row is None else Offer(*row)


async def withdraw(connection: AsyncConnection, account: str, address: str) -> None:
    """No number says anything at an address any more."""
    await connection.execute(
        delete(numbered_choices).where(
            numbered_choices.c.account == account, numbered_choices.c.address == address
        )
    )


async def offer(
    connection: AsyncConnection, account: str, address: str, choices: Sequence[str], at: datetime
) -> None:
    """Keep what the numbers from 1 on say at an address, instead of what they said before."""
    offered = {"choices": list(choices), "offered_at": at}
    statement = insert(connection, numbered_choices).values(
        account=account, address=address, **offered
    )
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["account", "address"], set_=offered)
    )


async def offered(
    connection: AsyncConnection, account: str, address: str, since: datetime
) -> list[str]:
    """What the numbers from 1 on say at an address; nothing where the offer is older."""
    found = await connection.execute(
        select(numbered_choices.c.choices).where(
            numbered_choices.c.account == account,
            numbered_choices.c.address == address,
            numbered_choices.c.offered_at >= since,
        )
    )
    return found.scalar_one_or_none() or []


async def delete_offered_before(
    connection: AsyncConnection, before: datetime, *, batch: int
) -> int:
    """Forget offers older than a moment, `batch` of them at most; how many."""
    row = tuple_(numbered_choices.c.account, numbered_choices.c.address)
    old = (
        select(numbered_choices.c.account, numbered_choices.c.address)
        .where(numbered_choices.c.offered_at < before)
        .limit(batch)
    )
    gone = await connection.execute(delete(numbered_choices).where(row.in_(old)))
    return gone.rowcount
