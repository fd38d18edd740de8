"""Edits: what a stored message says now, after its writer changed it.

Only the words move: who said it, where and when stay as they were heard. Whoever edits asks for
the message first (`message_to_edit`), which keeps the writer's wish not to be recorded as it was
read until the transaction ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import customers, members, messages


@dataclass(frozen=True, slots=True)
class Written:
    """A stored message: whose, where (None: in private), when and as what; when it last changed."""

    id: int
    member_id: int
    staff: bool
    group_id: int | None
    at: datetime
    kind: str
    edited_at: datetime | None
    no_record: bool


async def message_to_edit(
    connection: AsyncConnection, account: str, message: str, person: str
) -> Written | None:
    """The message with this id that this person (the platform's id) said; None: not stored."""
    row = (
        await connection.execute(
            select(
                messages.c.id,
                messages.c.member_id,
                members.c.staff,
                messages.c.group_id,
                messages.c.at,
                messages.c.kind,
                messages.c.edited_at,
                customers.c.no_record,
            )
            .select_from(messages.join(members).join(customers))
            .where(
                messages.c.account == account,
                messages.c.message == message,
                members.c.person == person,
            )
            .with_for_update(read=True, of=customers)
        )
    ).one_or_none()
    return None if row is None else Written(*row)


async def reword(
    connection: AsyncConnection, message_id: int, *, kind: str, text: str, at: datetime
) -> None:
    """Let a stored message say this from now on; `kind` is whose words these are."""
    await connection.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(kind=kind, text=text, edited_at=at, edits=messages.c.edits + 1)
    )
