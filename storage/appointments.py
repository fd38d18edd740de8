"""Appointments: who is a manager by the shop's own word, and the code that makes the first one.

A platform says who runs a group; nobody there can say who runs the shop. An account has at most
one code. It is kept as a digest only, ends at its time, and with its first use.
"""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert
from storage.tables import appointment_codes, members


async def appoint(connection: AsyncConnection, member_id: int, at: datetime) -> None:
    """Make a member a manager for good."""
    await connection.execute(
        update(members).where(members.c.id == member_id).values(appointed_at=at, staff=True)
    )


async def appointed_on(connection: AsyncConnection, platform: str) -> frozenset[str]:
    """The platform's ids of those who were appointed."""
    found = await connection.scalars(
        select(members.c.person).where(
            members.c.platform == platform, members.c.appointed_at.is_not(None)
        )
    )
    return frozenset(found)


async def keep_code(
    connection: AsyncConnection, account: str, digest: str, expires_at: datetime
) -> None:
    """Let this be an account's code, by its digest; one before it is worth nothing any more."""
    fresh = {"digest": digest, "expires_at": expires_at}
    await connection.execute(
        insert(connection, appointment_codes)
        .values(account=account, **fresh)
        .on_conflict_do_update(index_elements=["account"], set_=fresh)
    )


async def drop_code(connection: AsyncConnection, account: str) -> None:
    """Let an account have no code."""
    await connection.execute(
        delete(appointment_codes).where(appointment_codes.c.account == account)
    )


async def use_code(connection: AsyncConnection, account: str, digest: str, now: datetime) -> bool:
    """Use an account's code up; False, and nothing is changed, where it is not this one.

    How long it takes says nothing about how near a wrong digest is.
    """
    known = await connection.scalar(
        select(appointment_codes.c.digest).where(
            appointment_codes.c.account == account, appointment_codes.c.expires_at > now
        )
    )
    if known is None or not compare_digest(known, digest):
        return False
    # Of two who come at once, only one finds it there to delete.
    used = await connection.execute(
        delete(appointment_codes).where(
            appointment_codes.c.account == account, appointment_codes.c.digest == known
        )
    )
    return bool(used.rowcount)
