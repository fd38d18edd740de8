"""The audit log: every change that a person made, and when, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import audit_log


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: who did what to what."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


_ENTRY = (
    audit_log.c.at,
    audit_log.c.actor,
    audit_log.c.action,
    audit_log.c.subject,
    audit_log.c.details,
)


async def note(connection: AsyncConnection, entry: Entry) -> None:
    """Write an entry, in the transaction that makes the change."""
    await connection.execute(
        insert(audit_log).values(
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            details=entry.details,
        )
    )


async def found(connection: AsyncConnection, action: str, subject: str) -> Entry | None:
    """The first entry of this action on this subject."""
    row = (
        await connection.execute(
            select(*_ENTRY)
            .where(audit_log.c.subject == subject, audit_log.c.action == action)
            .order_by(audit_log.c.id)
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else Entry(*row)


async def last(connection: AsyncConnection, actions: Sequence[str], subject: str) -> Entry | None:
    """The newest entry of one of these actions on this subject."""
    row = (
        await connection.execute(
            select(*_ENTRY)
            .where(audit_log.c.subject == subject, audit_log.c.action.in_(actions))
            .order_by(audit_log.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else Entry(*row)


async def latest(connection: AsyncConnection, limit: int, *, skip: int = 0) -> list[Entry]:
    """The last entries but the newest `skip`, the newest first."""
    newest = select(*_ENTRY).order_by(audit_log.c.id.desc())
    rows = await connection.execute(newest.limit(limit).offset(skip))
    return [Entry(*row) for row in rows]
