"""What a manager was shown and has not confirmed yet, and the groups they chose last.

Both survive a restart. A confirmation can be used once, by the member it was shown to, until it
expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert as plain_insert
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import confirmations, last_choices


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One thing waiting for a yes: its kind and what it will do."""

    id: int
    kind: str
    body: dict[str, Any]
    expires_at: datetime
    used: bool


async def ask(
    connection: AsyncConnection,
    member_id: int,
    kind: str,
    body: dict[str, Any],
    expires_at: datetime,
) -> int:
    """Keep something for confirmation, and give back its number.

    What the same member was asked before can no longer be confirmed: a yes means the last
    preview they saw.
    """
    await connection.execute(
        update(confirmations)
        .where(confirmations.c.member_id == member_id, confirmations.c.used_at.is_(None))
        .values(used_at=expires_at)
    )
    made = await connection.execute(
        plain_insert(confirmations)
        .values(member_id=member_id, kind=kind, body=body, expires_at=expires_at)
        .returning(confirmations.c.id)
    )
    return int(made.scalar_one())


async def latest(connection: AsyncConnection, member_id: int) -> Confirmation | None:
    """The last thing this member was asked; None where they never were."""
    row = (
        await connection.execute(
            select(
                confirmations.c.id,
                confirmations.c.kind,
                confirmations.c.body,
                confirmations.c.expires_at,
                confirmations.c.used_at,
            )
            .where(confirmations.c.member_id == member_id)
            .order_by(confirmations.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return Confirmation(row.id, row.kind, row.body, row.expires_at, row.used_at is not None)


async def use(connection: AsyncConnection, confirmation_id: int, at: datetime) -> bool:
    """Use a confirmation up; False where that has happened already, or comes too late."""
    used = await connection.execute(
        update(confirmations)
        .where(
            confirmations.c.id == confirmation_id,
            confirmations.c.used_at.is_(None),
            confirmations.c.expires_at > at,
        )
        .values(used_at=at)
    )
    return used.rowcount == 1


async def amend(connection: AsyncConnection, confirmation_id: int, body: dict[str, Any]) -> None:
    """Let something that waits for a yes do this instead, under its number."""
    await connection.execute(
        update(confirmations)
        .where(confirmations.c.id == confirmation_id, confirmations.c.used_at.is_(None))
        .values(body=body)
    )


async def keep_choice(connection: AsyncConnection, member_id: int, groups: str) -> None:
    """Remember the groups as the manager wrote them."""
    await connection.execute(
        insert(connection, last_choices)
        .values(member_id=member_id, groups=groups)
        .on_conflict_do_update(index_elements=["member_id"], set_={"groups": groups})
    )


async def last_choice(connection: AsyncConnection, member_id: int) -> str | None:
    """The groups this manager chose last, as they wrote them."""
    found = await connection.execute(
        select(last_choices.c.groups).where(last_choices.c.member_id == member_id)
    )
    return found.scalar_one_or_none()
